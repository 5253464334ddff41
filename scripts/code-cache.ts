// `code-cache.ts BUNDLE CACHE ARGS...`: runs the bundled command line once with these arguments and writes down what V8 has
// compiled of it by then, for src/cli/launch.ts. A process of its own (scripts/build.ts starts it), because the command line
// ends its process.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [bundle, cache, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle });
// V8 throws away bytecode that has not been used for a while. The flags at the end must be those at the start.
setFlagsFromString('--no-flush-bytecode');
const umask = process.umask();
process.on('exit', () => {
  process.umask(umask);
  setFlagsFromString('--flush-bytecode');
  // src/cli/on-stack-replacement.ts and src/cli/branch-hints.ts have set them.
  setFlagsFromString('--use-osr');
  setFlagsFromString('--no-experimental-wasm-branch-hinting');
  // Never half a file for a command line that starts meanwhile.
  writeFileSync(`${cache}.new`, script.createCachedData());
  renameSync(`${cache}.new`, cache);
});
process.argv = [process.execPath, bundle, ...args];
script.runInThisContext()(createRequire(bundle), dirname(bundle));

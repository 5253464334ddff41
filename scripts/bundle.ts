// The command line as one script: main.ts with all that it imports, packages too, so that the folder runs wherever it is
// copied to; and a launcher, which loads it with V8's code cache (src/cli/launch.ts). Reading 300 modules one by one would
// take Node a tenth of a second at every start, and compiling them almost as long.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { type BuildOptions, build } from 'esbuild';

const shared: BuildOptions = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' };
/** What is run to see which functions a start needs: a guest that computes for a while, so that regions are compiled. */
const TYPICAL_RUN = ['exec', 'fixtures/guests/demo/demo.elf'];

/** Write the command line of the repository at `root` to `folder`, and remove what else is there. */
export async function bundleCommandLine(root: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: [join(root, 'src/cli/main.ts')],
    define: { 'import.meta.dirname': '__dirname' },
    banner: { js: '(function (require, __dirname) {' },
    footer: { js: '})' },
    write: false,
    metafile: true,
    absWorkingDir: root,
  });
  const text = ascii(outputFiles![0]!.text);
  const name = `xlat86-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
  const bundle = join(folder, `${name}.js`);
  const cache = join(folder, `${name}.${process.version}-${process.arch}.cache`);
  writeFileSync(bundle, text);
  writeFileSync(join(folder, 'LICENSES'), licenses(root, Object.keys(metafile.inputs)));
  // The package's files are modules otherwise.
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');

  const command = ['--import', 'tsx', 'scripts/code-cache.ts', bundle, cache, ...TYPICAL_RUN];
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the command line does not run');
  // V8 takes no cache that was made with other flags, and says nothing: everything would start by a third slower.
  const { cachedDataRejected } = new Script(text, { filename: bundle, cachedData: readFileSync(cache) });
  if (cachedDataRejected) throw new Error('V8 refuses the code cache: which flag has the command line set?');

  const main = join(folder, 'main.js');
  const define = { BUNDLE: JSON.stringify(name) };
  await build({ ...shared, entryPoints: [join(root, 'src/cli/launch.ts')], define, outfile: main });
  chmodSync(main, 0o755);
  const written = ['main.js', 'package.json', 'LICENSES', `${name}.js`];
  for (const file of readdirSync(folder)) {
    if (!written.includes(file) && !file.startsWith(`${name}.`)) rmSync(join(folder, file), { recursive: true });
  }
}

/** The text without what comments have beside ASCII; in strings esbuild writes such characters as escapes. */
function ascii(text: string): string {
  const plain = text.replace(/^ *(\/\*|\*|\/\/).*$/gm, (comment) => comment.replace(/[^\x00-\x7f]/g, '?'));
  const strange = /.*[^\x00-\x7f].*/.exec(plain);
  if (strange !== null) throw new Error(`not ASCII in the command line: ${strange[0]}`);
  return plain;
}

/** The licences of the packages that are part of the bundle. */
function licenses(root: string, inputs: readonly string[]): string {
  const packages = new Set(inputs.map((input) => /\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]));
  packages.delete(undefined);
  const texts = [...packages].toSorted().map((name) => {
    const folder = join(root, 'node_modules', name!);
    const license = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    if (license === undefined) throw new Error(`${name} is part of the command line and has no licence`);
    return `${name}\n\n${readFileSync(join(folder, license), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

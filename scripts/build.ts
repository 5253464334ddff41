// `npm run build` (and `prepare`, so `npm install` too): translator/, runtime/ and src/ to dist/ with tsc.
// Replaces files in place instead of emptying dist/ first, so that a command line running meanwhile finds its modules;
// what has lost its source is removed afterwards. The command line is bundled over its own files: reading 300 modules one by
// one takes Node a tenth of a second at every start.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const dist = join(root, 'dist');
for (const file of existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: 'utf8' }) : []) {
  const source = file.replace(/(\.d\.ts|\.js)$/, '.ts');
  if (source !== file && !existsSync(join(root, source))) rmSync(join(dist, file));
}

const command = join(dist, 'src/cli/main.js');
buildSync({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: join(dist, 'src/cli'),
  bundle: true,
  // What only one subcommand needs is read by that one alone.
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'error',
});
chmodSync(command, 0o755);

// `npm run build [FOLDER]` (and `prepare`, so `npm install` too): translator/, runtime/ and src/ to dist/ with tsc, and the
// command line as one script (scripts/bundle.ts).
// Replaces files in place instead of emptying dist/ first, so that what runs meanwhile finds its modules; what has lost its
// source is removed afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleCommandLine } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const dist = resolve(root, process.argv[2] ?? 'dist');
const commandLine = join('src', 'cli');

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const options = ['-p', 'tsconfig.build.json', '--outDir', dist];
const { status } = spawnSync(process.execPath, [tsc, ...options], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (file.startsWith(commandLine)) continue;
  const source = file.replace(/(\.d\.ts|\.js)$/, '.ts');
  if (source !== file && !existsSync(join(root, source))) rmSync(join(dist, file));
}

await bundleCommandLine(root, join(dist, commandLine));

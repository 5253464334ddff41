// The built command line: it is one folder that runs wherever it lies, with V8's code cache or without.
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bundleCommandLine } from '../../../scripts/bundle.ts';

const root = join(import.meta.dirname, '../../..');
const guest = join(root, 'fixtures/guests/demo/demo.elf');
const folder = mkdtempSync(join(tmpdir(), 'xlat86-launch-'));
const built = join(folder, 'built');
const copy = join(folder, 'elsewhere');

beforeAll(() => bundleCommandLine(root, built));
beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(built, copy, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileIn(where: string, end: string): string {
  return join(where, readdirSync(where).find((name) => name.startsWith('xlat86-') && name.endsWith(end))!);
}

/** What the copy prints. */
function run(args: readonly string[], ...flags: readonly string[]): string {
  const command = [...flags, join(copy, 'main.js'), ...args];
  const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  return stdout + stderr;
}

/** Every stage of a loop's translation: what depends on the text of operators too. */
const STAGES = ['explain', '--hex', '01 d8 49 75 fb', '--region'];

test('runs from any folder, without the packages it was made from, and changes nothing there', () => {
  const before = readdirSync(copy);
  for (const name of before) chmodSync(join(copy, name), 0o444);
  chmodSync(copy, 0o555);
  const printed = run(['exec', '--stats', guest]);
  expect(printed).toContain('primes');
  expect(printed).toMatch(/^regions +[1-9]/m);
  expect(readdirSync(copy)).toEqual(before);
  chmodSync(copy, 0o755);
});

test('V8 takes the cache of a build by the same Node', () => {
  const filename = fileIn(copy, '.js');
  const cachedData = readFileSync(fileIn(copy, '.cache'));
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  expect(script.cachedDataRejected).toBe(false);
});

test('prints the same without a cache, with one that V8 refuses, and with one of other flags', () => {
  const expected = run(STAGES);
  expect(expected).toMatch(/const t3 = t2 \+ -1 \| 0;/m);
  const cache = fileIn(copy, '.cache');
  expect(run(STAGES, '--no-opt')).toBe(expected);
  writeFileSync(cache, readFileSync(cache).subarray(0, 1000));
  expect(run(STAGES)).toBe(expected);
  writeFileSync(cache, 'no cache at all');
  expect(run(STAGES)).toBe(expected);
  rmSync(cache);
  expect(run(STAGES)).toBe(expected);
});

test('output that cannot be written is one line, output that nobody reads is none', () => {
  const print = (to: number): SpawnSyncReturns<string> => {
    const command = [join(copy, 'main.js'), 'explain', '--hex', '90'];
    const outcome = spawnSync(process.execPath, command, { stdio: ['ignore', to, 'pipe'], encoding: 'utf8' });
    closeSync(to);
    return outcome;
  };
  const full = print(openSync('/dev/full', 'w'));
  expect(full.stderr).toMatch(/^xlat86: standard output: .*ENOSPC.*\n$/);
  expect(full.status).toBe(1);
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, 'w');
  closeSync(reader);
  expect(print(writer)).toMatchObject({ status: 141, stderr: '' });
});

test('has the licences of the packages that are part of it', () => {
  const licenses = readFileSync(join(copy, 'LICENSES'), 'utf8');
  for (const name of ['acorn', 'astring', 'commander']) expect(licenses).toMatch(new RegExp(`^${name}$`, 'm'));
});

// System calls against the real kernel: each C program prints results, errors and the bytes of structures, and must
// print the same on this machine and under xlat86.
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NodeFileSystem } from '../../../src/host/node-file-system.ts';
import type { Tier } from '../../../src/index.ts';
import { compileGuest, runGuest, runNative } from '../../support/guest-programs.ts';

const recordings = join(import.meta.dirname, '../../../fixtures/kernel');
const folders: string[] = [];

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-kernel-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const everyTier: readonly Tier[] = ['0', '1', 'auto'];
const cases: readonly (readonly [string, Tier])[] = [
  ...everyTier.map((tier) => ['signals', tier] as const),
  ...everyTier.map((tier) => ['memory', tier] as const),
  ...everyTier.map((tier) => ['alignment', tier] as const),
  ['files', 'auto'],
  ['processes', 'auto'],
];

test.each(cases)('%s, tier %s, in a granted folder', async (name, tier) => {
  const program = compileGuest(name);
  const native = runNative(program, [], freshFolder());
  const grants = [{ fileSystem: new NodeFileSystem(freshFolder()), path: '/work' }];
  const guest = await runGuest(program, { grants, directory: '/work', tier });
  expect(native.stdout.length).toBeGreaterThan(500);
  expect(guest.stdout).toBe(native.stdout);
  expect(guest.exitCode).toBe(native.exitCode);
});

test.each(['files', 'memory'])('%s, in the folder in memory', async (name) => {
  const program = compileGuest(name);
  const native = runNative(program, [], freshFolder());
  const guest = await runGuest(program, { directory: '/tmp' });
  expect(guest.stdout).toBe(native.stdout);
});

// Named pipes are only made in the folder in memory, so this runs there alone, and is compared with a recording.
test.each(everyTier)('waiting, tier %s, as recorded from Linux', async (tier) => {
  const guest = await runGuest(compileGuest('waiting'), { directory: '/tmp', tier });
  expect(guest.stdout).toBe(readFileSync(join(recordings, 'waiting.txt'), 'latin1'));
});

test('structures of files, as the kernel fills them in', async () => {
  const folder = freshFolder();
  mkdirSync(join(folder, 'd'));
  for (const name of ['f', 'd/x', 'd/yy', 'd/zzz', 'd/longer name', 'd/öö']) writeFileSync(join(folder, name), name);
  symlinkSync('f', join(folder, 'l'));
  symlinkSync('nowhere', join(folder, 'n'));
  linkSync(join(folder, 'f'), join(folder, 'h'));
  const args = ['.', 'f', 'l', 'n', 'h', 'd', 'missing', 'f/x'];
  const program = compileGuest('structures');
  const native = runNative(program, args, folder);
  const grants = [{ fileSystem: new NodeFileSystem(folder), path: '/work' }];
  const guest = await runGuest(program, { args, grants, directory: '/work' });
  expect(native.stdout).toContain('entry64');
  expect(guest.stdout).toBe(native.stdout);
});

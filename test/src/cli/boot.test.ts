// `xlat86 boot` as a command: statuses, and one line and status 2 for what cannot be booted.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleCommandLine } from '../../../scripts/bundle.ts';
import { has } from '../../support/needs.ts';

const root = join(import.meta.dirname, '../../..');
const built = join(root, '.cache/test-dist-boot');
const guests = join(root, '.cache/guests');
const folder = mkdtempSync(join(tmpdir(), 'xlat86-boot-'));
const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

// Built once, as `npm run build` does it.
beforeAll(() => bundleCommandLine(root, built));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command; what it printed and how it ended. */
function boot(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(built, 'main.js'), 'boot', ...args], {
    cwd: root,
    input: '',
    encoding: 'latin1',
    timeout: 300_000,
  });
  return { status, stdout, stderr };
}

/** A boot sector with this code at 7C00h. */
function sector(...code: readonly number[]): string {
  return file(`sector-${code.join('-')}.bin`, Uint8Array.from(code));
}

test('a guest that ends through the exit port', () => {
  // MOV AL, 15h; OUT F4h, AL
  const { status, stderr } = boot('--kernel', sector(0xb0, 0x15, 0xe6, 0xf4, 0xeb, 0xfe), '--load', '7c00');
  expect(stderr).toBe('');
  expect(status).toBe(0x2b);
});

test('what the serial port sends is on stdout', () => {
  // MOV DX, 3F8h; MOV AL, 'x'; OUT DX, AL; OUT F4h, AL
  const code = [0xba, 0xf8, 0x03, 0xb0, 0x78, 0xee, 0xe6, 0xf4, 0xeb, 0xfe];
  expect(boot('--kernel', sector(...code), '--load', '7c00').stdout).toBe('x');
});

test('what the second one sends is in a file', () => {
  // MOV DX, 2F8h; MOV AL, 'y'; OUT DX, AL; OUT F4h, AL
  const code = [0xba, 0xf8, 0x02, 0xb0, 0x79, 0xee, 0xe6, 0xf4, 0xeb, 0xfe];
  const log = join(folder, 'serial2');
  expect(boot('--kernel', sector(...code), '--load', '7c00', '--serial2', log).stdout).toBe('');
  expect(readFileSync(log, 'latin1')).toBe('y');
});

test('a halt for good and a triple fault say where', () => {
  expect(boot('--kernel', sector(0x90, 0xfa, 0xf4), '--load', '7c00')).toMatchObject({
    status: 1,
    stderr: 'xlat86: the guest halted with interrupts off, at EIP 7C03\n',
  });
  // LIDT of an empty table, then UD2.
  const code = [0x0f, 0x01, 0x1e, 0x00, 0x7d, 0x0f, 0x0b];
  const { status, stderr } = boot('--kernel', sector(...code), '--load', '7c00');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^xlat86: triple fault at 0:7C05: #GP, error code 0, could not be delivered\n$/);
});

test('--screenshot saves the screen at the end', () => {
  const picture = join(folder, 'screen.png');
  boot('--kernel', sector(0xb0, 0x10, 0xe6, 0xf4, 0xeb, 0xfe), '--load', '7c00', '--screenshot', picture);
  const { width, height } = PNG.sync.read(readFileSync(picture));
  expect([width, height]).toEqual([720, 400]);
});

test('--stats counts', () => {
  const { stderr } = boot('--kernel', sector(0xb0, 0x11, 0xe6, 0xf4, 0xeb, 0xfe), '--load', '7c00', '--stats');
  expect(stderr).toMatch(/guest instructions +[\d,]+\n/);
});

describe('one line and status 2 for', () => {
  const cut = new Uint8Array(600);
  cut.set([0x55, 0xaa], 510);
  const withPartition = new Uint8Array(4096);
  withPartition.set([0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x10, 0, 0], 446);
  withPartition.set([0x55, 0xaa], 510);
  test.each([
    ['a kernel that is not there', ['--kernel', join(folder, 'no')], /no: this kernel is not there/],
    ['a folder as a kernel', ['--kernel', folder], /this kernel is a directory/],
    ['a file that is no kernel', ['--kernel', file('text', Buffer.from('hello'))], /neither a Linux kernel/],
    ['an initrd that is not there', ['--kernel', 'package.json', '--initrd', 'no'], /no: this initrd is not there/],
    ['an option that there is not', ['--kernal', 'package.json'], /--kernal/],
    [
      'a word too many',
      ['package.json'],
      /too many arguments: is package.json a --kernel, --disk, --cdrom or --floppy/,
    ],
    ['nothing', [], /there is nothing to boot: give --kernel, --disk/],
    ['a folder as a disk', ['--disk', folder], /this image is a directory/],
    ['a CD that is cut off', ['--cdrom', file('cut.iso', new Uint8Array(5000))], /no whole number of sectors of 2048/],
    ['a hard disk in the floppy drive', ['--floppy', file('big', new Uint8Array(3 << 20))], /larger than any floppy/],
    ['a screenshot that is a folder', ['--kernel', 'package.json', '--screenshot', folder], /this is a directory/],
    ['a display of no kind', ['--display', 'png', '--kernel', 'package.json'], /--display .* 'png' is invalid/],
    ['--verify', ['--verify', '--kernel', 'package.json'], /--verify is for user mode/],
    [
      'a screenshot into nowhere',
      ['--kernel', 'package.json', '--load', '7c00', '--screenshot', join(folder, 'nowhere/screen.png')],
      /nowhere that can be written to/,
    ],
    ['a log in no folder', ['--kernel', 'package.json', '--serial2', join(folder, 'no/log')], /--serial2 .*no\/log/],
    ['an initrd without a kernel', ['--initrd', 'package.json'], /--initrd needs --kernel/],
    [
      'a BIOS before a kernel that it cannot start',
      ['--bios', file('bios', new Uint8Array(4096)), '--kernel', 'package.json'],
      /package.json: no Linux kernel; other kernels start without firmware/,
    ],
    [
      'a boot menu beside a kernel',
      ['--boot-menu', '--kernel', 'package.json'],
      /--boot-menu has no use with --kernel/,
    ],
    ['a missing BIOS', ['--bios', join(folder, 'no-bios')], /no-bios: this BIOS is not there/],
    ['a BIOS of an odd size', ['--bios', 'package.json'], /a multiple of 4 KiB/],
    [
      'too little memory',
      ['--memory', '15', '--kernel', 'package.json', '--load', '7c00'],
      /memory of 15 MB .* 16 to 2047/,
    ],
    ['too much memory', ['--memory', '2048', '--kernel', 'package.json', '--load', '7c00'], /16 to 2047/],
    ['memory that is no number', ['--memory', 'lots', '--kernel', 'package.json'], /--memory lots/],
    ['an address that is none', ['--kernel', 'package.json', '--load', 'xyz'], /--load xyz/],
    ['a flat image outside memory', ['--kernel', 'package.json', '--load', 'fffffff0'], /lie outside the 128 MB/],
    ['an empty disk', ['--bios', file('b', new Uint8Array(4096)), '--disk', file('e', new Uint8Array())], /is empty/],
    [
      'a disk shorter than its partition table says',
      ['--bios', file('b', new Uint8Array(4096)), '--disk', file('short', withPartition)],
      /shorter than its partition table says: partition 1 ends at sector 6144, and there are 8/,
    ],
  ])('%s', (_, args, message) => {
    const { status, stderr } = boot(...args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(2);
  });
});

const kernel = join(guests, 'linux-686');
describe.skipIf(!has('damaged kernels', [{ what: kernel, from: 'scripts/fetch-guests.sh' }]))('a Linux kernel', () => {
  test('that is truncated or corrupt, or too large for the memory', () => {
    const whole = readFileSync(kernel);
    expect(boot('--kernel', file('half', whole.subarray(0, whole.length >> 1)))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^xlat86: .*half: truncated kernel: \d+ of \d+ bytes are missing\n$/),
    });
    const corrupt = Uint8Array.from(whole);
    corrupt[whole.length >> 1]! ^= 1;
    expect(boot('--kernel', file('corrupt', corrupt))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^xlat86: .*corrupt: corrupt kernel: its checksum is wrong\n$/),
    });
    expect(boot('--kernel', file('head', whole.subarray(0, 1000)))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^xlat86: .*head: .*truncated.*\n$/),
    });
    expect(boot('--kernel', kernel, '--memory', '16')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/the kernel needs \d+ MB of memory, and there are 16 MB\n$/),
    });
    const initrd = file('large', new Uint8Array(64 << 20));
    expect(boot('--kernel', kernel, '--memory', '64', '--initrd', initrd)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/the initrd of 64 MB does not fit into memory/),
    });
  });
});

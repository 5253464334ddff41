// Debian's kernel through the loader: what is written where, and every way to refuse. The offsets are those of the boot
// protocol (Documentation/arch/x86/boot.rst).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BootError } from '../../../src/boot/boot-error.ts';
import { crc32 } from '../../../src/boot/crc32.ts';
import { loadKernel } from '../../../src/boot/kernel.ts';
import { has } from '../../support/needs.ts';
import { guestFile } from '../../support/pc-session.ts';

const path = join(import.meta.dirname, '../../../.cache/guests/linux-686');
const MB = 2 ** 20;

/** RAM that a loader fills; nothing may be written outside it. */
function ram(megabytes: number): {
  readonly bytes: number;
  readonly u8: Uint8Array;
  write(pa: number, b: Uint8Array): void;
} {
  const u8 = new Uint8Array(megabytes * MB);
  return {
    bytes: u8.length,
    u8,
    write: (pa, bytes) => {
      expect(pa + bytes.length).toBeLessThanOrEqual(u8.length);
      u8.set(bytes, pa);
    },
  };
}

test('CRC-32 of the check string', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const half = crc32(new TextEncoder().encode('12345'));
  expect(crc32(new TextEncoder().encode('6789'), half)).toBe(0xcbf43926);
});

const isThere = has('loading a Linux kernel', [{ what: path, from: 'scripts/fetch-guests.sh' }]);

describe.skipIf(!isThere)('a Linux kernel', () => {
  const kernel = isThere ? new Uint8Array(readFileSync(path)) : new Uint8Array();
  const load = (image: Uint8Array, megabytes: number, options = {}): ReturnType<typeof loadKernel> =>
    loadKernel(image, ram(megabytes), { name: 'linux', ...options });

  test('is put at 1 MiB, its parameters say where the rest is', () => {
    const memory = ram(128);
    const initrd = Uint8Array.from({ length: 5000 }, (_, i) => i);
    const entry = loadKernel(kernel, memory, { name: 'linux', initrd, append: 'console=ttyS0', rsdp: 0xe0000 });
    expect(entry).toMatchObject({ kind: 'protected', eip: MB });
    const view = new DataView(memory.u8.buffer);
    const parameters = entry.registers.esi!;
    const setup = (kernel[0x1f1]! + 1) * 512;
    expect(memory.u8.slice(MB, MB + 64)).toEqual(kernel.slice(setup, setup + 64));
    const lineAt = view.getUint32(parameters + 0x228, true);
    expect(Buffer.from(memory.u8.slice(lineAt, lineAt + 14)).toString('latin1')).toBe('console=ttyS0\0');
    const at = view.getUint32(parameters + 0x218, true);
    expect(at % 4096).toBe(0);
    expect(view.getUint32(parameters + 0x21c, true)).toBe(initrd.length);
    expect(memory.u8.slice(at, at + initrd.length)).toEqual(initrd);
    expect(view.getUint32(parameters + 0x70, true)).toBe(0xe0000);
    const count = view.getUint8(parameters + 0x1e8);
    const ranges = Array.from({ length: count }, (_, i) => parameters + 0x2d0 + i * 20).map((e) => [
      view.getUint32(e, true),
      view.getUint32(e + 8, true),
      view.getUint32(e + 16, true),
    ]);
    expect(ranges).toContainEqual([MB, 127 * MB, 1]);
    expect(ranges).toContainEqual([0, 0x9fc00, 1]);
  });

  test.each([
    [
      'truncated',
      (): Uint8Array => kernel.slice(0, -20_000),
      128,
      {},
      /truncated kernel: \d+ of \d+ bytes are missing/,
    ],
    [
      'corrupt',
      (): Uint8Array => kernel.map((byte, i) => (i === 3_000_000 ? byte ^ 1 : byte)),
      128,
      {},
      /corrupt kernel/,
    ],
    [
      'in too little memory',
      (): Uint8Array => kernel,
      16,
      {},
      /the kernel needs \d+ MB of memory, and there are 16 MB/,
    ],
    [
      'with too large an initrd',
      (): Uint8Array => kernel,
      64,
      { initrd: new Uint8Array(60 * MB) },
      /does not fit into memory/,
    ],
    [
      'with too long a command line',
      (): Uint8Array => kernel,
      64,
      { append: 'x'.repeat(3000) },
      /--append is 3000 bytes/,
    ],
    [
      'without its magic',
      (): Uint8Array => kernel.map((b, i) => (i === 0x202 ? 0 : b)),
      64,
      {},
      /neither a Linux kernel/,
    ],
  ])('%s is refused with one line', (_, image, megabytes, options, message) => {
    expect(() => load(image(), megabytes, options)).toThrow(BootError);
    expect(() => load(image(), megabytes, options)).toThrow(message);
  });

  test('the fields that a signature changes do not count', () => {
    const signed = kernel.slice();
    signed.fill(0x5a, 0x40 + 24 + 64, 0x40 + 24 + 68);
    expect(load(signed, 128)).toMatchObject({ eip: MB });
  });
});

const memtest = guestFile('memtest.bin');
test.skipIf(!has('loading memtest86+', [memtest]))('memtest86+, which is neither padded nor has a checksum', () => {
  const image = memtest.read();
  expect(image.length % 16).not.toBe(0);
  expect(loadKernel(image, ram(16), { name: 'memtest' })).toMatchObject({ kind: 'protected', eip: MB });
  expect(() => loadKernel(image.subarray(0, -16), ram(16), { name: 'memtest' })).toThrow(/truncated kernel/);
});

test.each([
  ['empty', [], /neither/],
  ['an ELF file for another machine', [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...new Array(60).fill(0)], /another machine/],
  ['a truncated ELF file', [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1], /truncated/],
])('%s is refused', (_, bytes, message) => {
  expect(() => loadKernel(Uint8Array.from(bytes), ram(16), { name: 'kernel' })).toThrow(message);
});

test('a flat image goes where it is told to', () => {
  const memory = ram(16);
  const image = Uint8Array.of(0xf4);
  expect(loadKernel(image, memory, { name: 'flat', address: 0x7c00 })).toMatchObject({
    kind: 'real',
    segment: 0,
    ip: 0x7c00,
  });
  expect(memory.u8[0x7c00]).toBe(0xf4);
  expect(loadKernel(image, memory, { name: 'flat', address: 0x200000 })).toMatchObject({
    kind: 'protected',
    eip: 0x200000,
  });
  expect(() => loadKernel(image, memory, { name: 'flat', address: 16 * MB })).toThrow(/outside the 16 MB/);
});

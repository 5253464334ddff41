// Loading: what the initial stack holds against the real kernel's, and what is refused and how.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Process } from '../../../src/index.ts';
import { LoadError, parseElf } from '../../../src/linux/elf.ts';
import { compileGuest, runGuest } from '../../support/guest-programs.ts';

// Keys that this kernel has and ours has not: AT_SYSINFO, AT_SYSINFO_EHDR (no vDSO), AT_MINSIGSTKSZ, AT_RSEQ_*,
// AT_HWCAP3 and 4.
const absent = new Set([32, 33, 51, 27, 28, 29, 30]);

test('the initial stack', async () => {
  const program = compileGuest('auxiliary');
  const args = ['one', '', 'three words here'];
  const env = { A: 'b', EMPTY: '', LONG: 'x'.repeat(5000) };
  const native = spawnSync(program, args, { env, argv0: program }).stdout.toString();
  const guest = await runGuest(program, { args, env, path: program, seed: 1 });
  const known = native.split('\n').filter((line) => !absent.has(Number(/^aux (\d+)/.exec(line)?.[1] ?? 0)));
  expect(guest.stdout.split('\n')).toEqual(known);
  expect(known.filter((line) => line.startsWith('aux')).length).toBeGreaterThan(15);
});

const elf = new Uint8Array(readFileSync(compileGuest('auxiliary')));

/** The program with some bytes changed, each a pair of offset and byte. */
function changed(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = elf.slice();
  for (const [offset, byte] of pairs) bytes[offset] = byte;
  return bytes;
}

const headers = new DataView(elf.buffer, elf.byteOffset).getUint32(28, true);

test.each([
  ['no ELF', new TextEncoder().encode('#!/bin/sh\n'), /not an ELF file/],
  ['empty', new Uint8Array(0), /not an ELF file/],
  ['cut off in the header', elf.slice(0, 40), /truncated/],
  ['cut off in the program headers', elf.slice(0, 60), /truncated/],
  ['cut off in a segment', elf.slice(0, elf.length >> 2), /truncated/],
  ['64 bits', changed([4, 2], [18, 62]), /64-bit program \(x86-64\), not i386/],
  ['another machine', changed([18, 40]), /another machine \(ARM\), not i386/],
  ['big-endian', changed([5, 2], [18, 0], [19, 8]), /another machine \(MIPS\), not i386/],
  ['an object file', changed([16, 1]), /not an executable/],
  ['a dynamic program', changed([headers, 3]), /needs a dynamic loader/],
  ['no program headers', changed([44, 0], [45, 0]), /no program headers/],
])('refused: %s', async (_name, program, message) => {
  expect(() => parseElf(program, 'prog')).toThrow(message);
  const error = await new Process({ program, memory: 1 << 20 }).run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LoadError);
  expect((error as LoadError).message).toMatch(message);
  expect((error as LoadError).message).not.toContain('\n');
  expect((error as LoadError).exitCode).toBe(126);
});

/** The program with its first segment moved to the page of `address`. */
function movedTo(address: number): Uint8Array {
  const bytes = elf.slice();
  const view = new DataView(bytes.buffer);
  for (let at = headers; ; at += 32) {
    if (view.getUint32(at, true) !== 1) continue;
    view.setUint32(at + 8, address, true);
    return bytes;
  }
}

test.each([0, 0xc0000000, 0xfffff000])('refused: a segment at %i maps outside memory', async (address) => {
  const program = movedTo(address);
  await expect(new Process({ program, memory: 16 << 20 }).run()).rejects.toThrow(/maps outside memory|malformed/);
});

test('random damage to the headers is refused or runs, but never escapes', async () => {
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const bytes = changed(...Array.from({ length: 3 }, () => [random(headers + 200), random(256)] as const));
    try {
      parseElf(bytes, 'prog');
    } catch (error) {
      expect(error).toBeInstanceOf(LoadError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test('a program that needs more memory than it may have is refused in one line', async () => {
  const run = new Process({ program: elf, memory: 1 << 16 }).run();
  await expect(run).rejects.toThrow(/^\S+: cannot be started \(the guest has too little memory\)$/);
});

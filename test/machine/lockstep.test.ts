// Tiers mean the same on code that does something: runs of recorded instructions, some with a bit flipped, straight and
// in loops that get hot, under budgets that end anywhere.
import { expect, test } from 'vitest';
import {
  ALWAYS,
  addressLike,
  baseImage,
  createTiers,
  expectLockstep,
  hasOwnPlaces,
  LockstepMachine,
  loopOf,
  type Program,
  randomRegisters,
} from '../support/lockstep.ts';
import { randomWords } from '../support/objdump-sample.ts';
import { readVectors, vectorFamilies } from '../support/vectors.ts';

/** Recorded cases of each form that are drawn from. */
const CASES = 6;

const pool: Uint8Array[] = [];
for (const family of vectorFamilies().filter((name) => name !== 'fault')) {
  for (const { bytes, index } of readVectors(family)) if (index < CASES && bytes.length < 16) pool.push(bytes);
}

function instruction(next: () => number): Uint8Array {
  const bytes = Uint8Array.from(pool[next() % pool.length]!);
  if (next() % 6 === 0) bytes[next() % bytes.length]! ^= 1 << (next() & 7);
  return bytes;
}

/** Jcc rel8 over the next instruction, so that blocks branch and merge. */
function skip(next: () => number, over: Uint8Array): Uint8Array {
  return Uint8Array.of(0x70 | (next() & 15), over.length);
}

/** 5 to 30 instructions; a loop has DEC and JNZ behind it, its counter in memory. */
function randomProgram(next: () => number, loop: boolean): Program {
  const parts: Uint8Array[] = [];
  const count = 5 + (next() % 26);
  for (let i = 0; i < count; i++) {
    const insn = instruction(next);
    if (next() % 4 === 0) parts.push(skip(next, insn));
    parts.push(insn);
  }
  const body = Buffer.concat(parts);
  const bytes = loop ? loopOf(body) : body;
  const regs = randomRegisters(next);
  // Most of it shall not fault.
  for (let i = 0; i < 8; i++) if (i !== 4 && next() % 2) regs[i] = 0x101100 + (next() % 0x1c00);
  if (next() % 4 === 0) regs[4] = addressLike(next);
  return {
    bytes,
    offset: next() % (0x2000 - bytes.length),
    regs,
    eflags: (next() & 0xcd5) | 0x202,
    bits: !loop && next() % 6 === 0 ? 16 : 32,
    slices: loop ? [1 + (next() % 50), 1 + (next() % 300), 400] : [1 + (next() % 10), 60],
  };
}

interface Run {
  readonly seed: number;
  readonly programs: number;
  readonly loop: boolean;
}

const runs: readonly Run[] = [
  { seed: 11, programs: 2500, loop: false },
  { seed: 12, programs: 2000, loop: true },
];

test.each(runs)('runs of instructions, seed $seed, loops $loop', ({ seed, programs, loop }) => {
  const next = randomWords(seed);
  const image = baseImage(next);
  const { interpreted, mixed, compiled } = createTiers(seed, image, { hotThreshold: 3, arenaWords: 1 << 14 });
  const tiny = { hotThreshold: 1, arenaWords: 6144, maxCode: 4000, maxRewrites: ALWAYS };
  const tinyCache = new LockstepMachine('tiny cache', 'auto', image, tiny, hasOwnPlaces(seed));
  const machines = [interpreted, mixed, tinyCache];
  for (let i = 0; i < programs; i++) {
    const all = i % 4 === 0 ? [...machines, compiled] : machines;
    expectLockstep(all, randomProgram(next, loop), `seed ${seed}, program ${i}`);
  }
  for (const { cpu } of loop ? [mixed, tinyCache] : []) {
    expect(cpu.cache.statistics.regionBlocks).toBeGreaterThan(2 * cpu.cache.statistics.regions);
  }
  expect(tinyCache.cpu.cache.statistics.evicted).toBeGreaterThan(0);
});

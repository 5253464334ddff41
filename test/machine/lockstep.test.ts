// Tiers mean the same on code that does something: runs of recorded instructions, some with a bit flipped, straight and
// in loops that get hot, under budgets that end anywhere.
import { expect, test } from 'vitest';
import {
  addressLike,
  baseImage,
  describeProgram,
  LockstepMachine,
  type Program,
  randomRegisters,
  runInLockstep,
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
  let bytes = Buffer.concat(parts);
  if (loop) {
    const back = Buffer.alloc(12);
    back.set([0xff, 0x0d, 0x08, 0x00, 0x01, 0x00, 0x0f, 0x85]); // dec dword [0x10008]; jnz start
    back.writeInt32LE(-(bytes.length + 12), 8);
    bytes = Buffer.concat([bytes, back]);
  }
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
  // Every second seed with pages at their own addresses, where regions test the line table.
  const own = seed % 2 === 0;
  const image = baseImage(next);
  const machines = [
    new LockstepMachine('tier 0', '0', image, {}, own),
    new LockstepMachine('auto', 'auto', image, { hotThreshold: 3, arenaWords: 1 << 14, maxRewrites: 1e9 }, own),
    new LockstepMachine(
      'tiny cache',
      'auto',
      image,
      {
        hotThreshold: 1,
        arenaWords: 6144,
        maxSource: 4000,
        maxRewrites: 1e9,
      },
      own,
    ),
  ];
  const compiled = new LockstepMachine('tier 1', '1', image, { maxRewrites: 1e9 }, own);
  for (let i = 0; i < programs; i++) {
    const program = randomProgram(next, loop);
    const found = runInLockstep(i % 4 === 0 ? [...machines, compiled] : machines, program);
    if (found.length > 0) expect.fail([`seed ${seed}, program ${i}: ${describeProgram(program)}`, ...found].join('\n'));
  }
  for (const { cpu } of loop ? machines.slice(1) : []) {
    expect(cpu.cache.statistics.regionBlocks).toBeGreaterThan(2 * cpu.cache.statistics.regions);
  }
  expect(machines[2]!.cpu.cache.statistics.evicted).toBeGreaterThan(0);
});

// Random bytes as code never crash the host, never hang, never escape and mean the same in every tier. 120,000
// sequences go through tier 0, through the mix, and through regions compiled at once.
import { expect, test } from 'vitest';
import {
  baseImage,
  describeProgram,
  LockstepMachine,
  type Program,
  randomRegisters,
  runInLockstep,
} from '../support/lockstep.ts';
import { randomSequence, randomWords } from '../support/objdump-sample.ts';

/** Sequences of each seed. A seed that once found a bug stays. */
const SEQUENCES = 15_000;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** Random bytes, half of them shaped like instructions, at any place of the code pages, their end included. */
function randomProgram(next: () => number): Program {
  const count = 1 + (next() % 4);
  const bytes = Buffer.concat(Array.from({ length: count }, () => randomSequence(next)));
  const last = 0x2000 - bytes.length;
  const place = next() % 4;
  const offset = place === 0 ? 0x1000 - (next() % bytes.length) : place === 1 ? last - (next() % 4) : next() % last;
  return {
    bytes,
    offset,
    regs: randomRegisters(next),
    eflags: (next() & 0xcd5) | 0x202,
    bits: next() % 4 === 0 ? 16 : 32,
    slices: [1 + (next() % 8), 1 + (next() % 100), 200],
  };
}

test.each(seeds)('random bytes as code, seed %i', { timeout: 120_000 }, (seed) => {
  const globals = Object.getOwnPropertyNames(globalThis).length;
  const next = randomWords(seed);
  const image = baseImage(next);
  const machines = [
    new LockstepMachine('tier 0', '0', image),
    new LockstepMachine('tier 1', '1', image),
    new LockstepMachine('auto', 'auto', image, { hotThreshold: 2, arenaWords: 4096, maxSource: 20_000, maxRewrites: 4 }),
  ];
  for (let i = 0; i < SEQUENCES; i++) {
    const program = randomProgram(next);
    const found = runInLockstep(machines, program);
    expect(found, `seed ${seed}, sequence ${i}: ${describeProgram(program)}`).toEqual([]);
  }
  // Generated code that assigned an undeclared name would have made a global of it.
  expect(Object.getOwnPropertyNames(globalThis)).toHaveLength(globals);
});

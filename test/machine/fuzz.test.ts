// Random bytes as code never crash the host, never hang, never escape and mean the same in every tier: 100,000
// sequences through tier 0 and through the mix with a cache that is far too small, one in twelve through regions
// compiled at once as well (V8 takes about a millisecond for a new function that runs once and throws).
import { expect, test } from 'vitest';
import { baseImage, createTiers, expectLockstep, type Program, randomRegisters } from '../support/lockstep.ts';
import { randomSequence, randomWords } from '../support/objdump-sample.ts';

/** Sequences of each seed. */
const SEQUENCES = 25_000;
const seeds = [1, 2, 3, 4];
/** One sequence in so many is compiled at once too. */
const COMPILED = 12;

/** Random bytes, half of them shaped like instructions, at any place of the code pages, their end included. */
function randomProgram(next: () => number): Program {
  const count = next() % 8 === 0 ? 3 : 1;
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
    slices: [1 + (next() % 16), 100],
  };
}

test.each(seeds)('random bytes as code, seed %i', (seed) => {
  const globals = Object.getOwnPropertyNames(globalThis).length;
  const next = randomWords(seed);
  const { interpreted, mixed, compiled } = createTiers(seed, baseImage(next), {
    hotThreshold: 2,
    arenaWords: 4096,
    maxCode: 20_000,
  });
  for (let i = 0; i < SEQUENCES; i++) {
    const machines = i % COMPILED === 0 ? [interpreted, mixed, compiled] : [interpreted, mixed];
    expectLockstep(machines, randomProgram(next), `seed ${seed}, sequence ${i}`);
  }
  expect(compiled.cpu.cache.statistics.regions).toBeGreaterThan(SEQUENCES / COMPILED);
  // Generated code that assigned an undeclared name would have made a global of it.
  expect(Object.getOwnPropertyNames(globalThis)).toHaveLength(globals);
});

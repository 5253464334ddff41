// More than a million random instructions under --verify: loops of recorded instructions in random order, each with calls,
// branches and stores among them, which become regions; tier 0 repeats what those do. What is counted ran in regions and
// was repeated; programs that ever failed stand in `found`.
import { expect, test } from 'vitest';
import {
  ALWAYS,
  baseImage,
  expectLockstep,
  hasOwnPlaces,
  LockstepMachine,
  loopOf,
  type Program,
  randomRegisters,
  runInLockstep,
} from '../support/lockstep.ts';
import { randomWords } from '../support/objdump-sample.ts';
import { readVectors, vectorFamilies } from '../support/vectors.ts';

/** Instructions that must have run in regions and been repeated, for each seed. */
const ENOUGH = 300_000;
/** Programs after which a generator that makes nothing but faults is given up. */
const MOST_PROGRAMS = 20_000;
const seeds = [101, 102, 103, 104];
/** Recorded cases of each form that are drawn from. */
const CASES = 6;

const pool: Uint8Array[] = [];
for (const family of vectorFamilies().filter((name) => name !== 'fault' && name !== 'branch')) {
  for (const { bytes, index } of readVectors(family)) if (index < CASES && bytes.length < 16) pool.push(bytes);
}

/** A loop of 3 to 14 instructions, some of them skipped by branches, with its counter in memory. */
function randomLoop(next: () => number): Program {
  const parts: Uint8Array[] = [];
  for (let i = 3 + (next() % 12); i > 0; i--) {
    const insn = pool[next() % pool.length]!;
    if (next() % 4 === 0) parts.push(Uint8Array.of(0x70 | (next() & 15), insn.length));
    parts.push(insn);
  }
  const bytes = Buffer.concat([loopOf(Buffer.concat(parts)), Buffer.of(0xcc)]); // int3
  const regs = randomRegisters(next);
  for (let i = 0; i < 8; i++) if (i !== 4 && next() % 4 > 0) regs[i] = 0x101100 + (next() % 0x1c00);
  const slices = [1 + (next() % 60), 1 + (next() % 600), 3000];
  return { bytes, offset: next() % (0x2000 - bytes.length), regs, eflags: (next() & 0xcd5) | 0x202, bits: 32, slices };
}

/** Programs that once failed, and why. */
const found: readonly (Program & { readonly why: string })[] = [
  {
    why: 'ENTER had made some of its stores when the region left it to tier 0',
    bytes: Buffer.from('66d1dd66c865000476040f1d67180f175d83ff0d080001000f85e2ffffffcc', 'hex'),
    offset: 0xc16,
    regs: Int32Array.of(0x102378, 0x10171b, 0x1028ed, 0x20929a, 0x109e58, 0x102ad7, 0x10208d, 0x101bae),
    eflags: 0x616,
    bits: 32,
    slices: [57, 189, 3000],
  },
];

/** Loops are compiled soon, and never given up for what they rewrite. */
const policy = { hotThreshold: 4, maxRewrites: ALWAYS };

test.each(found)('$why', (program) => {
  for (const own of [false, true]) {
    const image = baseImage(randomWords(102));
    const machine = new LockstepMachine('verified', 'auto', image, policy, own, { verify: true });
    expect(runInLockstep([machine], program)).toEqual([]);
    expect(machine.cpu.cache.statistics.verifiedInstructions).toBeGreaterThan(0);
  }
});

test.each(seeds)('loops of random instructions repeat in tier 0, seed %i', (seed) => {
  const next = randomWords(seed);
  const image = baseImage(next);
  const machine = new LockstepMachine('verified', 'auto', image, policy, hasOwnPlaces(seed), { verify: true });
  const { statistics } = machine.cpu.cache;
  let programs = 0;
  while (statistics.verifiedInstructions < ENOUGH) {
    if (++programs > MOST_PROGRAMS) expect.fail(`seed ${seed}: too little runs in regions`);
    expectLockstep([machine], randomLoop(next), `seed ${seed}, program ${programs}`);
  }
  process.stdout.write(
    `verified ${statistics.verifiedInstructions} random instructions in ${programs} programs, seed ${seed}\n`,
  );
  expect(statistics.regions).toBeGreaterThan(50);
});

// Integer, x87, MMX and SSE instructions in random order mean the same in every tier: 100,000 sequences of recorded
// instructions on registers of all kinds, through tier 0 and through the mix, which compiles what ran twice; one in
// twelve through regions compiled at once as well. Exceptions may be pending or unmasked, modes are random.
import { expect, test } from 'vitest';
import { baseImage, createTiers, expectLockstep, loopOf, type Program } from '../support/lockstep.ts';
import { randomWords } from '../support/objdump-sample.ts';
import { Xorshift32 } from '../support/recorder/memory-map.ts';
import { seedSimd, type ValueKind } from '../support/recorder/simd-state.ts';
import { isSimdFamily, readVectors, vectorFamilies } from '../support/vectors.ts';
import { readX87Cases } from '../support/x87-cases.ts';

/** Sequences of each seed. */
const SEQUENCES = 25_000;
const seeds = [41, 42, 43, 44];
/** One sequence in so many is compiled at once too, and one is a loop. */
const COMPILED = 12;
const LOOPS = 10;
/** Recorded cases of each form that are drawn from. */
const CASES = 6;
const kinds: readonly ValueKind[] = ['double', 'single', 'integer', 'text'];
const integerFamilies: ReadonlySet<string> = new Set(['arithmetic', 'bit', 'move', 'multiply', 'shift']);

const integer: Uint8Array[] = [];
const packed: Uint8Array[] = [];
for (const family of vectorFamilies()) {
  if (!isSimdFamily(family) && !integerFamilies.has(family)) continue;
  const pool = isSimdFamily(family) ? packed : integer;
  for (const { bytes, index } of readVectors(family)) if (index < CASES && bytes.length < 16) pool.push(bytes);
}
const x87 = [...new Set([...readX87Cases()].map(({ form }) => form))].map(({ bytes }) => bytes);
const pools = [packed, packed, x87, integer];

/** Where the operands of x87 instructions lie, which EBX points at. */
const OPERANDS = 0x101800;

function randomProgram(next: () => number, isLoop: boolean): Program {
  const parts: Uint8Array[] = [];
  for (let i = 2 + (next() % 7); i > 0; i--) {
    const pool = pools[next() % pools.length]!;
    parts.push(pool[next() % pool.length]!);
  }
  const body = Buffer.concat(parts);
  const bytes = Buffer.concat([isLoop ? loopOf(body) : body, Buffer.of(0xcc)]); // int3
  const random = new Xorshift32(next() | 1);
  const { state: simd } = seedSimd('mixed', random.next(), kinds[next() % kinds.length]!, true);
  if (next() % 2 === 0) {
    // What most programs run with; nothing pending.
    simd.mxcsr = 0x1fa0;
    simd.control = 0x37f;
    simd.status &= ~0x8084;
  }
  const regs = Int32Array.from({ length: 8 }, () => 0x101200 + 16 * (next() % 0x180));
  regs[3] = OPERANDS;
  regs[4] = 0x109f00;
  return {
    bytes,
    offset: next() % (0x2000 - bytes.length),
    regs,
    eflags: (next() & 0xcd5) | 0x202,
    simd,
    bits: 32,
    slices: isLoop ? [1 + (next() % 20), 60] : [1 + (next() % 6), 20],
  };
}

test.each(seeds)('integer, x87, MMX and SSE mixed, seed %i', (seed) => {
  const next = randomWords(seed);
  const { interpreted, mixed, compiled } = createTiers(seed, baseImage(next), { hotThreshold: 2, arenaWords: 1 << 14 });
  for (let i = 0; i < SEQUENCES; i++) {
    const machines = i % COMPILED === 0 ? [interpreted, mixed, compiled] : [interpreted, mixed];
    expectLockstep(machines, randomProgram(next, i % LOOPS === 0), `seed ${seed}, sequence ${i}`);
  }
  expect(compiled.cpu.cache.statistics.regions).toBeGreaterThan(SEQUENCES / COMPILED / 2);
});

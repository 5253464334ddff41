// Tiers mean the same on MMX and SSE: runs of recorded instructions among a few integer and x87 ones, on registers full
// of all kinds of numbers, in loops that get hot, so that what tier 1 inlines meets every operand and every mode.
import { expect, test } from 'vitest';
import { MXCSR } from '../../runtime/abi/state.ts';
import { baseImage, createTiers, expectLockstep, loopOf, type Program } from '../support/lockstep.ts';
import { randomWords } from '../support/objdump-sample.ts';
import { Xorshift32 } from '../support/recorder/memory-map.ts';
import { seedSimd, type ValueKind } from '../support/recorder/simd-state.ts';
import { isSimdFamily, readVectors, vectorFamilies } from '../support/vectors.ts';

/** Recorded cases of each form that are drawn from. */
const CASES = 12;
const kinds: readonly ValueKind[] = ['double', 'single', 'integer', 'double'];

const pools = new Map<string, Uint8Array[]>();
for (const family of vectorFamilies()) {
  if (!isSimdFamily(family) && family !== 'arithmetic' && family !== 'move') continue;
  const pool: Uint8Array[] = [];
  for (const { bytes, index } of readVectors(family)) if (index < CASES && bytes.length < 16) pool.push(bytes);
  pools.set(family, pool);
}
/** Families that a program is drawn from; the first more often than the others. */
const mixes: readonly (readonly string[])[] = [
  ['sse-float', 'sse-move', 'sse-convert', 'sse-shuffle', 'arithmetic'],
  ['sse-float', 'sse-float', 'sse-move'],
  [...pools.keys()],
];

function randomProgram(next: () => number): Program {
  const mix = mixes[next() % mixes.length]!;
  const parts: Uint8Array[] = [];
  const count = 4 + (next() % 24);
  for (let i = 0; i < count; i++) {
    const pool = pools.get(mix[next() % 2 === 0 ? 0 : next() % mix.length]!)!;
    const insn = pool[next() % pool.length]!;
    if (next() % 6 === 0) parts.push(Uint8Array.of(0x70 | (next() & 15), insn.length));
    parts.push(insn);
  }
  const bytes = loopOf(Buffer.concat(parts));
  const random = new Xorshift32(next() | 1);
  const kind = kinds[next() % kinds.length]!;
  const { state: simd } = seedSimd('lockstep', random.next(), kind, next() % 4 === 0);
  // The mode of most programs: everything masked, rounding to nearest, inexact results seen before.
  if (next() % 3 !== 0) simd.mxcsr = 0x1fa0;
  // An exception that is pending ends a program at once.
  simd.control |= 0x3f;
  simd.status &= ~0x8080;
  const regs = Int32Array.from(
    { length: 8 },
    () => 0x101200 + 16 * (next() % 0x180) + (next() % 4 === 0 ? next() % 16 : 0),
  );
  regs[4] = 0x109f00;
  return {
    bytes,
    offset: next() % (0x2000 - bytes.length),
    regs,
    eflags: (next() & 0xcd5) | 0x202,
    simd,
    bits: 32,
    slices: [1 + (next() % 50), 1 + (next() % 300), 400],
  };
}

test.each([21, 22, 23])('runs of MMX and SSE in loops, seed %i', (seed) => {
  const next = randomWords(seed);
  const { interpreted, mixed, compiled } = createTiers(seed, baseImage(next), {
    hotThreshold: 3,
    arenaWords: 1 << 14,
  });
  for (let i = 0; i < 500; i++) {
    expectLockstep([interpreted, mixed, compiled], randomProgram(next), `seed ${seed}, program ${i}`);
  }
});

// The product is the least normal number, but only because there are no lower ones with as many bits: UE, as on the CPU.
test.each([
  ['mulsd xmm0,xmm1', 'f20f59c1', [-1, 0x016fffff, 0, 0, 0, 0x3e900000, 0, 0]],
  ['mulss xmm0,xmm1', 'f30f59c1', [0x017fffff, 0, 0, 0, 0x3e800000, 0, 0, 0]],
  ['mulpd xmm0,xmm1', '660f59c1', [-1, 0x016fffff, -1, 0x016fffff, 0, 0x3e900000, 0, 0x3ff00000]],
])('%s underflows to a normal number', (name, code, words) => {
  const machines = createTiers(31, baseImage(randomWords(31)), { hotThreshold: 2, arenaWords: 1 << 14 });
  const all = [machines.interpreted, machines.mixed, machines.compiled];
  const { state: simd } = seedSimd('underflow', 31, 'double', false);
  simd.mxcsr = 0x1fa0;
  simd.xmm.set(words);
  const bytes = Buffer.concat([Buffer.from(code, 'hex'), Buffer.of(0xcc)]); // int3
  const regs = Int32Array.of(0, 0, 0, 0, 0x109f00, 0, 0, 0);
  const program: Program = { bytes, offset: 0x100, regs, eflags: 0x202, simd, bits: 32, slices: [1, 20] };
  expectLockstep(all, program, name);
  for (const { cpu } of all) expect(cpu.state[MXCSR]! & 0x3f, name).toBe(0x30);
});

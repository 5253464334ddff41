// Tiers mean the same on the x87: runs of moves, loads, stores and arithmetic in loops that get hot, on numbers that have
// the form of pairs and on some that have not, with now and then a stack that overflows, so that what tier 1 inlines meets
// all of it. Status words, tags and pointers are compared as well as registers and memory.
import { test } from 'vitest';
import { baseImage, createTiers, expectLockstep, loopOf, type Program } from '../support/lockstep.ts';
import { randomWords } from '../support/objdump-sample.ts';
import { initialSimd } from '../support/recorder/simd-state.ts';

/** Instructions by what they do to the stack's depth: bytes, of which the last takes i of ST(i) where `i` says so. */
interface Form {
  readonly bytes: readonly number[];
  readonly i?: true;
}

// Memory operands are [ebx + 8 k] for k below 16, or [esi], which may lie across pages, be read-only or not there.
const pushes: readonly Form[] = [
  { bytes: [0xd9, 0xe8] }, // fld1
  { bytes: [0xd9, 0xeb] }, // fldpi
  { bytes: [0xd9, 0xee] }, // fldz
  { bytes: [0xdb, 0x03] }, // fild dword [ebx]
  { bytes: [0xd9, 0xc0], i: true }, // fld st(i)
  { bytes: [0xd9, 0xc0], i: true },
  { bytes: [0xdd, 0x43, 0] }, // fld qword [ebx + 8 k]
  { bytes: [0xdd, 0x43, 0] },
  { bytes: [0xdd, 0x06] }, // fld qword [esi]
];
const pops: readonly Form[] = [
  { bytes: [0xdd, 0xd8], i: true }, // fstp st(i)
  { bytes: [0xd9, 0xd8], i: true },
  { bytes: [0xdd, 0x5b, 0] }, // fstp qword [ebx + 8 k]
  { bytes: [0xdd, 0x5b, 0] },
  { bytes: [0xdd, 0x1e] }, // fstp qword [esi]
  { bytes: [0xde, 0xc0], i: true }, // faddp st(i)
  { bytes: [0xde, 0xc8], i: true }, // fmulp st(i)
];
const others: readonly Form[] = [
  { bytes: [0xd9, 0xc8], i: true }, // fxch st(i)
  { bytes: [0xd9, 0xc8], i: true },
  { bytes: [0xdd, 0xd0], i: true }, // fst st(i)
  { bytes: [0xdd, 0x53, 0] }, // fst qword [ebx + 8 k]
  { bytes: [0xd8, 0xc0], i: true }, // fadd st, st(i)
  { bytes: [0xdc, 0xe8], i: true }, // fsub st(i), st
  { bytes: [0xd8, 0xf0], i: true }, // fdiv st, st(i)
  { bytes: [0xdc, 0x4b, 0] }, // fmul qword [ebx + 8 k]
  { bytes: [0xdc, 0x43, 0] }, // fadd qword [ebx + 8 k]
  { bytes: [0xd9, 0xfa] }, // fsqrt
  { bytes: [0xd9, 0xe0] }, // fchs
  { bytes: [0xdd, 0x3b] }, // fnstsw [ebx]
];

function randomProgram(next: () => number): Program {
  const parts: Uint8Array[] = [];
  let depth = 0;
  const add = (forms: readonly Form[]): void => {
    const { bytes, i } = forms[next() % forms.length]!;
    const insn = Uint8Array.from(bytes);
    // Mostly registers that are in use.
    if (i) insn[insn.length - 1]! += next() % 12 === 0 ? next() % 8 : next() % Math.max(1, depth);
    else if (insn.length === 3) insn[2] = 8 * (next() % 16);
    parts.push(insn);
    if (forms !== others) depth += forms === pushes ? 1 : -1;
  };
  const count = 6 + (next() % 30);
  for (let n = 0; n < count; n++) {
    if (next() % 40 === 0) add(pops);
    else if (depth < 2) add(pushes);
    else if (depth > 6) add(pops);
    else add([pushes, pops, others, others][next() % 4]!);
  }
  while (depth > 0) add(pops);
  // Another loop begins with whatever the stack holds: sometimes it is emptied first.
  const start = next() % 3 === 0 ? [0xdb, 0xe3] : [];
  const bytes = loopOf(Buffer.concat([Uint8Array.from(start), ...parts]));
  const regs = Int32Array.from({ length: 8 }, () => 0x101200 + 16 * (next() % 0x60));
  regs[4] = 0x109f00;
  regs[6] = [0x101800, 0x101804, 0x101ffc, 0x102ffc, 0x103100, 0x101ff9][next() % 6]!;
  const simd = initialSimd();
  // Another rounding or precision, now and then.
  simd.control = next() % 8 === 0 ? 0x3f | (next() & 0xf00) : 0x37f;
  return {
    bytes,
    offset: next() % (0x2000 - bytes.length),
    regs,
    eflags: 0x202,
    simd,
    bits: 32,
    slices: [1 + (next() % 50), 1 + (next() % 400), 600],
  };
}

test.each([61, 62])('runs of x87 instructions in loops, seed %i', (seed) => {
  const next = randomWords(seed);
  const { interpreted, mixed, compiled } = createTiers(seed, baseImage(next), {
    hotThreshold: 3,
    arenaWords: 1 << 14,
  });
  for (let i = 0; i < 400; i++) {
    expectLockstep([interpreted, mixed, compiled], randomProgram(next), `seed ${seed}, program ${i}`);
  }
});

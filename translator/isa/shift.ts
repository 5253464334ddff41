/**
 * Shifts and rotates by one, by an immediate and by CL, double shifts, and BMI2's shifts without flags.
 *
 * Source: SDM vol. 2B (RCL/RCR/ROL/ROR, SAL/SAR/SHL/SHR, SHLD, SHRD), 2B/2D (RORX, SARX/SHLX/SHRX). The /6 forms are
 * aliases of SHL on real CPUs.
 */
import { ECX } from '../../runtime/abi/state.ts';
import type { Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { By, CL, Eb, Ev, Ey, Gv, Gy, Ib, ONE } from './operands.ts';
import { type Lift, type Row, row, widthOf } from './row.ts';

/**
 * The count of a shift or rotate as a word whose low five bits are the count: a constant 0..31, or ECX in place of CL.
 * The shifts of ir/pure.ts look at those five bits alone.
 */
function countOf(ir: IrBuilder, operand: Operand): Value {
  return operand.kind === 'immediate' ? ir.const(operand.value & 31) : ir.get(ECX);
}

/** One result of a shift: the word, cut or not, CF as 0 or 1, and a word with OF in its sign bit. */
interface Shifted {
  readonly r: Value;
  readonly cf: Value;
  readonly of: Value;
}

/** `a` is sign-extended from `size` bits; in `count` the low five bits count and are not all zero where constant. */
type Shift = (ir: IrBuilder, size: number, a: Value, count: Value) => Shifted;

/**
 * An instruction from its shift. OF is that of a count of 1, which is all that the manual defines; for any other count
 * the same expression stands. With a count of 0 a memory operand is read and written all the same, but no flag changes.
 */
const shifting =
  (kind: 'given' | 'rotate', shift: Shift): Lift =>
  (ir, { operands: [dst, by] }) => {
    const a = ir.loadForWrite(dst!);
    const count = countOf(ir, by!);
    const { r, cf, of } = shift(ir, widthOf(dst!), a, count);
    ir.store(dst!, r);
    ir.flags(kind, cf, of, r, ir.and(count, ir.const(31)));
  };

const bit = (ir: IrBuilder, word: Value, index: Value): Value => ir.and(ir.shr(word, index), ir.const(1));
const before = (ir: IrBuilder, count: Value): Value => ir.add(count, ir.const(-1));

/** SHL (SAL). A narrow operand leaves through bit `size` of the shifted word. */
const shl: Lift = shifting('given', (ir, size, a, count) => {
  const word = ir.shl(a, count);
  const r = ir.sext(size, word);
  return { r, cf: size === 32 ? bit(ir, a, ir.neg(count)) : bit(ir, word, ir.const(size)), of: ir.xor(a, r) };
});

/** SHR. */
const shr: Lift = shifting('given', (ir, size, a, count) => {
  const word = ir.zext(size, a);
  return { r: ir.sext(size, ir.shr(word, count)), cf: bit(ir, word, before(ir, count)), of: a };
});

/** SAR: a sign-extended operand gives a sign-extended result, and its sign for CF by large counts. */
const sar: Lift = shifting('given', (ir, _size, a, count) => ({
  r: ir.sar(a, count),
  cf: bit(ir, ir.sar(a, before(ir, count)), ir.const(0)),
  of: ir.const(0),
}));

/** All of a 32-bit word filled with copies of a narrow one: rotating that rotates each copy. */
function repeated(ir: IrBuilder, size: number, a: Value): Value {
  if (size === 8) return ir.mul(ir.zext(8, a), ir.const(0x01010101));
  return size === 16 ? ir.or(ir.shl(a, ir.const(16)), ir.zext(16, a)) : a;
}

/** ROL: CF is the bit that came round, the lowest. */
const rol: Lift = shifting('rotate', (ir, size, a, count) => {
  const r = ir.sext(size, ir.rol(repeated(ir, size, a), count));
  return { r, cf: ir.and(r, ir.const(1)), of: ir.xor(r, ir.shl(r, ir.const(31))) };
});

/** ROR: CF is the bit that came round, the highest; OF its difference from the next. */
const ror: Lift = shifting('rotate', (ir, size, a, count) => {
  const r = ir.sext(size, ir.ror(repeated(ir, size, a), count));
  return { r, cf: ir.shr(r, ir.const(31)), of: ir.xor(r, ir.shl(r, ir.const(32 - size + 1))) };
});

const isOne = (count: Value): boolean => count.op === 'const' && count.value === 1;

/** Rotate CF and a narrow operand left by `count` (a multiple of the width added at will), as one word of 9 or 17 bits. */
function throughCarry(ir: IrBuilder, size: number, a: Value, count: Value): Shifted {
  const whole = ir.or(ir.shl(ir.flag('CF'), ir.const(size)), ir.zext(size, a));
  const word = ir.pure(size === 8 ? 'rol9' : 'rol17', whole, count);
  const r = ir.sext(size, word);
  return { r, cf: bit(ir, word, ir.const(size)), of: ir.xor(a, r) };
}

/** RCL. */
const rcl: Lift = shifting('rotate', (ir, size, a, count) => {
  if (isOne(count)) {
    const r = ir.sext(size, ir.or(ir.shl(a, count), ir.flag('CF')));
    return { r, cf: ir.shr(a, ir.const(31)), of: ir.xor(a, r) };
  }
  if (size !== 32) return throughCarry(ir, size, a, ir.and(count, ir.const(31)));
  // CF enters above the bits that come round, which are a >>> (33 - count); 32 - count is -count modulo 32.
  const round = ir.shr(ir.shr(a, ir.const(1)), ir.neg(count));
  const word = ir.or(ir.or(ir.shl(a, count), round), ir.shl(ir.flag('CF'), before(ir, count)));
  const r = ir.select(ir.and(count, ir.const(31)), word, a);
  return { r, cf: bit(ir, a, ir.neg(count)), of: ir.xor(a, r) };
});

/** RCR. */
const rcr: Lift = shifting('rotate', (ir, size, a, count) => {
  if (isOne(count)) {
    const word = ir.or(ir.shr(ir.zext(size, a), count), ir.shl(ir.flag('CF'), ir.const(size - 1)));
    const r = ir.sext(size, word);
    return { r, cf: bit(ir, a, ir.const(0)), of: ir.xor(a, r) };
  }
  if (size !== 32) {
    // Right by n is left by a multiple of the width, not below 31, less n.
    const turn = size === 8 ? 36 : 34;
    return throughCarry(ir, size, a, ir.sub(ir.const(turn), ir.and(count, ir.const(31))));
  }
  const round = ir.shl(ir.shl(a, ir.const(1)), ir.neg(count));
  const word = ir.or(ir.or(ir.shr(a, count), round), ir.shl(ir.flag('CF'), ir.neg(count)));
  const r = ir.select(ir.and(count, ir.const(31)), word, a);
  return { r, cf: bit(ir, a, before(ir, count)), of: ir.xor(a, r) };
});

/** SHLD and SHRD: `shift` moves bits of `b` into `a`. */
const doubleShift =
  (shift: (ir: IrBuilder, size: number, a: Value, b: Value, count: Value) => Omit<Shifted, 'of'>): Lift =>
  (ir, { operands: [dst, src, by] }) => {
    const a = ir.loadForWrite(dst!);
    const count = countOf(ir, by!);
    const { r, cf } = shift(ir, widthOf(dst!), a, ir.load(src!), count);
    ir.store(dst!, r);
    ir.flags('given', cf, ir.xor(a, r), r, ir.and(count, ir.const(31)));
  };

/** SHLD. With 16 bits, counts above 16 are undefined. */
const shld: Lift = doubleShift((ir, size, a, b, count) => {
  if (size === 16) {
    const pair = ir.or(ir.shl(a, ir.const(16)), ir.zext(16, b));
    return { r: ir.sar(ir.shl(pair, count), ir.const(16)), cf: bit(ir, pair, ir.neg(count)) };
  }
  // b >>> (32 - count) in two steps, so that a count of 0 brings in nothing; 31 - count is NOT count modulo 32.
  const entering = ir.shr(ir.shr(b, ir.const(1)), ir.not(count));
  return { r: ir.or(ir.shl(a, count), entering), cf: bit(ir, a, ir.neg(count)) };
});

/** SHRD. */
const shrd: Lift = doubleShift((ir, size, a, b, count) => {
  const cf = bit(ir, a, before(ir, count));
  if (size === 16) {
    const pair = ir.or(ir.shl(b, ir.const(16)), ir.zext(16, a));
    return { r: ir.sext(16, ir.shr(pair, count)), cf };
  }
  const entering = ir.shl(ir.shl(b, ir.const(1)), ir.not(count));
  return { r: ir.or(ir.shr(a, count), entering), cf };
});

/** RORX, SARX, SHLX, SHRX: no flags, the count modulo 32. */
const withoutFlags =
  (name: 'ror' | 'sar' | 'shl' | 'shr'): Lift =>
  (ir, { operands: [dst, src, count] }) => {
    ir.store(dst!, ir.pure(name, ir.load(src!), ir.load(count!)));
  };

const rorx = withoutFlags('ror');
const sarx = withoutFlags('sar');
const shlx = withoutFlags('shl');
const shrx = withoutFlags('shr');

/** Shifts and rotates. */
// biome-ignore format: opcode table
export const shift: readonly Row[] = [
  row('C0 /0',                'ROL',  [Eb, Ib],     rol),
  row('C1 /0',                'ROL',  [Ev, Ib],     rol),
  row('D0 /0',                'ROL',  [Eb, ONE],    rol),
  row('D1 /0',                'ROL',  [Ev, ONE],    rol),
  row('D2 /0',                'ROL',  [Eb, CL],     rol),
  row('D3 /0',                'ROL',  [Ev, CL],     rol),
  row('C0 /1',                'ROR',  [Eb, Ib],     ror),
  row('C1 /1',                'ROR',  [Ev, Ib],     ror),
  row('D0 /1',                'ROR',  [Eb, ONE],    ror),
  row('D1 /1',                'ROR',  [Ev, ONE],    ror),
  row('D2 /1',                'ROR',  [Eb, CL],     ror),
  row('D3 /1',                'ROR',  [Ev, CL],     ror),
  row('C0 /2',                'RCL',  [Eb, Ib],     rcl),
  row('C1 /2',                'RCL',  [Ev, Ib],     rcl),
  row('D0 /2',                'RCL',  [Eb, ONE],    rcl),
  row('D1 /2',                'RCL',  [Ev, ONE],    rcl),
  row('D2 /2',                'RCL',  [Eb, CL],     rcl),
  row('D3 /2',                'RCL',  [Ev, CL],     rcl),
  row('C0 /3',                'RCR',  [Eb, Ib],     rcr),
  row('C1 /3',                'RCR',  [Ev, Ib],     rcr),
  row('D0 /3',                'RCR',  [Eb, ONE],    rcr),
  row('D1 /3',                'RCR',  [Ev, ONE],    rcr),
  row('D2 /3',                'RCR',  [Eb, CL],     rcr),
  row('D3 /3',                'RCR',  [Ev, CL],     rcr),
  row('C0 /4',                'SHL',  [Eb, Ib],     shl),
  row('C1 /4',                'SHL',  [Ev, Ib],     shl),
  row('D0 /4',                'SHL',  [Eb, ONE],    shl),
  row('D1 /4',                'SHL',  [Ev, ONE],    shl),
  row('D2 /4',                'SHL',  [Eb, CL],     shl),
  row('D3 /4',                'SHL',  [Ev, CL],     shl),
  row('C0 /5',                'SHR',  [Eb, Ib],     shr),
  row('C1 /5',                'SHR',  [Ev, Ib],     shr),
  row('D0 /5',                'SHR',  [Eb, ONE],    shr),
  row('D1 /5',                'SHR',  [Ev, ONE],    shr),
  row('D2 /5',                'SHR',  [Eb, CL],     shr),
  row('D3 /5',                'SHR',  [Ev, CL],     shr),
  row('C0 /6',                'SHL',  [Eb, Ib],     shl),
  row('C1 /6',                'SHL',  [Ev, Ib],     shl),
  row('D0 /6',                'SHL',  [Eb, ONE],    shl),
  row('D1 /6',                'SHL',  [Ev, ONE],    shl),
  row('D2 /6',                'SHL',  [Eb, CL],     shl),
  row('D3 /6',                'SHL',  [Ev, CL],     shl),
  row('C0 /7',                'SAR',  [Eb, Ib],     sar),
  row('C1 /7',                'SAR',  [Ev, Ib],     sar),
  row('D0 /7',                'SAR',  [Eb, ONE],    sar),
  row('D1 /7',                'SAR',  [Ev, ONE],    sar),
  row('D2 /7',                'SAR',  [Eb, CL],     sar),
  row('D3 /7',                'SAR',  [Ev, CL],     sar),
  row('0F A4',                'SHLD', [Ev, Gv, Ib], shld),
  row('0F A5',                'SHLD', [Ev, Gv, CL], shld),
  row('0F AC',                'SHRD', [Ev, Gv, Ib], shrd),
  row('0F AD',                'SHRD', [Ev, Gv, CL], shrd),
  row('VEX.LZ.F2.0F3A.W0 F0', 'RORX', [Gy, Ey, Ib], rorx),
  row('VEX.LZ.F3.0F38.W0 F7', 'SARX', [Gy, Ey, By], sarx),
  row('VEX.LZ.66.0F38.W0 F7', 'SHLX', [Gy, Ey, By], shlx),
  row('VEX.LZ.F2.0F38.W0 F7', 'SHRX', [Gy, Ey, By], shrx),
];

/**
 * What lifts of packed integer instructions share, on XMM registers and on MMX registers, which are the x87's.
 *
 * MMX instructions raise #MF for a pending x87 exception before anything else, and leave TOP 0 and all registers in use;
 * a register that they write looks to the x87 like a NaN or an infinity. Source: SDM vol. 1 §9.5, vol. 3A §13.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import { MODE_MMX } from '../../runtime/abi/mode.ts';
import type { PackedName } from '../../runtime/abi/packed.ts';
import { VECTOR_SCRATCH, X87_REGISTER, X87_REGISTER_SLOTS, X87_TAGS, X87_TOP } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import type { Lift, Row } from './row.ts';
import { lanes, source, xmm } from './sse-lift.ts';

type BaseName<Bits extends 64 | 128> = PackedName extends infer Name
  ? Name extends `${infer Base}${Bits}`
    ? Base
    : never
  : never;
export type MmxOperator = BaseName<64>;
export type XmmOperator = BaseName<128>;

/** Sign and exponent of a register that an MMX instruction wrote. */
const ALL_ONES = 0xffff;

/** First slot of an MMX register operand. */
export function mm(operand: Operand | undefined): number {
  return X87_REGISTER + X87_REGISTER_SLOTS * (operand as RegisterOperand).index;
}

/** Begin an instruction that reads or writes MMX registers: comes before its memory operand. */
export function beginMmx(ir: IrBuilder): void {
  ir.call('mmxBegin');
}

/** End it: comes after everything that can fault. @param written first slot of the register that it wrote. */
export function endMmx(ir: IrBuilder, written?: number): void {
  if (written !== undefined) ir.set(written + 2, ir.const(ALL_ONES));
  ir.set(X87_TOP, ir.const(0));
  ir.set(X87_TAGS, ir.const(0xff));
}

/** Slot of a source operand in an MMX register or in memory, as sse-lift.ts's `source`. */
export function mmSource(ir: IrBuilder, operand: Operand | undefined): number {
  if (operand?.kind !== 'memory') return mm(operand);
  if (operand.size === 32) ir.set(VECTOR_SCRATCH, ir.load(operand));
  else lanes(ir, 'load64', VECTOR_SCRATCH, ir.address(operand));
  return VECTOR_SCRATCH;
}

/** Operators that give zero, or all ones, when both operands are one register. */
const zeroIdioms: ReadonlySet<string> = new Set(['pxor', 'psubb', 'psubw', 'psubd', 'psubq', 'pandn', 'pcmpgtd']);
const onesIdioms: ReadonlySet<string> = new Set(['pcmpeqb', 'pcmpeqw', 'pcmpeqd']);

/** DEST := DEST op SRC on XMM registers. */
export const onXmm =
  (name: XmmOperator): Lift =>
  (ir, { operands: [dst, src] }) => {
    const to = xmm(dst);
    const from = source(ir, src);
    if (to === from && zeroIdioms.has(name)) lanes(ir, 'zero128', to);
    else if (to === from && onesIdioms.has(name)) {
      const ones = ir.const(-1);
      for (let i = 0; i < 4; i++) ir.set(to + i, ones);
    } else lanes(ir, `${name}128` as HelperName, to, from);
  };

/** The same on MMX registers. */
export const onMmx =
  (name: MmxOperator): Lift =>
  (ir, { operands: [dst, src] }) => {
    beginMmx(ir);
    lanes(ir, `${name}64` as HelperName, mm(dst), mmSource(ir, src));
    endMmx(ir, mm(dst));
  };

/** Lanes of 16, 32 and 64 bits by the letter that ends a shift's name. */
const laneBits: Readonly<Record<string, number>> = { w: 16, d: 32, q: 64 };

type Shift = 'psrlw' | 'psraw' | 'psllw' | 'psrld' | 'psrad' | 'pslld' | 'psrlq' | 'psllq';

/** Shift by an immediate: counts beyond the lane give zero, or the sign. */
function shiftBy(ir: IrBuilder, name: Shift, slot: number, bits: 64 | 128, count: number): void {
  const lane = laneBits[name.at(-1)!]!;
  if (count >= lane && !name.startsWith('psra')) {
    for (let i = 0; i < bits / 32; i++) ir.set(slot + i, ir.const(0));
  } else lanes(ir, `${name}${bits}`, slot, Math.min(count, lane - 1));
}

export const xmmShift =
  (name: Shift): Lift =>
  (ir, { operands: [dst, count] }) => {
    shiftBy(ir, name, xmm(dst), 128, ir.immediate(count));
  };

export const mmxShift =
  (name: Shift): Lift =>
  (ir, { operands: [dst, count] }) => {
    beginMmx(ir);
    shiftBy(ir, name, mm(dst), 64, ir.immediate(count));
    endMmx(ir, mm(dst));
  };

/** Words of vector registers by slot, in the order of the destination: what shuffles of doublewords come to. */
export function moveWords(ir: IrBuilder, to: number, from: readonly number[]): void {
  const values = from.map((slot) => (slot < 0 ? ir.const(0) : ir.get(slot)));
  values.forEach((value, i) => {
    ir.set(to + i, value);
  });
}

/** One 16-bit lane of a vector register, zero-extended. */
export function extractWord(ir: IrBuilder, slot: number, lane: number): Value {
  const word = ir.get(slot + (lane >> 1));
  return lane & 1 ? ir.shr(word, ir.const(16)) : ir.and(word, ir.const(0xffff));
}

/** Four 16-bit lanes in two slots, chosen by two bits of `order` each: PSHUFW, PSHUFLW, PSHUFHW. */
export function shuffleWords(ir: IrBuilder, to: number, from: number, order: number): void {
  const lane = (i: number): Value => extractWord(ir, from, (order >> (2 * i)) & 3);
  const [low, high] = [0, 2].map((i) => ir.or(lane(i), ir.shl(lane(i + 1), ir.const(16)))) as [Value, Value];
  ir.set(to, low);
  ir.set(to + 1, high);
}

/** Put the low `bits` of `value` into a vector register at lane `lane` of that width. */
export function insertLane(ir: IrBuilder, slot: number, lane: number, bits: 8 | 16 | 32, value: Value): void {
  const at = slot + ((lane * bits) >> 5);
  if (bits === 32) {
    ir.set(at, value);
    return;
  }
  const shift = (lane * bits) & 31;
  const mask = (bits === 8 ? 0xff : 0xffff) << shift;
  const placed = ir.and(ir.shl(value, ir.const(shift)), ir.const(mask));
  ir.set(at, ir.or(ir.and(ir.get(at), ir.const(~mask)), placed));
}

/** The rows with lifts that raise #UD or #NM where MMX is off. Source: SDM vol. 3A table 13-1. */
export function requireMmx(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => {
    const { lift } = row;
    if (lift === undefined) return row;
    const guarded: Lift = (ir, insn) => {
      if ((ir.mode & MODE_MMX) !== 0) {
        lift(ir, insn);
        return;
      }
      ir.call('mmxUnavailable');
      ir.fault(Vector.UD);
    };
    return { ...row, lift: guarded };
  });
}

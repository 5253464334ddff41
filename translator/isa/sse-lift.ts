/**
 * What lifts on XMM registers share. Registers are state slots, four words each, and operations on them are helpers of
 * abi/sse.ts that get slots as arguments; an operand in memory is loaded into a scratch register first, so that every
 * fault comes before anything is written.
 */

import type { HelperName } from '../../runtime/abi/calls.ts';
import { MODE_SSE } from '../../runtime/abi/mode.ts';
import { VECTOR_SCRATCH, XMM } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Lift, Row } from './row.ts';

/** First slot of an XMM register operand. */
export function xmm(operand: Operand | undefined): number {
  return XMM + 4 * (operand as RegisterOperand).index;
}

/**
 * Slot of a source operand: the register's own, or the scratch register with what was loaded from memory in its low
 * lanes. 128 bits in memory must be aligned unless `unaligned`.
 */
export function source(ir: IrBuilder, operand: Operand | undefined, unaligned = false): number {
  if (operand?.kind !== 'memory') return xmm(operand);
  if (operand.size === 32) ir.set(VECTOR_SCRATCH, ir.load(operand));
  else {
    const helper = operand.size === 64 ? 'load64' : unaligned ? 'load128' : 'load128Aligned';
    lanes(ir, helper, VECTOR_SCRATCH, ir.address(operand));
  }
  return VECTOR_SCRATCH;
}

/** Call a helper on vector slots: numbers are slots or immediates. */
export function lanes(
  ir: IrBuilder,
  helper: HelperName,
  ...args: (number | ReturnType<IrBuilder['const']>)[]
): ReturnType<IrBuilder['call']> {
  return ir.call(helper, ...args.map((arg) => (typeof arg === 'number' ? ir.const(arg) : arg)));
}

/** Store the low lanes of a register to memory. */
export function storeLanes(ir: IrBuilder, operand: MemoryOperand, slot: number, unaligned = false): void {
  ir.checkWritable(operand);
  if (operand.size === 32) {
    ir.storeLinear(32, ir.address(operand, 0, true), ir.get(slot));
    return;
  }
  const helper = operand.size === 64 ? 'store64' : unaligned ? 'store128' : 'store128Aligned';
  lanes(ir, helper, slot, ir.address(operand, 0, true));
}

/** DEST := DEST op SRC: a helper of (destination, source). */
export const binary =
  (helper: HelperName): Lift =>
  (ir, { operands: [dst, src] }) => {
    lanes(ir, helper, xmm(dst), source(ir, src));
  };

/** DEST := SRC op immediate, or with DEST: a helper of (destination, source, immediate). */
export const ternary =
  (helper: HelperName): Lift =>
  (ir, { operands: [dst, src, immediate] }) => {
    lanes(ir, helper, xmm(dst), source(ir, src), ir.immediate(immediate));
  };

/** The rows with lifts that raise #UD or #NM where SSE is off. Source: SDM vol. 3A table 14-1, vol. 2A table 2-18. */
export function requireSse(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => {
    const { lift } = row;
    if (lift === undefined) return row;
    const guarded: Lift = (ir, insn) => {
      if ((ir.mode & MODE_SSE) !== 0) {
        lift(ir, insn);
        return;
      }
      ir.call('sseUnavailable');
      ir.fault(Vector.UD);
    };
    return { ...row, lift: guarded };
  });
}

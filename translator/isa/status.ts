/**
 * Status flags written one by one: what SAHF, CMPXCHG8B and ARPL share. All other instructions set flags from their
 * operands and result, by the kinds of ir/flags.ts.
 */
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';

/** Set ZF, SF, PF and AF from an EFLAGS image (the same words as `resFromImage` and `auxFromImage` of ir/flags.ts). */
export function setStatus(ir: IrBuilder, image: Value): void {
  const bit = (n: number): Value => ir.and(ir.shr(image, ir.const(n)), ir.const(1));
  const zero = bit(6);
  const sign = ir.shl(ir.shr(image, ir.const(7)), ir.const(31));
  const parity = ir.shl(ir.xor(bit(2), zero), ir.const(8));
  const aux = ir.or(ir.or(sign, parity), ir.and(image, ir.const(16)));
  ir.flags('words', ir.xor(zero, ir.const(1)), aux, ir.const(0));
}

/** Set ZF to `zero` (0 or 1) and leave the other flags. */
export function setZero(ir: IrBuilder, zero: Value): void {
  const others = ir.and(ir.statusFlags(), ir.const(~64));
  setStatus(ir, ir.or(others, ir.shl(zero, ir.const(6))));
}

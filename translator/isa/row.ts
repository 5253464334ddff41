/**
 * One row of the opcode map: encoding, mnemonic, operand codes and the lift, side by side.
 *
 * Rows are written in the notation of the SDM's opcode maps (vol. 2D, appendix A), so that a family file can be
 * checked against the manual by eye. decode/opcode-map.ts indexes them; the lift is called by lift.ts.
 *
 * Opcode notation, parts separated by one space:
 *   '03'            one opcode byte, hexadecimal
 *   '0F C8+r'       the low three bits of the last byte name a register (operand codes Zb, Zv)
 *   '0F 38 F0'      two- and three-byte opcodes
 *   'F3 0F B8'      mandatory prefix (66, F2 or F3) in front; 'NP 0F 10' for: none of the three; 'NFx' for: neither
 *                   F2 nor F3. A row without any of these holds under every prefix that no other row claims
 *   '80 /3'         ModRM.reg must be 3
 *   '0F 01 C1'      an exact ModRM byte, when the row has no operand that uses ModRM
 *   'D8 C0+i'       ModRM C0..C7: the low three bits name ST(i)
 *   '0F C7 /1 m'    only the memory form; 'r' instead of 'm': only the register form. Operand codes that admit one
 *                   form only (M, Mp, Nq, Ups, ...) say the same without it
 *   'VEX.LZ.F2.0F38.W0 F5'  VEX-encoded general-register instructions (BMI): fields as the manual writes them
 * Rows whose meaning depends on a width take it from the decoded instruction; they are not repeated per width.
 * A mnemonic 'CBW/CWDE' has one name for operand size 16 and one for 32; 'JCXZ:JECXZ' likewise by address size.
 */

import type { Instruction, OpcodeRow, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { OperandCode } from '../decode/operand-codes.ts';
import type { IrBuilder } from '../ir/builder.ts';

export { ENDS, LOCK, NOT64, REP, SENSITIVE } from '../decode/attributes.ts';

/** Emits the IR of one decoded instruction. It must not look at anything but its two arguments. */
export type Lift = (ir: IrBuilder, insn: Instruction) => void;

/** A row with its meaning. Rows without a lift decode and print, and raise #UD when executed. */
export interface Row extends OpcodeRow {
  readonly lift: Lift | undefined;
}

/** Make a row. `attributes` is an OR of LOCK, SENSITIVE, ENDS, REP, NOT64. */
export function row(
  opcode: string,
  mnemonic: string,
  operands: readonly OperandCode[],
  lift: Lift | undefined,
  attributes = 0,
): Row {
  return { opcode, mnemonic, operands, lift, attributes };
}

/** Width in bits of a register, memory or immediate operand. */
export function widthOf(operand: Operand): number {
  return (operand as RegisterOperand).size;
}

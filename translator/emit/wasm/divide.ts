/**
 * The two divisions of 64 bits by 32 as functions of WebAssembly, which has integers of 64 bits: the helper of JavaScript
 * is only for what raises #DE.
 *
 * Source: SDM vol. 2A, DIV and IDIV: #DE when the divisor is 0 or the quotient does not fit.
 */
import { SCRATCH } from '../../../runtime/abi/state.ts';
import { ByteWriter, ValueType } from './binary.ts';
import { NO_RESULT, Op } from './opcodes.ts';

/** Locals after the parameters (high, low, divisor): dividend, quotient. */
export const divideLocals: readonly ValueType[] = [ValueType.I64, ValueType.I64];
const [HIGH, LOW, DIVISOR, DIVIDEND, QUOTIENT] = [0, 1, 2, 3, 4];

/** @param state place of the state slots.  @param helper index of the function to call for what does not divide. */
export function divideCode(isSigned: boolean, state: number, helper: number): ByteWriter {
  const code = new ByteWriter();
  const op = (...bytes: number[]): void => {
    for (const byte of bytes) code.byte(byte);
  };
  const widen = isSigned ? Op.I64ExtendI32S : Op.I64ExtendI32U;
  op(Op.Block, NO_RESULT);
  op(Op.LocalGet, DIVISOR!, Op.I32Eqz, Op.BranchIf, 0);
  op(Op.LocalGet, HIGH!, Op.I64ExtendI32U, Op.I64Const, 32, Op.I64Shl, Op.LocalGet, LOW!, Op.I64ExtendI32U, Op.I64Or);
  op(Op.LocalSet, DIVIDEND!);
  // -2^63 / -1 would trap.
  if (isSigned) op(Op.LocalGet, HIGH!, Op.I32Const, 0x80, 0x80, 0x80, 0x80, 0x78, Op.I32Eq, Op.BranchIf, 0);
  op(Op.LocalGet, DIVIDEND!, Op.LocalGet, DIVISOR!, widen, isSigned ? Op.I64DivS : Op.I64DivU, Op.LocalTee, QUOTIENT!);
  op(Op.LocalGet, QUOTIENT!, Op.I32WrapI64, widen, Op.I64Eq, Op.I32Eqz, Op.BranchIf, 0);
  op(Op.I32Const, 0, Op.LocalGet, LOW!, Op.LocalGet, QUOTIENT!, Op.I32WrapI64, Op.LocalGet, DIVISOR!, Op.I32Mul);
  op(Op.I32Sub, Op.I32Store, 2);
  code.unsigned(state + 4 * SCRATCH);
  op(Op.LocalGet, QUOTIENT!, Op.I32WrapI64, Op.Return, Op.End);
  op(Op.LocalGet, HIGH!, Op.LocalGet, LOW!, Op.LocalGet, DIVISOR!, Op.Call);
  code.unsigned(helper);
  return code;
}

/** The x87 as FNINIT leaves it, which is also how a program finds it (SDM vol. 2A, FINIT; vol. 1 §8.1.5). */
import {
  X87_CONTROL,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_STATUS,
  X87_USED,
} from '../abi/state.ts';

/** 64 bits, nearest, all exceptions masked. */
const INITIAL_CONTROL = 0x37f;

/** Set control, status and tags, clear the pointers. Register contents stay. */
export function initializeX87(S: Int32Array): void {
  S[X87_CONTROL] = INITIAL_CONTROL;
  S[X87_STATUS] = 0;
  S[X87_USED] = 0;
  S[X87_INSTRUCTION] = 0;
  S[X87_INSTRUCTION_SELECTOR] = 0;
  S[X87_OPERAND] = 0;
  S[X87_OPERAND_SELECTOR] = 0;
  S[X87_OPCODE] = 0;
}

/**
 * Register operands, made once and shared by all instructions, so that decoding allocates none.
 */
import type { RegisterClass, RegisterOperand } from './instruction.ts';

const file = (registerClass: RegisterClass, size: number, count = 8): readonly RegisterOperand[] =>
  Array.from(
    { length: count },
    (_, index): RegisterOperand => Object.freeze({ kind: 'register', class: registerClass, index, size }),
  );

/** AL CL DL BL AH CH DH BH. */
const gpr8: readonly RegisterOperand[] = file('gpr', 8);
/** AX CX DX BX SP BP SI DI. */
const gpr16: readonly RegisterOperand[] = file('gpr', 16);
/** EAX ECX EDX EBX ESP EBP ESI EDI. */
export const gpr32: readonly RegisterOperand[] = file('gpr', 32);
/** ES CS SS DS FS GS. */
export const segments: readonly RegisterOperand[] = file('segment', 16, 6);
/** CR0 to CR7, of which the decoder lets 0, 2, 3 and 4 through. */
export const control: readonly RegisterOperand[] = file('control', 32);
/** DR0 to DR7. */
export const debug: readonly RegisterOperand[] = file('debug', 32);
/** ST(0) to ST(7). */
export const x87: readonly RegisterOperand[] = file('x87', 80);
/** MM0 to MM7. */
export const mmx: readonly RegisterOperand[] = file('mmx', 64);
/** XMM0 to XMM7. */
export const xmm: readonly RegisterOperand[] = file('xmm', 128);

/** General registers of a width of 8, 16 or 32 bits. */
export function gprOf(width: number): readonly RegisterOperand[] {
  return width === 32 ? gpr32 : width === 16 ? gpr16 : gpr8;
}

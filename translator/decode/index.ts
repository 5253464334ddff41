/**
 * Decoding and printing of guest instructions. The rows come from outside (isa/), so this folder knows encodings but
 * no instruction.
 */
export { createDecoder, type DecodeFault, type Decoder, MAX_LENGTH } from './decoder.ts';
export type { Instruction } from './instruction.ts';
export { checkOpcodes } from './opcode-map.ts';
export { printInstruction } from './print.ts';

/**
 * The x87's state as a whole: as FNINIT leaves it, which is also how a program finds it, and as the image that FNSAVE
 * writes, which Linux puts into signal frames too. Source: SDM vol. 1 §8.1, figures 8-9 and 8-11; vol. 2A, FINIT, FSAVE.
 */
import {
  X87_CONTROL,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_STATUS,
  X87_USED,
} from '../abi/state.ts';

/** 64 bits, nearest, all exceptions masked. */
const INITIAL_CONTROL = 0x37f;
/** Bits of the control word that can be written; bit 6 reads as one. */
const CONTROL_BITS = 0x1f3f;
const CONTROL_FIXED = 0x40;

/** Exception flags of the status word, which are masked by the same bits of the control word; ES and B. */
const EXCEPTIONS = 0x3f;
const ES_AND_B = 0x8080;

/** FNINIT: set control, status and tags, clear the pointers. Register contents stay. */
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

/** Set a control word as FLDCW does; `summarizeX87` is to follow. */
export function setX87Control(S: Int32Array, word: number): void {
  S[X87_CONTROL] = (word & CONTROL_BITS) | CONTROL_FIXED;
}

/** ES and B follow from flags and masks. */
export function summarizeX87(S: Int32Array): void {
  const pending = S[X87_STATUS]! & ~S[X87_CONTROL]! & EXCEPTIONS;
  S[X87_STATUS] = pending !== 0 ? S[X87_STATUS]! | ES_AND_B : S[X87_STATUS]! & ~ES_AND_B;
}

/** Tag of a physical register: 0 valid, 1 zero, 2 special, 3 empty. */
function tagOf(S: Int32Array, r: number): number {
  if (((S[X87_USED]! >> r) & 1) === 0) return 3;
  const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
  const exponent = S[at + 2]! & 0x7fff;
  if (exponent === 0 && S[at] === 0 && S[at + 1] === 0) return 1;
  return exponent === 0 || exponent === 0x7fff || S[at + 1]! >= 0 ? 2 : 0;
}

/** The tag word: two bits a physical register. */
function tagWord(S: Int32Array): number {
  let tags = 0;
  for (let r = 7; r >= 0; r--) tags = (tags << 2) | tagOf(S, r);
  return tags;
}

function setTagWord(S: Int32Array, tags: number): void {
  let used = 0;
  for (let r = 0; r < 8; r++) if (((tags >> (r * 2)) & 3) !== 3) used |= 1 << r;
  S[X87_USED] = used;
}

/** The seven words of the environment in protected mode's format, in the order of memory, 32 or 16 bits each. */
export function x87Environment(S: Int32Array, operandSize: number): number[] {
  const upper = operandSize === 32 ? 0xffff0000 : 0;
  const opcode = operandSize === 32 ? S[X87_OPCODE]! << 16 : 0;
  return [
    S[X87_CONTROL]! | upper,
    S[X87_STATUS]! | upper,
    tagWord(S) | upper,
    S[X87_INSTRUCTION]!,
    S[X87_INSTRUCTION_SELECTOR]! | opcode,
    S[X87_OPERAND]!,
    S[X87_OPERAND_SELECTOR]! | upper,
  ];
}

/** Load what `x87Environment` gives. */
export function setX87Environment(S: Int32Array, words: ArrayLike<number>, operandSize: number): void {
  const selector = words[4]!;
  setX87Control(S, words[0]!);
  S[X87_STATUS] = words[1]! & 0xffff;
  setTagWord(S, words[2]!);
  S[X87_INSTRUCTION] = words[3]!;
  S[X87_INSTRUCTION_SELECTOR] = selector & 0xffff;
  S[X87_OPERAND] = words[5]!;
  S[X87_OPERAND_SELECTOR] = words[6]! & 0xffff;
  S[X87_OPCODE] = operandSize === 32 ? (selector >> 16) & 0x7ff : 0;
  summarizeX87(S);
}

/** Physical register that ST(i) is. */
function physicalOf(S: Int32Array, i: number): number {
  return ((S[X87_STATUS]! >> 11) + i) & 7;
}

/** Bytes of the registers in FNSAVE's image, ST(0) first. */
export const X87_REGISTER_BYTES = 80;

/** ST(0) to ST(7), ten bytes each. */
export function x87Registers(S: Int32Array): Uint8Array {
  const bytes = new Uint8Array(X87_REGISTER_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) {
    const at = X87_REGISTER + physicalOf(S, i) * X87_REGISTER_SLOTS;
    view.setInt32(i * 10, S[at]!, true);
    view.setInt32(i * 10 + 4, S[at + 1]!, true);
    view.setInt16(i * 10 + 8, S[at + 2]!, true);
  }
  return bytes;
}

/** Load what `x87Registers` gives, TOP in place. */
export function setX87Registers(S: Int32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < 8; i++) {
    const at = X87_REGISTER + physicalOf(S, i) * X87_REGISTER_SLOTS;
    S[at] = view.getInt32(i * 10, true);
    S[at + 1] = view.getInt32(i * 10 + 4, true);
    S[at + 2] = view.getUint16(i * 10 + 8, true);
  }
}

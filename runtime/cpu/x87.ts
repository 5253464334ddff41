/**
 * The x87's state as a whole: as FNINIT leaves it, which is also how a program finds it; the status word, whose parts are
 * kept apart; the form of registers; and the image that FNSAVE writes, which Linux puts into signal frames too.
 * Source: SDM vol. 1 §8.1, figures 8-9 to 8-12; vol. 2A, FINIT, FSAVE.
 */
import { MODE_PROTECTED, MODE_VM86 } from '../abi/mode.ts';
import {
  CR0,
  MODE,
  X87_CONTROL,
  X87_FAST,
  X87_IGNORED,
  X87_INEXACT,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_RESIDUE,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
} from '../abi/state.ts';
import { extendedOfPair } from './extended.ts';

/** 64 bits, nearest, all exceptions masked. */
const INITIAL_CONTROL = 0x37f;
/** Bits of the control word that can be written; bit 6 reads as one. */
const CONTROL_BITS = 0x1f3f;
const CONTROL_FIXED = 0x40;
/** Rounding, precision and masks; and what they have to be for arithmetic on pairs. */
const CONTROL_MODE = 0xf3f;
const FAST_MODE = 0x33f;

/** Exception flags of the status word, which are masked by the same bits of the control word; ES and B; C1; TOP. */
const EXCEPTIONS = 0x3f;
const ES_AND_B = 0x8080;
const C1 = 0x200;
const TOP_SHIFT = 11;
const TOP = 7 << TOP_SHIFT;
const PAIRS = 0xff00;

/** The state's doubles, by half the number of their slot. */
export function x87Doubles(S: Int32Array): Float64Array {
  return new Float64Array(S.buffer, S.byteOffset, S.length >> 1);
}

/** FNINIT: set control, status and tags, clear the pointers. Register contents stay. */
export function initializeX87(S: Int32Array): void {
  S[X87_CONTROL] = INITIAL_CONTROL;
  S[X87_TAGS] = S[X87_TAGS]! & PAIRS;
  S[X87_INSTRUCTION] = 0;
  S[X87_INSTRUCTION_SELECTOR] = 0;
  S[X87_OPERAND] = 0;
  S[X87_OPERAND_SELECTOR] = 0;
  S[X87_OPCODE] = 0;
  setX87Status(S, 0);
}

/** CR0.EM and CR0.TS (SDM vol. 3A §2.5). */
const CR0_EM: number = 1 << 2;
const CR0_TS: number = 1 << 3;

/** Set a control word as FLDCW does; `summarizeX87` is to follow. */
export function setX87Control(S: Int32Array, word: number): void {
  S[X87_CONTROL] = (word & CONTROL_BITS) | CONTROL_FIXED;
}

/** Do x87 instructions execute, or raise #NM (CR0.EM, CR0.TS)? */
export function isX87Available(S: Int32Array): boolean {
  return (S[CR0]! & (CR0_EM | CR0_TS)) === 0;
}

/** ES, B and X87_FAST follow from flags, masks and CR0: with EM or TS set no instruction takes the fast way past #NM. */
export function summarizeX87(S: Int32Array): void {
  const control = S[X87_CONTROL]!;
  const status = S[X87_STATUS]! | S[X87_INEXACT]!;
  const isPending = (status & ~control & EXCEPTIONS) !== 0;
  S[X87_INEXACT] = 0;
  S[X87_STATUS] = isPending ? status | ES_AND_B : status & ~ES_AND_B;
  if (!isPending) S[X87_IGNORED] = 0;
  S[X87_FAST] = isX87Available(S) && !isPending && (control & CONTROL_MODE) === FAST_MODE ? 1 : 0;
}

/** C1, as 0 or its bit. */
export function x87C1(S: Int32Array): number {
  const high = S[X87_RESIDUE + 1]!;
  return high < 0 && ((high << 1) | S[X87_RESIDUE]!) !== 0 ? C1 : 0;
}

/** Set C1 when `isSet`, else clear it. */
export function setX87C1(S: Int32Array, isSet: boolean): void {
  S[X87_RESIDUE] = 0;
  // -1 or 0, as doubles.
  S[X87_RESIDUE + 1] = isSet ? 0xbff00000 | 0 : 0;
}

/** The status word. */
export function x87Status(S: Int32Array): number {
  return S[X87_STATUS]! | S[X87_INEXACT]! | (S[X87_TOP]! << TOP_SHIFT) | x87C1(S);
}

/** Set the status word; ES and B follow from it and the control word. */
export function setX87Status(S: Int32Array, word: number): void {
  S[X87_STATUS] = word & ~(TOP | C1) & 0xffff;
  S[X87_INEXACT] = 0;
  S[X87_TOP] = (word >> TOP_SHIFT) & 7;
  setX87C1(S, (word & C1) !== 0);
  summarizeX87(S);
}

/** Put all registers into the form of the manual, for those who work on their bits. */
export function settleX87(S: Int32Array): void {
  const pairs = S[X87_TAGS]! & PAIRS;
  if (pairs === 0) return;
  const F = x87Doubles(S);
  for (let r = 0; r < 8; r++) {
    if (((pairs >> (r + 8)) & 1) === 0) continue;
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    extendedOfPair(F[at >> 1]!, F[(at >> 1) + 1]!, S, at);
  }
  S[X87_TAGS] = S[X87_TAGS]! & ~PAIRS;
}

/** Tag of a physical register that is settled: 0 valid, 1 zero, 2 special, 3 empty. */
function tagOf(S: Int32Array, r: number): number {
  if (((S[X87_TAGS]! >> r) & 1) === 0) return 3;
  const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
  const exponent = S[at + 2]! & 0x7fff;
  if (exponent === 0 && S[at] === 0 && S[at + 1] === 0) return 1;
  return exponent === 0 || exponent === 0x7fff || S[at + 1]! >= 0 ? 2 : 0;
}

/** The tag word: two bits a physical register. */
function tagWord(S: Int32Array): number {
  settleX87(S);
  let tags = 0;
  for (let r = 7; r >= 0; r--) tags = (tags << 2) | tagOf(S, r);
  return tags;
}

function setTagWord(S: Int32Array, tags: number): void {
  let used = 0;
  for (let r = 0; r < 8; r++) if (((tags >> (r * 2)) & 3) !== 3) used |= 1 << r;
  S[X87_TAGS] = (S[X87_TAGS]! & PAIRS) | used;
}

/** In real and virtual-8086 mode pointers are linear addresses. */
function hasLinearPointers(S: Int32Array): boolean {
  return (S[MODE]! & (MODE_PROTECTED | MODE_VM86)) !== MODE_PROTECTED;
}

/**
 * The seven words of the environment in the order of memory, 32 or 16 bits each, in the format of the mode that holds:
 * offsets and selectors in protected mode, else linear addresses with the opcode beside the upper part of the first.
 */
export function x87Environment(S: Int32Array, operandSize: number): number[] {
  const upper = operandSize === 32 ? 0xffff0000 : 0;
  const head = [S[X87_CONTROL]! | upper, x87Status(S) | upper, tagWord(S) | upper];
  const [ip, cs, dp, ds, opcode] = [
    S[X87_INSTRUCTION]!,
    S[X87_INSTRUCTION_SELECTOR]!,
    S[X87_OPERAND]!,
    S[X87_OPERAND_SELECTOR]!,
    S[X87_OPCODE]!,
  ];
  if (!hasLinearPointers(S)) return [...head, ip, cs | (operandSize === 32 ? opcode << 16 : 0), dp, ds | upper];
  const instruction = (cs << 4) + ip;
  const operand = (ds << 4) + dp;
  // The upper parts stand in bits 12 and up: 4 of them fit a 16-bit word.
  const high = (address: number): number => ((address >>> 16) << 12) & (operandSize === 32 ? 0x0ffff000 : 0xf000);
  return [
    ...head,
    (instruction & 0xffff) | upper,
    high(instruction) | opcode,
    (operand & 0xffff) | upper,
    high(operand),
  ];
}

/** Load what `x87Environment` gives. */
export function setX87Environment(S: Int32Array, words: ArrayLike<number>, operandSize: number): void {
  const [first, second] = [words[4]!, words[6]!];
  setX87Control(S, words[0]!);
  setTagWord(S, words[2]!);
  if (hasLinearPointers(S)) {
    S[X87_INSTRUCTION] = (words[3]! & 0xffff) | (((first >>> 12) & 0xffff) << 16);
    S[X87_INSTRUCTION_SELECTOR] = 0;
    S[X87_OPERAND] = (words[5]! & 0xffff) | (((second >>> 12) & 0xffff) << 16);
    S[X87_OPERAND_SELECTOR] = 0;
    S[X87_OPCODE] = first & 0x7ff;
  } else {
    S[X87_INSTRUCTION] = words[3]!;
    S[X87_INSTRUCTION_SELECTOR] = first & 0xffff;
    S[X87_OPERAND] = words[5]!;
    S[X87_OPERAND_SELECTOR] = second & 0xffff;
    S[X87_OPCODE] = operandSize === 32 ? (first >> 16) & 0x7ff : 0;
  }
  setX87Status(S, words[1]!);
}

/** Physical register that ST(i) is. */
function physicalOf(S: Int32Array, i: number): number {
  return (S[X87_TOP]! + i) & 7;
}

/** Bytes of the registers in FNSAVE's image, ST(0) first. */
export const X87_REGISTER_BYTES = 80;

/** ST(0) to ST(7), ten bytes each. */
export function x87Registers(S: Int32Array): Uint8Array {
  settleX87(S);
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
  S[X87_TAGS] = S[X87_TAGS]! & ~PAIRS;
  for (let i = 0; i < 8; i++) {
    const at = X87_REGISTER + physicalOf(S, i) * X87_REGISTER_SLOTS;
    S[at] = view.getInt32(i * 10, true);
    S[at + 1] = view.getInt32(i * 10 + 4, true);
    S[at + 2] = view.getUint16(i * 10 + 8, true);
  }
}

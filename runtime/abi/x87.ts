/**
 * The x87's helpers: their signatures, and the numbers by which lifts name operations and operand formats to the helpers of runtime/helpers/x87/: many
 * instructions share a few helpers, so what they differ in travels as an argument.
 *
 * They work on the x87's slots, which never live in locals, so that translated code need not write its own back for them.
 */
import type { HelperSignature } from './signature.ts';

/** Format of an x87 memory operand. The `Truncated` ones are FISTTP's: integers rounded toward zero. */
export const X87Format = {
  Real32: 0,
  Real64: 1,
  Real80: 2,
  Integer16: 3,
  Integer32: 4,
  Integer64: 5,
  Decimal: 6,
  Truncated16: 7,
  Truncated32: 8,
  Truncated64: 9,
} as const;
export type X87Format = (typeof X87Format)[keyof typeof X87Format];

/** Which operand of a sum or quotient counts negatively or divides: the destination's forms name it by `Flip`. */
export const X87Flip = {
  /** Destination + source. */
  None: 0,
  /** Destination − source, destination ÷ source. */
  Source: 1,
  /** Source − destination, source ÷ destination. */
  Destination: 2,
} as const;
export type X87Flip = (typeof X87Flip)[keyof typeof X87Flip];

/** Bits of the comparison's argument. */
export const X87Compare = {
  /** Quiet NaNs are not invalid (FUCOM). */
  Unordered: 1,
  /** The answer goes to EFLAGS (FCOMI). */
  Eflags: 2,
  /** Registers to pop: 0 to 2, in bits 2 and 3. */
  Pop: 4,
  PopTwice: 8,
} as const;

/** Operations on ST(0), with ST(1) where they take two operands, in the order of the opcode map. */
export const X87Operation = {
  ChangeSign: 0,
  Absolute: 1,
  Test: 2,
  Examine: 3,
  LoadOne: 4,
  LoadLog2Of10: 5,
  LoadLog2OfE: 6,
  LoadPi: 7,
  LoadLog10Of2: 8,
  LoadLnOf2: 9,
  LoadZero: 10,
  PowerOf2Minus1: 11,
  YLog2X: 12,
  Tangent: 13,
  Arctangent: 14,
  Extract: 15,
  RemainderNearest: 16,
  Remainder: 17,
  YLog2XPlus1: 18,
  SquareRoot: 19,
  SineCosine: 20,
  RoundToInteger: 21,
  Scale: 22,
  Sine: 23,
  Cosine: 24,
} as const;
export type X87Operation = (typeof X87Operation)[keyof typeof X87Operation];

/** Movements among registers: the helper's second argument is the i of ST(i). */
export const X87Move = {
  Load: 0,
  Store: 1,
  StorePop: 2,
  Exchange: 3,
  Free: 4,
  FreePop: 5,
  IncrementTop: 6,
  DecrementTop: 7,
  /** FCMOVcc when the condition holds, and when it does not: then only the stack is checked. */
  Conditional: 8,
  NotMoved: 9,
  /** FNOP: nothing but the check for a pending exception. */
  Nothing: 10,
  /** D9 D8+i: FSTP that only pops when ST(0) is empty. */
  StorePopQuietly: 11,
} as const;
export type X87Move = (typeof X87Move)[keyof typeof X87Move];

/** Control instructions: the helper's second argument is a linear address where there is a memory operand. */
export const X87Control = {
  Initialize: 1,
  ClearExceptions: 2,
  LoadEnvironment: 7,
  StoreEnvironment: 8,
  Restore: 9,
  Save: 10,
} as const;
export type X87Control = (typeof X87Control)[keyof typeof X87Control];

/** Each begins its instruction: #NM, as CR0 says; #MF for an exception that is pending and not masked. */
const working = (args: number): HelperSignature => ({ args, result: false, faults: true, sync: false, x87: true });
const giving = (args: number): HelperSignature => ({ args, result: true, faults: true, sync: false, x87: true });
const reading: HelperSignature = { args: 0, result: true, faults: false, sync: false, x87: true };

/**
 * Formats, operations, movements: the numbers above. Words of a result or operand: low, high (SCRATCH), X87_SCRATCH; a
 * double is read and written by the helper itself, at a linear address.
 */
export const x87Signatures = {
  /** Begin an instruction that does nothing else. */
  x87Begin: working(0),
  /** FWAIT: as x87Begin, for other bits of CR0. */
  x87Wait: working(0),
  /** Begin an instruction that does not wait: #NM. */
  x87Available: working(0),
  /** Push an operand: (format, words…); a double: (linear address). */
  x87LoadWord: working(2),
  x87LoadPair: working(2),
  x87LoadTen: working(4),
  x87LoadDouble: working(1),
  /**
   * Store ST(0): (format, words of the memory operand as it is…, registers to pop) → words to write, which are the old
   * ones if an exception that is not masked forbids the store. Ten bytes are always popped. A double: (linear address,
   * registers to pop).
   */
  x87StoreWord: giving(3),
  x87StorePair: giving(4),
  x87StoreTen: giving(4),
  x87StoreDouble: working(2),
  /** Arithmetic on registers: (destination i, source i, registers to pop, flip). */
  x87Sum: working(4),
  x87Product: working(3),
  x87Quotient: working(4),
  /** ST(0) with an operand: (format, word, flip); with a double: (linear address, flip). */
  x87SumWord: working(3),
  x87ProductWord: working(2),
  x87QuotientWord: working(3),
  x87SumDouble: working(2),
  x87ProductDouble: working(1),
  x87QuotientDouble: working(2),
  /** ST(0) against ST(i): (i, bits of X87Compare) → ZF, PF and CF at their places in EFLAGS. */
  x87Compare: giving(2),
  /** ST(0) against an operand: (format, word, registers to pop); a double: (linear address, registers to pop). */
  x87CompareWord: working(3),
  x87CompareDouble: working(2),
  /** (operation). */
  x87Operation: working(1),
  /** (movement, i). */
  x87Move: working(2),
  /** FLDCW: (word). */
  x87LoadControl: working(1),
  /** Control and status word. */
  x87ReadControl: reading,
  x87ReadStatus: reading,
  /** (control instruction, linear address or 0, operand size in bits). */
  x87Control: { args: 3, result: false, faults: true, sync: true },
} as const satisfies Record<string, HelperSignature>;

/**
 * Numbers by which x87 lifts name operations and operand formats to the helpers of runtime/helpers/x87/: many
 * instructions share a few helpers, so what they differ in travels as an argument.
 */

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

/** Two-operand arithmetic: destination op source; the reversed forms exchange the operands, not the destination. */
export const X87Arithmetic = {
  Add: 0,
  Multiply: 1,
  Subtract: 2,
  SubtractReversed: 3,
  Divide: 4,
  DivideReversed: 5,
} as const;
export type X87Arithmetic = (typeof X87Arithmetic)[keyof typeof X87Arithmetic];

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
  Wait: 0,
  Initialize: 1,
  ClearExceptions: 2,
  LoadControl: 3,
  StoreControl: 4,
  StoreStatus: 5,
  StoreStatusAx: 6,
  LoadEnvironment: 7,
  StoreEnvironment: 8,
  Restore: 9,
  Save: 10,
  /** FNENI, FNDISI, FNSETPM. */
  Nothing: 11,
} as const;
export type X87Control = (typeof X87Control)[keyof typeof X87Control];

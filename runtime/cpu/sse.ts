/**
 * MXCSR, and what follows from it: where fast floating-point arithmetic is allowed. Source: SDM vol. 1 §10.2.3.
 *
 * The doubles of tier 1 are IEEE doubles, rounded to nearest. What they compute is right and raises no new flag when
 * MXCSR rounds to nearest, has PE set and masked, and the result is a normal number: so the least normal magnitude is
 * kept beside MXCSR, and is infinite when MXCSR says otherwise. One comparison of a result with it tests all of that.
 */
import {
  FLOAT_FAST,
  FLOAT_FAST_BITS,
  FLOAT_FLOOR_DOUBLE,
  FLOAT_FLOOR_SINGLE,
  MXCSR,
  SSE_END,
  XMM,
} from '../abi/state.ts';

/** Sticky exception flags; their masks are the same bits, MXCSR_MASK_SHIFT higher. */
export const MXCSR_IE: number = 1 << 0;
export const MXCSR_DE: number = 1 << 1;
export const MXCSR_ZE: number = 1 << 2;
export const MXCSR_OE: number = 1 << 3;
export const MXCSR_UE: number = 1 << 4;
export const MXCSR_PE: number = 1 << 5;
export const MXCSR_MASK_SHIFT = 7;
/** Denormal operands count as zero; rounding control (two bits from 13 on); denormal results become zero. */
export const MXCSR_DAZ: number = 1 << 6;
export const MXCSR_RC_SHIFT = 13;
export const MXCSR_FZ: number = 1 << 15;

/** Values of rounding control. */
export const Rounding = { Nearest: 0, Down: 1, Up: 2, Zero: 3 } as const;

/** Bits that exist; LDMXCSR with any other raises #GP, FXSAVE stores them as MXCSR_MASK. */
export const MXCSR_BITS = 0xffff;
/** After reset. */
const INITIAL_MXCSR = 0x1f80;

const PM: number = MXCSR_PE << MXCSR_MASK_SHIFT;
/** Rounding control, and the inexact exception's flag and mask: what fast arithmetic depends on. */
const DECIDING: number = (3 << MXCSR_RC_SHIFT) | MXCSR_PE | PM;

/** Above the least normal numbers, which a result that underflows may be rounded to. */
const LEAST_DOUBLE: number = 2 ** -1021;
const LEAST_SINGLE: number = 2 ** -125;

/** Set MXCSR; `word` has no bits but MXCSR_BITS. */
export function setMxcsr(S: Int32Array, word: number): void {
  S[MXCSR] = word;
  const fast = (word & DECIDING) === (MXCSR_PE | PM);
  S[FLOAT_FAST] = fast ? FLOAT_FAST_BITS : 0;
  setDouble(S, FLOAT_FLOOR_DOUBLE, fast ? LEAST_DOUBLE : Infinity);
  setDouble(S, FLOAT_FLOOR_SINGLE, fast ? LEAST_SINGLE : Infinity);
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

function setDouble(S: Int32Array, slot: number, value: number): void {
  double[0] = value;
  S[slot] = halves[0]!;
  S[slot + 1] = halves[1]!;
}

/** SSE state after reset, and as a program finds it. */
export function initializeSse(S: Int32Array): void {
  S.fill(0, XMM, SSE_END);
  setMxcsr(S, INITIAL_MXCSR);
}

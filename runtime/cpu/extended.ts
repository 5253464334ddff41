/**
 * Between the two forms of an x87 register: the 80 bits of the manual, as three words, and the pair of doubles that fast
 * arithmetic works on (abi/pair.ts). Either way the value is the same, or there is no pair.
 */
import type { PairResult } from '../abi/pair.ts';

const words = new Int32Array(2);
const double = new Float64Array(words.buffer);
const BIAS = 16383;
/** Pairs have exponents within this, a little less than abi/pair.ts has it. */
const EXPONENT_LIMIT = 397;
const TWO_32 = 4294967296;

/** 2^e, for e within the range of normal doubles. */
function powerOfTwo(e: number): number {
  words[0] = 0;
  words[1] = (e + 1023) << 20;
  return double[0]!;
}

/** The pair that equals a register, in R[0] and R[1]; false when there is none. Words as in abi/state.ts. */
export function pairOfExtended(low: number, high: number, se: number, R: PairResult): boolean {
  const exponent = se & 0x7fff;
  if (exponent === 0 && low === 0 && high === 0) {
    R[0] = se & 0x8000 ? -0 : 0;
    R[1] = 0;
    return true;
  }
  const e = exponent - BIAS;
  if (high >= 0 || e < -EXPONENT_LIMIT || e > EXPONENT_LIMIT) return false;
  const upper = (high >>> 0) * TWO_32;
  const h = upper + (low >>> 0);
  const l = upper - h + (low >>> 0);
  const unit = se & 0x8000 ? -powerOfTwo(e - 63) : powerOfTwo(e - 63);
  R[0] = h * unit;
  // Zeros are positive, so that the form of a value is one.
  R[1] = l * unit + 0;
  return true;
}

/** The register that equals a pair, into three slots of `S` from `at` on. */
export function extendedOfPair(h: number, l: number, S: Int32Array, at: number): void {
  double[0] = h;
  const top = words[1]!;
  const fraction = words[0]!;
  const sign = top < 0 ? 0x8000 : 0;
  const e = ((top >> 20) & 0x7ff) - 1023;
  if (h === 0) {
    S[at] = 0;
    S[at + 1] = 0;
    S[at + 2] = sign;
    return;
  }
  // The rest as an integer in units of the 64th bit, positive away from zero.
  let rest = l * powerOfTwo(63 - e);
  if (sign !== 0) rest = -rest;
  const mantissa = (top & 0xfffff) | 0x100000;
  if (rest < 0 && fraction === 0 && mantissa === 0x100000) {
    // Just below a power of two the unit is half as large.
    S[at] = (rest * 2) | 0;
    S[at + 1] = -1;
    S[at + 2] = sign | (e - 1 + BIAS);
    return;
  }
  const low = ((fraction << 11) >>> 0) + rest;
  S[at] = low | 0;
  S[at + 1] = (((mantissa << 11) | (fraction >>> 21)) + Math.floor(low / TWO_32)) | 0;
  S[at + 2] = sign | (e + BIAS);
}

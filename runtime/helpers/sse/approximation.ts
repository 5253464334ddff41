/**
 * RCP and RSQRT: approximations with a relative error of at most 1.5 * 2^-12, which raise nothing and heed nothing of
 * MXCSR. Results are those of an AMD EPYC to the bit (approximation-table.ts); Intel's differ in the last places. Source:
 * SDM vol. 2B, RCPPS, RSQRTPS.
 */
import type { HelperTable } from '../context.ts';
import { type ApproximationTable, reciprocal, rootOfOne, rootOfTwo } from './approximation-table.ts';
import type { FloatUnit } from './unit.ts';

const SIGN = 0x80000000 | 0;
const INFINITY = 0x7f800000;
const INDEFINITE = 0xffc00000 | 0;
const QUIET = 0x400000;
/** Biased exponent of one half, in which results stand before their own exponent is added. */
const HALF_EXPONENT = 126;

/** The 13-bit value for a single's significand. */
function lookUp({ coarse, fine }: ApproximationTable, bits: number): number {
  return coarse[(bits >> 15) & 255]! - fine[((bits >> 15) & 0xf0) | ((bits >> 11) & 15)]!;
}

/** A single from a value of 4096 (one half) to 8192 (one) and the exponent of the power of two on top. */
function assemble(sign: number, value: number, exponent: number): number {
  const biased = exponent + HALF_EXPONENT;
  // The value carries into the exponent when it is one.
  const bits = (biased << 23) + ((value - 4096) << 11);
  // Denormal results are zero.
  return sign | (bits < 0x800000 ? 0 : bits);
}

/** 1/x of a single's bits. */
function approximateReciprocal(bits: number): number {
  const sign = bits & SIGN;
  const exponent = (bits >> 23) & 255;
  if (exponent === 255) return (bits & 0x7fffff) !== 0 ? bits | QUIET : sign;
  // Denormals count as zeros.
  if (exponent === 0) return sign | INFINITY;
  return assemble(sign, lookUp(reciprocal, bits), 127 - exponent);
}

/** 1/sqrt(x) of a single's bits. */
function approximateRoot(bits: number): number {
  const sign = bits & SIGN;
  const exponent = (bits >> 23) & 255;
  if (exponent === 255 && (bits & 0x7fffff) !== 0) return bits | QUIET;
  if (exponent === 0) return sign | INFINITY;
  if (sign !== 0) return INDEFINITE;
  if (exponent === 255) return 0;
  const odd = (exponent - 127) & 1;
  return assemble(0, lookUp(odd ? rootOfTwo : rootOfOne, bits), -((exponent - 127 - odd) / 2));
}

/** Make the helpers. */
export function approximationHelpers({ S }: FloatUnit): Pick<HelperTable, 'rcpps' | 'rcpss' | 'rsqrtps' | 'rsqrtss'> {
  const each =
    (approximate: (bits: number) => number, lanes: number) =>
    (to: number, from: number): number => {
      for (let i = 0; i < lanes; i++) S[to + i] = approximate(S[from + i]!);
      return 0;
    };
  return {
    rcpps: each(approximateReciprocal, 4),
    rcpss: each(approximateReciprocal, 1),
    rsqrtps: each(approximateRoot, 4),
    rsqrtss: each(approximateRoot, 1),
  };
}

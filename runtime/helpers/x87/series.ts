/**
 * Elementary functions in fixed point, with far more bits than a register holds, so that what is rounded once at the
 * end is right but for cases that would be this close to a tie (about one in 2^150).
 *
 * Where a function goes through zero its quotient by the argument is computed instead, which keeps all bits of results
 * that are tiny.
 */
import { integerRoot } from './arithmetic.ts';

/** Fraction bits of every fixed-point number here. */
export const FRACTION = 256;
const bits: bigint = BigInt(FRACTION);
export const ONE: bigint = 1n << bits;

const product = (a: bigint, b: bigint): bigint => (a * b) >> bits;

/** Sum of t^(2k+1)/(2k+1), with signs alternating if `alternates`, divided by t; the argument is t². */
function oddSeries(square: bigint, alternates: boolean): bigint {
  let sum = 0n;
  let power = ONE;
  for (let k = 1n; power !== 0n; k += 2n) {
    const subtracts = alternates && (k & 2n) !== 0n;
    sum += subtracts ? -(power / k) : power / k;
    power = product(power, square);
  }
  return sum;
}

/** atan(1/n). */
function arctangentOfInverse(n: bigint): bigint {
  return oddSeries(ONE / (n * n), true) / n;
}

export const LN2: bigint = (2n * oddSeries(ONE / 9n, false)) / 3n;
/** Machin's formula. */
export const PI: bigint = 4n * (4n * arctangentOfInverse(5n) - arctangentOfInverse(239n));

/** ln(1+d)/d for -0.3 < d < 0.5. */
export function logarithmQuotient(d: bigint): bigint {
  const denominator = 2n * ONE + d;
  const t = (d << bits) / denominator;
  return ((2n * oddSeries(product(t, t), false)) << bits) / denominator;
}

/** (e^z - 1)/z for |z| < 1. */
export function exponentialQuotient(z: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    sum += term;
    term = product(term, z) / k;
  }
  return sum;
}

/** sin(r)/r for |r| < 1; the argument is r². */
export function sineQuotient(square: bigint): bigint {
  return alternatingFactorials(square, 2n);
}

/** cos(r) for |r| < 1; the argument is r². */
export function cosine(square: bigint): bigint {
  return alternatingFactorials(square, 1n);
}

/** 1 - s/(first·(first+1)) + s²/(first…(first+3)) - … */
function alternatingFactorials(square: bigint, first: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let k = first; term !== 0n; k += 2n) {
    sum += term;
    const next = product(term < 0n ? -term : term, square) / (k * (k + 1n));
    term = term < 0n ? next : -next;
  }
  return sum;
}

/** atan(q)/q for 0 < q <= 1: the angle is halved three times first. */
export function arctangentQuotient(q: bigint): bigint {
  const halvings = q >> (bits - 8n) === 0n ? 0 : 3;
  // Each halving divides the argument by 1 + sqrt(1 + q²), which the quotient has to be divided by as well.
  let t = q;
  let divisor = ONE;
  for (let n = 0; n < halvings; n++) {
    const half = ONE + integerRoot((ONE + product(t, t)) << bits);
    t = (t << bits) / half;
    divisor = product(divisor, half);
  }
  return ((oddSeries(product(t, t), true) << BigInt(halvings)) << bits) / divisor;
}

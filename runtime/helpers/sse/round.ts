/**
 * Rounding of exact values to a format. A value comes as a double that is its nearest one, the sign of what is missing
 * to the exact value, and a power of two that it still has to be multiplied with; so every operation that can tell the
 * sign of its own error (by error-free transformations) is rounded correctly in every mode, to doubles and singles, in
 * the denormal range too. Source: SDM vol. 1 §4.8.4, §4.9.1, §11.5.2.
 */
import { MXCSR_OE, MXCSR_PE, MXCSR_UE, Rounding } from '../../cpu/sse.ts';
import type { FloatUnit } from './unit.ts';

/** A format: bits of the significand, exponents of the least and greatest normal numbers. */
export interface Format {
  readonly precision: number;
  readonly least: number;
  readonly greatest: number;
  /** Greatest number, least normal one. */
  readonly maximum: number;
  readonly minimum: number;
}

export const binary64: Format = {
  precision: 53,
  least: -1022,
  greatest: 1023,
  maximum: Number.MAX_VALUE,
  minimum: 2 ** -1022,
};
export const binary32: Format = {
  precision: 24,
  least: -126,
  greatest: 127,
  maximum: (2 - 2 ** -23) * 2 ** 127,
  minimum: 2 ** -126,
};

const view = new Float64Array(1);
const bits = new Int32Array(view.buffer);

/** Exponent of a finite x that is not zero: 2^e <= |x| < 2^(e + 1). */
export function exponentOf(x: number): number {
  view[0] = x;
  const biased = (bits[1]! >>> 20) & 0x7ff;
  if (biased !== 0) return biased - 1023;
  view[0] = x * 2 ** 54;
  return ((bits[1]! >>> 20) & 0x7ff) - 1023 - 54;
}

/** x * 2^n for any n whose result is normal or exact. */
export function scale(x: number, n: number): number {
  if (n >= -1000 && n <= 1000) return x * powerOf2(n);
  const half = n >> 1;
  return x * powerOf2(half) * powerOf2(n - half);
}

/** 2^n, -1022 <= n <= 1023. */
function powerOf2(n: number): number {
  bits[0] = 0;
  bits[1] = (n + 1023) << 20;
  return view[0]!;
}

/** Beyond this many places everything is lost but "not zero". */
const FAR = 100;

/**
 * Round to `format` in the unit's mode, raising OE, UE and PE.
 * @param near the double nearest to the value, not zero, not infinite.
 * @param error sign of (value - near).
 * @param exponent the value is to be multiplied by this power of two.
 * @returns the rounded value, which a double holds exactly.
 */
export function round(unit: FloatUnit, format: Format, near: number, error: number, exponent: number): number {
  const negative = near < 0;
  const magnitude = Math.abs(near);
  let beyond = negative ? -error : error;
  let e = exponentOf(magnitude);
  let m = scale(magnitude, -e);
  e += exponent;
  // Just below a power of two: that is the end of the binade before.
  if (m === 1 && beyond < 0) {
    m = 2;
    e--;
  }
  const mode = unit.rounding;
  const away = mode === Rounding.Up ? !negative : mode === Rounding.Down && negative;
  const nearest = mode === Rounding.Nearest;
  const ulp = powerOf2(1 - format.precision);
  let quanta = roundQuanta(m, beyond, ulp, nearest, away);
  let inexact = isInexact(m, beyond, ulp);
  let unit_ = e + 1 - format.precision;
  const carried = quanta * ulp >= 2;
  if (e < format.least && !(carried && e === format.least - 1)) {
    if (!unit.masks(MXCSR_UE)) {
      unit.raise(inexact ? MXCSR_UE | MXCSR_PE : MXCSR_UE);
      return near;
    }
    if (unit.flushToZero) {
      unit.raise(MXCSR_UE | MXCSR_PE);
      return negative ? -0 : 0;
    }
    const places = Math.min(format.least - e, FAR);
    if (places === FAR) beyond = 0;
    const coarse = ulp * powerOf2(places);
    quanta = roundQuanta(m, beyond, coarse, nearest, away);
    inexact = isInexact(m, beyond, coarse);
    unit_ = format.least + 1 - format.precision;
    if (inexact) unit.raise(MXCSR_UE);
    unit.denormal = true;
  } else if (e + (carried ? 1 : 0) > format.greatest) {
    unit.raise(MXCSR_OE);
    if (unit.masks(MXCSR_OE) || inexact) unit.raise(MXCSR_PE);
    const value = nearest || away ? Infinity : format.maximum;
    return negative ? -value : value;
  }
  if (inexact) unit.raise(MXCSR_PE);
  const value = scale(quanta, unit_);
  return negative ? -value : value;
}

/** Quanta in m (1 <= m <= 2), rounded; `beyond` is the sign of what comes on top of m, less than any quantum. */
function roundQuanta(m: number, beyond: number, quantum: number, nearest: boolean, away: boolean): number {
  const whole = Math.floor(m / quantum);
  const rest = m - whole * quantum;
  if (rest === 0) {
    // m is the nearest double, so it also is the nearest multiple when it is one.
    if (nearest || beyond === 0) return whole;
    if (beyond > 0) return away ? whole + 1 : whole;
    return away ? whole : whole - 1;
  }
  if (!nearest) return away ? whole + 1 : whole;
  const half = quantum / 2;
  if (rest !== half) return rest > half ? whole + 1 : whole;
  if (beyond !== 0) return beyond > 0 ? whole + 1 : whole;
  return whole % 2 === 0 ? whole : whole + 1;
}

function isInexact(m: number, beyond: number, quantum: number): boolean {
  return beyond !== 0 || (m / quantum) % 1 !== 0;
}

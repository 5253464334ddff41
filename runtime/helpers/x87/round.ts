/**
 * Rounding: from an exact (or sticky) integer significand to what a register or memory format holds, with the
 * exceptions and C1 that come of it. Source: SDM vol. 1 §4.8.4, §4.9.1, §8.5.
 */
import { BIAS, bitLength, infinity, type Real, zero } from './format.ts';

/** Exception flags as they stand in the status word; their masks have the same places in the control word. */
export const IE = 1;
export const DE = 2;
export const ZE = 4;
export const OE = 8;
export const UE = 16;
export const PE = 32;
export const SF = 64;

/** Exceptions that are found before the result is: unmasked, they keep the destination from being written. */
const BEFORE = IE | DE | ZE;
/** What is added to the exponent of a result that underflows unmasked, and taken from one that overflows. */
const ADJUSTMENT = 24576;

/** Control word in, exceptions out: what one instruction's arithmetic works under. */
export class FloatEnvironment {
  control = 0x37f;
  /** Exceptions of this instruction. */
  raised = 0;
  /** C1: the last rounding went away from zero. */
  c1 = 0;

  begin(control: number): void {
    this.control = control;
    this.raised = 0;
    this.c1 = 0;
  }

  /** An exception that is not masked forbids writing the destination. */
  get blocked(): boolean {
    return (this.raised & ~this.control & BEFORE) !== 0;
  }

  /** As `blocked`, for results that go to memory: overflow and underflow forbid the store too. */
  get blockedStore(): boolean {
    return (this.raised & ~this.control & (BEFORE | OE | UE)) !== 0;
  }

  /** 0 nearest even, 1 down, 2 up, 3 toward zero. */
  get rounding(): number {
    return (this.control >> 10) & 3;
  }

  /** Significand bits of arithmetic results: precision control. The reserved value 1 works as 64 bits. */
  get precision(): number {
    const pc = (this.control >> 8) & 3;
    return pc === 0 ? 24 : pc === 2 ? 53 : 64;
  }
}

/** A rounded significand: value = m × 2^unit. */
interface Rounded {
  readonly m: bigint;
  readonly inexact: boolean;
  readonly up: boolean;
}

/** Round m × 2^e to a multiple of 2^unit. */
export function roundAt(sign: number, m: bigint, e: number, unit: number, rounding: number): Rounded {
  const shift = unit - e;
  if (shift <= 0) return { m: m << BigInt(-shift), inexact: false, up: false };
  const quotient = m >> BigInt(shift);
  const rest = m - (quotient << BigInt(shift));
  if (rest === 0n) return { m: quotient, inexact: false, up: false };
  let up = false;
  if (rounding === 0) {
    const half = 1n << BigInt(shift - 1);
    up = rest > half || (rest === half && (quotient & 1n) !== 0n);
  } else if (rounding !== 3) up = (rounding === 1) === (sign === 1);
  return { m: up ? quotient + 1n : quotient, inexact: true, up };
}

/** Limits of a format: significand bits, exponents of the smallest and largest normal numbers. */
export interface Limits {
  readonly precision: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A number in some format: exponent of the leading bit, or that of denormals; `overflow` means infinity. */
interface Fitted {
  readonly m: bigint;
  readonly unit: number;
  readonly overflow: boolean;
}

/** Round m × 2^e, not zero, to a format; raises overflow, underflow and precision. */
function fitTo(env: FloatEnvironment, sign: number, m: bigint, e: number, limits: Limits): Fitted {
  const { precision, minimum, maximum } = limits;
  const { rounding } = env;
  let unit = e + bitLength(m) - precision;
  let result = roundAt(sign, m, e, unit, rounding);
  const exponent = unit + bitLength(result.m) - 1;
  let overflow = false;
  if (exponent < minimum) {
    if ((env.control & UE) === 0) {
      env.raised |= UE;
      unit += ADJUSTMENT;
    } else {
      unit = minimum - precision + 1;
      result = roundAt(sign, m, e, unit, rounding);
      if (result.inexact) env.raised |= UE;
    }
  } else if (exponent > maximum) {
    env.raised |= OE;
    if ((env.control & OE) === 0) unit -= ADJUSTMENT;
    else {
      const up = rounding === 0 || (rounding !== 3 && (rounding === 1) === (sign === 1));
      overflow = up;
      unit = maximum - precision + 1;
      result = { m: (1n << BigInt(precision)) - 1n, inexact: true, up };
    }
  }
  if (result.inexact) env.raised |= PE;
  env.c1 = result.up ? 1 : 0;
  return { m: result.m, unit, overflow };
}

/** Round m × 2^e to a register; `precision` is the precision control's or 64. */
export function roundReal(env: FloatEnvironment, sign: number, m: bigint, e: number, precision: number): Real {
  const fitted = fitTo(env, sign, m, e, { precision, minimum: 1 - BIAS, maximum: BIAS });
  if (fitted.overflow) return infinity(sign);
  const exponent = fitted.unit + bitLength(fitted.m) - 1;
  const isAdjusted = (env.raised & ~env.control & (OE | UE)) !== 0;
  if (isAdjusted && (exponent > BIAS || exponent < 1 - BIAS)) {
    // FSCALE alone goes beyond what the adjusted exponent can say.
    env.raised |= PE;
    env.c1 = exponent > BIAS ? 1 : 0;
    return exponent > BIAS ? infinity(sign) : zero(sign);
  }
  return assemble(sign, fitted.m, fitted.unit);
}

/** A register from a significand of at most 65 bits that fits exactly. */
export function assemble(sign: number, m: bigint, unit: number): Real {
  if (m === 0n) return zero(sign);
  const shift = 64 - bitLength(m);
  const exponent = unit - shift + 63 + BIAS;
  if (exponent >= 1) {
    const sig = shift < 0 ? m >> BigInt(-shift) : m << BigInt(shift);
    if (exponent > 0x7ffe) return infinity(sign);
    return { se: (sign << 15) | exponent, sig };
  }
  const down = 1 - exponent - shift;
  return { se: sign << 15, sig: down > 0 ? m >> BigInt(down) : m << BigInt(-down) };
}

/** Round to single or double: the bits, or 0 when `env.blockedStore`. */
export function roundNarrow(
  env: FloatEnvironment,
  sign: number,
  m: bigint,
  e: number,
  exponentBits: number,
  fractionBits: number,
): bigint {
  const bias = (1 << (exponentBits - 1)) - 1;
  const fitted = fitTo(env, sign, m, e, { precision: fractionBits + 1, minimum: 1 - bias, maximum: bias });
  if (env.blockedStore) return 0n;
  const signBit = BigInt(sign) << BigInt(exponentBits + fractionBits);
  if (fitted.overflow) return signBit | (BigInt(2 * bias + 1) << BigInt(fractionBits));
  // The integer bit adds one to the exponent field; a carry out of rounding does so once more.
  const exponent = BigInt(fitted.unit + fractionBits + bias - 1);
  return signBit | ((exponent << BigInt(fractionBits)) + fitted.m);
}

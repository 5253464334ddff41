/**
 * Integers and packed decimals: rounding to an integer, what FIST, FISTTP and FBSTP store, what FBLD reads.
 * Source: SDM vol. 1 §4.2.2, §4.7, §8.5.1.1, vol. 2A under FBLD, FBSTP, FIST, FISTTP, FRNDINT.
 */
import { propagateOne } from './arithmetic.ts';
import { finite, infinity, Kind, type Operand, pack, type Real, zero } from './format.ts';
import { DE, type FloatEnvironment, IE, PE, roundAt } from './round.ts';

const TOWARD_ZERO = 3;
/** Packed decimal indefinite, 80 bits. */
const DECIMAL_INDEFINITE = 0xffffc000000000000000n;
const DECIMAL_LIMIT = 10n ** 18n;

/** Signed integer value rounded by `rounding`, or undefined if its magnitude exceeds `limit` (or it is no number). */
function rounded(
  env: FloatEnvironment,
  { kind, sign, m, e }: Operand,
  rounding: number,
  fits: (value: bigint) => boolean,
): bigint | undefined {
  if (kind === Kind.Zero) return 0n;
  // 2^70 and beyond fits nowhere.
  if (kind !== Kind.Finite || e > 6) {
    env.raised |= IE;
    return undefined;
  }
  const result = roundAt(sign, m, e, 0, rounding);
  const value = sign === 1 ? -result.m : result.m;
  if (!fits(value)) {
    env.raised |= IE;
    return undefined;
  }
  if (result.inexact) env.raised |= PE;
  env.c1 = result.up ? 1 : 0;
  return value;
}

/** Two's complement integer of `bits` bits as FIST stores it; the integer indefinite when it is invalid. */
export function toInteger(env: FloatEnvironment, a: Operand, bits: number, truncate: boolean): bigint {
  const limit = 1n << BigInt(bits - 1);
  const fits = (value: bigint): boolean => value >= -limit && value < limit;
  const value = rounded(env, a, truncate ? TOWARD_ZERO : env.rounding, fits);
  return BigInt.asUintN(bits, value ?? limit);
}

/** Packed decimal of 18 digits, as 80 bits. */
export function toDecimal(env: FloatEnvironment, a: Operand): bigint {
  const value = rounded(env, a, env.rounding, (v) => v > -DECIMAL_LIMIT && v < DECIMAL_LIMIT);
  if (value === undefined) return DECIMAL_INDEFINITE;
  // Decimal digits read as hexadecimal ones are packed decimals.
  const digits = BigInt(`0x${(value < 0n ? -value : value).toString()}`);
  return digits | (BigInt(a.sign) << 79n);
}

/** FBLD: digits beyond 9 count by their value; the seven bits beside the sign are ignored. */
export function fromDecimal(bits: bigint): Real {
  let value = 0n;
  for (let digit = 17; digit >= 0; digit--) value = value * 10n + ((bits >> BigInt(digit * 4)) & 15n);
  const sign = Number(bits >> 79n);
  return value === 0n ? zero(sign) : pack(finite(sign, value, 0));
}

/** FRNDINT. */
export function roundToInteger(env: FloatEnvironment, a: Operand): Real {
  const nan = propagateOne(env, a);
  if (nan !== undefined) return nan;
  if (a.kind === Kind.Zero) return zero(a.sign);
  if (a.kind === Kind.Infinite) return infinity(a.sign);
  if (a.denormal) env.raised |= DE;
  if (a.e >= 0) return pack(a);
  const result = roundAt(a.sign, a.m, a.e, 0, env.rounding);
  if (result.inexact) env.raised |= PE;
  env.c1 = result.up ? 1 : 0;
  return result.m === 0n ? zero(a.sign) : pack(finite(a.sign, result.m, 0));
}

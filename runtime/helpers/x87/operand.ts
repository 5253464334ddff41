/** Memory operands of the x87 in their ten formats, as words: what they say as numbers, and the bits that a store writes. */
import { X87Format } from '../../abi/x87.ts';
import { propagateOne } from './arithmetic.ts';
import { fromInteger, Kind, type Operand, type Real, unpack, unpackNarrow } from './format.ts';
import { fromDecimal, toDecimal, toInteger } from './integer.ts';
import { type FloatEnvironment, roundNarrow } from './round.ts';

/** Two words as 64 bits. */
export function bitsOf(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** A memory operand of at most 64 bits taken apart; of narrow ones the low bits of `low` count. */
export function operandOf(format: number, low: number, high: number): Operand {
  switch (format) {
    case X87Format.Real32:
      return unpackNarrow(BigInt(low >>> 0), 8, 23);
    case X87Format.Real64:
      return unpackNarrow(bitsOf(low, high), 11, 52);
    case X87Format.Integer16:
      return fromInteger(BigInt((low << 16) >> 16));
    case X87Format.Integer32:
      return fromInteger(BigInt(low));
    default:
      return fromInteger(BigInt.asIntN(64, bitsOf(low, high)));
  }
}

/** A ten-byte operand as a register: real or packed decimal. */
export function realOfTen(format: number, low: number, high: number, top: number): Real {
  const sig = bitsOf(low, high);
  const se = top & 0xffff;
  return format === X87Format.Decimal ? fromDecimal((BigInt(se) << 64n) | sig) : { se, sig };
}

/** Width in bits of each format, by number. */
const widths: readonly number[] = [32, 64, 80, 16, 32, 64, 80, 16, 32, 64];

/** The bits that storing `value` writes; of no account when `env.blockedStore`. */
export function encode(env: FloatEnvironment, format: number, value: Real): bigint {
  const a = unpack(value);
  switch (format) {
    case X87Format.Real32:
      return toNarrow(env, a, 8, 23);
    case X87Format.Real64:
      return toNarrow(env, a, 11, 52);
    case X87Format.Real80:
      return (BigInt(value.se) << 64n) | value.sig;
    case X87Format.Decimal:
      return toDecimal(env, a);
    default:
      return toInteger(env, a, widths[format]!, format >= X87Format.Truncated16);
  }
}

function toNarrow(env: FloatEnvironment, a: Operand, exponentBits: number, fractionBits: number): bigint {
  const nan = propagateOne(env, a);
  const width = BigInt(exponentBits + fractionBits);
  const exponent = ((1n << BigInt(exponentBits)) - 1n) << BigInt(fractionBits);
  if (nan !== undefined) {
    const fraction = (nan.sig >> BigInt(63 - fractionBits)) & ((1n << BigInt(fractionBits)) - 1n);
    return (BigInt(nan.se >> 15) << width) | exponent | fraction;
  }
  const sign = BigInt(a.sign) << width;
  if (a.kind === Kind.Zero) return sign;
  if (a.kind === Kind.Infinite) return sign | exponent;
  return roundNarrow(env, a.sign, a.m, a.e, exponentBits, fractionBits);
}

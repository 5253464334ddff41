/** Memory operands of the x87 in their ten formats: reading one for arithmetic, and the bits that a store writes. */
import { X87Format } from '../../abi/x87.ts';
import type { Memory } from '../../memory/memory.ts';
import { propagateOne } from './arithmetic.ts';
import { fromInteger, Kind, type Operand, type Real, unpack, unpackNarrow } from './format.ts';
import { fromDecimal, toDecimal, toInteger } from './integer.ts';
import { type FloatEnvironment, roundNarrow } from './round.ts';

function read64(memory: Memory, la: number): bigint {
  const low = BigInt(memory.read32(la) >>> 0);
  return low | (BigInt(memory.read32((la + 4) | 0) >>> 0) << 32n);
}

/** 80 bits. @throws GuestFault. */
export function readReal(memory: Memory, la: number): Real {
  const sig = read64(memory, la);
  return { se: memory.read16((la + 8) | 0) & 0xffff, sig };
}

/** A memory operand taken apart. @throws GuestFault. */
export function readOperand(memory: Memory, format: number, la: number): Operand {
  switch (format) {
    case X87Format.Real32:
      return unpackNarrow(BigInt(memory.read32(la) >>> 0), 8, 23);
    case X87Format.Real64:
      return unpackNarrow(read64(memory, la), 11, 52);
    case X87Format.Integer16:
      return fromInteger(BigInt(memory.read16(la)));
    case X87Format.Integer32:
      return fromInteger(BigInt(memory.read32(la)));
    case X87Format.Integer64:
      return fromInteger(BigInt.asIntN(64, read64(memory, la)));
    case X87Format.Decimal: {
      const { se, sig } = readReal(memory, la);
      return unpack(fromDecimal((BigInt(se) << 64n) | sig));
    }
    default:
      return unpack(readReal(memory, la));
  }
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

/** Write the bits of a format, all or nothing. @throws GuestFault, or aborts. */
export function writeOperand(memory: Memory, format: number, la: number, bits: bigint): void {
  const width = widths[format]!;
  if (width > 32) memory.probeWrite(la, width);
  if (width === 16) memory.write16(la, Number(bits));
  else memory.write32(la, Number(bits & 0xffffffffn) | 0);
  if (width >= 64) memory.write32((la + 4) | 0, Number((bits >> 32n) & 0xffffffffn) | 0);
  if (width === 80) memory.write16((la + 8) | 0, Number(bits >> 64n));
}

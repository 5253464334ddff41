/**
 * The x87's number formats: between bit patterns and a sign, an integer significand and an exponent, in which all
 * arithmetic of this directory is done. Source: SDM vol. 1 §4.2, §4.8 and §8.2.
 */

/** An 80-bit register: sign and biased exponent (16 bits), 64-bit significand with its explicit integer bit. */
export interface Real {
  readonly se: number;
  readonly sig: bigint;
}

export const Kind = { Zero: 0, Finite: 1, Infinite: 2, Nan: 3, Unsupported: 4 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A number taken apart: (-1)^sign × m × 2^e with bit 63 of `m` set if finite; a NaN's `m` is its significand. */
export interface Operand {
  readonly kind: Kind;
  readonly sign: number;
  readonly m: bigint;
  readonly e: number;
  /** Denormal or pseudo-denormal in the format it came in: raises #D where it is computed with. */
  readonly denormal: boolean;
}

export const BIAS = 16383;
const INTEGER_BIT: bigint = 1n << 63n;
export const QUIET_BIT: bigint = 1n << 62n;

/** The QNaN that masked invalid operations give: "real indefinite". */
export const indefinite: Real = { se: 0xffff, sig: INTEGER_BIT | QUIET_BIT };

export function zero(sign: number): Real {
  return { se: sign << 15, sig: 0n };
}

export function infinity(sign: number): Real {
  return { se: (sign << 15) | 0x7fff, sig: INTEGER_BIT };
}

/** Number of bits of a non-negative integer; 0 for zero. */
export function bitLength(m: bigint): number {
  if (m === 0n) return 0;
  const text = m.toString(16);
  return text.length * 4 - Math.clz32(parseInt(text[0]!, 16)) + 28;
}

/** A finite number's parts, not zero, with its significand normalised. */
export function finite(sign: number, m: bigint, e: number, denormal = false): Operand {
  const shift = 64 - bitLength(m);
  return { kind: Kind.Finite, sign, m: m << BigInt(shift), e: e - shift, denormal };
}

const plain = (kind: Kind, sign: number, m = 0n): Operand => ({ kind, sign, m, e: 0, denormal: false });

/** Take a register apart. */
export function unpack({ se, sig }: Real): Operand {
  const sign = se >>> 15;
  const exponent = se & 0x7fff;
  if (exponent === 0) return sig === 0n ? plain(Kind.Zero, sign) : finite(sign, sig, 1 - BIAS - 63, true);
  if ((sig & INTEGER_BIT) === 0n) return plain(Kind.Unsupported, sign, sig);
  if (exponent === 0x7fff) return plain(sig === INTEGER_BIT ? Kind.Infinite : Kind.Nan, sign, sig);
  return { kind: Kind.Finite, sign, m: sig, e: exponent - BIAS - 63, denormal: false };
}

/** Take a single (8, 23) or double (11, 52) apart: widths of exponent and fraction. */
export function unpackNarrow(bits: bigint, exponentBits: number, fractionBits: number): Operand {
  const fraction = bits & ((1n << BigInt(fractionBits)) - 1n);
  const mask = (1 << exponentBits) - 1;
  const exponent = Number(bits >> BigInt(fractionBits)) & mask;
  const sign = Number(bits >> BigInt(exponentBits + fractionBits));
  const bias = mask >> 1;
  if (exponent === 0) {
    return fraction === 0n ? plain(Kind.Zero, sign) : finite(sign, fraction, 1 - bias - fractionBits, true);
  }
  if (exponent === mask) {
    if (fraction === 0n) return plain(Kind.Infinite, sign, INTEGER_BIT);
    return plain(Kind.Nan, sign, INTEGER_BIT | (fraction << BigInt(63 - fractionBits)));
  }
  return finite(sign, fraction | (1n << BigInt(fractionBits)), exponent - bias - fractionBits);
}

/** An integer's parts. */
export function fromInteger(value: bigint): Operand {
  if (value === 0n) return plain(Kind.Zero, 0);
  return value < 0n ? finite(1, -value, 0) : finite(0, value, 0);
}

/** Put together what a register can hold exactly. */
export function pack({ kind, sign, m, e }: Operand): Real {
  if (kind === Kind.Zero) return zero(sign);
  if (kind === Kind.Infinite) return infinity(sign);
  if (kind !== Kind.Finite) return { se: (sign << 15) | 0x7fff, sig: m };
  const exponent = e + 63 + BIAS;
  // Denormal: the significand moves right, which is exact for what unpack gave.
  if (exponent <= 0) return { se: sign << 15, sig: m >> BigInt(1 - exponent) };
  return { se: (sign << 15) | exponent, sig: m };
}

export function isSignaling({ kind, m }: Operand): boolean {
  return kind === Kind.Nan && (m & QUIET_BIT) === 0n;
}

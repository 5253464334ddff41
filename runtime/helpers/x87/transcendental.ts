/**
 * F2XM1, FYL2X, FYL2XP1, FPATAN and the trigonometric instructions, correctly rounded to 64 bits. Precision control does
 * not apply to them. Source: SDM vol. 1 §8.3.6 to §8.3.10, vol. 2A under each instruction for special operands.
 */
import { X87Operation as Op } from '../../abi/x87.ts';
import { invalid, noteDenormal, propagate, propagateOne } from './arithmetic.ts';
import { one } from './constant.ts';
import { bitLength, infinity, Kind, type Operand, pack, type Real, zero } from './format.ts';
import { type FloatEnvironment, PE, roundReal, ZE } from './round.ts';
import {
  arctangentQuotient,
  cosine,
  exponentialQuotient,
  FRACTION,
  LN2,
  logarithmQuotient,
  ONE,
  PI,
  sineQuotient,
} from './series.ts';

const PRECISION = 64;

/** Round m × 2^e where m is cut off: a bit below it stands for the rest, which is never zero. */
function roundInexact(env: FloatEnvironment, sign: number, m: bigint, e: number): Real {
  return roundReal(env, sign, (m << 1n) | 1n, e - 1, PRECISION);
}

/** A finite operand as fixed point, cut off. */
function toFixed({ m, e }: { m: bigint; e: number }): bigint {
  const shift = e + FRACTION;
  if (shift >= 0) return m << BigInt(shift);
  return -shift > bitLength(m) ? 0n : m >> BigInt(-shift);
}

/** 2^x - 1 for -1 <= x <= 1; other operands, whose result is undefined, are left alone. */
export function powerOf2Minus1(env: FloatEnvironment, x: Operand): Real {
  const nan = propagateOne(env, x);
  if (nan !== undefined) return nan;
  if (x.kind === Kind.Zero) return zero(x.sign);
  if (x.kind === Kind.Infinite) return x.sign === 0 ? infinity(0) : { ...one, se: 0xbfff };
  noteDenormal(env, x);
  if (x.e >= -63) {
    env.raised |= PE;
    return x.m === ONE_SIGNIFICAND && x.e === -63 ? powerOfOne(x.sign) : pack(x);
  }
  const z = (toFixed(x) * LN2) >> BigInt(FRACTION);
  const quotient = exponentialQuotient(x.sign === 1 ? -z : z);
  return roundInexact(env, x.sign, x.m * LN2 * quotient, x.e - 2 * FRACTION);
}

const ONE_SIGNIFICAND = 1n << 63n;

/** 2^1 - 1 and 2^-1 - 1. */
function powerOfOne(sign: number): Real {
  return sign === 0 ? one : { se: 0xbffe, sig: ONE_SIGNIFICAND };
}

/** y × log2(x). */
export function yLog2X(env: FloatEnvironment, x: Operand, y: Operand): Real {
  const nan = propagate(env, x, y);
  if (nan !== undefined) return nan;
  if (x.kind !== Kind.Zero && x.sign === 1) return invalid(env);
  if (x.kind === Kind.Zero) {
    if (y.kind === Kind.Zero) return invalid(env);
    if (y.kind === Kind.Finite) env.raised |= ZE;
    return infinity(y.sign ^ 1);
  }
  if (x.kind === Kind.Infinite) {
    if (y.kind === Kind.Zero) return invalid(env);
    noteDenormal(env, y);
    return infinity(y.sign);
  }
  const isOne = x.m === ONE_SIGNIFICAND && x.e === -63;
  if (isOne && y.kind === Kind.Infinite) return invalid(env);
  noteDenormal(env, x, y);
  const sign = y.sign ^ (x.e < -63 ? 1 : 0);
  if (y.kind === Kind.Infinite) return infinity(sign);
  if (isOne || y.kind === Kind.Zero) return zero(sign);
  return timesLogarithm(env, x.m, x.e, y);
}

/** y × log2(m × 2^e), m of any length. */
function timesLogarithm(env: FloatEnvironment, m: bigint, e: number, y: Operand): Real {
  // m × 2^e = f × 2^k with f between 0.7 and 1.42.
  const length = bitLength(m);
  const f = toFixed({ m, e: 1 - length });
  const isHigh = f > SQRT2;
  const k = e + length - (isHigh ? 0 : 1);
  const d = (isHigh ? f >> 1n : f) - ONE;
  if (d === 0n) {
    const exact = BigInt(k < 0 ? -k : k) * y.m;
    env.raised |= PE;
    return roundReal(env, y.sign ^ (k < 0 ? 1 : 0), exact, y.e, PRECISION);
  }
  const log = BigInt(k) * (ONE << BigInt(FRACTION)) + ((d * logarithmQuotient(d)) << BigInt(FRACTION)) / LN2;
  const magnitude = log < 0n ? -log : log;
  return roundInexact(env, y.sign ^ (log < 0n ? 1 : 0), magnitude * y.m, y.e - 2 * FRACTION);
}

/** The square root of two, roughly. */
const SQRT2: bigint = (ONE * 181n) / 128n;

/** y × log2(x + 1). */
export function yLog2XPlus1(env: FloatEnvironment, x: Operand, y: Operand): Real {
  const nan = propagate(env, x, y);
  if (nan !== undefined) return nan;
  const sign = x.sign ^ y.sign;
  if (x.kind === Kind.Infinite) {
    if (x.sign === 1 || y.kind === Kind.Zero) return invalid(env);
    noteDenormal(env, y);
    return infinity(y.sign);
  }
  if (y.kind === Kind.Infinite) {
    if (x.kind === Kind.Zero) return invalid(env);
    noteDenormal(env, x);
    return infinity(sign);
  }
  noteDenormal(env, x, y);
  // Undefined in the manual; an AMD CPU gives x.
  if (x.kind === Kind.Finite && x.sign === 1 && x.e >= -63) {
    env.raised |= PE;
    return pack(x);
  }
  if (x.kind === Kind.Zero || y.kind === Kind.Zero) return zero(sign);
  // Exact in this many fraction bits as long as the logarithm's quotient is not needed.
  if (x.e >= -65) return timesLogarithm(env, ONE + (x.sign === 1 ? -toFixed(x) : toFixed(x)), -FRACTION, y);
  const d = toFixed(x);
  const quotient = logarithmQuotient(x.sign === 1 ? -d : d);
  return roundInexact(env, sign, ((x.m * y.m * quotient) << BigInt(FRACTION)) / LN2, x.e + y.e - FRACTION);
}

/** atan2(y, x) with y = ST(1). */
export function arctangent(env: FloatEnvironment, x: Operand, y: Operand): Real {
  const nan = propagate(env, x, y);
  if (nan !== undefined) return nan;
  noteDenormal(env, x, y);
  const { sign } = y;
  if (y.kind === Kind.Zero || (x.kind === Kind.Infinite && y.kind === Kind.Finite)) {
    return x.sign === 0 ? zero(sign) : roundInexact(env, sign, PI, -FRACTION);
  }
  if (x.kind === Kind.Infinite) return roundInexact(env, sign, x.sign === 0 ? PI : 3n * PI, -FRACTION - 2);
  if (x.kind === Kind.Zero || y.kind === Kind.Infinite) return roundInexact(env, sign, PI, -FRACTION - 1);
  return arctangentFinite(env, x, y);
}

function arctangentFinite(env: FloatEnvironment, x: Operand, y: Operand): Real {
  const isSteep = y.e > x.e || (y.e === x.e && y.m > x.m);
  const [small, large] = isSteep ? [x, y] : [y, x];
  const ratio = (small.m << BigInt(FRACTION)) / large.m;
  const e = small.e - large.e - FRACTION;
  const quotient = arctangentQuotient(toFixed({ m: ratio, e }));
  // A quotient of one stands for slightly less; the exact tie of a tiny result would go the wrong way.
  const below = quotient >= ONE ? ONE - 1n : quotient;
  if (!isSteep && x.sign === 0) return roundInexact(env, y.sign, ratio * below, e - FRACTION);
  const angle = toFixed({ m: ratio * below, e: e - FRACTION });
  const magnitude = isSteep ? PI / 2n + (x.sign === 1 ? angle : -angle) : PI - angle;
  return roundInexact(env, y.sign, magnitude, -FRACTION);
}

/** Operands of this exponent and beyond are left alone, with C2 set. */
const RANGE = 63;

/** A reduced angle: quadrant, sign and magnitude. */
interface Angle {
  readonly quadrant: number;
  readonly sign: number;
  readonly m: bigint;
  readonly e: number;
}

/** π rounded to 66 significant bits, with which the CPU reduces. */
const REDUCTION_PI: bigint = (PI >> BigInt(FRACTION - 64)) << BigInt(FRACTION - 64);

function reduce({ sign, m, e }: Operand): Angle {
  // Below π/4 there is nothing to reduce.
  if (e < -64) return { quadrant: 0, sign, m, e };
  const value = toFixed({ m, e });
  const quarter = REDUCTION_PI / 2n;
  const n = (2n * value + quarter) / (2n * quarter);
  const rest = value - n * quarter;
  const quadrant = Number((sign === 1 ? -n : n) & 3n);
  return { quadrant, sign: rest < 0n ? sign ^ 1 : sign, m: rest < 0n ? -rest : rest, e: -FRACTION };
}

/** Sine or cosine of a reduced angle, as a magnitude with exponent and sign. */
function wave(angle: Angle, quadrant: number): { sign: number; m: bigint; e: number } {
  const fixed = toFixed(angle);
  const square = (fixed * fixed) >> BigInt(FRACTION);
  const flips = quadrant & 2 ? 1 : 0;
  if (quadrant & 1) return { sign: flips, m: square === 0n ? ONE - 1n : cosine(square), e: -FRACTION };
  const quotient = sineQuotient(square);
  const below = quotient >= ONE ? ONE - 1n : quotient;
  return { sign: angle.sign ^ flips, m: angle.m * below, e: angle.e - FRACTION };
}

/**
 * FSIN and FCOS (one result), FSINCOS (sine, cosine), FPTAN (tangent, one).
 * @returns undefined if the operand is out of range.
 */
export function trigonometric(env: FloatEnvironment, x: Operand, op: number): readonly Real[] | undefined {
  const nan = propagateOne(env, x);
  if (nan !== undefined) return [nan, nan];
  if (x.kind === Kind.Infinite) {
    const value = invalid(env);
    return [value, value];
  }
  if (x.kind === Kind.Zero) return op === Op.Cosine ? [one] : [zero(x.sign), one];
  if (x.e + 63 >= RANGE) return undefined;
  noteDenormal(env, x);
  const angle = reduce(x);
  const sine = wave(angle, angle.quadrant);
  const cosineWave = wave(angle, angle.quadrant + 1);
  if (op === Op.Sine) return [roundWave(env, sine)];
  if (op === Op.Cosine) return [roundWave(env, cosineWave)];
  if (op === Op.SineCosine) {
    const cosineReal = roundWave(env, cosineWave);
    // C1 tells of the sine.
    return [roundWave(env, sine), cosineReal];
  }
  return [tangent(env, sine, cosineWave), one];
}

function roundWave(env: FloatEnvironment, { sign, m, e }: { sign: number; m: bigint; e: number }): Real {
  return m === 0n ? zero(sign) : roundInexact(env, sign, m, e);
}

function tangent(
  env: FloatEnvironment,
  sine: { sign: number; m: bigint; e: number },
  cos: { sign: number; m: bigint; e: number },
): Real {
  const sign = sine.sign ^ cos.sign;
  if (sine.m === 0n) return zero(sign);
  const shift = Math.max(0, FRACTION + bitLength(cos.m) - bitLength(sine.m));
  let quotient = (sine.m << BigInt(shift)) / cos.m;
  // A tiny angle's tangent is slightly more than the angle.
  if (cos.m === ONE - 1n) quotient += 2n;
  return roundInexact(env, sign, quotient, sine.e - cos.e - shift);
}

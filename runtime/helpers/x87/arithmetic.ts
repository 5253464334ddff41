/**
 * Exactly rounded addition, subtraction, multiplication, division and square root, and the rules for what is no
 * number. Source: SDM vol. 1 §4.8.3.5, §8.5, vol. 2A under FADD, FSUB, FMUL, FDIV, FSQRT.
 */
import {
  bitLength,
  indefinite,
  infinity,
  isSignaling,
  Kind,
  type Operand,
  QUIET_BIT,
  type Real,
  zero,
} from './format.ts';
import { DE, type FloatEnvironment, IE, roundReal, ZE } from './round.ts';

/** The masked answer to an invalid operation. */
export function invalid(env: FloatEnvironment): Real {
  env.raised |= IE;
  return indefinite;
}

function quiet({ sign, m }: Operand): Real {
  return { se: (sign << 15) | 0x7fff, sig: m | QUIET_BIT };
}

/** The result of an operation with a NaN or an unsupported operand, or undefined when both are numbers. */
export function propagate(env: FloatEnvironment, a: Operand, b: Operand): Real | undefined {
  if (a.kind === Kind.Unsupported || b.kind === Kind.Unsupported) return invalid(env);
  const aIsNan = a.kind === Kind.Nan;
  const bIsNan = b.kind === Kind.Nan;
  if (!aIsNan && !bIsNan) return undefined;
  const aSignals = isSignaling(a);
  const bSignals = isSignaling(b);
  if (aSignals || bSignals) env.raised |= IE;
  if (!bIsNan) return quiet(a);
  if (!aIsNan) return quiet(b);
  // A quiet NaN goes before a signaling one; then the larger significand, then the positive one.
  if (aSignals !== bSignals) return quiet(aSignals ? b : a);
  if (a.m !== b.m) return quiet(a.m > b.m ? a : b);
  return quiet(a.sign === 0 ? a : b);
}

/** As `propagate`, for one operand. */
export function propagateOne(env: FloatEnvironment, a: Operand): Real | undefined {
  if (a.kind === Kind.Unsupported) return invalid(env);
  if (a.kind !== Kind.Nan) return undefined;
  if (isSignaling(a)) env.raised |= IE;
  return quiet(a);
}

export function noteDenormal(env: FloatEnvironment, a: Operand, b?: Operand): void {
  if (a.denormal || b?.denormal) env.raised |= DE;
}

/** Exponents further apart than this: the smaller operand only decides which way to round. */
const FAR = 140;

/** a + b, or a - b. */
export function add(env: FloatEnvironment, a: Operand, b: Operand, subtract: boolean): Real {
  const nan = propagate(env, a, b);
  if (nan !== undefined) return nan;
  const bSign = subtract ? b.sign ^ 1 : b.sign;
  if (a.kind === Kind.Infinite && b.kind === Kind.Infinite && a.sign !== bSign) return invalid(env);
  noteDenormal(env, a, b);
  if (a.kind === Kind.Infinite) return infinity(a.sign);
  if (b.kind === Kind.Infinite) return infinity(bSign);
  const cancelled = env.rounding === 1 ? 1 : 0;
  if (a.kind === Kind.Zero && b.kind === Kind.Zero) return zero(a.sign === bSign ? a.sign : cancelled);
  const { precision } = env;
  if (a.kind === Kind.Zero) return roundReal(env, bSign, b.m, b.e, precision);
  if (b.kind === Kind.Zero) return roundReal(env, a.sign, a.m, a.e, precision);
  const sum = addFinite(a.sign, a.m, a.e, bSign, b.m, b.e);
  if (sum.m === 0n) return zero(cancelled);
  return roundReal(env, sum.m < 0n ? 1 : 0, sum.m < 0n ? -sum.m : sum.m, sum.e, precision);
}

/** The sum as a signed integer times 2^e; exact, or sticky when the operands are far apart. */
function addFinite(
  aSign: number,
  aM: bigint,
  aE: number,
  bSign: number,
  bM: bigint,
  bE: number,
): { m: bigint; e: number } {
  if (aE < bE) return addFinite(bSign, bM, bE, aSign, aM, aE);
  const far = aE - bE > FAR;
  const shift = far ? FAR : aE - bE;
  const x = aM << BigInt(shift);
  const y = far ? 1n : bM;
  return { m: (aSign === 1 ? -x : x) + (bSign === 1 ? -y : y), e: aE - shift };
}

export function multiply(env: FloatEnvironment, a: Operand, b: Operand): Real {
  const nan = propagate(env, a, b);
  if (nan !== undefined) return nan;
  const sign = a.sign ^ b.sign;
  if (a.kind === Kind.Infinite || b.kind === Kind.Infinite) {
    if (a.kind === Kind.Zero || b.kind === Kind.Zero) return invalid(env);
    noteDenormal(env, a, b);
    return infinity(sign);
  }
  noteDenormal(env, a, b);
  if (a.kind === Kind.Zero || b.kind === Kind.Zero) return zero(sign);
  return roundReal(env, sign, a.m * b.m, a.e + b.e, env.precision);
}

/** a / b. */
export function divide(env: FloatEnvironment, a: Operand, b: Operand): Real {
  const nan = propagate(env, a, b);
  if (nan !== undefined) return nan;
  const sign = a.sign ^ b.sign;
  if (a.kind === b.kind && a.kind !== Kind.Finite) return invalid(env);
  if (b.kind === Kind.Zero && a.kind === Kind.Finite) {
    env.raised |= ZE;
    return infinity(sign);
  }
  noteDenormal(env, a, b);
  if (a.kind === Kind.Infinite || b.kind === Kind.Zero) return infinity(sign);
  if (a.kind === Kind.Zero || b.kind === Kind.Infinite) return zero(sign);
  const dividend = a.m << 70n;
  const quotient = dividend / b.m;
  const sticky = quotient * b.m === dividend ? 0n : 1n;
  return roundReal(env, sign, (quotient << 1n) | sticky, a.e - b.e - 71, env.precision);
}

export function squareRoot(env: FloatEnvironment, a: Operand): Real {
  const nan = propagateOne(env, a);
  if (nan !== undefined) return nan;
  if (a.kind === Kind.Zero) return zero(a.sign);
  if (a.sign === 1) return invalid(env);
  noteDenormal(env, a);
  if (a.kind === Kind.Infinite) return infinity(0);
  const odd = a.e & 1;
  const radicand = a.m << BigInt(76 + odd);
  const root = integerRoot(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return roundReal(env, 0, (root << 1n) | sticky, (a.e - odd - 76) / 2 - 1, env.precision);
}

/** Integer part of the square root, by Newton's method from above. */
export function integerRoot(n: bigint): bigint {
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const better = (x + n / x) >> 1n;
    if (better >= x) return x;
    x = better;
  }
}

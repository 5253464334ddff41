/**
 * Operations on exponents and quotients: FPREM, FPREM1, FSCALE, FXTRACT. Source: SDM vol. 2A under each.
 * FPREM reduces by 32 to 63 bits a step as the CPU does, not by more, so that loops around it see the same steps.
 */
import { invalid, noteDenormal, propagate, propagateOne } from './arithmetic.ts';
import { infinity, Kind, type Operand, pack, type Real, zero } from './format.ts';
import { assemble, type FloatEnvironment, roundReal, ZE } from './round.ts';
import { C0, C1, C2, C3 } from './unit.ts';

/** A partial remainder and the condition codes, C1 among them, that tell of the quotient. */
export interface Remainder {
  readonly value: Real;
  /** Undefined for operands that have no quotient: C0 and C3 stay, C2 and C1 are cleared. */
  readonly conditions: number | undefined;
}

/** FPREM (quotient truncated) or FPREM1 (`nearest`). */
export function remainder(env: FloatEnvironment, a: Operand, b: Operand, nearest: boolean): Remainder {
  const nan = propagate(env, a, b);
  if (nan !== undefined) return { value: nan, conditions: undefined };
  if (a.kind === Kind.Infinite || b.kind === Kind.Zero) return { value: invalid(env), conditions: undefined };
  noteDenormal(env, a, b);
  if (a.kind === Kind.Zero) return { value: zero(a.sign), conditions: 0 };
  if (b.kind === Kind.Infinite) return { value: roundReal(env, a.sign, a.m, a.e, 64), conditions: 0 };
  const distance = a.e - b.e;
  if (distance < -1 || (distance < 0 && !nearest)) {
    return { value: exact(env, a.sign, a.m, a.e), conditions: 0 };
  }
  if (distance < 64) {
    // Scaled so that both are integers.
    const x = distance >= 0 ? a.m << BigInt(distance) : a.m;
    const y = distance >= 0 ? b.m : b.m << BigInt(-distance);
    const unit = Math.min(a.e, b.e);
    let quotient = x / y;
    let rest = x - quotient * y;
    let { sign } = a;
    if (nearest && (rest * 2n > y || (rest * 2n === y && (quotient & 1n) === 1n))) {
      quotient += 1n;
      rest = y - rest;
      sign ^= 1;
    }
    const low = Number(quotient & 7n);
    const conditions = (low & 4 ? C0 : 0) | (low & 2 ? C3 : 0) | (low & 1 ? C1 : 0);
    return { value: rest === 0n ? zero(a.sign) : exact(env, sign, rest, unit), conditions };
  }
  const step = 32 + (distance & 31);
  // Same as dividing at distance `step` once the rest of the exponent is set aside.
  const rest = (a.m << BigInt(step)) % b.m;
  const unit = a.e - step;
  return { value: rest === 0n ? zero(a.sign) : exact(env, a.sign, rest, unit), conditions: C2 };
}

/** A result that a register holds exactly: it may still underflow unmasked. */
function exact(env: FloatEnvironment, sign: number, m: bigint, e: number): Real {
  return roundReal(env, sign, m, e, 64);
}

/** Scales beyond this overflow or underflow whatever the significand is. */
const SCALE_LIMIT = 1 << 16;

/** a × 2^trunc(b). */
export function scale(env: FloatEnvironment, a: Operand, b: Operand): Real {
  const nan = propagate(env, a, b);
  if (nan !== undefined) return nan;
  if (b.kind === Kind.Infinite) {
    if (b.sign === 0 ? a.kind === Kind.Zero : a.kind === Kind.Infinite) return invalid(env);
    noteDenormal(env, a, b);
    return b.sign === 0 ? infinity(a.sign) : zero(a.sign);
  }
  noteDenormal(env, a, b);
  if (a.kind === Kind.Zero) return zero(a.sign);
  if (a.kind === Kind.Infinite) return infinity(a.sign);
  if (b.kind === Kind.Zero) return roundReal(env, a.sign, a.m, a.e, 64);
  const magnitude = b.e > 0 ? SCALE_LIMIT : Number(b.m >> BigInt(Math.min(-b.e, 64)));
  const by = Math.min(magnitude, SCALE_LIMIT);
  return roundReal(env, a.sign, a.m, a.e + (b.sign === 1 ? -by : by), 64);
}

/** FXTRACT: exponent and significand. */
export function extract(env: FloatEnvironment, a: Operand): { exponent: Real; significand: Real } {
  const nan = propagateOne(env, a);
  if (nan !== undefined) return { exponent: nan, significand: nan };
  if (a.kind === Kind.Infinite) return { exponent: infinity(0), significand: infinity(a.sign) };
  if (a.kind === Kind.Zero) {
    env.raised |= ZE;
    return { exponent: infinity(1), significand: zero(a.sign) };
  }
  noteDenormal(env, a);
  const power = a.e + 63;
  const exponent = assemble(power < 0 ? 1 : 0, BigInt(Math.abs(power)), 0);
  return { exponent, significand: pack({ ...a, e: -63 }) };
}

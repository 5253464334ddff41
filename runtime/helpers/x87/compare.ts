/** Comparison and classification: FCOM, FUCOM, FTST, FXAM. Source: SDM vol. 2A under each. */
import { isSignaling, Kind, type Operand } from './format.ts';
import { DE, type FloatEnvironment, IE } from './round.ts';
import { C0, C2, C3 } from './unit.ts';

/** Condition codes of an unordered comparison. */
export const UNORDERED: number = C0 | C2 | C3;

/** C3, C2 and C0 of a comparison; raises invalid for NaNs, quiet ones only if not `quietAllowed`. */
export function compare(env: FloatEnvironment, a: Operand, b: Operand, quietAllowed: boolean): number {
  if (a.kind >= Kind.Nan || b.kind >= Kind.Nan) {
    const isInvalid =
      !quietAllowed || a.kind === Kind.Unsupported || b.kind === Kind.Unsupported || isSignaling(a) || isSignaling(b);
    if (isInvalid) env.raised |= IE;
    return UNORDERED;
  }
  if (a.denormal || b.denormal) env.raised |= DE;
  const order = orderOf(a, b);
  return order === 0 ? C3 : order < 0 ? C0 : 0;
}

/** Negative, zero or positive as a is below, equal to or above b. */
function orderOf(a: Operand, b: Operand): number {
  if (a.kind === Kind.Zero && b.kind === Kind.Zero) return 0;
  if (a.kind === Kind.Zero) return b.sign === 1 ? 1 : -1;
  const positive = a.sign === 1 ? -1 : 1;
  if (b.kind === Kind.Zero || a.sign !== b.sign) return positive;
  if (a.kind === Kind.Infinite || b.kind === Kind.Infinite) {
    if (a.kind === b.kind) return 0;
    return a.kind === Kind.Infinite ? positive : -positive;
  }
  if (a.e !== b.e) return a.e > b.e ? positive : -positive;
  return a.m === b.m ? 0 : a.m > b.m ? positive : -positive;
}

/** FXAM's class of a register that is not empty. */
export function classify({ kind, denormal }: Operand): number {
  switch (kind) {
    case Kind.Zero:
      return C3;
    case Kind.Finite:
      return denormal ? C2 | C3 : C2;
    case Kind.Infinite:
      return C2 | C0;
    case Kind.Nan:
      return C0;
    default:
      return 0;
  }
}

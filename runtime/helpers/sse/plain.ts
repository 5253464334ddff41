/**
 * Arithmetic as the host's doubles do it, when MXCSR rounds to nearest and the operands are such that nothing but PE can
 * be raised: no NaN, infinity or denormal, and neither so small nor so large that the result could be one. Whether the
 * result is exact is then one more operation, and only asked while PE is not set.
 *
 * Singles are computed as doubles and rounded once more, which gives the same for these five operations (Figueroa, "When
 * is double rounding innocuous?", 1995).
 */
import { MXCSR } from '../../abi/state.ts';
import { MXCSR_MASK_SHIFT, MXCSR_PE, MXCSR_RC_SHIFT } from '../../cpu/sse.ts';
import { productRest, quotientError, rootError, sumError } from './error.ts';
import type { FloatUnit } from './unit.ts';

export const Plain = { Add: 0, Subtract: 1, Multiply: 2, Divide: 3, SquareRoot: 4 } as const;

/** Magnitudes below which (and above whose reciprocals) products and their errors are normal. */
const BOUND_DOUBLE = 2 ** 480;
const BOUND_SINGLE = 2 ** 60;

const NEAREST_MASK = 3 << MXCSR_RC_SHIFT;
const PM = MXCSR_PE << MXCSR_MASK_SHIFT;

export class PlainArithmetic {
  private readonly unit: FloatUnit;

  constructor(unit: FloatUnit) {
    this.unit = unit;
  }

  /** Compute `lanes` doubles, in place. @returns false, with nothing changed, when it takes more care. */
  doubles(operation: number, lanes: number, to: number, from: number): boolean {
    const { S, D, doubles } = this.unit;
    const control = S[MXCSR]!;
    if ((control & NEAREST_MASK) !== 0) return false;
    const first = to >> 1;
    const second = from >> 1;
    for (let i = 0; i < lanes; i++) {
      const b = D[second + i]!;
      const a = operation === Plain.SquareRoot ? b : D[first + i]!;
      if (!isTame(a, BOUND_DOUBLE) || !isTame(b, BOUND_DOUBLE)) return false;
      const result = compute(operation, a, b);
      if (!Number.isFinite(result)) return false;
      if ((control & (MXCSR_PE | PM)) !== (MXCSR_PE | PM) && !isExact(operation, a, b, result)) return false;
      doubles[i] = result;
    }
    for (let i = 0; i < lanes; i++) D[first + i] = doubles[i]!;
    return true;
  }

  /** The same for singles. */
  singles(operation: number, lanes: number, to: number, from: number): boolean {
    const { S, F, singles } = this.unit;
    const control = S[MXCSR]!;
    if ((control & NEAREST_MASK) !== 0) return false;
    for (let i = 0; i < lanes; i++) {
      const b = F[from + i]!;
      const a = operation === Plain.SquareRoot ? b : F[to + i]!;
      if (!isTame(a, BOUND_SINGLE) || !isTame(b, BOUND_SINGLE)) return false;
      const double = compute(operation, a, b);
      if (!Number.isFinite(double)) return false;
      const result = Math.fround(double);
      if ((control & (MXCSR_PE | PM)) !== (MXCSR_PE | PM)) {
        if (result !== double || !isExact(operation, a, b, double)) return false;
      }
      singles[i] = result;
    }
    for (let i = 0; i < lanes; i++) F[to + i] = singles[i]!;
    return true;
  }
}

function compute(operation: number, a: number, b: number): number {
  switch (operation) {
    case Plain.Add:
      return a + b;
    case Plain.Subtract:
      return a - b;
    case Plain.Multiply:
      return a * b;
    case Plain.Divide:
      return a / b;
    default:
      return Math.sqrt(b);
  }
}

function isExact(operation: number, a: number, b: number, result: number): boolean {
  switch (operation) {
    case Plain.Add:
      return sumError(a, b, result) === 0;
    case Plain.Subtract:
      return sumError(a, -b, result) === 0;
    case Plain.Multiply:
      return productRest(a, b, result) === 0;
    case Plain.Divide:
      return quotientError(a, b, result) === 0;
    default:
      return rootError(b, result) === 0;
  }
}

function isTame(x: number, bound: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude < bound && (magnitude > 1 / bound || magnitude === 0);
}

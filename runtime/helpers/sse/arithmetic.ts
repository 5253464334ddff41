/**
 * Addition, subtraction, multiplication, division and square root of one lane, exactly as MXCSR wants them: special
 * operands by the tables, everything else computed as a double with the sign of its error and rounded (round.ts).
 * Singles take the same way, for they are doubles too. Source: SDM vol. 1 §4.8, §11.5; vol. 2 under each instruction.
 */
import { MXCSR_IE, MXCSR_ZE, Rounding } from '../../cpu/sse.ts';
import { productRest, quotientError, rootError, sumError } from './error.ts';
import { flushed, isDenormal, type LaneType, operand, propagate } from './lane.ts';
import { exponentOf, round, scale } from './round.ts';
import type { FloatUnit } from './unit.ts';

/** Compute result lane i from the lanes at two slots. */
export type LaneOperation = (unit: FloatUnit, type: LaneType, i: number, first: number, second: number) => void;

/** Deal with NaNs and denormals and compute with what is left; a result that is a NaN is an invalid operation. */
function withNumbers(
  unit: FloatUnit,
  type: LaneType,
  i: number,
  first: number,
  second: number,
  compute: (unit: FloatUnit, type: LaneType, a: number, b: number) => number,
): void {
  const x = type.read(unit, first);
  const y = type.read(unit, second);
  if (isDenormal(x, type.format) || isDenormal(y, type.format)) unit.denormal = true;
  if (Number.isNaN(x) || Number.isNaN(y)) {
    propagate(unit, type, i, first, second);
    return;
  }
  const before = unit.raised;
  const value = compute(unit, type, operand(unit, x, type.format), operand(unit, y, type.format));
  if (!Number.isNaN(value)) {
    // Division by zero comes before the denormal operand.
    if ((unit.raised & ~before & MXCSR_ZE) !== 0) unit.raised = before | MXCSR_ZE;
    type.write(unit, i, value);
  } else {
    unit.raised = before | MXCSR_IE;
    type.writeIndefinite(unit, i);
  }
}

/** The sum; NaN for an invalid operation. */
function sum(unit: FloatUnit, { format }: LaneType, a: number, b: number): number {
  let near = a + b;
  if (near === 0) {
    // An exact zero. Two zeros of one sign keep it; else the sign is that of the rounding mode.
    if (a === 0 && Object.is(a, b)) return near;
    return unit.rounding === Rounding.Down ? -0 : 0;
  }
  if (Number.isFinite(near)) return round(unit, format, near, sumError(a, b, near), 0);
  if (!(Number.isFinite(a) && Number.isFinite(b))) return near;
  near = a / 4 + b / 4;
  return round(unit, format, near, sumError(a / 4, b / 4, near), 2);
}

function product(unit: FloatUnit, { format }: LaneType, a: number, b: number): number {
  const plain = a * b;
  if (a === 0 || b === 0 || !Number.isFinite(a) || !Number.isFinite(b)) return plain;
  const [m, n] = [exponentOf(a), exponentOf(b)];
  const x = scale(a, -m);
  const y = scale(b, -n);
  const near = x * y;
  return round(unit, format, near, Math.sign(productRest(x, y, near)), m + n);
}

function quotient(unit: FloatUnit, { format }: LaneType, a: number, b: number): number {
  const plain = a / b;
  if (a === 0 || b === 0 || !Number.isFinite(a) || !Number.isFinite(b)) {
    if (b === 0 && a !== 0 && Number.isFinite(a)) unit.raise(MXCSR_ZE);
    return plain;
  }
  const [m, n] = [exponentOf(a), exponentOf(b)];
  const x = scale(a, -m);
  const y = scale(b, -n);
  const near = x / y;
  return round(unit, format, near, quotientError(x, y, near), m - n);
}

function root(unit: FloatUnit, { format }: LaneType, a: number): number {
  if (a === 0 || !(a > 0 && a < Infinity)) return Math.sqrt(a);
  const even = exponentOf(a) & ~1;
  const x = scale(a, -even);
  const near = Math.sqrt(x);
  return round(unit, format, near, rootError(x, near), even / 2);
}

export const add: LaneOperation = (unit, type, i, first, second) => withNumbers(unit, type, i, first, second, sum);
export const subtract: LaneOperation = (unit, type, i, first, second) =>
  withNumbers(unit, type, i, first, second, difference);
export const multiply: LaneOperation = (unit, type, i, first, second) =>
  withNumbers(unit, type, i, first, second, product);
export const divide: LaneOperation = (unit, type, i, first, second) =>
  withNumbers(unit, type, i, first, second, quotient);
/** Of the second lane alone. */
export const squareRoot: LaneOperation = (unit, type, i, _first, second) =>
  withNumbers(unit, type, i, second, second, (u, t, a) => root(u, t, a));

function difference(unit: FloatUnit, type: LaneType, a: number, b: number): number {
  return sum(unit, type, a, -b);
}

/**
 * MIN and MAX: the second operand when they are equal or one is a NaN (which is invalid, even a quiet one). Source: SDM
 * vol. 2B, MINSD.
 */
const extreme =
  (isFirst: (a: number, b: number) => boolean): LaneOperation =>
  (unit, type, i, first, second) => {
    const x = type.read(unit, first);
    const y = type.read(unit, second);
    if (Number.isNaN(x) || Number.isNaN(y)) {
      unit.raise(MXCSR_IE);
      if (Number.isNaN(y)) {
        type.copy(unit, i, second);
        return;
      }
      type.write(unit, i, flushed(unit, y, type.format));
      return;
    }
    const a = operand(unit, x, type.format);
    const b = operand(unit, y, type.format);
    type.write(unit, i, isFirst(a, b) ? a : b);
  };

export const minimum: LaneOperation = extreme((a, b) => a < b);
export const maximum: LaneOperation = extreme((a, b) => a > b);

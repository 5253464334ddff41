/** Operations on ST(0) and ST(1): constants, signs, tests, and those that compute something. */

import { X87_STATUS } from '../../abi/state.ts';
import { X87Operation as Op } from '../../abi/x87.ts';
import { squareRoot } from './arithmetic.ts';
import { classify, compare, UNORDERED } from './compare.ts';
import { constant, isConstant } from './constant.ts';
import { Kind, type Operand, type Real } from './format.ts';
import { roundToInteger } from './integer.ts';
import { extract, remainder, scale } from './remainder.ts';
import type { FloatEnvironment } from './round.ts';
import { arctangent, powerOf2Minus1, trigonometric, yLog2X, yLog2XPlus1 } from './transcendental.ts';
import { C0, C1, C2, C3, type X87Unit } from './unit.ts';

const zeroOperand: Operand = { kind: Kind.Zero, sign: 0, m: 0n, e: 0, denormal: false };

/** One-operand operations: ST(0) := f(ST(0)). */
const unary: ReadonlyMap<number, (env: FloatEnvironment, a: Operand) => Real> = new Map([
  [Op.SquareRoot, squareRoot],
  [Op.RoundToInteger, roundToInteger],
  [Op.PowerOf2Minus1, powerOf2Minus1],
]);

/** Two-operand operations that pop: ST(1) := f(ST(0), ST(1)), then pop. */
const popping: ReadonlyMap<number, (env: FloatEnvironment, x: Operand, y: Operand) => Real> = new Map([
  [Op.YLog2X, yLog2X],
  [Op.YLog2XPlus1, yLog2XPlus1],
  [Op.Arctangent, arctangent],
]);

/** Run operation `op` of abi/x87.ts on a unit that has begun. */
export function operate(unit: X87Unit, op: number): void {
  const { env } = unit;
  const apply = unary.get(op);
  const combine = popping.get(op);
  if (apply !== undefined) replace(unit, unit.isEmpty(0) ? unit.underflow() : apply(env, unit.operand(0)));
  else if (combine !== undefined) combineAndPop(unit, combine);
  else if (isConstant(op)) load(unit, op);
  else operateOtherwise(unit, op);
}

function operateOtherwise(unit: X87Unit, op: number): void {
  switch (op) {
    case Op.ChangeSign:
      changeSign(unit, (se) => se ^ 0x8000);
      break;
    case Op.Absolute:
      changeSign(unit, (se) => se & 0x7fff);
      break;
    case Op.Test:
      test(unit);
      break;
    case Op.Examine:
      examine(unit);
      break;
    case Op.Extract:
      extractAndPush(unit);
      break;
    case Op.Remainder:
    case Op.RemainderNearest:
      partialRemainder(unit, op === Op.RemainderNearest);
      break;
    case Op.Scale:
      scaleTop(unit);
      break;
    default:
      trigonometry(unit, op);
  }
}

function scaleTop(unit: X87Unit): void {
  const isShort = unit.isEmpty(0) || unit.isEmpty(1);
  replace(unit, isShort ? unit.underflow() : scale(unit.env, unit.operand(0), unit.operand(1)));
}

/** Write ST(0) unless an unmasked exception forbids it. */
function replace(unit: X87Unit, value: Real): void {
  if (!unit.env.blocked) unit.write(0, value);
}

/** Replace ST(0) by `below` and push `above`. */
function replaceAndPush(unit: X87Unit, below: Real, above: Real): void {
  if (unit.env.blocked) return;
  unit.write(0, below);
  unit.push(above);
}

function load(unit: X87Unit, op: number): void {
  const value = unit.isEmpty(7) ? constant(op, unit.env.rounding) : unit.overflow();
  if (!unit.env.blocked) unit.push(value);
}

function changeSign(unit: X87Unit, change: (se: number) => number): void {
  if (unit.isEmpty(0)) {
    replace(unit, unit.underflow());
    return;
  }
  const { se, sig } = unit.real(0);
  unit.write(0, { se: change(se), sig });
}

function combineAndPop(unit: X87Unit, combine: (env: FloatEnvironment, x: Operand, y: Operand) => Real): void {
  const { env } = unit;
  const isShort = unit.isEmpty(0) || unit.isEmpty(1);
  const value = isShort ? unit.underflow() : combine(env, unit.operand(0), unit.operand(1));
  if (env.blocked) return;
  unit.write(1, value);
  unit.pop(1);
}

function test(unit: X87Unit): void {
  if (unit.isEmpty(0)) {
    unit.underflow();
    unit.setConditions(UNORDERED);
  } else unit.setConditions(compare(unit.env, unit.operand(0), zeroOperand, false));
}

/** FXAM: C1 is the sign, of an empty register too. */
function examine(unit: X87Unit): void {
  unit.setConditions(unit.isEmpty(0) ? C3 | C0 : classify(unit.operand(0)));
  unit.env.c1 = unit.real(0).se >> 15;
}

function extractAndPush(unit: X87Unit): void {
  const { env } = unit;
  let exponent: Real;
  let significand: Real;
  if (unit.isEmpty(0)) exponent = significand = unit.underflow();
  else if (!unit.isEmpty(7)) exponent = significand = unit.overflow();
  else ({ exponent, significand } = extract(env, unit.operand(0)));
  replaceAndPush(unit, exponent, significand);
}

function partialRemainder(unit: X87Unit, nearest: boolean): void {
  const { env } = unit;
  if (unit.isEmpty(0) || unit.isEmpty(1)) {
    replace(unit, unit.underflow());
    clearC2(unit);
    return;
  }
  const { value, conditions } = remainder(env, unit.operand(0), unit.operand(1), nearest);
  if (env.blocked || conditions === undefined) {
    replace(unit, value);
    clearC2(unit);
    return;
  }
  unit.write(0, value);
  unit.setConditions(conditions & ~C1);
  env.c1 = (conditions & C1) === 0 ? 0 : 1;
}

/** FSIN, FCOS, FSINCOS, FPTAN: C2 says that the operand is out of range, and then nothing happens. */
function trigonometry(unit: X87Unit, op: number): void {
  const { env } = unit;
  const pushes = op === Op.SineCosine || op === Op.Tangent;
  let results: readonly Real[] | undefined;
  if (unit.isEmpty(0)) {
    const value = unit.underflow();
    results = [value, value];
    clearC2(unit);
  } else if (pushes && !unit.isEmpty(7)) {
    const value = unit.overflow();
    results = [value, value];
    clearC2(unit);
  } else {
    results = trigonometric(env, unit.operand(0), op);
    if (results === undefined) unit.S[X87_STATUS] = unit.S[X87_STATUS]! | C2;
    else clearC2(unit);
  }
  if (results === undefined) return;
  if (pushes) replaceAndPush(unit, results[0]!, results[1]!);
  else replace(unit, results[0]!);
}

function clearC2({ S }: X87Unit): void {
  S[X87_STATUS] = S[X87_STATUS]! & ~C2;
}

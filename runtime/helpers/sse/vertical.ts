/**
 * ADD, SUB, MUL, DIV, SQRT, MIN and MAX in their four forms each: packed and scalar, single and double.
 *
 * Tier 1 computes with plain arithmetic where that is right, and comes here for the rest: zeros, exact arithmetic while
 * PE is not set, other rounding modes, denormals, NaNs. The first two are common in programs, so they are tried first.
 */
import type { HelperTable } from '../context.ts';
import { add, divide, type LaneOperation, maximum, minimum, multiply, squareRoot, subtract } from './arithmetic.ts';
import { doubleLane, type LaneType, singleLane } from './lane.ts';
import { Plain, PlainArithmetic } from './plain.ts';
import { withZeros } from './scalar.ts';
import type { FloatUnit } from './unit.ts';

type Stem = 'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'min' | 'max';
type Suffix = 'ps' | 'pd' | 'ss' | 'sd';
type Binary = (to: number, from: number) => number;

/** Each operation with every care, and its number in plain arithmetic. */
const operations: Readonly<Record<Stem, readonly [careful: LaneOperation, plain: number | undefined]>> = {
  add: [add, Plain.Add],
  sub: [subtract, Plain.Subtract],
  mul: [multiply, Plain.Multiply],
  div: [divide, Plain.Divide],
  sqrt: [squareRoot, Plain.SquareRoot],
  min: [minimum, undefined],
  max: [maximum, undefined],
};

const forms: readonly (readonly [Suffix, LaneType, lanes: number])[] = [
  ['ps', singleLane, 4],
  ['pd', doubleLane, 2],
  ['ss', singleLane, 1],
  ['sd', doubleLane, 1],
];

/** Make the helpers. */
export function verticalHelpers(unit: FloatUnit): Pick<HelperTable, `${Stem}${Suffix}`> {
  const arithmetic = new PlainArithmetic(unit);
  const helpers: Partial<Record<`${Stem}${Suffix}`, Binary>> = {};
  for (const [stem, [careful, plain]] of Object.entries(operations)) {
    for (const [suffix, type, lanes] of forms) {
      const slow = vertical(unit, careful, type, lanes);
      helpers[`${stem as Stem}${suffix}`] = plain === undefined ? slow : quickly(arithmetic, plain, type, lanes, slow);
    }
  }
  const all = helpers as Record<`${Stem}${Suffix}`, Binary>;
  return { ...all, ...withZeros(unit, all) };
}

/** An operation on each pair of lanes. Its result is 1 when an operand or a result was a denormal. */
function vertical(unit: FloatUnit, operation: LaneOperation, type: LaneType, lanes: number): Binary {
  const { slots } = type;
  return (to, from) => {
    unit.begin();
    for (let i = 0; i < lanes; i++) operation(unit, type, i, to + i * slots, from + i * slots);
    unit.commit(to, lanes * slots);
    return unit.denormal ? 1 : 0;
  };
}

/** Plain arithmetic if it is right for all lanes. */
function quickly(arithmetic: PlainArithmetic, plain: number, type: LaneType, lanes: number, slow: Binary): Binary {
  if (type === doubleLane) {
    return (to, from) => (arithmetic.doubles(plain, lanes, to, from) ? 0 : slow(to, from));
  }
  return (to, from) => (arithmetic.singles(plain, lanes, to, from) ? 0 : slow(to, from));
}

/**
 * Floating point on XMM registers where the host's arithmetic is exact and raises nothing new; everything else is a helper's.
 *
 * A result is right if MXCSR allows it (`FAST_LOCAL` is not zero: to nearest, PE is set and masked), if it is a normal number,
 * or a zero that did not come of an underflow, and if no operand was a denormal. One test of a result's exponent says most of
 * that. What comes out of helpers is looked at too: after a number that is neither normal nor zero `FAST_LOCAL` is zero to the
 * end of the block, so that lanes can be known to be such in between.
 */
import { FLOAT_FAST_BITS } from '../../../runtime/abi/state.ts';
import type { Call } from '../../ir/node.ts';
import { constantOf } from '../../ir/ops.ts';
import type { Expression, Statement } from '../estree.ts';
import * as js from '../estree.ts';
import { assign, both, either, math, real } from '../real.ts';
import { constant, fast, intrinsic, type XmmRegisters } from './registers.ts';

type Emit = (x: XmmRegisters, node: Call) => void;

const EXPONENT = 0x7ff00000;
const LOWEST_EXPONENT = 0x100000;
const SINGLE_EXPONENT = 0x7f800000;
const SINGLE_LOWEST_EXPONENT = 0x800000;
/** FLOAT_FAST_BITS for singles. */
const SINGLE_FAST_BITS = 0x7e000000;
const MAGNITUDE = 0x7fffffff;

const num = js.num;
const zero: Expression = num(0);
const slotOf = (node: Call, i: number): number => constantOf(node.args[i]!);
const laneOf = (node: Call, i: number): number => slotOf(node, i) >> 1;
const isZero = (e: Expression): Expression => js.binary('===', e, zero);
const isNotZero = (e: Expression): Expression => js.binary('!==', e, zero);
const and = (a: Expression, b: Expression): Expression => js.binary('&', a, b);
const isSlow: Expression = isZero(fast);
/** No exception can be lost and no lane be other than it is known to be. */
const isFast: Expression = isNotZero(fast);

/** Neither normal nor, in case of `mask` a constant, in a mode that allows it. */
function isAbnormal(x: Expression, mask: Expression): Expression {
  return isZero(and(js.binary('+', intrinsic('highWord', x), num(LOWEST_EXPONENT)), mask));
}

function isAbnormalSingle(word: Expression): Expression {
  return isZero(and(js.binary('+', word, num(SINGLE_LOWEST_EXPONENT)), num(SINGLE_FAST_BITS)));
}

function isDenormal(x: Expression): Expression {
  return both(isZero(and(intrinsic('highWord', x), num(EXPONENT))), isNotZero(x));
}

/** Of a single's bits. */
function isDenormalSingle(word: Expression): Expression {
  return both(isZero(and(word, num(SINGLE_EXPONENT))), isNotZero(and(word, num(MAGNITUDE))));
}

const any = (tests: readonly Expression[]): Expression => tests.slice(1).reduce(either, tests[0]!);

/** That one of these lanes is a denormal; afterwards they are known to be none. */
function denormals(x: XmmRegisters, lanes: readonly number[]): Expression[] {
  const byValue = new Map(lanes.map((lane) => [x.valueOf(lane), lane]));
  const tests = [...byValue.values()].filter((lane) => !x.isClean(lane)).map((lane) => isDenormal(x.lane(lane)));
  for (const lane of lanes) x.noteClean(lane);
  return tests;
}

/** After a helper: its result, and whether numbers are still what they are known to be. */
function watch(result: Expression, told: Expression): Statement[] {
  return [js.iff(either(isNotZero(told), isAbnormal(result, num(FLOAT_FAST_BITS))), [assign(fast, zero)])];
}

interface Operation {
  readonly operator: '+' | '-' | '*' | '/';
  readonly name: 'add' | 'sub' | 'mul' | 'div';
}

/** Where a result of zero is exact. */
function exactZero({ operator }: Operation, result: Expression, a: Expression, b: Expression): Expression {
  if (operator === '+' || operator === '-') return isZero(result);
  const factor = operator === '*' ? either(isZero(a), isZero(b)) : isZero(a);
  return both(isZero(result), factor);
}

const scalarDouble =
  (operation: Operation): Emit =>
  (x, node) => {
    x.begin();
    const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
    const [a, b] = [x.lane(to), x.lane(from)];
    const t = x.variable(js.binary(operation.operator, a, b));
    const isExactZero = both(exactZero(operation, t, a, b), isFast);
    const isBad = both(isAbnormal(t, fast), js.unary('!', isExactZero));
    const slow: Statement[] = [...x.saving(2 * to, 64), ...(from === to ? [] : x.saving(2 * from, 64))];
    const told = js.id(x.host.frame.temporary());
    slow.push(js.constant(told.name, x.helper(node)), assign(t, js.at('D', num(to))), ...watch(t, told));
    x.host.add(js.unlikely(any([isBad, ...denormals(x, [to, from])]), slow));
    x.setLane(to, t, true);
  };

const squareRoot: Emit = (x, node) => {
  x.begin();
  const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
  const t = x.variable(math('sqrt', x.lane(from)));
  const isBad = both(isAbnormal(t, fast), js.unary('!', both(isZero(t), isFast)));
  const told = js.id(x.host.frame.temporary());
  const slow = [
    ...x.saving(2 * from, 64),
    js.constant(told.name, x.helper(node)),
    assign(t, js.at('D', num(to))),
    ...watch(t, told),
  ];
  x.host.add(js.unlikely(any([isBad, ...denormals(x, [from])]), slow));
  x.setLane(to, t, true);
};

// ---- packed ---------------------------------------------------------------------------------------------------------

/** Lanes of one width in a vector. */
interface Lanes {
  readonly shape: 'f64x2' | 'f32x4';
  readonly integers: 'i64x2' | 'i32x4';
  readonly lowestExponent: Expression;
  readonly exponent: Expression;
  readonly fastBits: Expression;
  readonly magnitude: Expression;
}

const doubles: Lanes = {
  shape: 'f64x2',
  integers: 'i64x2',
  lowestExponent: constant(0, LOWEST_EXPONENT, 0, LOWEST_EXPONENT),
  exponent: constant(0, EXPONENT, 0, EXPONENT),
  fastBits: constant(0, FLOAT_FAST_BITS, 0, FLOAT_FAST_BITS),
  magnitude: constant(-1, MAGNITUDE, -1, MAGNITUDE),
};
const singles: Lanes = {
  shape: 'f32x4',
  integers: 'i32x4',
  lowestExponent: constant(...four(SINGLE_LOWEST_EXPONENT)),
  exponent: constant(...four(SINGLE_EXPONENT)),
  fastBits: constant(...four(SINGLE_FAST_BITS)),
  magnitude: constant(...four(MAGNITUDE)),
};

function four(word: number): readonly [number, number, number, number] {
  return [word, word, word, word];
}

const vectorZero: Expression = constant(0, 0, 0, 0);

/** Bits of which some are set in each lane that is a normal number. */
function normalBits({ lowestExponent, fastBits }: Lanes, v: Expression): Expression {
  return intrinsic('and', intrinsic('i32x4_add', v, lowestExponent), fastBits);
}

function haveAll({ integers }: Lanes, v: Expression): Expression {
  return intrinsic(`${integers}_all_true`, v);
}

/** All ones in lanes that are zero. */
function zeroLanes({ integers, magnitude }: Lanes, v: Expression): Expression {
  return intrinsic(`${integers}_eq`, intrinsic('and', v, magnitude), vectorZero);
}

/** Some lane is a denormal. */
function hasDenormal(lanes: Lanes, v: Expression): Expression {
  const exponents = intrinsic('and', v, lanes.exponent);
  const withoutExponent = intrinsic(`${lanes.integers}_eq`, exponents, vectorZero);
  const isLacking = isZero(haveAll(lanes, exponents));
  return both(
    isLacking,
    isNotZero(intrinsic('v128_any_true', intrinsic('andNot', withoutExponent, zeroLanes(lanes, v)))),
  );
}

const packed =
  (operation: Operation, lanes: Lanes): Emit =>
  (x, node) => {
    x.begin();
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    const [a, b] = [x.host.atom(x.whole(to)), x.host.atom(x.whole(from))];
    const t = x.variable(intrinsic(`${lanes.shape}_${operation.name}`, a, b));
    let exact = zeroLanes(lanes, t);
    if (operation.name === 'mul')
      exact = intrinsic('and', exact, intrinsic('or', zeroLanes(lanes, a), zeroLanes(lanes, b)));
    else if (operation.name === 'div') exact = intrinsic('and', exact, zeroLanes(lanes, a));
    const normal = normalBits(lanes, t);
    const isBad = both(isZero(haveAll(lanes, normal)), isZero(haveAll(lanes, intrinsic('or', normal, exact))));
    const tests = [isBad, isSlow];
    const areDoubles = lanes === doubles;
    for (const slot of new Set([to, from])) {
      const first = slot >> 1;
      if (areDoubles ? x.isClean(first) && x.isClean(first + 1) : x.areClean(slot)) continue;
      tests.push(hasDenormal(lanes, slot === to ? a : b));
      if (areDoubles) for (const lane of [first, first + 1]) x.noteClean(lane);
      else x.noteSingles(slot);
    }
    const told = js.id(x.host.frame.temporary());
    const place = js.at('Q', num(to >> 2));
    const slow: Statement[] = [
      assign(place, a),
      ...(from === to ? [] : [assign(js.at('Q', num(from >> 2)), b)]),
      js.constant(told.name, x.helper(node)),
      assign(t, place),
    ];
    const isOdd = either(isNotZero(told), isZero(haveAll(lanes, normal)));
    slow.push(js.iff(isOdd, [assign(fast, zero)]));
    x.host.add(js.unlikely(any(tests), slow));
    x.setWhole(to, t, areDoubles);
    if (!areDoubles) x.noteSingles(to);
  };

const scalarSingle =
  (operation: Operation): Emit =>
  (x, node) => {
    x.begin();
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    const [a, b] = [x.host.atom(x.word(to)), x.host.atom(x.word(from))];
    const result = intrinsic(`f32x4_${operation.name}`, intrinsic('i32x4_splat', a), intrinsic('i32x4_splat', b));
    const t = x.variable(intrinsic('i32x4_extract', result, zero));
    const isNothing = (word: Expression): Expression => isZero(and(word, num(MAGNITUDE)));
    let exact = isNothing(t);
    if (operation.name === 'mul') exact = both(exact, either(isNothing(a), isNothing(b)));
    else if (operation.name === 'div') exact = both(exact, isNothing(a));
    const isBad = both(isAbnormalSingle(t), js.unary('!', exact));
    const operands = to === from ? [a] : [a, b];
    const slow: Statement[] = [
      assign(js.at('S', num(to)), a),
      ...(to === from ? [] : [assign(js.at('S', num(from)), b)]),
      js.statement(x.helper(node)),
      assign(t, js.at('S', num(to))),
    ];
    x.host.add(js.unlikely(any([isBad, isSlow, ...operands.map(isDenormalSingle)]), slow));
    x.setWord(to, t);
  };

// ---- comparison -----------------------------------------------------------------------------------------------------

/** That a lane holds a denormal or a NaN. `known` lanes hold neither in a fast mode. */
function areOdd(x: XmmRegisters, lanes: readonly number[]): Expression {
  const unknown = lanes.filter((lane) => !x.isClean(lane));
  const tests = [...new Set(unknown)].map((lane) => {
    const value = x.lane(lane);
    return either(isDenormal(value), js.binary('!==', value, value));
  });
  return any(unknown.length < lanes.length ? [isSlow, ...tests] : tests);
}

const extreme =
  (comparison: '<' | '>'): Emit =>
  (x, node) => {
    x.begin();
    const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
    const [a, b] = [x.lane(to), x.lane(from)];
    const t = x.variable(js.conditional(js.binary(comparison, a, b), a, b));
    const slow = [
      ...x.saving(2 * to, 64),
      ...x.saving(2 * from, 64),
      js.statement(x.helper(node)),
      assign(t, js.at('D', num(to))),
      ...watch(t, zero),
    ];
    x.host.add(js.unlikely(areOdd(x, [to, from]), slow));
    x.setLane(to, t, true);
  };

/** UCOMISD, COMISD: 0 greater, 1 less, 2 equal; the helper sees to NaNs and denormals. */
const compare: Emit = (x, node) => {
  x.begin();
  const [first, second] = [laneOf(node, 0), laneOf(node, 1)];
  const [a, b] = [x.lane(first), x.lane(second)];
  const less = x.variable(js.unary('+', js.binary('<', a, b)));
  const equal = x.variable(js.unary('+', js.binary('===', a, b)));
  const order = js.id(x.host.frame.temporary());
  const slow = [
    ...x.saving(2 * first, 64),
    ...x.saving(2 * second, 64),
    js.constant(order.name, x.helper(node)),
    assign(less, and(order, num(1))),
    assign(equal, js.binary('>>', order, num(1))),
  ];
  x.host.add(js.unlikely(areOdd(x, [first, second]), slow));
  x.host.nameOrder(node, less, equal);
};

// ---- conversion -----------------------------------------------------------------------------------------------------

/** 1.5 * 2^52: adding and subtracting it rounds a small double to an integer. */
const ROUNDER = 6755399441055744;

const toInteger =
  (truncates: boolean): Emit =>
  (x, node) => {
    x.begin();
    const lane = laneOf(node, 0);
    const value = x.lane(lane);
    const rounded = truncates ? value : js.binary('-', js.binary('+', value, real(ROUNDER)), real(ROUNDER));
    const fits = both(isFast, js.binary('<', math('abs', value), num(0x7fffffff)));
    const t = x.variable(zero);
    x.host.add(
      js.usually(
        fits,
        [assign(t, js.binary('|', rounded, zero))],
        [...x.saving(2 * lane, 64), assign(t, x.helper(node))],
      ),
    );
    x.host.name(node, t);
  };

const fromInteger: Emit = (x, node) => {
  x.setLane(laneOf(node, 0), intrinsic('ofWord', x.host.value(node.args[1]!)), true);
};

/** Single to double, which is always exact. */
const widen: Emit = (x, node) => {
  x.begin();
  const [to, slot] = [laneOf(node, 0), slotOf(node, 1)];
  const word = x.host.atom(x.word(slot));
  const t = x.variable(intrinsic('ofSingle', word));
  const isBad = both(isAbnormalSingle(word), isNotZero(t));
  const slow = [
    assign(js.at('S', num(slot)), word),
    js.statement(x.helper(node)),
    assign(t, js.at('D', num(to))),
    ...watch(t, zero),
  ];
  x.host.add(js.unlikely(isBad, slow));
  x.setLane(to, t, true);
};

/** Double to single. */
const narrow: Emit = (x, node) => {
  x.begin();
  const [slot, from] = [slotOf(node, 0), laneOf(node, 1)];
  const value = x.lane(from);
  const t = x.variable(intrinsic('toSingle', value));
  const isBad = both(either(isAbnormalSingle(t), isSlow), isNotZero(value));
  const slow = [...x.saving(2 * from, 64), js.statement(x.helper(node)), assign(t, js.at('S', num(slot)))];
  x.host.add(js.unlikely(isBad, slow));
  x.setWord(slot, t);
};

const add: Operation = { operator: '+', name: 'add' };
const sub: Operation = { operator: '-', name: 'sub' };
const mul: Operation = { operator: '*', name: 'mul' };
const div: Operation = { operator: '/', name: 'div' };

export const floats: Readonly<Partial<Record<Call['helper'], Emit>>> = {
  addsd: scalarDouble(add),
  subsd: scalarDouble(sub),
  mulsd: scalarDouble(mul),
  divsd: scalarDouble(div),
  addss: scalarSingle(add),
  subss: scalarSingle(sub),
  mulss: scalarSingle(mul),
  divss: scalarSingle(div),
  addpd: packed(add, doubles),
  subpd: packed(sub, doubles),
  mulpd: packed(mul, doubles),
  divpd: packed(div, doubles),
  addps: packed(add, singles),
  subps: packed(sub, singles),
  mulps: packed(mul, singles),
  divps: packed(div, singles),
  sqrtsd: squareRoot,
  minsd: extreme('<'),
  maxsd: extreme('>'),
  ucomisd: compare,
  comisd: compare,
  cvtsi2sd: fromInteger,
  cvttsd2si: toInteger(true),
  cvtsd2si: toInteger(false),
  cvtss2sd: widen,
  cvtsd2ss: narrow,
  cvtdq2pd: (x, node) =>
    x.setWhole(slotOf(node, 0), intrinsic('f64x2_convert_low_i32x4_s', x.whole(slotOf(node, 1))), true),
};

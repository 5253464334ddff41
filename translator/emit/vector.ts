/**
 * Helpers on vector registers, inlined: loads, stores and moves of doubles, and floating-point arithmetic where plain
 * JavaScript arithmetic is exact and raises nothing new (cpu/sse.ts); everything else stays a call.
 *
 * A result is right if it is normal and finite and the mode allows (it is not below `lo`, which is infinite when the
 * mode does not), and no operand was a denormal. Which lanes cannot be denormals is known within a block: results of
 * arithmetic are none, because a helper that meets one says so, and then `lo` is infinite for the rest of the block.
 */
import { helperSignatures } from '../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../runtime/abi/signature.ts';
import { XMM } from '../../runtime/abi/state.ts';
import type { Call } from '../ir/node.ts';
import { constantOf } from '../ir/ops.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import type { VectorLanes } from './lanes.ts';
import { FLOOR_LOCAL } from './names.ts';
import { all, assign, both, either, infinity, isNormalOrZero, math, real } from './real.ts';
import { type Snippet, snippet } from './snippet.ts';

type Emit = (v: VectorLanes, node: Call) => void;

const LEAST: number = 2 ** -1022;
/** Above the least normal number, which a result that underflows may be rounded to. */
const LEAST_SINGLE: number = 2 ** -125;

/**
 * Does a double pass through a variable with all its bits? The language leaves open which NaN comes out: V8 never
 * touches one, SpiderMonkey makes all of them the same. There lanes stay in their slots.
 */
const keepsNans: boolean = passesNans();

function passesNans(): boolean {
  const doubles = new Float64Array(2);
  const words = new Int32Array(doubles.buffer);
  words.set([0x12345678, 0x7ff12345]);
  const passed = doubles[0]!;
  doubles[1] = passed;
  return words[2] === words[0] && words[3] === words[1];
}

/** Emit a call of a helper on vector registers, inlined; false when it has to be a call. */
export function inlineVector(v: VectorLanes, node: Call): boolean {
  const emit = inline[node.helper];
  if (emit === undefined || !keepsNans || !isOnLanes(node)) return false;
  emit(v, node);
  return true;
}

/** Are its registers XMM registers? MMX registers, which MOVQ2DQ and MOVDQ2Q move from and to, are in no locals. */
function isOnLanes(node: Call): boolean {
  const { lanes }: HelperSignature = helperSignatures[node.helper];
  const slots = node.args.slice(0, lanes === undefined || lanes.reads === 0 ? 1 : 2);
  return slots.every((slot) => constantOf(slot) >= XMM);
}

const load64 = snippet(`
  p = R[$a >>> 12] ^ $a;
  if ((p & 0x80000007) === tz) $x = f64[p >> 3];
  else { $slow; $x = D[$i]; }
`);
const load128 = snippet(`
  p = R[$a >>> 12] ^ $a;
  if ((p & 0x8000000f) === tz) { $x = f64[p >> 3]; $y = f64[(p >> 3) + 1]; }
  else { $slow; $x = D[$i]; $y = D[$j]; }
`);
const store64 = snippet(`
  p = W[$a >>> 12] ^ $a;
  if ((p & 0x80000007) === tz) f64[p >> 3] = $x;
  else { $slow; }
`);
const store128 = snippet(`
  p = W[$a >>> 12] ^ $a;
  if ((p & 0x8000000f) === tz) { f64[p >> 3] = $x; f64[(p >> 3) + 1] = $y; }
  else { $slow; }
`);
const store64Words = snippet(`
  p = W[$a >>> 12] ^ $a;
  if ((p & 0x80000007) === tz) { i32[p >> 2] = S[$s]; i32[(p >> 2) + 1] = S[$s1]; }
  else { $slow; }
`);
const store128Words = snippet(`
  p = W[$a >>> 12] ^ $a;
  if ((p & 0x8000000f) === tz) {
    i32[p >> 2] = S[$s];
    i32[(p >> 2) + 1] = S[$s1];
    i32[(p >> 2) + 2] = S[$s2];
    i32[(p >> 2) + 3] = S[$s3];
  } else { $slow; }
`);
/** $t is the result; $x the destination's lane. */
const scalar = snippet(`
  const $m = Math.abs($t);
  if ($m >= lo && $m < Infinity && $checked) D[$i] = $x = $t;
  else { $slow; $x = D[$i]; }
`);
const packed = snippet(`
  const $m = Math.abs($t), $n = Math.abs($u);
  if ($m >= lo && $m < Infinity && $n >= lo && $n < Infinity && $checked) { D[$i] = $x = $t; D[$j] = $y = $u; }
  else { $slow; $x = D[$i]; $y = D[$j]; }
`);
const singleLanes = snippet(`
  if ($checked) { $store; }
  else { $slow; }
`);
const extremum = snippet(`
  if ($checked) D[$i] = $x = $t;
  else { $slow; $x = D[$i]; }
`);
const absolute = snippet(`
  if (S[$f] === -1 && S[$f1] === 0x7fffffff && S[$f2] === 0 && S[$f3] === 0) {
    D[$i] = $x = Math.abs($x);
    D[$j] = $y = 0;
  } else if (S[$f] === -1 && S[$f1] === 0x7fffffff && S[$f2] === -1 && S[$f3] === 0x7fffffff) {
    D[$i] = $x = Math.abs($x);
    D[$j] = $y = Math.abs($y);
  } else { $slow; $x = D[$i]; $y = D[$j]; }
`);
const negated = snippet(`
  if (S[$f] === 0 && S[$f1] === -0x80000000 && S[$f2] === 0 && S[$f3] === 0 && $x === $x) D[$i] = $x = -$x;
  else if (S[$f] === 0 && S[$f1] === -0x80000000 && S[$f2] === 0 && S[$f3] === -0x80000000 && $x === $x && $y === $y) {
    D[$i] = $x = -$x;
    D[$j] = $y = -$y;
  } else { $slow; $x = D[$i]; $y = D[$j]; }
`);

const slotOf = (node: Call, i: number): number => constantOf(node.args[i]!);
const laneOf = (node: Call, i: number): number => slotOf(node, i) >> 1;
const index = (lane: number): Expression => js.num(lane);

function slowAccess(v: VectorLanes, node: Call, address: Expression): Statement[] {
  v.host.frame.useHelper(node.helper);
  return [js.statement(js.call(`h_${node.helper}`, js.num(slotOf(node, 0)), address))];
}

/** Loads: slot, address. */
const loading =
  (code: Snippet, lanes: 1 | 2, zeroAbove = false): Emit =>
  (v, node) => {
    v.begin();
    const lane = laneOf(node, 0);
    const a = v.host.atom(v.host.value(node.args[1]!));
    const slow = slowAccess(v, node, a);
    v.emit(code, {
      $a: a,
      $x: v.lane(lane),
      $y: v.lane(lane + 1),
      $i: index(lane),
      $j: index(lane + 1),
      $slow: slow,
    });
    for (let i = 0; i < lanes; i++) v.loaded(lane + i);
    if (zeroAbove) v.set(lane + 1, js.num(0), true);
  };

/** Stores of doubles, or of words where integers were computed. */
const storing =
  (code: Snippet, asWords: Snippet, lanes: 1 | 2): Emit =>
  (v, node) => {
    v.begin();
    const lane = laneOf(node, 0);
    const a = v.host.atom(v.host.value(node.args[1]!));
    const slow = slowAccess(v, node, a);
    if (lanes === 1 ? v.areWords(lane) : v.areWords(lane, lane + 1)) {
      const [$s, $s1, $s2, $s3] = [0, 1, 2, 3].map((i) => js.num(2 * lane + i)) as [
        Expression,
        Expression,
        Expression,
        Expression,
      ];
      v.emit(asWords, { $a: a, $s, $s1, $s2, $s3, $slow: slow });
      return;
    }
    v.emit(code, { $a: a, $x: v.lane(lane), $y: v.lane(lane + 1), $slow: slow });
  };

type Operator = (a: Expression, b: Expression) => Expression;

const operators: Readonly<Record<'add' | 'sub' | 'mul' | 'div', Operator>> = {
  add: (a, b) => js.binary('+', a, b),
  sub: (a, b) => js.binary('-', a, b),
  mul: (a, b) => js.binary('*', a, b),
  div: (a, b) => js.binary('/', a, b),
};

const scalarDouble =
  (operator: Operator): Emit =>
  (v, node) => {
    v.begin();
    const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
    const slow = v.slowTelling(node);
    const t = v.host.atom(operator(v.lane(to), v.lane(from)));
    v.emit(scalar, {
      $t: t,
      $m: js.id(v.host.frame.temporary()),
      $checked: v.checkOperands([to, from]),
      $i: index(to),
      $x: v.lane(to),
      $slow: slow,
    });
    v.note(to, true);
  };

const packedDouble =
  (operator: Operator): Emit =>
  (v, node) => {
    v.begin();
    const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
    const slow = v.slowTelling(node);
    const t = v.host.atom(operator(v.lane(to), v.lane(from)));
    const u = v.host.atom(operator(v.lane(to + 1), v.lane(from + 1)));
    v.emit(packed, {
      $t: t,
      $u: u,
      $m: js.id(v.host.frame.temporary()),
      $n: js.id(v.host.frame.temporary()),
      $checked: v.checkOperands([to, to + 1, from, from + 1]),
      $i: index(to),
      $j: index(to + 1),
      $x: v.lane(to),
      $y: v.lane(to + 1),
      $slow: slow,
    });
    v.note(to, true);
    v.note(to + 1, true);
  };

/** The root of a normal number that is not negative is one too. */
const squareRoot: Emit = (v, node) => {
  v.begin();
  const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
  const x = v.lane(from);
  const slow = v.slowTelling(node);
  const checked = all([js.binary('>=', x, js.id(FLOOR_LOCAL)), js.binary('<', x, infinity)]);
  v.emit(extremum, { $checked: checked, $t: math('sqrt', x), $i: index(to), $x: v.lane(to), $slow: slow });
  v.note(from, true);
  v.note(to, true);
};

/** That a lane holds neither a NaN nor a denormal, whatever the mode. */
function isPlain(v: VectorLanes, lane: number): Expression {
  const x = v.lane(lane);
  return v.isClean(lane) ? js.binary('===', x, x) : isNormalOrZero(x, real(LEAST));
}

const extreme =
  (comparison: '<' | '>'): Emit =>
  (v, node) => {
    const [to, from] = [laneOf(node, 0), laneOf(node, 1)];
    const [a, b] = [v.lane(to), v.lane(from)];
    v.emit(extremum, {
      $checked: both(isPlain(v, to), isPlain(v, from)),
      $t: js.conditional(js.binary(comparison, a, b), a, b),
      $i: index(to),
      $x: a,
      $slow: v.slow(node),
    });
    v.note(to, false);
  };

/** The order of two scalars: 0 greater, 1 less, 2 equal; the helper sees to NaNs and denormals. */
const compare: Emit = (v, node) => {
  const [first, second] = [laneOf(node, 0), laneOf(node, 1)];
  const [a, b] = [v.lane(first), v.lane(second)];
  v.save(slotOf(node, 1), 64);
  const checks = [first, second]
    .filter((lane) => !v.isClean(lane))
    .map((lane) => isNormalOrZero(v.lane(lane), real(LEAST)));
  const slow = v.helper(node);
  const equal = js.conditional(js.binary('===', a, b), js.num(2), slow);
  const less = js.conditional(js.binary('<', a, b), js.num(1), equal);
  const order = js.conditional(js.binary('>', a, b), js.num(0), less);
  const result = checks.length === 0 ? order : js.conditional(all(checks), order, v.helper(node));
  v.host.name(node, result);
};

/** 1.5 * 2^52: adding and subtracting it rounds a small double to an integer. */
const ROUNDER = 6755399441055744;

const toInteger =
  (truncates: boolean): Emit =>
  (v, node) => {
    v.begin();
    const lane = laneOf(node, 0);
    v.save(slotOf(node, 0), 64);
    const x = v.lane(lane);
    const m = v.host.atom(math('abs', x));
    const inRange = all([js.binary('>=', m, js.id(FLOOR_LOCAL)), js.binary('<', m, js.num(0x7fffffff))]);
    const rounded = truncates ? x : js.binary('-', js.binary('+', x, real(ROUNDER)), real(ROUNDER));
    const test = either(inRange, js.binary('===', x, js.num(0)));
    v.host.name(node, js.conditional(test, js.binary('|', rounded, js.num(0)), v.helper(node)));
  };

const fromInteger: Emit = (v, node) => {
  v.set(laneOf(node, 0), v.host.value(node.args[1]!), true);
};

/** Single to double. */
const widen: Emit = (v, node) => {
  const to = laneOf(node, 0);
  v.save(slotOf(node, 1), 32);
  const t = v.host.atom(js.at('SF', js.num(slotOf(node, 1))));
  const finite = js.binary('<', math('abs', t), infinity);
  v.emit(extremum, {
    $checked: both(isNormalOrZero(t, real(LEAST_SINGLE)), finite),
    $t: t,
    $i: index(to),
    $x: v.lane(to),
    $slow: v.slow(node),
  });
  v.note(to, true);
};

/** Double to single. */
const narrow: Emit = (v, node) => {
  v.begin();
  const slot = slotOf(node, 0);
  const x = v.lane(laneOf(node, 1));
  const t = v.host.atom(math('fround', x));
  const m = v.host.atom(math('abs', t));
  const isNormal = all([
    js.binary('>=', m, real(LEAST_SINGLE)),
    js.binary('<', m, infinity),
    js.binary('>=', m, js.id(FLOOR_LOCAL)),
  ]);
  v.emit(singleLanes, {
    $checked: either(isNormal, js.binary('===', x, js.num(0))),
    $store: [assign(js.at('SF', js.num(slot)), t)],
    $slow: v.slow(node),
  });
  v.reload(slot, 32);
};

/** Arithmetic on single lanes, in their slots. */
const singles =
  (operator: Operator, lanes: 1 | 4): Emit =>
  (v, node) => {
    const { host } = v;
    v.begin();
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    v.save(from, 32 * lanes);
    v.save(to, 32 * lanes);
    const checks: Expression[] = [];
    const store: Statement[] = [];
    for (let i = 0; i < lanes; i++) {
      const a = host.atom(js.at('SF', js.num(to + i)));
      const b = host.atom(js.at('SF', js.num(from + i)));
      const t = host.atom(math('fround', operator(a, b)));
      const m = host.atom(math('abs', t));
      checks.push(js.binary('>=', m, real(LEAST_SINGLE)), js.binary('<', m, infinity));
      if (i === 0) checks.push(js.binary('>=', m, js.id(FLOOR_LOCAL)));
      checks.push(isNormalOrZero(a, real(LEAST_SINGLE)), isNormalOrZero(b, real(LEAST_SINGLE)));
      store.push(assign(js.at('SF', js.num(to + i)), t));
    }
    v.emit(singleLanes, { $checked: all(checks), $store: store, $slow: v.slow(node) });
    v.reload(to, 32 * lanes);
  };

const bitwise =
  (code: Snippet): Emit =>
  (v, node) => {
    const [to, from] = [laneOf(node, 0), slotOf(node, 1)];
    v.save(from, 128);
    v.emit(code, {
      $f: js.num(from),
      $f1: js.num(from + 1),
      $f2: js.num(from + 2),
      $f3: js.num(from + 3),
      $i: index(to),
      $j: index(to + 1),
      $x: v.lane(to),
      $y: v.lane(to + 1),
      $slow: v.slow(node),
    });
    v.note(to, false);
    v.note(to + 1, false);
  };

const zero: Emit = (v, node) => {
  const lane = laneOf(node, 0);
  v.set(lane, js.num(0), true);
  v.set(lane + 1, js.num(0), true);
};

/** Helpers with an inlined form. */
const inline: Readonly<Partial<Record<Call['helper'], Emit>>> = {
  load64: loading(load64, 1),
  load64Zero: loading(load64, 1, true),
  load128: loading(load128, 2),
  load128Aligned: loading(load128, 2),
  store64: storing(store64, store64Words, 1),
  store128: storing(store128, store128Words, 2),
  store128Aligned: storing(store128, store128Words, 2),
  move64: (v, node) => v.copy(laneOf(node, 0), laneOf(node, 1)),
  move64Zero(v, node) {
    v.copy(laneOf(node, 0), laneOf(node, 1));
    v.set(laneOf(node, 0) + 1, js.num(0), true);
  },
  move128(v, node) {
    v.copy(laneOf(node, 0), laneOf(node, 1));
    v.copy(laneOf(node, 0) + 1, laneOf(node, 1) + 1);
  },
  zero128: zero,
  and128: bitwise(absolute),
  xor128: bitwise(negated),
  addsd: scalarDouble(operators.add),
  subsd: scalarDouble(operators.sub),
  mulsd: scalarDouble(operators.mul),
  divsd: scalarDouble(operators.div),
  addpd: packedDouble(operators.add),
  subpd: packedDouble(operators.sub),
  mulpd: packedDouble(operators.mul),
  divpd: packedDouble(operators.div),
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
  addss: singles(operators.add, 1),
  subss: singles(operators.sub, 1),
  mulss: singles(operators.mul, 1),
  divss: singles(operators.div, 1),
  addps: singles(operators.add, 4),
  subps: singles(operators.sub, 4),
  mulps: singles(operators.mul, 4),
  divps: singles(operators.div, 4),
};

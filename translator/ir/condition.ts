/**
 * Status flags and condition codes as IR values.
 *
 * When the setter of a flag stands in the same block, a condition becomes a comparison of the setter's own operands
 * (CMP + JL is `a < b`); these are theorems about ir/flags.ts, proved by test/translator/ir/condition.test.ts over edge
 * and random operands. Otherwise the four flag slots are read.
 */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES } from '../../runtime/abi/state.ts';
import type { FlagKindName } from './flags.ts';
import type { Flags, Value } from './node.ts';
import { negatedTest, type PureName, type TestName } from './pure.ts';
import type { SlotValues } from './slots.ts';

/** What conditions ask of the builder. */
interface FlagReader {
  readonly slots: SlotValues;
  get(slot: number): Value;
  const(value: number): Value;
  pure(name: PureName, ...args: Value[]): Value;
  eq(a: Value, b: Value): Value;
  ne(a: Value, b: Value): Value;
  lts(a: Value, b: Value): Value;
  ltu(a: Value, b: Value): Value;
  and(a: Value, b: Value): Value;
  or(a: Value, b: Value): Value;
  xor(a: Value, b: Value): Value;
  shl(a: Value, b: Value): Value;
  shr(a: Value, b: Value): Value;
}

/** O NO B AE E NE BE A S NS P NP L GE LE G = 0..15 (SDM vol. 1 appendix B). */
export type Condition = number;

export type FlagName = 'CF' | 'PF' | 'AF' | 'ZF' | 'SF' | 'OF';

/** Kinds whose RES is r and whose AUX corrects neither SF nor PF. */
const plainResult: ReadonlySet<FlagKindName> = new Set<FlagKindName>([
  'add',
  'adc',
  'sub',
  'sbb',
  'logic',
  'inc',
  'dec',
  'given',
]);

function zero(ir: FlagReader): Value {
  const setter = ir.slots.setters.res;
  if (setter?.kind === 'sub') return ir.eq(setter.args[0], setter.args[1]);
  return ir.eq(resultWord(ir, setter), ir.const(0));
}

function resultWord(ir: FlagReader, setter: Flags | undefined): Value {
  return setter && plainResult.has(setter.kind) ? setter.args[2] : ir.get(FLAG_RES);
}

/** A word whose sign is SF. */
function signWord(ir: FlagReader): Value {
  const { res, aux } = ir.slots.setters;
  if (res !== undefined && res === aux && plainResult.has(res.kind)) return res.args[2];
  return ir.pure('xor', resultWord(ir, res), ir.get(FLAG_AUX));
}

/** A word that is not zero when CF is set: 0 or 1. */
function carry(ir: FlagReader): Value {
  const setter = ir.slots.setters.cf;
  switch (setter?.kind) {
    case 'sub':
      return ir.ltu(setter.args[0], setter.args[1]);
    case 'add':
      return ir.ltu(setter.args[2], setter.args[0]);
    case 'logic':
      return ir.const(0);
    case 'given':
    case 'rotate':
    case 'carry':
      return setter.args[0];
    default:
      return ir.get(FLAG_CF);
  }
}

/** A word whose sign is OF. */
function overflowWord(ir: FlagReader): Value {
  const setter = ir.slots.setters.of;
  switch (setter?.kind) {
    case 'logic':
      return ir.const(0);
    case 'given':
    case 'rotate':
      return setter.args[1];
    default:
      return ir.get(FLAG_OF);
  }
}

function parity(ir: FlagReader): Value {
  const { res, aux } = ir.slots.setters;
  if (res !== undefined && res === aux && plainResult.has(res.kind)) return ir.pure('parity', res.args[2]);
  const correction = ir.shr(ir.get(FLAG_AUX), ir.const(8));
  return ir.pure('parity', ir.and(ir.xor(resultWord(ir, res), correction), ir.const(255)));
}

/** The setter of all three of RES, AUX and another component, if it is one and a subtraction or logic operation. */
function comparison(ir: FlagReader, other: Flags | undefined): Flags | undefined {
  const { res, aux } = ir.slots.setters;
  return res !== undefined && res === aux && res === other && (res.kind === 'sub' || res.kind === 'logic')
    ? res
    : undefined;
}

function order(ir: FlagReader, setter: Flags, test: TestName): Value {
  if (setter.kind === 'sub') return ir.pure(test, setter.args[0], setter.args[1]);
  return ir.pure(test, setter.args[2], ir.const(0));
}

const isNotZero = (ir: FlagReader, value: Value): Value => ir.ne(value, ir.const(0));

/** The even condition codes, which the odd ones negate. */
function positive(ir: FlagReader, cc: Condition): Value {
  const { setters } = ir.slots;
  switch (cc) {
    case 0:
      return ir.lts(overflowWord(ir), ir.const(0));
    case 2:
      return isNotZero(ir, carry(ir));
    case 4:
      return zero(ir);
    case 6: {
      const setter = comparison(ir, setters.cf);
      if (setter?.kind === 'sub') return order(ir, setter, 'leu');
      return isNotZero(ir, ir.or(carry(ir), zero(ir)));
    }
    case 8:
      return ir.lts(signWord(ir), ir.const(0));
    case 10:
      return isNotZero(ir, parity(ir));
    case 12: {
      const setter = comparison(ir, setters.of);
      if (setter) return order(ir, setter, 'lts');
      return ir.lts(ir.xor(signWord(ir), overflowWord(ir)), ir.const(0));
    }
    default: {
      const setter = comparison(ir, setters.of);
      if (setter) return order(ir, setter, 'les');
      return isNotZero(ir, ir.or(zero(ir), ir.lts(ir.xor(signWord(ir), overflowWord(ir)), ir.const(0))));
    }
  }
}

/** The test for condition code `cc`. */
export function conditionValue(ir: FlagReader, cc: Condition): Value {
  const value = positive(ir, cc & ~1);
  return cc & 1 ? negate(ir, value) : value;
}

/** The opposite of a test. */
function negate(ir: FlagReader, value: Value): Value {
  if (value.op === 'pure' && value.name in negatedTest) {
    return ir.pure(negatedTest[value.name as TestName], ...value.args);
  }
  return ir.eq(value, ir.const(0));
}

/** One flag as 0 or 1. */
export function flagValue(ir: FlagReader, name: FlagName): Value {
  switch (name) {
    case 'CF':
      return carry(ir);
    case 'PF':
      return parity(ir);
    case 'AF':
      return ir.and(ir.shr(ir.get(FLAG_AUX), ir.const(4)), ir.const(1));
    case 'ZF':
      return zero(ir);
    case 'SF':
      return ir.shr(signWord(ir), ir.const(31));
    case 'OF':
      return ir.shr(overflowWord(ir), ir.const(31));
  }
}

/** The six status flags at their places in EFLAGS. */
export function flagImage(ir: FlagReader): Value {
  const places: readonly (readonly [FlagName, number])[] = [
    ['CF', 0],
    ['PF', 2],
    ['AF', 4],
    ['ZF', 6],
    ['SF', 7],
    ['OF', 11],
  ];
  return places.map(([name, bit]) => ir.shl(flagValue(ir, name), ir.const(bit))).reduce((all, one) => ir.or(all, one));
}

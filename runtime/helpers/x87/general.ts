/**
 * The x87's instructions exactly as the manual has them, for every operand, control word and exception. Significands are
 * BigInts here: this is the path that is right for everything; fast.ts does the common cases and comes here for the rest.
 */
import { EFLAGS_CF, EFLAGS_PF, EFLAGS_ZF, SCRATCH, X87_SCRATCH } from '../../abi/state.ts';
import { X87Arithmetic as Arithmetic, X87Compare, X87Format } from '../../abi/x87.ts';
import type { HelperTable } from '../context.ts';
import { add, divide, multiply, propagateOne } from './arithmetic.ts';
import { compare, UNORDERED } from './compare.ts';
import { type Operand, pack, type Real } from './format.ts';
import { move } from './move.ts';
import { bitsOf, encode, operandOf, realOfTen } from './operand.ts';
import { operate } from './operation.ts';
import { DE, type FloatEnvironment, PE } from './round.ts';
import { C0, C2, C3, X87Unit } from './unit.ts';

/** Helpers that work on registers and words alone. */
export type X87Worker =
  | 'x87LoadWord'
  | 'x87LoadPair'
  | 'x87LoadTen'
  | 'x87StoreWord'
  | 'x87StorePair'
  | 'x87StoreTen'
  | 'x87Arithmetic'
  | 'x87ArithmeticWord'
  | 'x87ArithmeticPair'
  | 'x87Compare'
  | 'x87CompareWord'
  | 'x87ComparePair'
  | 'x87Operation'
  | 'x87Move';
export type X87Workers = Pick<HelperTable, X87Worker>;

/** The `x87…` helpers of abi/x87.ts. Source: SDM vol. 1 chapter 8, vol. 2A under each instruction. */
export function generalX87(state: Int32Array): X87Workers {
  const unit = new X87Unit(state);
  const { env } = unit;

  /** Push what `make` gives when there is room. */
  const load = (make: () => Real): number => {
    unit.begin();
    const value = unit.isEmpty(7) ? make() : unit.overflow();
    // Seen on an AMD CPU: #D comes after the push.
    if ((env.raised & ~env.control & ~DE) === 0) unit.push(value);
    unit.finish();
    return 0;
  };

  /** The bits that a store writes, and `old` where it must not. */
  const store = (format: number, old: bigint, pops: number): bigint => {
    unit.begin();
    const value = unit.isEmpty(0) ? unit.underflow() : unit.real(0);
    const underflows = env.raised;
    const bits = encode(env, format, value);
    // What the indefinite value does on conversion is no exception of its own.
    if (underflows !== 0) env.raised = underflows;
    const blocked = env.blockedStore;
    if (blocked) {
      env.raised &= ~PE;
      env.c1 = 0;
    } else unit.pop(pops);
    unit.finish();
    return blocked ? old : bits;
  };

  const arithmeticWith = (operation: number, source: Operand): number => {
    unit.begin();
    const value = unit.isEmpty(0) ? unit.underflow() : arithmetic(env, operation, unit.operand(0), source);
    if (!env.blocked) unit.write(0, value);
    unit.finish();
    return 0;
  };

  const compareWith = (source: Operand, pops: number): number => {
    unit.begin();
    let order = UNORDERED;
    if (unit.isEmpty(0)) unit.underflow();
    else order = compare(env, unit.operand(0), source, false);
    unit.setConditions(order);
    if (!env.blocked) unit.pop(pops);
    unit.finish();
    return 0;
  };

  return {
    x87LoadWord: (format, word) => load(() => loaded(env, operandOf(format, word, 0))),
    x87LoadPair: (format, low, high) => load(() => loaded(env, operandOf(format, low, high))),
    x87LoadTen: (format, low, high, top) => load(() => realOfTen(format, low, high, top)),

    x87StoreWord: (format, old, pops) => Number(store(format, BigInt(old >>> 0), pops)) | 0,

    x87StorePair(format, low, high, pops) {
      const bits = store(format, bitsOf(low, high), pops);
      state[SCRATCH] = Number(bits >> 32n) | 0;
      return Number(bits & 0xffffffffn) | 0;
    },

    x87StoreTen(format, low, high, top) {
      const bits = store(format, bitsOf(low, high) | (BigInt(top & 0xffff) << 64n), 1);
      state[SCRATCH] = Number((bits >> 32n) & 0xffffffffn) | 0;
      state[X87_SCRATCH] = Number(bits >> 64n);
      return Number(bits & 0xffffffffn) | 0;
    },

    x87Arithmetic(operation, destination, source, pops) {
      unit.begin();
      const isShort = unit.isEmpty(destination) || unit.isEmpty(source);
      const value = isShort
        ? unit.underflow()
        : arithmetic(env, operation, unit.operand(destination), unit.operand(source));
      if (!env.blocked) {
        unit.write(destination, value);
        unit.pop(pops);
      }
      unit.finish();
      return 0;
    },

    x87ArithmeticWord: (operation, format, word) => arithmeticWith(operation, operandOf(format, word, 0)),
    x87ArithmeticPair: (operation, low, high) => arithmeticWith(operation, operandOf(X87Format.Real64, low, high)),

    x87Compare(i, bits) {
      unit.begin();
      const quietAllowed = (bits & X87Compare.Unordered) !== 0;
      const toEflags = (bits & X87Compare.Eflags) !== 0;
      let order = UNORDERED;
      if (toEflags) unit.keepC1();
      if (unit.isEmpty(0) || unit.isEmpty(i)) unit.underflow();
      else order = compare(env, unit.operand(0), unit.operand(i), quietAllowed);
      if (!toEflags) unit.setConditions(order);
      if (!env.blocked) unit.pop((bits & X87Compare.Pop ? 1 : 0) + (bits & X87Compare.PopTwice ? 2 : 0));
      unit.finish();
      return eflagsOf(order);
    },

    x87CompareWord: (format, word, pops) => compareWith(operandOf(format, word, 0), pops),
    x87ComparePair: (low, high, pops) => compareWith(operandOf(X87Format.Real64, low, high), pops),

    x87Operation(operation) {
      unit.begin();
      operate(unit, operation);
      unit.finish();
      return 0;
    },

    x87Move(which, i) {
      unit.begin();
      move(unit, which, i);
      unit.finish();
      return 0;
    },
  };
}

/** What FLD of a single or double, or FILD, pushes. */
function loaded(env: FloatEnvironment, operand: Operand): Real {
  const nan = propagateOne(env, operand);
  if (nan !== undefined) return nan;
  if (operand.denormal) env.raised |= DE;
  return pack(operand);
}

function arithmetic(env: FloatEnvironment, operation: number, a: Operand, b: Operand): Real {
  switch (operation) {
    case Arithmetic.Add:
      return add(env, a, b, false);
    case Arithmetic.Multiply:
      return multiply(env, a, b);
    case Arithmetic.Subtract:
      return add(env, a, b, true);
    case Arithmetic.SubtractReversed:
      return add(env, b, a, true);
    case Arithmetic.Divide:
      return divide(env, a, b);
    default:
      return divide(env, b, a);
  }
}

/** C3, C2 and C0 as ZF, PF and CF. */
function eflagsOf(order: number): number {
  return (order & C3 ? EFLAGS_ZF : 0) | (order & C2 ? EFLAGS_PF : 0) | (order & C0 ? EFLAGS_CF : 0);
}

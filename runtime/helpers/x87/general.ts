/**
 * The x87's instructions exactly as the manual has them, for every operand, control word and exception. Significands are
 * BigInts here: this is the path that is right for everything; fast.ts does the common cases and comes here for the rest.
 */
import { EFLAGS_CF, EFLAGS_PF, EFLAGS_ZF, SCRATCH, X87_SCRATCH } from '../../abi/state.ts';
import { X87Compare, X87Format, type x87Signatures } from '../../abi/x87.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { add, divide, multiply, propagateOne } from './arithmetic.ts';
import { compare, UNORDERED } from './compare.ts';
import { type Operand, pack, type Real } from './format.ts';
import { move } from './move.ts';
import { bitsOf, encode, operandOf, realOfTen } from './operand.ts';
import { operate } from './operation.ts';
import { DE, type FloatEnvironment, PE } from './round.ts';
import { C0, C2, C3, X87Unit } from './unit.ts';

/** Helpers that do whole instructions on registers and operands. */
export type X87Workers = Omit<
  Pick<HelperTable, keyof typeof x87Signatures>,
  'x87Begin' | 'x87Wait' | 'x87Available' | 'x87LoadControl' | 'x87ReadControl' | 'x87ReadStatus' | 'x87Control'
>;

/** The `x87…` helpers of abi/x87.ts. @param begin raises what is pending. Source: SDM vol. 1 chapter 8, vol. 2A. */
export function generalX87({ state, memory }: HelperContext, begin: () => void): X87Workers {
  const unit = new X87Unit(state);
  const { env } = unit;

  /** Push what `make` gives when there is room, in an instruction that has begun. */
  const push = (make: () => Real): number => {
    unit.begin();
    const value = unit.isEmpty(7) ? make() : unit.overflow();
    // Seen on an AMD CPU: #D comes after the push.
    if ((env.raised & ~env.control & ~DE) === 0) unit.push(value);
    unit.finish();
    return 0;
  };

  const load = (make: () => Real): number => {
    begin();
    return push(make);
  };

  /** The bits that a store writes, and `old` where it must not, in an instruction that has begun. */
  const taken = (format: number, old: bigint, pops: number): bigint => {
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

  const store = (format: number, old: bigint, pops: number): bigint => {
    begin();
    return taken(format, old, pops);
  };

  const arithmetic = (destination: number, source: number, pops: number, apply: Apply): number => {
    begin();
    unit.begin();
    const isShort = unit.isEmpty(destination) || unit.isEmpty(source);
    const value = isShort ? unit.underflow() : apply(env, unit.operand(destination), unit.operand(source));
    if (!env.blocked) {
      unit.write(destination, value);
      unit.pop(pops);
    }
    unit.finish();
    return 0;
  };

  /** ST(0) with an operand. */
  const arithmeticWith = (operand: () => Operand, apply: Apply): number => {
    begin();
    const source = operand();
    unit.begin();
    const value = unit.isEmpty(0) ? unit.underflow() : apply(env, unit.operand(0), source);
    if (!env.blocked) unit.write(0, value);
    unit.finish();
    return 0;
  };

  /** A double in memory. @throws GuestFault. */
  const doubleAt = (la: number) => (): Operand => {
    const low = memory.read32(la);
    return operandOf(X87Format.Real64, low, memory.read32((la + 4) | 0));
  };

  const compareWith = (operand: () => Operand, pops: number): number => {
    begin();
    const source = operand();
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
    x87LoadPair: (low, high) => load(() => loaded(env, operandOf(X87Format.Integer64, low, high))),
    x87LoadTen: (format, low, high, top) => load(() => realOfTen(format, low, high, top)),
    x87LoadDouble(la) {
      begin();
      const operand = doubleAt(la)();
      return push(() => loaded(env, operand));
    },

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

    x87StoreDouble(la, pops) {
      begin();
      // Both halves are checked before one is written.
      const low = memory.modify32(la);
      const high = memory.modify32((la + 4) | 0);
      const bits = taken(X87Format.Real64, bitsOf(low, high), pops);
      memory.write32(la, Number(bits & 0xffffffffn) | 0);
      memory.write32((la + 4) | 0, Number(bits >> 32n) | 0);
      return 0;
    },

    x87Sum: (destination, source, pops, flip) => arithmetic(destination, source, pops, sums[flip]!),
    x87Product: (destination, source, pops) => arithmetic(destination, source, pops, multiply),
    x87Quotient: (destination, source, pops, flip) => arithmetic(destination, source, pops, quotients[flip]!),
    x87SumWord: (format, word, flip) => arithmeticWith(() => operandOf(format, word, 0), sums[flip]!),
    x87ProductWord: (format, word) => arithmeticWith(() => operandOf(format, word, 0), multiply),
    x87QuotientWord: (format, word, flip) => arithmeticWith(() => operandOf(format, word, 0), quotients[flip]!),
    x87SumDouble: (la, flip) => arithmeticWith(doubleAt(la), sums[flip]!),
    x87ProductDouble: (la) => arithmeticWith(doubleAt(la), multiply),
    x87QuotientDouble: (la, flip) => arithmeticWith(doubleAt(la), quotients[flip]!),

    x87Compare(i, bits) {
      begin();
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

    x87CompareWord: (format, word, pops) => compareWith(() => operandOf(format, word, 0), pops),
    x87CompareDouble: (la, pops) => compareWith(doubleAt(la), pops),

    x87Operation(operation) {
      begin();
      unit.begin();
      operate(unit, operation);
      unit.finish();
      return 0;
    },

    x87Move(which, i) {
      begin();
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

/** An operation of destination and source. */
type Apply = (env: FloatEnvironment, a: Operand, b: Operand) => Real;

/** By flip. */
const sums: readonly Apply[] = [
  (env, a, b) => add(env, a, b, false),
  (env, a, b) => add(env, a, b, true),
  (env, a, b) => add(env, b, a, true),
];
const quotients: readonly Apply[] = [divide, divide, (env, a, b) => divide(env, b, a)];

/** C3, C2 and C0 as ZF, PF and CF. */
function eflagsOf(order: number): number {
  return (order & C3 ? EFLAGS_ZF : 0) | (order & C2 ? EFLAGS_PF : 0) | (order & C0 ? EFLAGS_CF : 0);
}

/**
 * The common cases of the x87's instructions, on registers in the form of pairs (abi/pair.ts) and without allocation:
 * numbers that are neither huge nor tiny, under the control word that compilers assume. Each worker tries, writes nothing
 * before it is certain, and else hands the instruction to the general path.
 *
 * Registers and other
 * operands are given by their place among the state's doubles, for a number as argument would be allocated.
 */
import { MODE_USER } from '../../abi/mode.ts';
import { integerOfPair, PairOperation, type PairResult, pairOperation, singleOfPair } from '../../abi/pair.ts';
import {
  EFLAGS_CF,
  EFLAGS_ZF,
  MODE,
  SCRATCH,
  X87_CONTROL,
  X87_DOUBLE,
  X87_FAST,
  X87_INEXACT,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_RESIDUE,
  X87_SCRATCH,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
} from '../../abi/state.ts';
import {
  X87Flip as Flip,
  X87Format as Format,
  X87Move as Move,
  X87Operation as Operation,
  X87Compare,
} from '../../abi/x87.ts';
import { extendedOfPair, pairOfExtended } from '../../cpu/extended.ts';
import { isX87Available, x87Doubles } from '../../cpu/x87.ts';
import type { HelperContext } from '../context.ts';
import type { X87Workers } from './general.ts';
import { PE } from './round.ts';
import { C0, C2, C3 } from './unit.ts';

/** Index among doubles of the first register, doubles of each, and index of the residue. */
const FIRST = X87_REGISTER >> 1;
const DOUBLES = X87_REGISTER_SLOTS >> 1;
const RESIDUE = X87_RESIDUE >> 1;
/** Where operands from memory are put; they are doubles, so the low part behind is zero. */
const OPERAND = X87_DOUBLE >> 1;
/** Where other pairs are put on their way to a register. */
const WIDE = OPERAND + 2;
/** A register that is not empty and a pair, of X87_TAGS shifted to it. */
const READY = 0x101;
const TOWARD_ZERO = 3;
/** The least normal single. */
const LEAST_SINGLE = 1.1754943508222875e-38;

/** Highest offset in a page at which eight bytes lie on it. */
const LAST_DOUBLE = 4088;

/** Make the workers that try on pairs first. */
export function fastX87({ state: S, memory }: HelperContext, general: X87Workers): X87Workers {
  const F = x87Doubles(S);
  const { user, supervisor } = memory.tlb;
  const ram = new DataView(memory.ram.i32.buffer);
  const R: PairResult = new Float64Array(4);
  const words = new Int32Array(2);
  const single = new Float32Array(words.buffer);

  /** Is physical register `r` in use and a pair, if need be after making it one? */
  const ready = (r: number): boolean => {
    const tags = S[X87_TAGS]! >> r;
    if ((tags & READY) === READY) return true;
    return (tags & 1) !== 0 && makePair(r);
  };

  const makePair = (r: number): boolean => {
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    if (!pairOfExtended(S[at]!, S[at + 1]!, S[at + 2]!, R)) return false;
    F[at >> 1] = R[0]!;
    F[(at >> 1) + 1] = R[1]!;
    S[X87_TAGS] = S[X87_TAGS]! | (0x100 << r);
    return true;
  };

  const pop = (count: number): void => {
    for (let n = count; n > 0; n--) {
      const top = S[X87_TOP]!;
      S[X87_TAGS] = S[X87_TAGS]! & ~(1 << top);
      S[X87_TOP] = (top + 1) & 7;
    }
  };

  /** C1 and PE of a conversion whose residue is R[1]. */
  const note = (): void => {
    F[RESIDUE] = R[1]!;
    if (R[1] !== 0) S[X87_INEXACT] = PE;
  };

  /** Push what is at a place. */
  const push = (a: number): boolean => {
    const r = (S[X87_TOP]! - 1) & 7;
    if (S[X87_FAST] !== 1 || ((S[X87_TAGS]! >> r) & 1) !== 0) return false;
    F[FIRST + r * DOUBLES] = F[a]!;
    F[FIRST + r * DOUBLES + 1] = F[a + 1]!;
    S[X87_TAGS] = S[X87_TAGS]! | (READY << r);
    S[X87_TOP] = r;
    F[RESIDUE] = 0;
    return true;
  };

  /** Put a word operand where doubles from memory go; false for those that the general path has to see. */
  const takeWord = (format: number, word: number): boolean => {
    let value = word;
    if (format === Format.Integer16) value = (word << 16) >> 16;
    else if (format === Format.Real32) {
      words[0] = word;
      value = single[0]!;
      if (!(Math.abs(value) >= LEAST_SINGLE && Math.abs(value) < Infinity) && value !== 0) return false;
    }
    F[OPERAND] = value;
    return S[X87_FAST] === 1;
  };

  /** The same for a double in memory. False too when it does not lie in RAM on one page, mapped and known to be. */
  const takeDouble = (la: number): boolean => {
    const { read } = S[MODE]! & MODE_USER ? user : supervisor;
    const p = read[la >>> 12]! ^ la;
    if (p < 0 || (la & 4095) > LAST_DOUBLE) return false;
    const value = ram.getFloat64(p, true);
    const a = Math.abs(value);
    if (!(a >= 1e-120 && a <= 1e120) && a !== 0) return false;
    F[OPERAND] = value;
    return S[X87_FAST] === 1;
  };

  /** Place of ST(i), or -1 when it is not ready. */
  const placeOf = (i: number): number => {
    const r = (S[X87_TOP]! + i) & 7;
    return ready(r) ? FIRST + r * DOUBLES : -1;
  };

  /** An operation of abi/pair.ts on two places, into the first. */
  const operate = (operation: number, a: number, b: number): boolean => {
    if (!pairOperation(F, operation, a, b, RESIDUE)) return false;
    if (F[RESIDUE] !== 0) S[X87_INEXACT] = PE;
    return true;
  };

  /** a + b, a − b or b − a into a: PairOperation has them in the order of Flip. */
  const sum = (a: number, b: number, flip: number): boolean => operate(flip, a, b);

  /** a × b into a. */
  const product = (a: number, b: number): boolean => operate(PairOperation.Product, a, b);

  /** a ÷ b or b ÷ a into a. */
  const quotient = (a: number, b: number, flip: number): boolean =>
    operate(flip === Flip.Destination ? PairOperation.QuotientReversed : PairOperation.Quotient, a, b);

  /** C3 or C0 of a comparison. */
  const orderOf = (a: number, b: number): number => {
    if (F[a] === F[b]) return F[a + 1] === F[b + 1] ? C3 : F[a + 1]! < F[b + 1]! ? C0 : 0;
    return F[a]! < F[b]! ? C0 : 0;
  };

  const setConditions = (bits: number): void => {
    S[X87_STATUS] = (S[X87_STATUS]! & ~(C0 | C2 | C3)) | bits;
    F[RESIDUE] = 0;
  };

  /** Compare ST(0) with what is at a place. */
  const compareWith = (b: number, pops: number): boolean => {
    const a = placeOf(0);
    if (a < 0) return false;
    setConditions(orderOf(a, b));
    pop(pops);
    return true;
  };

  /** ST(0) rounded to an integer in R[0]: for any rounding, as long as everything is masked. */
  const integer = (truncates: boolean): boolean => {
    const r = S[X87_TOP]!;
    const control = S[X87_CONTROL]!;
    // Any rounding will do here, so X87_FAST does not say whether the x87 may be used at all.
    if ((control & 0x3f) !== 0x3f || !ready(r) || !isX87Available(S)) return false;
    const at = FIRST + r * DOUBLES;
    return integerOfPair(F, at, truncates ? TOWARD_ZERO : (control >> 10) & 3, R);
  };

  /** ST(0) := −ST(0), or its magnitude. */
  const sign = (magnitude: boolean): boolean => {
    const at = placeOf(0);
    if (S[X87_FAST] !== 1 || at < 0) return false;
    const h = F[at]!;
    if (!magnitude || h < 0 || Object.is(h, -0)) {
      F[at] = -h;
      // Not to make it -0.
      F[at + 1] = 0 - F[at + 1]!;
    }
    F[RESIDUE] = 0;
    return true;
  };

  const root = (): boolean => {
    const at = placeOf(0);
    if (S[X87_FAST] !== 1 || at < 0) return false;
    return operate(PairOperation.Root, at, at);
  };

  const constant = (value: 0 | 1): boolean => {
    F[OPERAND] = value;
    return push(OPERAND);
  };

  const extended = (low: number, high: number, se: number): boolean => {
    if (!pairOfExtended(low, high, se, R)) return false;
    F[WIDE] = R[0]!;
    F[WIDE + 1] = R[1]!;
    return push(WIDE);
  };

  const test = (): boolean => {
    F[OPERAND] = 0;
    return S[X87_FAST] === 1 && compareWith(OPERAND, 0);
  };

  /** Copy a register with its form. */
  const copy = (from: number, to: number): void => {
    F[FIRST + to * DOUBLES] = F[FIRST + from * DOUBLES]!;
    F[FIRST + to * DOUBLES + 1] = F[FIRST + from * DOUBLES + 1]!;
    S[X87_TAGS] = S[X87_TAGS]! | (READY << to);
  };

  /** Movements of registers that are ready, which no exception can come of. */
  const move = (which: number, i: number): boolean => {
    if (S[X87_FAST] !== 1) return false;
    const top = S[X87_TOP]!;
    const other = (top + i) & 7;
    switch (which) {
      case Move.Load:
        return ready(other) && push(FIRST + other * DOUBLES);
      case Move.Store:
      case Move.StorePop:
      case Move.StorePopQuietly:
        if (!ready(top)) return false;
        copy(top, other);
        F[RESIDUE] = 0;
        if (which !== Move.Store) pop(1);
        return true;
      case Move.Exchange: {
        if (!ready(top) || !ready(other)) return false;
        const h = F[FIRST + top * DOUBLES]!;
        const l = F[FIRST + top * DOUBLES + 1]!;
        copy(other, top);
        F[FIRST + other * DOUBLES] = h;
        F[FIRST + other * DOUBLES + 1] = l;
        F[RESIDUE] = 0;
        return true;
      }
      case Move.Conditional:
        if (!ready(top) || !ready(other)) return false;
        copy(other, top);
        return true;
      case Move.NotMoved:
        return ready(top) && ready(other);
      default:
        return false;
    }
  };

  return {
    x87LoadWord: (format, word) => (takeWord(format, word) && push(OPERAND) ? 0 : general.x87LoadWord(format, word)),

    x87LoadPair(low, high) {
      const upper = high * 4294967296;
      const h = upper + (low >>> 0);
      F[WIDE] = h;
      F[WIDE + 1] = upper - h + (low >>> 0);
      return push(WIDE) ? 0 : general.x87LoadPair(low, high);
    },

    x87LoadDouble: (la) => (takeDouble(la) && push(OPERAND) ? 0 : general.x87LoadDouble(la)),

    x87LoadTen(format, low, high, top) {
      if (format === Format.Real80 && extended(low, high, top)) return 0;
      return general.x87LoadTen(format, low, high, top);
    },

    x87StoreWord(format, old, pops) {
      if (format !== Format.Real32) {
        if (!integer(format >= Format.Truncated16)) return general.x87StoreWord(format, old, pops);
        const value = R[0]!;
        const isNarrow = format === Format.Integer16 || format === Format.Truncated16;
        if (isNarrow && (value << 16) >> 16 !== value) return general.x87StoreWord(format, old, pops);
        note();
        pop(pops);
        return value | 0;
      }
      const r = S[X87_TOP]!;
      const at = FIRST + r * DOUBLES;
      if (S[X87_FAST] !== 1 || !ready(r) || !singleOfPair(F, at, R)) return general.x87StoreWord(format, old, pops);
      note();
      pop(pops);
      single[0] = R[0]!;
      return words[0]!;
    },

    x87StorePair(format, low, high, pops) {
      if (!integer(format === Format.Truncated64)) return general.x87StorePair(format, low, high, pops);
      note();
      pop(pops);
      S[SCRATCH] = R[0]! < 0 ? -1 : 0;
      return R[0]! | 0;
    },

    x87StoreDouble(la, pops) {
      const { write } = S[MODE]! & MODE_USER ? user : supervisor;
      const p = write[la >>> 12]! ^ la;
      const at = placeOf(0);
      if (p < 0 || (la & 4095) > LAST_DOUBLE || S[X87_FAST] !== 1 || at < 0) return general.x87StoreDouble(la, pops);
      const h = F[at]!;
      ram.setFloat64(p, h, true);
      R[1] = F[at + 1]! * h;
      note();
      pop(pops);
      return 0;
    },

    x87StoreTen(format, low, high, top) {
      const r = S[X87_TOP]!;
      if (format !== Format.Real80 || S[X87_FAST] !== 1 || ((S[X87_TAGS]! >> r) & READY) !== READY)
        return general.x87StoreTen(format, low, high, top);
      const at = FIRST + r * DOUBLES;
      extendedOfPair(F[at]!, F[at + 1]!, ten, 0);
      F[RESIDUE] = 0;
      pop(1);
      S[SCRATCH] = ten[1]!;
      S[X87_SCRATCH] = ten[2]!;
      return ten[0]!;
    },

    x87Sum(destination, source, pops, flip) {
      const a = placeOf(destination);
      const b = placeOf(source);
      if (S[X87_FAST] !== 1 || a < 0 || b < 0 || !sum(a, b, flip))
        return general.x87Sum(destination, source, pops, flip);
      pop(pops);
      return 0;
    },

    x87Product(destination, source, pops) {
      const a = placeOf(destination);
      const b = placeOf(source);
      if (S[X87_FAST] !== 1 || a < 0 || b < 0 || !product(a, b)) return general.x87Product(destination, source, pops);
      pop(pops);
      return 0;
    },

    x87Quotient(destination, source, pops, flip) {
      const a = placeOf(destination);
      const b = placeOf(source);
      if (S[X87_FAST] !== 1 || a < 0 || b < 0 || !quotient(a, b, flip))
        return general.x87Quotient(destination, source, pops, flip);
      pop(pops);
      return 0;
    },

    x87SumWord(format, word, flip) {
      const a = placeOf(0);
      return a >= 0 && takeWord(format, word) && sum(a, OPERAND, flip) ? 0 : general.x87SumWord(format, word, flip);
    },

    x87ProductWord(format, word) {
      const a = placeOf(0);
      return a >= 0 && takeWord(format, word) && product(a, OPERAND) ? 0 : general.x87ProductWord(format, word);
    },

    x87QuotientWord(format, word, flip) {
      const a = placeOf(0);
      return a >= 0 && takeWord(format, word) && quotient(a, OPERAND, flip)
        ? 0
        : general.x87QuotientWord(format, word, flip);
    },

    x87SumDouble(la, flip) {
      const a = placeOf(0);
      return a >= 0 && takeDouble(la) && sum(a, OPERAND, flip) ? 0 : general.x87SumDouble(la, flip);
    },

    x87ProductDouble(la) {
      const a = placeOf(0);
      return a >= 0 && takeDouble(la) && product(a, OPERAND) ? 0 : general.x87ProductDouble(la);
    },

    x87QuotientDouble(la, flip) {
      const a = placeOf(0);
      return a >= 0 && takeDouble(la) && quotient(a, OPERAND, flip) ? 0 : general.x87QuotientDouble(la, flip);
    },

    x87Compare(i, bits) {
      const top = S[X87_TOP]!;
      const other = (top + i) & 7;
      if (S[X87_FAST] !== 1 || !ready(top) || !ready(other)) return general.x87Compare(i, bits);
      const a = FIRST + top * DOUBLES;
      const b = FIRST + other * DOUBLES;
      const order = orderOf(a, b);
      if ((bits & X87Compare.Eflags) === 0) setConditions(order);
      pop((bits & X87Compare.Pop ? 1 : 0) + (bits & X87Compare.PopTwice ? 2 : 0));
      return order === C3 ? EFLAGS_ZF : order === C0 ? EFLAGS_CF : 0;
    },

    x87CompareWord: (format, word, pops) =>
      takeWord(format, word) && compareWith(OPERAND, pops) ? 0 : general.x87CompareWord(format, word, pops),
    x87CompareDouble: (la, pops) =>
      takeDouble(la) && compareWith(OPERAND, pops) ? 0 : general.x87CompareDouble(la, pops),

    x87Operation(operation) {
      let isDone = false;
      if (operation === Operation.ChangeSign) isDone = sign(false);
      else if (operation === Operation.Absolute) isDone = sign(true);
      else if (operation === Operation.LoadOne) isDone = constant(1);
      else if (operation === Operation.LoadZero) isDone = constant(0);
      else if (operation === Operation.SquareRoot) isDone = root();
      else if (operation === Operation.Test) isDone = test();
      return isDone ? 0 : general.x87Operation(operation);
    },

    x87Move: (which, i) => (move(which, i) ? 0 : general.x87Move(which, i)),
  };
}

/** A register's words on their way to memory. */
const ten = new Int32Array(3);

/**
 * The common cases of the x87's instructions, on registers in the form of pairs (abi/pair.ts) and without allocation:
 * numbers that are neither huge nor tiny, under the control word that compilers assume. Each worker tries, writes nothing
 * before it is certain, and else hands the instruction to the general path. Tier 1 inlines the same (emit/x87.ts).
 */
import {
  doubleSum,
  integerOfPair,
  type PairResult,
  pairProduct,
  pairProductDouble,
  pairQuotient,
  pairRoot,
  pairSum,
  pairSumDouble,
  roundPair,
  singleOfPair,
} from '../../abi/pair.ts';
import {
  EFLAGS_CF,
  EFLAGS_ZF,
  SCRATCH,
  X87_CONTROL,
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
  X87Arithmetic as Arithmetic,
  X87Format as Format,
  X87Move as Move,
  X87Operation as Operation,
  X87Compare,
} from '../../abi/x87.ts';
import { extendedOfPair, pairOfExtended } from '../../cpu/extended.ts';
import { x87Doubles } from '../../cpu/x87.ts';
import type { X87Workers } from './general.ts';
import { PE } from './round.ts';
import { C0, C2, C3 } from './unit.ts';

/** Index among doubles of the first register, doubles of each, and index of the residue. */
const FIRST = X87_REGISTER >> 1;
const DOUBLES = X87_REGISTER_SLOTS >> 1;
const RESIDUE = X87_RESIDUE >> 1;
/** A register that is not empty and a pair, of X87_TAGS shifted to it. */
const READY = 0x101;
const TOWARD_ZERO = 3;
/** The least normal single. */
const LEAST_SINGLE = 1.1754943508222875e-38;

/** Make the workers that try on pairs first. */
export function fastX87(S: Int32Array, general: X87Workers): X87Workers {
  const F = x87Doubles(S);
  const R: PairResult = new Float64Array(4);
  const words = new Int32Array(2);
  const double = new Float64Array(words.buffer);
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

  /** C1 and PE of a result that was rounded. */
  const note = (residue: number): void => {
    F[RESIDUE] = residue;
    if (residue !== 0) S[X87_INEXACT] = PE;
  };

  const push = (h: number, l: number): boolean => {
    const r = (S[X87_TOP]! - 1) & 7;
    if (S[X87_FAST] !== 1 || ((S[X87_TAGS]! >> r) & 1) !== 0) return false;
    F[FIRST + r * DOUBLES] = h;
    F[FIRST + r * DOUBLES + 1] = l;
    S[X87_TAGS] = S[X87_TAGS]! | (READY << r);
    S[X87_TOP] = r;
    F[RESIDUE] = 0;
    return true;
  };

  /** Value of a word operand as a double; NaN when it is one of those that the general path has to see. */
  const valueOfWord = (format: number, word: number): number => {
    if (format === Format.Integer32) return word;
    if (format === Format.Integer16) return (word << 16) >> 16;
    words[0] = word;
    const value = single[0]!;
    return Math.abs(value) >= LEAST_SINGLE || value === 0 ? value : Number.NaN;
  };

  const valueOfPair = (low: number, high: number): number => {
    words[0] = low;
    words[1] = high;
    const a = Math.abs(double[0]!);
    return (a >= 1e-120 && a <= 1e120) || a === 0 ? double[0]! : Number.NaN;
  };

  /** a op b into R, rounded; b is a double if `bl` is zero. */
  const compute = (operation: number, ah: number, al: number, bh: number, bl: number): boolean => {
    switch (operation) {
      case Arithmetic.Add:
        return sum(ah, al, bh, bl);
      case Arithmetic.Subtract:
        return sum(ah, al, -bh, -bl);
      case Arithmetic.SubtractReversed:
        return sum(bh, bl, -ah, -al);
      case Arithmetic.Multiply:
        if (bl === 0) pairProductDouble(ah, al, bh, R);
        else if (al === 0) pairProductDouble(bh, bl, ah, R);
        else pairProduct(ah, al, bh, bl, R);
        break;
      case Arithmetic.Divide:
        pairQuotient(ah, al, bh, bl, R);
        break;
      default:
        pairQuotient(bh, bl, ah, al, R);
    }
    return roundPair(R[0]!, R[1]!, R[2]!, R);
  };

  const sum = (ah: number, al: number, bh: number, bl: number): boolean => {
    if (bl !== 0) return pairSum(ah, al, bh, bl, R) && roundPair(R[0]!, R[1]!, 0, R);
    if (al !== 0) return pairSumDouble(ah, al, bh, R) && roundPair(R[0]!, R[1]!, 0, R);
    return doubleSum(ah, bh, R) && roundPair(R[0]!, R[1]!, 0, R);
  };

  /** ST(0) op value. */
  const arithmeticWith = (operation: number, value: number): boolean => {
    const r = S[X87_TOP]!;
    if (S[X87_FAST] !== 1 || !ready(r)) return false;
    const at = FIRST + r * DOUBLES;
    if (!compute(operation, F[at]!, F[at + 1]!, value, 0)) return false;
    F[at] = R[0]!;
    F[at + 1] = R[1]!;
    note(R[2]!);
    return true;
  };

  /** C3 or C0 of a comparison. */
  const orderOf = (ah: number, al: number, bh: number, bl: number): number => {
    if (ah === bh) return al === bl ? C3 : al < bl ? C0 : 0;
    return ah < bh ? C0 : 0;
  };

  const setConditions = (bits: number): void => {
    S[X87_STATUS] = (S[X87_STATUS]! & ~(C0 | C2 | C3)) | bits;
    F[RESIDUE] = 0;
  };

  /** Compare ST(0) with a value that is not a NaN. */
  const compareWith = (value: number, pops: number): boolean => {
    const r = S[X87_TOP]!;
    if (S[X87_FAST] !== 1 || !ready(r) || Number.isNaN(value)) return false;
    const at = FIRST + r * DOUBLES;
    setConditions(orderOf(F[at]!, F[at + 1]!, value, 0));
    pop(pops);
    return true;
  };

  /** ST(0) rounded to an integer in R[0]: for any rounding, as long as everything is masked. */
  const integer = (truncates: boolean): boolean => {
    const r = S[X87_TOP]!;
    const control = S[X87_CONTROL]!;
    if ((control & 0x3f) !== 0x3f || !ready(r)) return false;
    const at = FIRST + r * DOUBLES;
    return integerOfPair(F[at]!, F[at + 1]!, truncates ? TOWARD_ZERO : (control >> 10) & 3, R);
  };

  /** ST(0) := −ST(0), or its magnitude. */
  const sign = (magnitude: boolean): boolean => {
    const r = S[X87_TOP]!;
    if (!ready(r)) return false;
    const at = FIRST + r * DOUBLES;
    const h = F[at]!;
    if (!magnitude || h < 0 || Object.is(h, -0)) {
      F[at] = -h;
      F[at + 1] = -F[at + 1]!;
    }
    F[RESIDUE] = 0;
    return true;
  };

  const root = (): boolean => {
    const r = S[X87_TOP]!;
    if (S[X87_FAST] !== 1 || !ready(r)) return false;
    const at = FIRST + r * DOUBLES;
    pairRoot(F[at]!, F[at + 1]!, R);
    if (!roundPair(R[0]!, R[1]!, R[2]!, R)) return false;
    F[at] = R[0]!;
    F[at + 1] = R[1]!;
    note(R[2]!);
    return true;
  };

  /** Copy a register with its form. */
  const copy = (from: number, to: number): void => {
    F[FIRST + to * DOUBLES] = F[FIRST + from * DOUBLES]!;
    F[FIRST + to * DOUBLES + 1] = F[FIRST + from * DOUBLES + 1]!;
    S[X87_TAGS] = S[X87_TAGS]! | (READY << to);
  };

  /** Movements of registers that are ready, which no exception can come of. */
  const move = (which: number, i: number): boolean => {
    const top = S[X87_TOP]!;
    const other = (top + i) & 7;
    switch (which) {
      case Move.Load:
        return ready(other) && push(F[FIRST + other * DOUBLES]!, F[FIRST + other * DOUBLES + 1]!);
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
    x87LoadWord(format, word) {
      const value = valueOfWord(format, word);
      return !Number.isNaN(value) && push(value, 0) ? 0 : general.x87LoadWord(format, word);
    },

    x87LoadPair(format, low, high) {
      if (format === Format.Real64) {
        const value = valueOfPair(low, high);
        if (!Number.isNaN(value) && push(value, 0)) return 0;
      } else {
        const upper = high * 4294967296;
        const h = upper + (low >>> 0);
        if (push(h, upper - h + (low >>> 0))) return 0;
      }
      return general.x87LoadPair(format, low, high);
    },

    x87LoadTen(format, low, high, top) {
      if (format === Format.Real80 && pairOfExtended(low, high, top, R) && push(R[0]!, R[1]!)) return 0;
      return general.x87LoadTen(format, low, high, top);
    },

    x87StoreWord(format, old, pops) {
      if (format !== Format.Real32) {
        if (!integer(format >= Format.Truncated16)) return general.x87StoreWord(format, old, pops);
        const value = R[0]!;
        const isNarrow = format === Format.Integer16 || format === Format.Truncated16;
        if (isNarrow && (value << 16) >> 16 !== value) return general.x87StoreWord(format, old, pops);
        note(R[1]!);
        pop(pops);
        return value | 0;
      }
      const r = S[X87_TOP]!;
      const at = FIRST + r * DOUBLES;
      if (S[X87_FAST] !== 1 || !ready(r) || !singleOfPair(F[at]!, F[at + 1]!, R))
        return general.x87StoreWord(format, old, pops);
      note(R[1]!);
      pop(pops);
      single[0] = R[0]!;
      return words[0]!;
    },

    x87StorePair(format, low, high, pops) {
      if (format !== Format.Real64) {
        if (!integer(format === Format.Truncated64)) return general.x87StorePair(format, low, high, pops);
        note(R[1]!);
        pop(pops);
        S[SCRATCH] = R[0]! < 0 ? -1 : 0;
        return R[0]! | 0;
      }
      const r = S[X87_TOP]!;
      if (S[X87_FAST] !== 1 || !ready(r)) return general.x87StorePair(format, low, high, pops);
      const at = FIRST + r * DOUBLES;
      double[0] = F[at]!;
      note(F[at + 1]! * F[at]!);
      pop(pops);
      S[SCRATCH] = words[1]!;
      return words[0]!;
    },

    x87StoreTen(format, low, high, top) {
      const r = S[X87_TOP]!;
      if (format !== Format.Real80 || ((S[X87_TAGS]! >> r) & READY) !== READY)
        return general.x87StoreTen(format, low, high, top);
      const at = FIRST + r * DOUBLES;
      extendedOfPair(F[at]!, F[at + 1]!, ten, 0);
      F[RESIDUE] = 0;
      pop(1);
      S[SCRATCH] = ten[1]!;
      S[X87_SCRATCH] = ten[2]!;
      return ten[0]!;
    },

    x87Arithmetic(operation, destination, source, pops) {
      const top = S[X87_TOP]!;
      const to = (top + destination) & 7;
      const from = (top + source) & 7;
      if (S[X87_FAST] === 1 && ready(to) && ready(from)) {
        const a = FIRST + to * DOUBLES;
        const b = FIRST + from * DOUBLES;
        if (compute(operation, F[a]!, F[a + 1]!, F[b]!, F[b + 1]!)) {
          F[a] = R[0]!;
          F[a + 1] = R[1]!;
          note(R[2]!);
          pop(pops);
          return 0;
        }
      }
      return general.x87Arithmetic(operation, destination, source, pops);
    },

    x87ArithmeticWord(operation, format, word) {
      const value = valueOfWord(format, word);
      return !Number.isNaN(value) && arithmeticWith(operation, value)
        ? 0
        : general.x87ArithmeticWord(operation, format, word);
    },

    x87ArithmeticPair(operation, low, high) {
      const value = valueOfPair(low, high);
      return !Number.isNaN(value) && arithmeticWith(operation, value)
        ? 0
        : general.x87ArithmeticPair(operation, low, high);
    },

    x87Compare(i, bits) {
      const top = S[X87_TOP]!;
      const other = (top + i) & 7;
      if (S[X87_FAST] !== 1 || !ready(top) || !ready(other)) return general.x87Compare(i, bits);
      const a = FIRST + top * DOUBLES;
      const b = FIRST + other * DOUBLES;
      const order = orderOf(F[a]!, F[a + 1]!, F[b]!, F[b + 1]!);
      if ((bits & X87Compare.Eflags) === 0) setConditions(order);
      pop((bits & X87Compare.Pop ? 1 : 0) + (bits & X87Compare.PopTwice ? 2 : 0));
      return order === C3 ? EFLAGS_ZF : order === C0 ? EFLAGS_CF : 0;
    },

    x87CompareWord: (format, word, pops) =>
      compareWith(valueOfWord(format, word), pops) ? 0 : general.x87CompareWord(format, word, pops),
    x87ComparePair: (low, high, pops) =>
      compareWith(valueOfPair(low, high), pops) ? 0 : general.x87ComparePair(low, high, pops),

    x87Operation(operation) {
      let isDone = false;
      if (operation === Operation.ChangeSign) isDone = sign(false);
      else if (operation === Operation.Absolute) isDone = sign(true);
      else if (operation === Operation.LoadOne) isDone = push(1, 0);
      else if (operation === Operation.LoadZero) isDone = push(0, 0);
      else if (operation === Operation.SquareRoot) isDone = root();
      else if (operation === Operation.Test) isDone = compareWith(0, 0);
      return isDone ? 0 : general.x87Operation(operation);
    },

    x87Move: (which, i) => (move(which, i) ? 0 : general.x87Move(which, i)),
  };
}

/** A register's words on their way to memory. */
const ten = new Int32Array(3);

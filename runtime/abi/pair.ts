/**
 * Extended-precision numbers as pairs of doubles, and their arithmetic rounded to 64 bits as the x87 rounds it.
 *
 * A number v with a 64-bit significand is the unevaluated sum h + l, where h is v rounded to a double and l, of at most
 * 11 bits, is the rest: sums and products of such numbers can be had exactly, as a double and its error, with a few
 * additions and multiplications (Knuth's and Dekker's error-free transformations), and rounded once. Each function
 * says whether it is certain of its results; where not (range, zeros, quotients that end early),
 * the general path of runtime/helpers/x87/ does the instruction. Pairs that are not zero have magnitudes from 1e-120 to
 * 1e120: then nothing here overflows or loses bits.
 *
 * Operands are read from an array at a place: high part, then low part. No number is an argument, because V8 would allocate
 * it in every call that is not inlined.
 *
 * Sources: Dekker, A floating-point technique for extending the available precision (1971); Knuth, The Art of Computer
 * Programming, vol. 2 §4.2.2. Rounding: to nearest even, SDM vol. 1 §4.8.4.
 */

/** Where results go: high part, low part, and a third number by function. */
export type PairResult = Float64Array;

/** What `pairOperation` does; `Reversed` takes the operands the other way round. */
export const PairOperation = {
  Sum: 0,
  Difference: 1,
  DifferenceReversed: 2,
  Product: 3,
  Quotient: 4,
  QuotientReversed: 5,
  /** The square root of b. */
  Root: 6,
} as const;

/** Parts of doubles. */
const bits = {
  /** The double rounded to 26 bits, so that what is left of it has no more either. */
  upperHalf(x: number): number {
    const t = 134217729 * x;
    return t - (t - x);
  },
  /** The upper word. */
  highWord(x: number): number {
    scratch[0] = x;
    return scratchWords[1]!;
  },
  /** The double with this upper word and a lower one that is zero. */
  ofHighWord(high: number): number {
    scratchWords[0] = 0;
    scratchWords[1] = high;
    return scratch[0]!;
  },
};
const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/**
 * Do `operation` on the pairs at `a` and `b`, round to 64 bits, and write the pair at `a` and the residue at `residue`:
 * zero when nothing was lost, negative when the magnitude grew. False, with nothing written, when the sum's rest is no
 * double, when there is no saying which way to round, and when the result is out of range.
 *
 * One function does it all, so that everything between operands and result stays in registers. Tier 1 takes its text apart
 * (translator/emit/specialise.ts), so it uses no names but its own and those of `bits`: the numbers of operations are
 * those of PairOperation.
 */
export function pairOperation(F: Float64Array, operation: number, a: number, b: number, residue: number): boolean {
  const isSum = operation < 3;
  const isProduct = operation === 3;
  let ah = F[a]!;
  let al = F[a + 1]!;
  let bh = F[b]!;
  let bl = F[b + 1]!;
  // The result is h + r, where h is that sum rounded to a double. r may be off by 2^-102 of it where it is not exact.
  let h = 0;
  let r = 0;
  let isExact = true;
  // What h was before lows were added: of a zero the sign counts.
  let first = 0;
  // Of a product, what the double lost, and that together with what the low parts add.
  let lost = 0;
  let rest = 0;
  if (isSum) {
    if (operation === 1) {
      bh = -bh;
      bl = -bl;
    } else if (operation === 2) {
      ah = -ah;
      al = -al;
    }
    const s = ah + bh;
    const t = s - ah;
    const e = ah - (s - t) + (bh - t);
    let f = al;
    if (bl !== 0) {
      f = al + bl;
      const g = f - al;
      if (al - (f - g) + (bl - g) !== 0) return false;
    }
    rest = e + f;
    const k = rest - e;
    if (e - (rest - k) + (f - k) !== 0) return false;
    h = s + rest;
    if (Math.abs(s) < Math.abs(rest)) r = s - (h - rest);
    else r = rest - (h - s);
    first = s;
  } else if (isProduct) {
    const p = ah * bh;
    const a1 = bits.upperHalf(ah);
    const a2 = ah - a1;
    const b1 = bits.upperHalf(bh);
    const b2 = bh - b1;
    lost = a1 * b1 - p + (a1 * b2 + a2 * b1) + a2 * b2;
    rest = lost;
    if (bl !== 0) {
      rest = rest + (ah * bl + al * bh + al * bl);
      isExact = false;
    } else if (al !== 0) {
      rest = rest + al * bh;
      isExact = false;
    }
    h = p + rest;
    r = rest - (h - p);
    first = p;
  } else {
    if (operation === 5) {
      h = ah;
      ah = bh;
      bh = h;
      h = al;
      al = bl;
      bl = h;
    }
    const isRoot = operation === 6;
    const q = isRoot ? Math.sqrt(bh) : ah / bh;
    const d = isRoot ? q : bh;
    const p = q * d;
    const q1 = bits.upperHalf(q);
    const q2 = q - q1;
    const d1 = bits.upperHalf(d);
    const d2 = d - d1;
    const e = q1 * d1 - p + (q1 * d2 + q2 * d1) + q2 * d2;
    // What is left over, and by what it is to be divided.
    const left = isRoot ? bh - p - e + bl : ah - p - e + al - q * bl;
    const c = left / (isRoot ? q + q : bh);
    if (left !== 0 || (!isRoot && bl !== 0)) isExact = false;
    h = q + c;
    r = c - (h - q);
    first = q;
  }

  // Magnitudes from 2^-398 to below 2^399, or zero.
  const exponent = bits.highWord(h) & 0x7ff00000;
  if ((exponent - 0x27100000) >>> 0 > 0x31c00000) {
    if (h !== 0) return false;
    F[a] = first === 0 ? first : h;
    F[a + 1] = 0;
    F[residue] = 0;
    return true;
  }
  // Adding and taking away c, 1.5 times a power of two, rounds to multiples of the 64th bit's unit, and to an even one where
  // there are two as near. Just below a power of two the unit is half as large.
  const power = bits.ofHighWord(exponent);
  let c = power * 7.32421875e-4;
  if (Math.abs(h) === power && r * h < 0) c = c * 0.5;
  let l = r + c - c;
  const d = r - l;
  if (!isExact) {
    // Next to l and next to the middle between it and its neighbour r may be on the other side, unless it is exact.
    const distance = Math.abs(d);
    if (distance <= c * 1e-26 || distance >= c * 7.40148683e-17) {
      if (!isProduct || (al !== 0 && bl !== 0)) return false;
      // Of 11 bits and 53: in two parts that are exact.
      const low = bl === 0 ? al : bl;
      const other = bl === 0 ? bh : ah;
      const upper = bits.upperHalf(other);
      const x = low * upper;
      const y = low * (other - upper);
      const f = x + y;
      const sum = lost + f;
      const k = sum - lost;
      if (y - (f - x) !== 0 || lost - (sum - k) + (f - k) !== 0 || sum !== rest) return false;
    }
  }
  let n = h;
  const m = h + l;
  if (m !== h) {
    l = l - (m - h);
    n = m;
  }
  F[a] = n;
  F[a + 1] = l;
  F[residue] = d * n;
  return true;
}

/** h + l rounded to a single in R[0]; R[1] is the residue. False when it is out of the normal range. */
export function singleOfPair(F: Float64Array, a: number, R: PairResult): boolean {
  const h = F[a]!;
  const l = F[a + 1]!;
  const f = Math.fround(h);
  const t = h - f;
  // Between two singles what is below the double decides.
  if (l !== 0 && t !== 0 && Math.fround(f + t + t) === f + t + t) return false;
  // What is less than the least normal number before rounding underflows, whatever it becomes.
  if (!(Math.abs(h) >= 1.1754943508222875e-38 && Math.abs(f) <= 3.4028234663852886e38) && h !== 0) return false;
  R[0] = f;
  R[1] = (t + l) * f;
  return true;
}

/**
 * h + l rounded to an integer in R[0] by `rounding` (0 nearest even, 1 down, 2 up, 3 toward zero); R[1] is the residue.
 * False when the magnitude is not below 2^31.
 */
export function integerOfPair(F: Float64Array, a: number, rounding: number, R: PairResult): boolean {
  const h = F[a]!;
  const l = F[a + 1]!;
  if (!(Math.abs(h) < 2147483647)) return false;
  let n = h + 6755399441055744 - 6755399441055744;
  if (rounding === 0 && h - n === 0.5 && l > 0) n = n + 1;
  if (rounding === 0 && h - n === -0.5 && l < 0) n = n - 1;
  if (rounding === 1) n = Math.floor(h);
  if (rounding === 2) n = Math.ceil(h);
  if (rounding === 3) n = Math.trunc(h);
  if (
    h === n &&
    ((l < 0 && (rounding === 1 || (rounding === 3 && h > 0))) ||
      (l > 0 && (rounding === 2 || (rounding === 3 && h < 0))))
  ) {
    if (l < 0) n = n - 1;
    if (l > 0) n = n + 1;
  }
  R[0] = n;
  R[1] = (h - n + l) * h;
  return true;
}

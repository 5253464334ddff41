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

/** 2^-102: what estimated rests may be off by, of the result. */
const TINY = 1.9721522630525295e-31;
/** 2^-11: moves the last bit of a double to the last of 64. */
const TO_LAST_BIT = 4.8828125e-4;

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

/**
 * Do `operation` on the pairs at `a` and `b`, round to 64 bits, and write the pair at `a` and the residue at `residue`:
 * zero when nothing was lost, negative when the magnitude grew. False, with nothing written, when the sum's rest is no
 * double, when there is no saying which way to round, and when the result is out of range.
 *
 * One function does it all, so that everything between operands and result stays in registers.
 */
export function pairOperation(F: Float64Array, operation: number, a: number, b: number, residue: number): boolean {
  let ah = F[a]!;
  let al = F[a + 1]!;
  let bh = F[b]!;
  let bl = F[b + 1]!;
  // The result is h + r, where h is that sum rounded to a double and r may be off by up to `bound`.
  let h = 0;
  let r = 0;
  let bound = 0;
  if (operation < PairOperation.Product) {
    if (operation === PairOperation.Difference) {
      bh = -bh;
      bl = -bl;
    } else if (operation === PairOperation.DifferenceReversed) {
      ah = -ah;
      al = -al;
    }
    const s = ah + bh;
    const t = s - ah;
    const e = ah - (s - t) + (bh - t);
    const f = al + bl;
    const g = f - al;
    if (al - (f - g) + (bl - g) !== 0) return false;
    const rest = e + f;
    const k = rest - e;
    if (e - (rest - k) + (f - k) !== 0) return false;
    h = s + rest;
    const z = h - s;
    r = s - (h - z) + (rest - z);
    // The sum of two negative zeros is one too.
    if (h === 0 && s === 0) h = s;
  } else if (operation === PairOperation.Product) {
    const p = ah * bh;
    const ta = 134217729 * ah;
    const a1 = ta - (ta - ah);
    const a2 = ah - a1;
    const tb = 134217729 * bh;
    const b1 = tb - (tb - bh);
    const b2 = bh - b1;
    let rest = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
    if (al !== 0 && bl !== 0) {
      rest = rest + (ah * bl + al * bh + al * bl);
      bound = Math.abs(p) * TINY;
    } else if (al !== 0 || bl !== 0) {
      // Both exact: 11 bits by 27.
      const x = bl === 0 ? al * b1 : bl * a1;
      const y = bl === 0 ? al * b2 : bl * a2;
      const f = x + y;
      const e = rest;
      rest = e + f;
      const k = rest - e;
      if (y - (f - x) !== 0 || e - (rest - k) + (f - k) !== 0) bound = Math.abs(p) * TINY;
    }
    h = p + rest;
    // Of a zero the sign counts.
    if (h === 0) h = p;
    r = rest - (h - p);
  } else {
    if (operation === PairOperation.QuotientReversed) {
      h = ah;
      ah = bh;
      bh = h;
      h = al;
      al = bl;
      bl = h;
    }
    const isRoot = operation === PairOperation.Root;
    const q = isRoot ? Math.sqrt(bh) : ah / bh;
    const d = isRoot ? q : bh;
    const p = q * d;
    const tq = 134217729 * q;
    const q1 = tq - (tq - q);
    const q2 = q - q1;
    const td = 134217729 * d;
    const d1 = td - (td - d);
    const d2 = d - d1;
    const e = q1 * d1 - p + q1 * d2 + q2 * d1 + q2 * d2;
    // What is left over, and by what it is to be divided.
    const left = isRoot ? bh - p - e + bl : ah - p - e + al - q * bl;
    const c = left / (isRoot ? q + q : bh);
    if (left !== 0 || (!isRoot && bl !== 0)) bound = Math.abs(q) * TINY;
    h = q + c;
    if (h === 0) h = q;
    r = c - (h - q);
  }

  // Adding and taking away c cuts r off at the 64th bit, whose unit is that of c's last bit: unless the sum gets into the
  // next binade, or h is a power of two and r on one side of it. Then the two ways to do it differ.
  const c = h * TO_LAST_BIT;
  let l = r + c - c;
  if (l !== r - c + c) return false;
  if (bound !== 0) {
    if (r + bound + c - c !== l || r - bound + c - c !== l) return false;
    if (r + bound - c + c !== l || r - bound - c + c !== l || Math.abs(r - l) <= bound) return false;
  }
  let d = r - l;
  let n = h;
  if (d !== 0) {
    // The neighbour on the other side of r: as far away as l if this is a tie, which went to the even one of c + l when it
    // has to be that of l. Without `o - l` a rest that is almost half would pass.
    const q = d + d;
    const o = l + q;
    const isUnit = o + c - c === o;
    if (isUnit !== (o - c + c === o)) return false;
    if (isUnit && o - l === q) {
      const isOdd = l + (c + c) - (c + c) !== l;
      if (isOdd !== (l - (c + c) + (c + c) !== l)) return false;
      if (isOdd) {
        l = o;
        d = -d;
      }
    }
  }
  const m = h + l;
  if (m !== h) {
    l = l - (m - h);
    n = m;
  }
  const magnitude = Math.abs(n);
  if (!(magnitude >= 1e-120 && magnitude <= 1e120) && magnitude !== 0) return false;
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

/**
 * What each kind of flag setter stores in the four flag slots of abi/state.ts, each component one expression over
 * (a, b, r): left operand, right operand, result, all sign-extended to 32 bits. Read like ir/pure.ts: tier 0 calls the
 * arrows, tier 1 inlines them, flag-fuse turns a condition on a setter into a comparison.
 *
 * Keeping CF, OF, the result and AF apart means that dead-flag elimination works on each, and that INC, rotates and
 * bit tests never read old flags.
 */

/** Components of a setter, as mask bits. */
export const CF = 1;
export const OF = 2;
/** The result word: ZF, SF and PF. */
export const RES = 4;
/** AF, and the corrections to SF and PF (zero but after POPF and SAHF). */
export const AUX = 8;
export const ALL_FLAGS = 15;

type Component = (a: number, b: number, r: number) => number;

/** Component expressions; a missing one means that the setter leaves that component alone. */
export interface FlagKind {
  readonly cf?: Component;
  readonly of?: Component;
  readonly res?: Component;
  readonly aux?: Component;
}

const result: Component = (_a, _b, r) => r;
const none: Component = () => 0;
const carryAcross: Component = (a, b, r) => (a ^ b ^ r) & 16;

export const flagKinds = {
  /** ADD, XADD. */
  add: {
    cf: (a, _b, r) => +(r >>> 0 < a >>> 0),
    of: (a, b, r) => (a ^ r) & (b ^ r),
    res: result,
    aux: carryAcross,
  },
  /** ADC: the carry-in is in r. */
  adc: {
    cf: (a, b, r) => ((a & b) | ((a | b) & ~r)) >>> 31,
    of: (a, b, r) => (a ^ r) & (b ^ r),
    res: result,
    aux: carryAcross,
  },
  /** SUB, CMP, NEG, CMPXCHG, SCAS, CMPS. */
  sub: {
    cf: (a, b) => +(a >>> 0 < b >>> 0),
    of: (a, b, r) => (a ^ b) & (a ^ r),
    res: result,
    aux: carryAcross,
  },
  /** SBB: the borrow is in r. */
  sbb: {
    cf: (a, b, r) => ((~a & b) | ((~a | b) & r)) >>> 31,
    of: (a, b, r) => (a ^ b) & (a ^ r),
    res: result,
    aux: carryAcross,
  },
  /** AND, OR, XOR, TEST: r alone. AF is undefined and stored as 0. */
  logic: { cf: none, of: none, res: result, aux: none },
  inc: { of: (a, _b, r) => ~a & r, res: result, aux: (a, _b, r) => (a ^ r) & 16 },
  dec: { of: (a, _b, r) => a & ~r, res: result, aux: (a, _b, r) => (a ^ r) & 16 },
  /** Shifts, multiplication, bit counts: a is CF (0 or 1), b has OF in its sign bit, r is the result; AF stored as 0. */
  given: { cf: (a) => a, of: (_a, b) => b, res: result, aux: none },
  /** Rotates: a is CF (0 or 1), b has OF in its sign bit. */
  rotate: { cf: (a) => a, of: (_a, b) => b },
  /** Bit tests, CLC, STC, CMC: a is CF (0 or 1). */
  carry: { cf: (a) => a },
  /** SAHF, POPF, BSF and other setters of single flags: a is the new RES word, b the new AUX word. */
  words: { res: (a) => a, aux: (_a, b) => b },
  /** OF alone (POPF): a has it in its sign bit. */
  overflow: { of: (a) => a },
} as const satisfies Record<string, FlagKind>;

export type FlagKindName = keyof typeof flagKinds;

/** Which components a kind writes. */
export function flagMask(kind: FlagKindName): number {
  const row: FlagKind = flagKinds[kind];
  return (row.cf ? CF : 0) | (row.of ? OF : 0) | (row.res ? RES : 0) | (row.aux ? AUX : 0);
}

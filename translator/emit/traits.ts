/** What a region's tree depends on of the code that is made of it. */

/** How a tree is to be, for one kind of code. */
export interface HostTraits {
  /**
   * Code is optimised with what its first runs have shown, and thrown away when it does what they have not: so blocks
   * take their slow paths once (lanes.ts).
   */
  readonly learns: boolean;
  /** It has vectors of 128 bits and instructions on them (emit/simd/). */
  readonly vectors: boolean;
  /** Arithmetic on pairs of doubles can be called with doubles (pair-functions.ts). */
  readonly pairs: boolean;
  /** Operators of ir/pure.ts that are to be called by name. */
  readonly intrinsics: ReadonlySet<string>;
}

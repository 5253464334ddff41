/** What a helper's row in abi/calls.ts says: arguments, result and effects. */

/** What a helper does besides computing its result. */
export interface HelperSignature {
  /** Number of i32 arguments. */
  readonly args: number;
  /** Has an i32 result. A second result, where there is one, is in the SCRATCH slot. */
  readonly result: boolean;
  /** May raise a guest fault. */
  readonly faults: boolean;
  /** Reads and writes state slots and memory itself: all state is written back before it and reloaded after. */
  readonly sync: boolean;
  /** Works on the x87's slots, whatever else it says: must not be left out. */
  readonly x87?: true;
  /** Works on vector registers, whose slots are arguments. */
  readonly lanes?: LaneEffects;
}

/** Effects on vector slots. The first argument is a slot; the second too, when `reads` is not zero. Both are constants. */
export interface LaneEffects {
  /** Bits, from the first slot on, that it writes. */
  readonly writes: 0 | 32 | 64 | 128;
  /** Bits of the same that it reads before. */
  readonly keeps: 0 | 32 | 64 | 128;
  /** Bits that it reads from the second slot on. */
  readonly reads: 0 | 32 | 64 | 128;
}

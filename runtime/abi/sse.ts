/**
 * Signatures of the helpers that work on XMM registers. Registers are arguments, as the number of their first slot, so
 * that one helper serves all of them and memory operands too (which are loaded into VECTOR_SCRATCH first).
 *
 * Arguments are (destination slot, source slot, immediate) unless the row says otherwise; result 0. Helpers that
 * compute raise #XM for exceptions that MXCSR unmasks, and then leave the destination.
 */
import type { HelperSignature, LaneEffects } from './signature.ts';

type Bits = LaneEffects['writes'];

/** Moves and logic: destination, source. */
const move = (writes: Bits, reads: Bits = writes, keeps: Bits = 0): HelperSignature => ({
  args: 2,
  result: false,
  faults: false,
  sync: false,
  lanes: { writes, keeps, reads },
});

/** Loads and stores: slot, linear address. #GP when an aligned form is not. */
const load = (writes: Bits): HelperSignature => ({
  args: 2,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes, keeps: 0, reads: 0 },
});
const store = (keeps: Bits): HelperSignature => ({
  args: 2,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes: 0, keeps, reads: 0 },
});

// biome-ignore format: table
export const sseSignatures = {
  /** 64 bits into the low half of a register: the high half stays, or is cleared. */
  load64: load(64), load64Zero: load(128),
  load128: load(128), load128Aligned: load(128),
  store64: store(64), store128: store(128), store128Aligned: store(128),

  /** Low 64 bits alone; low 64 bits and zero above them; low 32 bits and zero above them; everything. */
  move64: move(64), move64Zero: move(128, 64), move32Zero: move(128, 32), move128: move(128),
  and128: move(128, 128, 128), andNot128: move(128, 128, 128), or128: move(128, 128, 128), xor128: move(128, 128, 128),
  /** Signs of the lanes as a mask: (source slot) → mask. */
  signs32: { args: 1, result: true, faults: false, sync: false, lanes: { writes: 0, keeps: 128, reads: 0 } },
  signs64: { args: 1, result: true, faults: false, sync: false, lanes: { writes: 0, keeps: 128, reads: 0 } },

  /** LDMXCSR: (value); #GP for bits that do not exist. */
  loadMxcsr: { args: 1, result: false, faults: true, sync: false },
  /** MXCSR, whose flags any helper that computes may set. */
  readMxcsr: { args: 0, result: true, faults: false, sync: false },
  /** SSE instructions are off: raises #UD or #NM, as CR0 and CR4 say. Never returns. */
  sseUnavailable: { args: 0, result: true, faults: true, sync: false },
} as const satisfies Record<string, HelperSignature>;

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

/** Arithmetic on lanes of the destination with those of the source. */
const compute = (bits: Bits, reads: Bits = bits): HelperSignature => ({
  args: 2,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes: bits, keeps: bits, reads },
});
/** Destination from source alone. */
const convert = (writes: Bits, reads: Bits): HelperSignature => ({
  args: 2,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes, keeps: 0, reads },
});
/** With an immediate as third argument. */
const immediate = (signature: HelperSignature): HelperSignature => ({ ...signature, args: 3 });
/** Two sources, result 0 greater, 1 less, 2 equal, 3 unordered. */
const order = (bits: Bits): HelperSignature => ({
  args: 2,
  result: true,
  faults: true,
  sync: false,
  lanes: { writes: 0, keeps: bits, reads: bits },
});
/** (source) → 32-bit integer. */
const integer = (bits: Bits): HelperSignature => ({
  args: 1,
  result: true,
  faults: true,
  sync: false,
  lanes: { writes: 0, keeps: bits, reads: 0 },
});
/** (destination, 32-bit integer). */
const fromInteger = (bits: Bits): HelperSignature => ({
  args: 2,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes: bits, keeps: 0, reads: 0 },
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
  /** Everything zero: (destination). */
  zero128: { args: 1, result: false, faults: false, sync: false, lanes: { writes: 128, keeps: 0, reads: 0 } },
  /** Signs of the lanes as a mask: (source slot) → mask. */
  signs32: { args: 1, result: true, faults: false, sync: false, lanes: { writes: 0, keeps: 128, reads: 0 } },
  signs64: { args: 1, result: true, faults: false, sync: false, lanes: { writes: 0, keeps: 128, reads: 0 } },

  /** These return 1 when an operand or a result was a denormal, which tier 1 asks for. */
  addps: compute(128), addpd: compute(128), addss: compute(32), addsd: compute(64),
  subps: compute(128), subpd: compute(128), subss: compute(32), subsd: compute(64),
  mulps: compute(128), mulpd: compute(128), mulss: compute(32), mulsd: compute(64),
  divps: compute(128), divpd: compute(128), divss: compute(32), divsd: compute(64),
  minps: compute(128), minpd: compute(128), minss: compute(32), minsd: compute(64),
  maxps: compute(128), maxpd: compute(128), maxss: compute(32), maxsd: compute(64),
  sqrtps: convert(128, 128), sqrtpd: convert(128, 128), sqrtss: convert(32, 32), sqrtsd: convert(64, 64),
  haddps: compute(128), haddpd: compute(128), hsubps: compute(128), hsubpd: compute(128),
  addsubps: compute(128), addsubpd: compute(128),
  dpps: immediate(compute(128)), dppd: immediate(compute(128)),
  /** Approximations of 1/x and 1/sqrt(x); they raise nothing. */
  rcpps: move(128), rcpss: move(32), rsqrtps: move(128), rsqrtss: move(32),
  /** The immediate's low three bits are the predicate. */
  cmpps: immediate(compute(128)), cmppd: immediate(compute(128)), cmpss: immediate(compute(32)), cmpsd: immediate(compute(64)),
  ucomiss: order(32), ucomisd: order(64), comiss: order(32), comisd: order(64),
  /** Rounding to an integer of the same type: the immediate says how. */
  roundps: immediate(convert(128, 128)), roundpd: immediate(convert(128, 128)),
  roundss: immediate(convert(32, 32)), roundsd: immediate(convert(64, 64)),
  cvtsi2ss: fromInteger(32), cvtsi2sd: fromInteger(64),
  cvtss2si: integer(32), cvtsd2si: integer(64), cvttss2si: integer(32), cvttsd2si: integer(64),
  cvtss2sd: convert(64, 32), cvtsd2ss: convert(32, 64), cvtps2pd: convert(128, 64), cvtpd2ps: convert(128, 128),
  cvtdq2ps: convert(128, 128), cvtdq2pd: convert(128, 64), cvtps2dq: convert(128, 128), cvttps2dq: convert(128, 128),
  cvtpd2dq: convert(128, 128), cvttpd2dq: convert(128, 128),

  /** LDMXCSR: (value); #GP for bits that do not exist. */
  loadMxcsr: { args: 1, result: false, faults: true, sync: false },
  /** MXCSR, whose flags any helper that computes may set. */
  readMxcsr: { args: 0, result: true, faults: false, sync: false },
  /** FXSAVE, FXRSTOR: (linear address); #GP when it is not aligned to 16, or for bits of MXCSR that do not exist. */
  fxsave: { args: 1, result: false, faults: true, sync: true },
  fxrstor: { args: 1, result: false, faults: true, sync: true },
  /** SSE instructions are off: raises #UD or #NM, as CR0 and CR4 say. Never returns. */
  sseUnavailable: { args: 0, result: true, faults: true, sync: false },
} as const satisfies Record<string, HelperSignature>;

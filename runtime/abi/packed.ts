/**
 * Signatures of the helpers that work on packed integers. Registers are arguments, as the number of their first slot;
 * a name ends in the bits that it works on, 64 for MMX registers and 128 for XMM registers.
 *
 * Arguments are (destination slot, source slot), and an immediate where the instruction has one.
 */
import {
  type PackedShift,
  type PackedWord,
  packedShifts,
  packedWords,
  type WideWord,
  wideWords,
} from './packed-words.ts';
import type { HelperSignature } from './signature.ts';

/** Operators on lanes of 64 bits, or across words, that MMX and XMM registers have. */
// biome-ignore format: table
const acrossWords = [
  'paddq', 'psubq', 'pmuludq', 'psadbw', 'pshufb',
  'punpcklbw', 'punpcklwd', 'punpckldq', 'punpckhbw', 'punpckhwd', 'punpckhdq',
  'packsswb', 'packuswb', 'packssdw',
  'phaddw', 'phaddd', 'phaddsw', 'phsubw', 'phsubd', 'phsubsw',
  // By the 64-bit count in the source.
  'psrlwBy', 'psrldBy', 'psrlqBy', 'psrawBy', 'psradBy', 'psllwBy', 'pslldBy', 'psllqBy',
] as const;

/** The same that only XMM registers have. */
const acrossWideWords = ['pmuldq', 'pcmpeqq', 'pcmpgtq', 'packusdw', 'phminposuw'] as const;

/** Destination slot and a count less than 64 (or 16 bytes). */
const shiftsOfQuadwords = ['psrlq', 'psllq'] as const;

export type AcrossWords = (typeof acrossWords)[number];
export type AcrossWideWords = (typeof acrossWideWords)[number];
type ShiftOfQuadwords = (typeof shiftsOfQuadwords)[number];

/** Names of the helpers whose signature is (destination, source) or (destination, count). */
export type PackedName =
  | `${PackedWord | AcrossWords | PackedShift | ShiftOfQuadwords}${64 | 128}`
  | `${WideWord | AcrossWideWords}128`;

const WIDTHS = [64, 128] as const;

const binary = (bits: 64 | 128): HelperSignature => ({
  args: 2,
  result: false,
  faults: false,
  sync: false,
  lanes: { writes: bits, keeps: bits, reads: bits },
});
const shift = (bits: 64 | 128): HelperSignature => ({
  args: 2,
  result: false,
  faults: false,
  sync: false,
  lanes: { writes: bits, keeps: bits, reads: 0 },
});
const withImmediate = (bits: 64 | 128): HelperSignature => ({ ...binary(bits), args: 3 });
const toWord = (bits: 64 | 128, args: number, reads: 0 | 64 | 128 = 0): HelperSignature => ({
  args,
  result: true,
  faults: false,
  sync: false,
  lanes: { writes: 0, keeps: bits, reads },
});
const maskedStore = (bits: 64 | 128): HelperSignature => ({
  args: 3,
  result: false,
  faults: true,
  sync: false,
  lanes: { writes: 0, keeps: bits, reads: bits },
});

const byName: [string, HelperSignature][] = [];
for (const bits of WIDTHS) {
  for (const name of [...Object.keys(packedWords), ...acrossWords]) byName.push([name + bits, binary(bits)]);
  for (const name of [...Object.keys(packedShifts), ...shiftsOfQuadwords]) byName.push([name + bits, shift(bits)]);
}
for (const name of [...Object.keys(wideWords), ...acrossWideWords]) byName.push([`${name}128`, binary(128)]);

export const packedSignatures = {
  ...(Object.fromEntries(byName) as Readonly<Record<PackedName, HelperSignature>>),
  /** PALIGNR: bytes to shift right by. */
  palignr64: withImmediate(64),
  palignr128: withImmediate(128),
  mpsadbw128: withImmediate(128),
  /**
   * Words of both registers (0 to 3 the destination's, 4 to 7 the source's), three bits for each of the result's from the
   * lowest on: what shuffles, unpacks and blends of doublewords come to.
   */
  shuffleWords128: withImmediate(128),
  /** PSLLDQ, PSRLDQ: (slot, bytes, at most 16). */
  pslldq128: shift(128),
  psrldq128: shift(128),
  /** PMOVSXxx and PMOVZXxx: (destination, source, lane widths: source bits, destination bits, 1 when signed). */
  extendLanes128: { ...binary(128), args: 5, lanes: { writes: 128, keeps: 0, reads: 64 } },
  /** Top bit of each byte as a mask: (slot) → mask. */
  signs8x64: toWord(64, 1),
  signs8x128: toWord(128, 1),
  /** Bytes whose mask byte has its top bit set: (slot, slot of the mask, linear address). */
  maskedStore64: maskedStore(64),
  maskedStore128: maskedStore(128),
  /**
   * PCMPxSTRx: (first slot, second slot, control byte, length of the first, of the second) → IntRes2 of up to 16 bits;
   * SCRATCH has CF, ZF, SF and OF at their places in EFLAGS. Lengths count when bit 8 of the control byte is set.
   */
  compareText: toWord(128, 5, 128),
  /** PCMPxSTRM's result: (destination slot, IntRes2, control byte). */
  spreadMask: { args: 3, result: false, faults: false, sync: false, lanes: { writes: 128, keeps: 0, reads: 0 } },
  /** Begin an MMX instruction: #MF for an exception that an x87 instruction left pending. */
  mmxBegin: { args: 0, result: false, faults: true, sync: false },
  /** What MMX instructions leave of the x87, where it must be there before something else can fault: TOP 0, no empty
   *  register. */
  mmxEnter: { args: 0, result: false, faults: true, sync: false },
  /** MMX instructions are off: raises #UD or #NM, as CR0 says. Never returns. */
  mmxUnavailable: { args: 0, result: true, faults: true, sync: false },
} as const satisfies Record<string, HelperSignature>;

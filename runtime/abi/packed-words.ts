/**
 * Packed integer operators that work on each 32-bit word alone, each stated once: (destination word, source word) →
 * destination word. Helpers apply them to two words (MMX) or four (XMM); tier 1 parses their text as it does that of
 * ir/pure.ts and inlines those that are one expression.
 *
 * Lanes are added, subtracted and compared within the word: their top bits (0x80808080, 0x80008000) are handled apart,
 * so that no carry crosses into the next lane. Source: SDM vol. 2B under each instruction.
 */

type WordOperator = (a: number, b: number) => number;

/** Clamp to a signed or unsigned lane. */
const signed8 = (x: number): number => (x < -128 ? -128 : Math.min(x, 127)) & 255;
const signed16 = (x: number): number => (x < -32768 ? -32768 : Math.min(x, 32767)) & 65535;
const unsigned8 = (x: number): number => (x < 0 ? 0 : Math.min(x, 255));
const unsigned16 = (x: number): number => (x < 0 ? 0 : Math.min(x, 65535));

/** Apply to each signed or unsigned lane of 8 or 16 bits; `lane` gives the lane's bits. */
const bytes = (a: number, b: number, lane: (a: number, b: number) => number): number =>
  lane((a << 24) >> 24, (b << 24) >> 24) |
  (lane((a << 16) >> 24, (b << 16) >> 24) << 8) |
  (lane((a << 8) >> 24, (b << 8) >> 24) << 16) |
  (lane(a >> 24, b >> 24) << 24);
const unsignedBytes = (a: number, b: number, lane: (a: number, b: number) => number): number =>
  lane(a & 255, b & 255) |
  (lane((a >>> 8) & 255, (b >>> 8) & 255) << 8) |
  (lane((a >>> 16) & 255, (b >>> 16) & 255) << 16) |
  (lane(a >>> 24, b >>> 24) << 24);
const words = (a: number, b: number, lane: (a: number, b: number) => number): number =>
  lane((a << 16) >> 16, (b << 16) >> 16) | (lane(a >> 16, b >> 16) << 16);
const unsignedWords = (a: number, b: number, lane: (a: number, b: number) => number): number =>
  lane(a & 65535, b & 65535) | (lane(a >>> 16, b >>> 16) << 16);

const addSigned8 = (a: number, b: number): number => signed8(a + b);
const addSigned16 = (a: number, b: number): number => signed16(a + b);
const addUnsigned8 = (a: number, b: number): number => unsigned8(a + b);
const addUnsigned16 = (a: number, b: number): number => unsigned16(a + b);
const subSigned8 = (a: number, b: number): number => signed8(a - b);
const subSigned16 = (a: number, b: number): number => signed16(a - b);
const subUnsigned8 = (a: number, b: number): number => unsigned8(a - b);
const subUnsigned16 = (a: number, b: number): number => unsigned16(a - b);
const highSigned16 = (a: number, b: number): number => (Math.imul(a, b) >> 16) & 65535;
const highUnsigned16 = (a: number, b: number): number => Math.imul(a, b) >>> 16;
const roundedHigh16 = (a: number, b: number): number => (((Math.imul(a, b) >> 14) + 1) >> 1) & 65535;
const average = (a: number, b: number): number => (a + b + 1) >> 1;
const sign8 = (a: number, b: number): number => (b < 0 ? -a : b === 0 ? 0 : a) & 255;
const sign16 = (a: number, b: number): number => (b < 0 ? -a : b === 0 ? 0 : a) & 65535;
const absolute = (_a: number, b: number): number => (b < 0 ? -b : b);
const max8 = (a: number, b: number): number => Math.max(a, b) & 255;
const max16 = (a: number, b: number): number => Math.max(a, b) & 65535;
const min8 = (a: number, b: number): number => Math.min(a, b) & 255;
const min16 = (a: number, b: number): number => Math.min(a, b) & 65535;

/** Operators on both MMX and XMM registers. */
export const packedWords = {
  pand: (a, b) => a & b,
  pandn: (a, b) => ~a & b,
  por: (a, b) => a | b,
  pxor: (a, b) => a ^ b,

  paddb: (a, b) => ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080),
  paddw: (a, b) => ((a & 0x7fff7fff) + (b & 0x7fff7fff)) ^ ((a ^ b) & 0x80008000),
  paddd: (a, b) => (a + b) | 0,
  psubb: (a, b) => ((a | 0x80808080) - (b & 0x7f7f7f7f)) ^ ((a ^ ~b) & 0x80808080),
  psubw: (a, b) => ((a | 0x80008000) - (b & 0x7fff7fff)) ^ ((a ^ ~b) & 0x80008000),
  psubd: (a, b) => (a - b) | 0,

  // A lane of a ^ b is zero when adding 7f to its low bits carries nothing and its top bit is clear.
  pcmpeqb: (a, b) => Math.imul(~((((a ^ b) & 0x7f7f7f7f) + 0x7f7f7f7f) | (a ^ b) | 0x7f7f7f7f) >>> 7, 255),
  pcmpeqw: (a, b) => Math.imul(~((((a ^ b) & 0x7fff7fff) + 0x7fff7fff) | (a ^ b) | 0x7fff7fff) >>> 15, 65535),
  pcmpeqd: (a, b) => (a === b ? -1 : 0),
  // Top bits of b - a, or of b where the signs differ.
  pcmpgtb: (a, b) =>
    Math.imul((((b & ~a) | (~(b ^ a) & ~((b | 0x80808080) - (a & 0x7f7f7f7f)))) & 0x80808080) >>> 7, 255),
  pcmpgtw: (a, b) =>
    Math.imul((((b & ~a) | (~(b ^ a) & ~((b | 0x80008000) - (a & 0x7fff7fff)))) & 0x80008000) >>> 15, 65535),
  pcmpgtd: (a, b) => (a > b ? -1 : 0),

  // The lanes of b, exchanged for those of a where a is greater (or, for the minimum, the other way).
  pmaxub: (a, b) =>
    b ^
    ((a ^ b) & Math.imul((((a & ~b) | (~(a ^ b) & ~((b | 0x80808080) - (a & 0x7f7f7f7f)))) & 0x80808080) >>> 7, 255)),
  pminub: (a, b) =>
    a ^
    ((a ^ b) & Math.imul((((a & ~b) | (~(a ^ b) & ~((b | 0x80808080) - (a & 0x7f7f7f7f)))) & 0x80808080) >>> 7, 255)),
  pmaxsw: (a, b) => words(a, b, max16),
  pminsw: (a, b) => words(a, b, min16),

  paddsb: (a, b) => bytes(a, b, addSigned8),
  paddsw: (a, b) => words(a, b, addSigned16),
  paddusb: (a, b) => unsignedBytes(a, b, addUnsigned8),
  paddusw: (a, b) => unsignedWords(a, b, addUnsigned16),
  psubsb: (a, b) => bytes(a, b, subSigned8),
  psubsw: (a, b) => words(a, b, subSigned16),
  psubusb: (a, b) => unsignedBytes(a, b, subUnsigned8),
  psubusw: (a, b) => unsignedWords(a, b, subUnsigned16),
  pavgb: (a, b) => unsignedBytes(a, b, average),
  pavgw: (a, b) => unsignedWords(a, b, average),

  pmullw: (a, b) => (Math.imul(a, b) & 65535) | (Math.imul(a >> 16, b >> 16) << 16),
  pmulhw: (a, b) => words(a, b, highSigned16),
  pmulhuw: (a, b) => unsignedWords(a, b, highUnsigned16),
  pmulhrsw: (a, b) => words(a, b, roundedHigh16),
  pmaddwd: (a, b) => (Math.imul((a << 16) >> 16, (b << 16) >> 16) + Math.imul(a >> 16, b >> 16)) | 0,
  /** Unsigned bytes of a times signed bytes of b. */
  pmaddubsw: (a, b) =>
    signed16(Math.imul(a & 255, (b << 24) >> 24) + Math.imul((a >>> 8) & 255, (b << 16) >> 24)) |
    (signed16(Math.imul((a >>> 16) & 255, (b << 8) >> 24) + Math.imul(a >>> 24, b >> 24)) << 16),

  psignb: (a, b) => bytes(a, b, sign8),
  psignw: (a, b) => words(a, b, sign16),
  psignd: (a, b) => (b < 0 ? -a | 0 : b === 0 ? 0 : a),
  pabsb: (a, b) => bytes(a, b, absolute),
  pabsw: (a, b) => words(a, b, absolute),
  pabsd: (_a, b) => (b < 0 ? -b | 0 : b),
} as const satisfies Record<string, WordOperator>;

/** Operators that only XMM registers have (SSE4.1). */
export const wideWords = {
  pmulld: (a, b) => Math.imul(a, b),
  pmaxsb: (a, b) => bytes(a, b, max8),
  pminsb: (a, b) => bytes(a, b, min8),
  pmaxuw: (a, b) => unsignedWords(a, b, max16),
  pminuw: (a, b) => unsignedWords(a, b, min16),
  pmaxsd: (a, b) => Math.max(a, b),
  pminsd: (a, b) => Math.min(a, b),
  pmaxud: (a, b) => (a >>> 0 > b >>> 0 ? a : b),
  pminud: (a, b) => (a >>> 0 < b >>> 0 ? a : b),
} as const satisfies Record<string, WordOperator>;

/** PUNPCKxBW and PUNPCKxWD: the lanes of the lower or upper half of both words, in turn. */
export const interleaved = {
  bytesLow: (a, b) => (a & 0xff) | ((b & 0xff) << 8) | ((a & 0xff00) << 8) | ((b & 0xff00) << 16),
  bytesHigh: (a, b) => ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | ((a >>> 8) & 0xff0000) | (b & -16777216),
  wordsLow: (a, b) => (a & 0xffff) | (b << 16),
  wordsHigh: (a, b) => (a >>> 16) | (b & -65536),
} as const satisfies Record<string, WordOperator>;

/** PSADBW within a word. */
export const sumOfDifferences: WordOperator = (a, b) =>
  Math.abs((a & 255) - (b & 255)) +
  Math.abs(((a >>> 8) & 255) - ((b >>> 8) & 255)) +
  Math.abs(((a >>> 16) & 255) - ((b >>> 16) & 255)) +
  Math.abs((a >>> 24) - (b >>> 24));

/** Shifts of each lane by a count that is in range, less than the lane's width. */
export const packedShifts = {
  psrlw: (a, n) => (a >>> n) & Math.imul(65535 >>> n, 65537),
  psraw: (a, n) => ((a >> n) & -65536) | (((a << 16) >> n) >>> 16),
  psllw: (a, n) => (a << n) & Math.imul((65535 << n) & 65535, 65537),
  psrld: (a, n) => (a >>> n) | 0,
  psrad: (a, n) => a >> n,
  pslld: (a, n) => a << n,
} as const satisfies Record<string, WordOperator>;

export type PackedWord = keyof typeof packedWords;
export type WideWord = keyof typeof wideWords;
export type PackedShift = keyof typeof packedShifts;

/**
 * Packed integer operators on lanes of 64 bits or across words: sums of differences, unpacks, packs, horizontal sums,
 * shifts by a register, byte shuffles. Each is written once over views of the state for a register of any width.
 * Source: SDM vol. 2B under each instruction.
 */
import type { AcrossWideWords, AcrossWords, PackedName } from '../../abi/packed.ts';
import { interleaved, sumOfDifferences } from '../../abi/packed-words.ts';

type Names = `${AcrossWords}${64 | 128}` | `${AcrossWideWords}128` | `${'psrlq' | 'psllq'}${64 | 128}`;
type Helper = (a: number, b: number) => number;

/** Work on the register in `bytes` bytes whose destination and source start at these slots. */
type Operator = (to: number, from: number, bytes: number) => void;

/** All helpers of this file. */
export function acrossHelpers(S: Int32Array): Pick<Readonly<Record<PackedName, Helper>>, Names> {
  const operators: [string, Operator, onlyWide?: boolean][] = [
    ...quadwordOperators(S),
    ...unpackOperators(S),
    ...packOperators(S),
    ...horizontalOperators(S),
    ...shiftOperators(S),
    ...byteOperators(S),
  ];
  const helpers: [string, Helper][] = [];
  for (const [name, operator, onlyWide] of operators) {
    if (!onlyWide) helpers.push([`${name}64`, helper(operator, 8)]);
    helpers.push([`${name}128`, helper(operator, 16)]);
  }
  for (const bytes of [8, 16]) {
    const right: Operator = (slot, count) => shiftQuadwordsRight(S, slot, count, bytes >> 2);
    const left: Operator = (slot, count) => shiftQuadwordsLeft(S, slot, count, bytes >> 2);
    helpers.push([`psrlq${bytes * 8}`, helper(right, bytes)], [`psllq${bytes * 8}`, helper(left, bytes)]);
  }
  return Object.fromEntries(helpers) as Pick<Record<PackedName, Helper>, Names>;
}

function helper(operator: Operator, bytes: number): Helper {
  return (to, from) => {
    operator(to, from, bytes);
    return 0;
  };
}

function quadwordOperators(S: Int32Array): [string, Operator, boolean?][] {
  const each =
    (quadword: (to: number, from: number) => void): Operator =>
    (to, from, bytes) => {
      quadword(to, from);
      if (bytes === 16) quadword(to + 2, from + 2);
    };
  return [
    [
      'paddq',
      each((to, from) => {
        const low = (S[to]! + S[from]!) | 0;
        const carry = low >>> 0 < S[from]! >>> 0 ? 1 : 0;
        S[to + 1] = S[to + 1]! + S[from + 1]! + carry;
        S[to] = low;
      }),
    ],
    [
      'psubq',
      each((to, from) => {
        const borrow = S[to]! >>> 0 < S[from]! >>> 0 ? 1 : 0;
        S[to + 1] = S[to + 1]! - S[from + 1]! - borrow;
        S[to] = S[to]! - S[from]!;
      }),
    ],
    [
      'pmuludq',
      each((to, from) => {
        const [a, b] = [S[to]!, S[from]!];
        S[to] = Math.imul(a, b);
        S[to + 1] = highUnsigned(a, b);
      }),
    ],
    [
      'pmuldq',
      each((to, from) => {
        const [a, b] = [S[to]!, S[from]!];
        S[to] = Math.imul(a, b);
        S[to + 1] = highUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0);
      }),
      true,
    ],
    [
      'pcmpeqq',
      each((to, from) => {
        S[to + 1] = S[to] = S[to] === S[from] && S[to + 1] === S[from + 1] ? -1 : 0;
      }),
      true,
    ],
    [
      'pcmpgtq',
      each((to, from) => {
        const [high, other] = [S[to + 1]!, S[from + 1]!];
        const greater = high === other ? S[to]! >>> 0 > S[from]! >>> 0 : high > other;
        S[to + 1] = S[to] = greater ? -1 : 0;
      }),
      true,
    ],
  ];
}

/** High word of the unsigned product. */
function highUnsigned(a: number, b: number): number {
  const low = Math.imul(a & 65535, b & 65535);
  const middle = (Math.imul(a >>> 16, b & 65535) + (low >>> 16)) | 0;
  const other = (Math.imul(a & 65535, b >>> 16) + (middle & 65535)) | 0;
  return (Math.imul(a >>> 16, b >>> 16) + (middle >>> 16) + (other >>> 16)) | 0;
}

function unpackOperators(S: Int32Array): [string, Operator][] {
  const result = new Int32Array(4);
  /** Each word of half of the register gives two of the result. */
  const make =
    (low: Helper, high: Helper, upper: boolean): Operator =>
    (to, from, bytes) => {
      const half = bytes >> 3;
      for (let i = 0; i < half; i++) {
        const [a, b] = [S[to + (upper ? half : 0) + i]!, S[from + (upper ? half : 0) + i]!];
        result[2 * i] = low(a, b);
        result[2 * i + 1] = high(a, b);
      }
      for (let i = 0; i < bytes >> 2; i++) S[to + i] = result[i]!;
    };
  const { bytesLow, bytesHigh, wordsLow, wordsHigh } = interleaved;
  const own: Helper = (a) => a;
  const other: Helper = (_a, b) => b;
  return [
    ['punpcklbw', make(bytesLow, bytesHigh, false)],
    ['punpcklwd', make(wordsLow, wordsHigh, false)],
    ['punpckldq', make(own, other, false)],
    ['punpckhbw', make(bytesLow, bytesHigh, true)],
    ['punpckhwd', make(wordsLow, wordsHigh, true)],
    ['punpckhdq', make(own, other, true)],
  ];
}

function packOperators(S: Int32Array): [string, Operator, boolean?][] {
  const result = new Int32Array(4);
  const clampTo =
    (least: number, most: number) =>
    (value: number): number =>
      value < least ? least : Math.min(value, most);
  const words = new Int16Array(S.buffer, S.byteOffset, S.byteLength / 2);
  /** To bytes from words, or to words from doublewords. */
  const make =
    (source: Int16Array | Int32Array, clamp: (value: number) => number): Operator =>
    (to, from, bytes) => {
      const scale = source === S ? 1 : 2;
      const lanes = (bytes >> 2) * scale;
      const out = source === S ? halves : octets;
      for (let i = 0; i < lanes; i++) {
        out[i] = clamp(source[to * scale + i]!);
        out[lanes + i] = clamp(source[from * scale + i]!);
      }
      for (let i = 0; i < bytes >> 2; i++) S[to + i] = result[i]!;
    };
  const octets = new Uint8Array(result.buffer);
  const halves = new Uint16Array(result.buffer);
  return [
    ['packsswb', make(words, clampTo(-128, 127))],
    ['packuswb', make(words, clampTo(0, 255))],
    ['packssdw', make(S, clampTo(-32768, 32767))],
    ['packusdw', make(S, clampTo(0, 65535)), true],
  ];
}

function horizontalOperators(S: Int32Array): [string, Operator, boolean?][] {
  const result = new Int32Array(4);
  const halves = new Int16Array(result.buffer);
  const words = new Int16Array(S.buffer, S.byteOffset, S.byteLength / 2);
  const make =
    (source: Int16Array | Int32Array, combine: (a: number, b: number) => number): Operator =>
    (to, from, bytes) => {
      const scale = source === S ? 1 : 2;
      const out = source === S ? result : halves;
      const pairs = (bytes >> 3) * scale;
      for (let i = 0; i < pairs; i++) {
        out[i] = combine(source[to * scale + 2 * i]!, source[to * scale + 2 * i + 1]!);
        out[pairs + i] = combine(source[from * scale + 2 * i]!, source[from * scale + 2 * i + 1]!);
      }
      for (let i = 0; i < bytes >> 2; i++) S[to + i] = result[i]!;
    };
  const saturate = (x: number): number => (x < -32768 ? -32768 : Math.min(x, 32767));
  return [
    ['phaddw', make(words, (a, b) => a + b)],
    ['phaddd', make(S, (a, b) => (a + b) | 0)],
    ['phaddsw', make(words, (a, b) => saturate(a + b))],
    ['phsubw', make(words, (a, b) => a - b)],
    ['phsubd', make(S, (a, b) => (a - b) | 0)],
    ['phsubsw', make(words, (a, b) => saturate(a - b))],
  ];
}

/** Shifts by the 64-bit count in the source: all bits of it count. */
function shiftOperators(S: Int32Array): [string, Operator][] {
  const halves = new Int16Array(S.buffer, S.byteOffset, S.byteLength / 2);
  const countOf = (from: number, most: number): number =>
    S[from + 1] !== 0 || S[from]! >>> 0 > most ? most : S[from]!;
  const onWords =
    (most: number, shift: (value: number, count: number) => number): Operator =>
    (to, from, bytes) => {
      const count = countOf(from, most);
      for (let i = to * 2; i < to * 2 + (bytes >> 1); i++) halves[i] = shift(halves[i]!, count);
    };
  const onDoublewords =
    (most: number, shift: (value: number, count: number) => number): Operator =>
    (to, from, bytes) => {
      const count = countOf(from, most);
      for (let i = to; i < to + (bytes >> 2); i++) S[i] = shift(S[i]!, count);
    };
  return [
    ['psrlwBy', onWords(16, (value, count) => (value & 65535) >>> count)],
    ['psllwBy', onWords(16, (value, count) => value << count)],
    ['psrawBy', onWords(15, (value, count) => value >> count)],
    ['psrldBy', onDoublewords(32, (value, count) => (count > 31 ? 0 : value >>> count))],
    ['pslldBy', onDoublewords(32, (value, count) => (count > 31 ? 0 : value << count))],
    ['psradBy', onDoublewords(31, (value, count) => value >> count)],
    ['psrlqBy', (to, from, bytes) => shiftQuadwordsRight(S, to, countOf(from, 64), bytes >> 2)],
    ['psllqBy', (to, from, bytes) => shiftQuadwordsLeft(S, to, countOf(from, 64), bytes >> 2)],
  ];
}

/** @param count 0 to 64. */
function shiftQuadwordsRight(S: Int32Array, slot: number, count: number, words: number): void {
  for (let i = slot; i < slot + words; i += 2) {
    const [low, high] = [S[i]!, S[i + 1]!];
    if (count > 63) S[i] = S[i + 1] = 0;
    else if (count > 31) {
      S[i] = high >>> count;
      S[i + 1] = 0;
    } else if (count > 0) {
      S[i] = (low >>> count) | (high << -count);
      S[i + 1] = high >>> count;
    }
  }
}

function shiftQuadwordsLeft(S: Int32Array, slot: number, count: number, words: number): void {
  for (let i = slot; i < slot + words; i += 2) {
    const [low, high] = [S[i]!, S[i + 1]!];
    if (count > 63) S[i] = S[i + 1] = 0;
    else if (count > 31) {
      S[i + 1] = low << count;
      S[i] = 0;
    } else if (count > 0) {
      S[i + 1] = (high << count) | (low >>> -count);
      S[i] = low << count;
    }
  }
}

function byteOperators(S: Int32Array): [string, Operator, boolean?][] {
  const u8 = new Uint8Array(S.buffer, S.byteOffset, S.byteLength);
  const u16 = new Uint16Array(S.buffer, S.byteOffset, S.byteLength / 2);
  const copy = new Uint8Array(16);
  return [
    [
      'psadbw',
      (to, from, bytes) => {
        for (let i = 0; i < bytes >> 2; i += 2) {
          const sum = sumOfDifferences(S[to + i]!, S[from + i]!) + sumOfDifferences(S[to + i + 1]!, S[from + i + 1]!);
          S[to + i] = sum;
          S[to + i + 1] = 0;
        }
      },
    ],
    [
      'pshufb',
      (to, from, bytes) => {
        for (let i = 0; i < bytes; i++) copy[i] = u8[to * 4 + i]!;
        for (let i = 0; i < bytes; i++) {
          const pick = u8[from * 4 + i]!;
          u8[to * 4 + i] = pick & 0x80 ? 0 : copy[pick & (bytes - 1)]!;
        }
      },
    ],
    [
      'phminposuw',
      (to, from) => {
        let at = 0;
        for (let i = 1; i < 8; i++) if (u16[from * 2 + i]! < u16[from * 2 + at]!) at = i;
        S[to] = u16[from * 2 + at]! | (at << 16);
        S[to + 1] = S[to + 2] = S[to + 3] = 0;
      },
      true,
    ],
  ];
}

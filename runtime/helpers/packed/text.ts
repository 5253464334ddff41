/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: comparison of two strings of bytes or words in XMM registers, in four
 * manners. Source: SDM vol. 2B §4.1 (imm8 control byte, tables 4-1 to 4-8).
 */
import { EFLAGS_CF, EFLAGS_OF, EFLAGS_SF, EFLAGS_ZF, SCRATCH } from '../../abi/state.ts';
import type { HelperContext, HelperTable } from '../context.ts';

/** Control byte: words instead of bytes, signed ones; manner of comparison; what happens to IntRes1. */
const WORDS = 1;
const SIGNED = 2;
const MANNER_SHIFT = 2;
const ANY_OF = 0;
const IN_RANGES = 1;
const EACH = 2;
const NEGATIVE = 0x10;
/** Only elements of the second string that are there are negated. */
const MASKED = 0x20;
/** Beyond the byte: lengths are given, in registers. */
const EXPLICIT = 0x100;
/** PCMPxSTRM: a mask of bits is spread over elements. */
const UNIT_MASK = 0x40;

export function textHelpers({ state: S }: HelperContext): Pick<HelperTable, 'compareText' | 'spreadMask'> {
  const views = [
    new Uint8Array(S.buffer, S.byteOffset, S.byteLength),
    new Uint16Array(S.buffer, S.byteOffset, S.byteLength / 2),
    new Int8Array(S.buffer, S.byteOffset, S.byteLength),
    new Int16Array(S.buffer, S.byteOffset, S.byteLength / 2),
  ];

  return {
    compareText(first, second, control, givenFirst, givenSecond) {
      const isWords = control & WORDS;
      const lanes = views[(control & SIGNED) | isWords]!;
      const elements = isWords ? 8 : 16;
      const [a, b] = isWords ? [first * 2, second * 2] : [first * 4, second * 4];
      const lengthA = control & EXPLICIT ? clampLength(givenFirst, elements) : lengthOf(lanes, a, elements);
      const lengthB = control & EXPLICIT ? clampLength(givenSecond, elements) : lengthOf(lanes, b, elements);
      const manner = (control >> MANNER_SHIFT) & 3;
      let mask = 0;
      for (let i = 0; i < elements; i++) {
        if (matches(manner, lanes, a, lengthA, b, lengthB, i, elements)) mask |= 1 << i;
      }
      const all = (1 << elements) - 1;
      if (control & NEGATIVE) mask ^= control & MASKED ? (1 << lengthB) - 1 : all;
      S[SCRATCH] =
        (mask !== 0 ? EFLAGS_CF : 0) |
        (lengthB < elements ? EFLAGS_ZF : 0) |
        (lengthA < elements ? EFLAGS_SF : 0) |
        (mask & 1 ? EFLAGS_OF : 0);
      return mask;
    },

    spreadMask(to, mask, control) {
      S[to] = S[to + 1] = S[to + 2] = S[to + 3] = 0;
      if ((control & UNIT_MASK) === 0) S[to] = mask;
      else if (control & WORDS) for (let i = 0; i < 8; i++) views[1]![to * 2 + i] = -((mask >> i) & 1);
      else for (let i = 0; i < 16; i++) views[0]![to * 4 + i] = -((mask >> i) & 1);
      return 0;
    },
  };
}

type Lanes = Uint8Array | Uint16Array | Int8Array | Int16Array;

/** Elements before the first zero. */
function lengthOf(lanes: Lanes, at: number, elements: number): number {
  let length = 0;
  while (length < elements && lanes[at + length] !== 0) length++;
  return length;
}

/** What a length register says: its magnitude, at most all elements. */
function clampLength(given: number, elements: number): number {
  return Math.min(Math.abs(given), elements);
}

/** IntRes1's bit `i`: does element `i` of the second string match, elements behind the ends as table 4-3 says? */
function matches(
  manner: number,
  lanes: Lanes,
  a: number,
  lengthA: number,
  b: number,
  lengthB: number,
  i: number,
  elements: number,
): boolean {
  if (manner === ANY_OF) {
    if (i >= lengthB) return false;
    for (let j = 0; j < lengthA; j++) if (lanes[a + j] === lanes[b + i]) return true;
    return false;
  }
  if (manner === IN_RANGES) {
    if (i >= lengthB) return false;
    for (let j = 0; j + 1 < lengthA; j += 2) {
      if (lanes[b + i]! >= lanes[a + j]! && lanes[b + i]! <= lanes[a + j + 1]!) return true;
    }
    return false;
  }
  if (manner === EACH) {
    if (i >= lengthA || i >= lengthB) return i >= lengthA && i >= lengthB;
    return lanes[a + i] === lanes[b + i];
  }
  // The first string begins at `i` within the second, as far as the register reaches.
  for (let j = 0; j < lengthA && i + j < elements; j++) {
    if (i + j >= lengthB || lanes[a + j] !== lanes[b + i + j]) return false;
  }
  return true;
}

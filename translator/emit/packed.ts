/**
 * Packed integer helpers, inlined: word by word on the state's slots, with the operators of abi/packed-words.ts. What
 * is not listed here stays a call.
 */
import {
  interleaved,
  type PackedShift,
  type PackedWord,
  packedShifts,
  packedWords,
  sumOfDifferences,
  wideWords,
} from '../../runtime/abi/packed-words.ts';
import type { Call } from '../ir/node.ts';
import { constantOf } from '../ir/ops.ts';
import type { Expression } from './estree.ts';
import * as js from './estree.ts';
import type { VectorLanes } from './lanes.ts';
import { assign } from './real.ts';
import { templateOf } from './reflect.ts';
import { type Snippet, snippet } from './snippet.ts';

type Emit = (v: VectorLanes, node: Call) => void;

/** Operators that are one expression over their words. */
// biome-ignore format: table
export const inlinedWords = [
  'pand', 'pandn', 'por', 'pxor', 'paddb', 'paddw', 'paddd', 'psubb', 'psubw', 'psubd', 'pcmpeqb', 'pcmpeqw', 'pcmpeqd',
  'pcmpgtb', 'pcmpgtw', 'pcmpgtd', 'pmaxub', 'pminub', 'pmullw', 'pmaddwd',
] as const satisfies readonly PackedWord[];
const inlinedWideWords = ['pmulld', 'pmaxsd', 'pminsd', 'pmaxud', 'pminud'] as const;
export const inlinedShifts: readonly PackedShift[] = ['psrlw', 'psraw', 'psllw', 'psrld', 'psrad', 'pslld'];

/** Emit a call of a packed integer helper, inlined; false when it has to be a call. */
export function inlinePacked(v: VectorLanes, node: Call): boolean {
  const emit = inline.get(node.helper);
  if (emit === undefined) return false;
  emit(v, node);
  return true;
}

const slotOf = (node: Call, i: number): number => constantOf(node.args[i]!);
const word = (slot: number): Expression => js.at('S', js.num(slot));

type Operator = (a: number, b: number) => number;

/** Apply the operator's expression to arguments, with a name for those that it needs more than once. */
function expand(v: VectorLanes, operator: Operator, args: readonly Expression[]): Expression {
  const template = templateOf(operator)!;
  const atoms = args.map((arg, i) => (template.occurrences[i]! > 1 ? v.host.atom(arg) : arg));
  return template.expand(atoms, (step) => v.host.atom(step));
}

/** DEST op SRC on `words` words. */
const wordByWord =
  (operator: Operator, words: number): Emit =>
  (v, node) => {
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    v.save(to, words * 32);
    v.save(from, words * 32);
    for (let i = 0; i < words; i++) {
      v.host.add(assign(word(to + i), expand(v, operator, [word(to + i), word(from + i)])));
    }
    v.reload(to, words * 32);
  };

const shifted =
  (operator: Operator, words: number): Emit =>
  (v, node) => {
    const to = slotOf(node, 0);
    const count = v.host.value(node.args[1]!);
    v.save(to, words * 32);
    for (let i = 0; i < words; i++) v.host.add(assign(word(to + i), expand(v, operator, [word(to + i), count])));
    v.reload(to, words * 32);
  };

const addQuadword = snippet(`
  const $l = (S[$t] + S[$f]) | 0;
  S[$t1] = S[$t1] + S[$f1] + ($l >>> 0 < S[$f] >>> 0 ? 1 : 0);
  S[$t] = $l;
`);
const subQuadword = snippet(`
  const $l = (S[$t] - S[$f]) | 0;
  S[$t1] = S[$t1] - S[$f1] - (S[$t] >>> 0 < S[$f] >>> 0 ? 1 : 0);
  S[$t] = $l;
`);

/** Operators on 64-bit lanes. */
const quadwords =
  (code: Snippet, words: number): Emit =>
  (v, node) => {
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    v.save(to, words * 32);
    v.save(from, words * 32);
    for (let i = 0; i < words; i += 2) {
      v.emit(code, {
        $l: js.id(v.host.frame.temporary()),
        $t: js.num(to + i),
        $t1: js.num(to + i + 1),
        $f: js.num(from + i),
        $f1: js.num(from + i + 1),
      });
    }
    v.reload(to, words * 32);
  };

/** Words of one register shifted by a constant number of bits as one long number; `sources` in ascending order. */
function funnel(sources: readonly Expression[], bits: number): Expression {
  const at = bits >> 5;
  const rest = bits & 31;
  const low = sources[at] ?? js.num(0);
  if (rest === 0) return low;
  const high = sources[at + 1];
  const lowPart = js.binary('>>>', low, js.num(rest));
  if (high === undefined) return lowPart;
  return js.binary('|', lowPart, js.binary('<<', high, js.num(32 - rest)));
}

/** Name words before they are overwritten. */
function words(v: VectorLanes, slot: number, count: number): Expression[] {
  v.save(slot, count * 32);
  return Array.from({ length: count }, (_, i) => v.host.atom(word(slot + i)));
}

function store(v: VectorLanes, slot: number, values: readonly Expression[]): void {
  values.forEach((value, i) => {
    v.host.add(assign(word(slot + i), value));
  });
  v.reload(slot, values.length * 32);
}

/** PALIGNR: the destination above the source, shifted right by bytes. */
const align =
  (count: number): Emit =>
  (v, node) => {
    const sources = [...words(v, slotOf(node, 1), count), ...words(v, slotOf(node, 0), count)];
    const bits = Math.min(constantOf(node.args[2]!) * 8, 64 * count);
    const results = sources.slice(0, count).map((_, i) => funnel(sources, bits + 32 * i));
    store(v, slotOf(node, 0), results);
  };

/** Words of both registers, as SHUFPS and its kin choose them. */
const shuffle: Emit = (v, node) => {
  const [to, from, pattern] = [slotOf(node, 0), slotOf(node, 1), slotOf(node, 2)];
  const sources = [...words(v, to, 4), ...words(v, from, 4)];
  const results = [0, 3, 6, 9].map((shift) => sources[(pattern >> shift) & 7]!);
  store(v, to, results);
};

/** PSRLDQ, and PSLLDQ, which shifts by what is missing to 16 bytes with zeros below. */
const byteShift =
  (left: boolean): Emit =>
  (v, node) => {
    const bytes = constantOf(node.args[1]!);
    const own = words(v, slotOf(node, 0), 4);
    const sources = left ? [js.num(0), js.num(0), js.num(0), js.num(0), ...own] : own;
    const first = left ? 128 - bytes * 8 : bytes * 8;
    store(
      v,
      slotOf(node, 0),
      own.map((_, i) => funnel(sources, first + 32 * i)),
    );
  };

/** PSRLQ, PSLLQ by an immediate below 64. */
const quadwordShift =
  (left: boolean, count: number): Emit =>
  (v, node) => {
    const bits = constantOf(node.args[1]!);
    const own = words(v, slotOf(node, 0), count);
    const results: Expression[] = [];
    for (let i = 0; i < count; i += 2) {
      const pair = own.slice(i, i + 2);
      const sources = left ? [js.num(0), js.num(0), ...pair] : pair;
      const first = left ? 64 - bits : bits;
      results.push(funnel(sources, first), funnel(sources, first + 32));
    }
    store(v, slotOf(node, 0), results);
  };

/** PUNPCKxxx: each word of half of the registers gives two. */
const unpack =
  (low: Operator, high: Operator, upper: boolean, count: number): Emit =>
  (v, node) => {
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    const first = upper ? count / 2 : 0;
    const own = words(v, to + first, count / 2);
    const others = words(v, from + first, count / 2);
    v.save(to, count * 32);
    const results = own.flatMap((a, i) => [low, high].map((operator) => expand(v, operator, [a, others[i]!])));
    // A word of the result may stand where one of its sources did.
    store(v, to, results);
  };

const unpacks = (name: string, low: Operator, high: Operator): [string, Emit][] =>
  ([2, 4] as const).flatMap((count): [string, Emit][] => [
    [`punpckl${name}${count * 32}`, unpack(low, high, false, count)],
    [`punpckh${name}${count * 32}`, unpack(low, high, true, count)],
  ]);

/** PSADBW: one sum for each 64 bits. */
const sumDifferences =
  (count: number): Emit =>
  (v, node) => {
    const own = words(v, slotOf(node, 0), count);
    const others = words(v, slotOf(node, 1), count);
    const sums = own.map((a, i) => expand(v, sumOfDifferences, [a, others[i]!]));
    const results = sums.map((sum, i) => (i % 2 === 0 ? js.binary('+', sum, sums[i + 1]!) : js.num(0)));
    store(v, slotOf(node, 0), results);
  };

/** Top bits of bytes: the product moves each of a word's four to its place in the top four bits. */
const signs =
  (count: number): Emit =>
  (v, node) => {
    const slot = slotOf(node, 0);
    v.save(slot, count * 32);
    const parts = Array.from({ length: count }, (_, i) => {
      const tops = js.binary('&', js.binary('>>>', word(slot + i), js.num(7)), js.num(0x01010101));
      const gathered = js.binary('>>>', imul(tops, js.num(0x10204080)), js.num(28));
      return i === 0 ? gathered : js.binary('<<', gathered, js.num(4 * i));
    });
    v.host.name(
      node,
      parts.reduce((a, b) => js.binary('|', a, b)),
    );
  };

const imul = (a: Expression, b: Expression): Expression => js.method('Math', 'imul', a, b);

const inline = new Map<string, Emit>([
  ...inlinedWords.flatMap((name): [string, Emit][] => [
    [`${name}64`, wordByWord(packedWords[name], 2)],
    [`${name}128`, wordByWord(packedWords[name], 4)],
  ]),
  ...inlinedWideWords.map((name): [string, Emit] => [`${name}128`, wordByWord(wideWords[name], 4)]),
  ...inlinedShifts.flatMap((name): [string, Emit][] => [
    [`${name}64`, shifted(packedShifts[name], 2)],
    [`${name}128`, shifted(packedShifts[name], 4)],
  ]),
  ['paddq64', quadwords(addQuadword, 2)],
  ['paddq128', quadwords(addQuadword, 4)],
  ['psubq64', quadwords(subQuadword, 2)],
  ['psubq128', quadwords(subQuadword, 4)],
  ['palignr64', align(2)],
  ['palignr128', align(4)],
  ['shuffleWords128', shuffle],
  ['pslldq128', byteShift(true)],
  ['psrldq128', byteShift(false)],
  ['psllq64', quadwordShift(true, 2)],
  ['psllq128', quadwordShift(true, 4)],
  ['psrlq64', quadwordShift(false, 2)],
  ['psrlq128', quadwordShift(false, 4)],
  ...unpacks('bw', interleaved.bytesLow, interleaved.bytesHigh),
  ...unpacks('wd', interleaved.wordsLow, interleaved.wordsHigh),
  ['psadbw64', sumDifferences(2)],
  ['psadbw128', sumDifferences(4)],
  ['signs8x64', signs(2)],
  ['signs8x128', signs(4)],
]);

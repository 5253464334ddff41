/** Moves, logic and packed integers on whole XMM registers: one instruction of the host each, or a few. */
import type { Call } from '../../ir/node.ts';
import { constantOf } from '../../ir/ops.ts';
import type { Expression } from '../estree.ts';
import * as js from '../estree.ts';
import { constant, intrinsic, type XmmRegisters } from './registers.ts';

type Emit = (x: XmmRegisters, node: Call) => void;

const slotOf = (node: Call, i: number): number => constantOf(node.args[i]!);

/** DEST := DEST op SRC, or with `swapped` SRC op DEST. */
const binary =
  (name: string, swapped = false): Emit =>
  (x, node) => {
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    const [a, b] = [x.whole(to), x.whole(from)];
    x.setWhole(to, swapped ? intrinsic(name, b, a) : intrinsic(name, a, b));
  };

/** By a count that is less than the lane's width. */
const shift =
  (name: string): Emit =>
  (x, node) => {
    const to = slotOf(node, 0);
    x.setWhole(to, intrinsic(name, x.whole(to), x.host.value(node.args[1]!)));
  };

const bitmask =
  (name: string): Emit =>
  (x, node) => {
    x.host.name(node, intrinsic(name, x.whole(slotOf(node, 0))));
  };

/** Bytes of two vectors by their numbers, 0 to 31; the first is the destination. */
function shuffle(x: XmmRegisters, to: number, from: number, bytes: readonly number[]): void {
  x.setWhole(to, intrinsic('shuffle', x.whole(to), x.whole(from), ...bytes.map((byte) => js.num(byte))));
}

/** Words of both registers: lanes of 64 bits that stay together are moved as such where registers are pairs. */
const shuffleWords: Emit = (x, node) => {
  const [to, from, pattern] = [slotOf(node, 0), slotOf(node, 1), slotOf(node, 2)];
  const words = [0, 3, 6, 9].map((shift) => (pattern >> shift) & 7);
  const isPair = (i: number): boolean => (words[i]! & 1) === 0 && words[i + 1] === words[i]! + 1;
  if (x.isPair(to) && isPair(0) && isPair(2)) {
    const lanes = [words[0]!, words[2]!].map((word) => (word < 4 ? to + word : from + word - 4) >> 1);
    x.setLanes(
      to,
      lanes.map((lane) => [x.lane(lane), x.isClean(lane)] as const),
    );
    return;
  }
  const bytes = words.flatMap((word) => [0, 1, 2, 3].map((i) => 4 * word + i));
  const clean = x.areClean(to) && x.areClean(from);
  shuffle(x, to, from, bytes);
  if (clean) x.noteSingles(to);
};

const sixteen = (byte: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => byte(i));

/** PUNPCKxxx of lanes of so many bytes. */
const unpack =
  (size: number, high: boolean): Emit =>
  (x, node) => {
    const first = high ? 8 : 0;
    const byte = (i: number): number => {
      const pair = Math.floor(i / (2 * size));
      const within = i % (2 * size);
      return first + pair * size + (within < size ? within : 16 + within - size);
    };
    shuffle(x, slotOf(node, 0), slotOf(node, 1), sixteen(byte));
  };

/** PSHUFB: a number with its top bit set gives zero. */
const shuffleBytes: Emit = (x, node) => {
  const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
  const numbers = constant(0x8f8f8f8f, 0x8f8f8f8f, 0x8f8f8f8f, 0x8f8f8f8f);
  x.setWhole(to, intrinsic('swizzle', x.whole(to), intrinsic('and', x.whole(from), numbers)));
};

/** PMULUDQ: the even words. */
const multiplyQuadwords: Emit = (x, node) => {
  const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
  const evens = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11].map((byte) => js.num(byte));
  const factors = [to, from].map((slot) => intrinsic('shuffle', x.whole(slot), x.whole(slot), ...evens));
  x.setWhole(to, intrinsic('i64x2_extmul_low_i32x4_u', ...factors));
};

const absolute =
  (name: string): Emit =>
  (x, node) => {
    x.setWhole(slotOf(node, 0), intrinsic(name, x.whole(slotOf(node, 1))));
  };

/** Bytes of a register shifted, to the right or to the left: zeros come in. */
const byteShift =
  (left: boolean): Emit =>
  (x, node) => {
    const [to, count] = [slotOf(node, 0), slotOf(node, 1)];
    const byte = (i: number): number => {
      const at = left ? i - count : i + count;
      return at >= 0 && at < 16 ? at : 16;
    };
    x.setWhole(to, intrinsic('shuffle', x.whole(to), constant(0, 0, 0, 0), ...sixteen(byte).map((at) => js.num(at))));
  };

const align: Emit = (x, node) => {
  const [to, from, count] = [slotOf(node, 0), slotOf(node, 1), slotOf(node, 2)];
  const byte = (i: number): number => (i + count < 16 ? 16 + i + count : i + count - 16);
  if (count <= 16) shuffle(x, to, from, sixteen(byte));
  else {
    const rest = (i: number): number => (i + count < 32 ? i + count - 16 : 16);
    x.setWhole(to, intrinsic('shuffle', x.whole(to), constant(0, 0, 0, 0), ...sixteen(rest).map((at) => js.num(at))));
  }
};

const nothing: readonly [Expression, boolean] = [js.num(0), true];

const moves: Readonly<Partial<Record<Call['helper'], Emit>>> = {
  move64: (x, node) => {
    const [to, from] = [slotOf(node, 0) >> 1, slotOf(node, 1) >> 1];
    x.setLane(to, x.lane(from));
    if (to !== from) x.noteCopy(to, from);
  },
  move64Zero: (x, node) => {
    const [to, from] = [slotOf(node, 0) >> 1, slotOf(node, 1) >> 1];
    x.setLanes(2 * to, [[x.lane(from), x.isClean(from)], nothing]);
  },
  move32Zero: (x, node) => {
    const [to, from] = [slotOf(node, 0), slotOf(node, 1)];
    x.setLanes(to, [[intrinsic('ofLowWord', x.word(from)), false], nothing]);
  },
  move128: (x, node) => x.copyWhole(slotOf(node, 0), slotOf(node, 1)),
  zero128: (x, node) => x.zero(slotOf(node, 0)),
};

const names: readonly (readonly [helper: string, name: string])[] = [
  ['and128', 'and'],
  ['or128', 'or'],
  ['xor128', 'xor'],
  ['pand128', 'and'],
  ['por128', 'or'],
  ['pxor128', 'xor'],
  ['paddb128', 'i8x16_add'],
  ['paddw128', 'i16x8_add'],
  ['paddd128', 'i32x4_add'],
  ['paddq128', 'i64x2_add'],
  ['psubb128', 'i8x16_sub'],
  ['psubw128', 'i16x8_sub'],
  ['psubd128', 'i32x4_sub'],
  ['psubq128', 'i64x2_sub'],
  ['paddsb128', 'i8x16_add_sat_s'],
  ['paddsw128', 'i16x8_add_sat_s'],
  ['paddusb128', 'i8x16_add_sat_u'],
  ['paddusw128', 'i16x8_add_sat_u'],
  ['psubsb128', 'i8x16_sub_sat_s'],
  ['psubsw128', 'i16x8_sub_sat_s'],
  ['psubusb128', 'i8x16_sub_sat_u'],
  ['psubusw128', 'i16x8_sub_sat_u'],
  ['pcmpeqb128', 'i8x16_eq'],
  ['pcmpeqw128', 'i16x8_eq'],
  ['pcmpeqd128', 'i32x4_eq'],
  ['pcmpeqq128', 'i64x2_eq'],
  ['pcmpgtb128', 'i8x16_gt_s'],
  ['pcmpgtw128', 'i16x8_gt_s'],
  ['pcmpgtd128', 'i32x4_gt_s'],
  ['pcmpgtq128', 'i64x2_gt_s'],
  ['pmaxub128', 'i8x16_max_u'],
  ['pminub128', 'i8x16_min_u'],
  ['pmaxsw128', 'i16x8_max_s'],
  ['pminsw128', 'i16x8_min_s'],
  ['pmaxsb128', 'i8x16_max_s'],
  ['pminsb128', 'i8x16_min_s'],
  ['pmaxuw128', 'i16x8_max_u'],
  ['pminuw128', 'i16x8_min_u'],
  ['pmaxsd128', 'i32x4_max_s'],
  ['pminsd128', 'i32x4_min_s'],
  ['pmaxud128', 'i32x4_max_u'],
  ['pminud128', 'i32x4_min_u'],
  ['pavgb128', 'i8x16_avgr_u'],
  ['pavgw128', 'i16x8_avgr_u'],
  ['pmullw128', 'i16x8_mul'],
  ['pmulld128', 'i32x4_mul'],
  ['pmaddwd128', 'i32x4_dot_i16x8_s'],
  ['packsswb128', 'i8x16_narrow_i16x8_s'],
  ['packuswb128', 'i8x16_narrow_i16x8_u'],
  ['packssdw128', 'i16x8_narrow_i32x4_s'],
  ['packusdw128', 'i16x8_narrow_i32x4_u'],
];

/** By helper. */
export const vectors: ReadonlyMap<string, Emit> = new Map<string, Emit>([
  ...(Object.entries(moves) as [string, Emit][]),
  ...names.map(([helper, name]): [string, Emit] => [helper, binary(name)]),
  ['andNot128', binary('andNot', true)],
  ['pandn128', binary('andNot', true)],
  ['psrlw128', shift('i16x8_shr_u')],
  ['psraw128', shift('i16x8_shr_s')],
  ['psllw128', shift('i16x8_shl')],
  ['psrld128', shift('i32x4_shr_u')],
  ['psrad128', shift('i32x4_shr_s')],
  ['pslld128', shift('i32x4_shl')],
  ['psrlq128', shift('i64x2_shr_u')],
  ['psllq128', shift('i64x2_shl')],
  ['punpcklbw128', unpack(1, false)],
  ['punpckhbw128', unpack(1, true)],
  ['punpcklwd128', unpack(2, false)],
  ['punpckhwd128', unpack(2, true)],
  ['palignr128', align],
  ['shuffleWords128', shuffleWords],
  ['pshufb128', shuffleBytes],
  ['pmuludq128', multiplyQuadwords],
  ['pabsb128', absolute('i8x16_abs')],
  ['pabsw128', absolute('i16x8_abs')],
  ['pabsd128', absolute('i32x4_abs')],
  ['psrldq128', byteShift(false)],
  ['pslldq128', byteShift(true)],
  ['signs8x128', bitmask('i8x16_bitmask')],
  ['signs32', bitmask('i32x4_bitmask')],
  ['signs64', bitmask('i64x2_bitmask')],
]);

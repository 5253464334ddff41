/**
 * Elements of XMM registers on their way to other places: rows and lifts of shuffles, unpacks, packs, blends,
 * insertion, extraction, and widening.
 *
 * Source: SDM vol. 2D tables. The variable blends read their mask from XMM0.
 */
import { VECTOR_SCRATCH, XMM } from '../../runtime/abi/state.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { Ed, Ey, Gd, Ib, RdMb, RdMw, Udq, Vdq, Vpd, Vps, Wd, Wdq, Wpd, Wps, Wq, Wss, Ww, XMM0 } from './operands.ts';
import { extractWord, insertLane, onXmm, shuffleWords } from './packed-lift.ts';
import { type Lift, type Row, row } from './row.ts';
import { lanes, requireSse, source, xmm } from './sse-lift.ts';

/** The destination's words from those of both operands: `pick(i)` below 4 is the destination's, from 4 on the source's. */
const rearrange =
  (pick: (i: number, order: number) => number): Lift =>
  (ir, { operands: [dst, src, order] }) => {
    const to = xmm(dst);
    const from = source(ir, src);
    const chosen = order === undefined ? 0 : ir.immediate(order);
    const pattern = [0, 1, 2, 3].reduce((bits, i) => bits | (pick(i, chosen) << (3 * i)), 0);
    lanes(ir, 'shuffleWords128', to, from, pattern);
  };

const punpckldq = rearrange((i) => (i >> 1) + (i & 1) * 4);
const punpckhdq = rearrange((i) => 2 + (i >> 1) + (i & 1) * 4);
const punpcklqdq = rearrange((i) => (i & 1) + (i >> 1) * 4);
const punpckhqdq = rearrange((i) => 2 + (i & 1) + (i >> 1) * 4);
const shufps = rearrange((i, order) => ((order >> (2 * i)) & 3) + (i >> 1) * 4);
const shufpd = rearrange((i, order) => ((order >> (i >> 1)) & 1) * 2 + (i & 1) + (i >> 1) * 4);
const pshufd = rearrange((i, order) => ((order >> (2 * i)) & 3) + 4);
/** BLENDPS, BLENDPD: each bit of the immediate chooses `words` words. */
const blendWords = (words: 1 | 2): Lift => rearrange((i, order) => i + ((order >> Math.trunc(i / words)) & 1) * 4);

/** PSHUFLW, PSHUFHW: one half is shuffled, the other copied. */
const shuffleHalf =
  (half: 0 | 2): Lift =>
  (ir, { operands: [dst, src, order] }) => {
    const to = xmm(dst);
    const from = source(ir, src);
    const other = 2 - half;
    const rest = [ir.get(from + other), ir.get(from + other + 1)] as const;
    shuffleWords(ir, to + half, from + half, ir.immediate(order));
    ir.set(to + other, rest[0]);
    ir.set(to + other + 1, rest[1]);
  };
const pshuflw = shuffleHalf(0);
const pshufhw = shuffleHalf(2);

const palignr: Lift = (ir, { operands: [dst, src, shift] }) => {
  lanes(ir, 'palignr128', xmm(dst), source(ir, src), ir.immediate(shift));
};

/** Each word of the destination, with the source's bits where those of `mask` are set. */
const blendUnder =
  (mask: (ir: IrBuilder, i: number) => Value): Lift =>
  (ir, { operands: [dst, src] }) => {
    const to = xmm(dst);
    const from = source(ir, src);
    // The mask may be the destination.
    const masks = [0, 1, 2, 3].map((i) => mask(ir, i));
    masks.forEach((bits, i) => {
      const old = ir.get(to + i);
      ir.set(to + i, ir.xor(old, ir.and(ir.xor(old, ir.get(from + i)), bits)));
    });
  };

/** PBLENDVB: under the top bits of XMM0's bytes. */
const pblendvb = blendUnder((ir, i) => {
  const tops = ir.and(ir.shr(ir.get(XMM + i), ir.const(7)), ir.const(0x01010101));
  return ir.mul(tops, ir.const(0xff));
});
const blendvps = blendUnder((ir, i) => ir.sar(ir.get(XMM + i), ir.const(31)));
const blendvpd = blendUnder((ir, i) => ir.sar(ir.get(XMM + (i | 1)), ir.const(31)));

/** PBLENDW: a bit for each 16-bit lane. */
const pblendw: Lift = (ir, { operands: [dst, src, choice] }) => {
  const to = xmm(dst);
  const from = source(ir, src);
  for (let i = 0; i < 4; i++) {
    const bits = (ir.immediate(choice) >> (2 * i)) & 3;
    const mask = (bits & 1 ? 0xffff : 0) | (bits & 2 ? 0xffff0000 : 0);
    const [old, other] = [ir.get(to + i), ir.get(from + i)];
    if (bits !== 0) ir.set(to + i, ir.or(ir.and(old, ir.const(~mask)), ir.and(other, ir.const(mask))));
  }
};

/** PINSRB, PINSRW, PINSRD. */
const insert =
  (bits: 8 | 16 | 32): Lift =>
  (ir, { operands: [dst, src, lane] }) => {
    insertLane(ir, xmm(dst), ir.immediate(lane) & (128 / bits - 1), bits, ir.load(src!));
  };

/** PEXTRB, PEXTRW, PEXTRD, EXTRACTPS: zero-extended into a register. */
const extract =
  (bits: 8 | 16 | 32): Lift =>
  (ir, { operands: [dst, src, lane] }) => {
    const at = ir.immediate(lane) & (128 / bits - 1);
    if (bits === 32) ir.store(dst!, ir.get(xmm(src) + at));
    else if (bits === 16) ir.store(dst!, extractWord(ir, xmm(src), at));
    else {
      const word = ir.get(xmm(src) + (at >> 2));
      ir.store(dst!, ir.and(ir.shr(word, ir.const((at & 3) * 8)), ir.const(0xff)));
    }
  };

/** INSERTPS: one single, from a register's lane or from memory, to a lane; then lanes to be cleared. */
const insertps: Lift = (ir, { operands: [dst, src, control] }) => {
  const choice = ir.immediate(control);
  const value = src?.kind === 'memory' ? ir.load(src) : ir.get(xmm(src) + ((choice >> 6) & 3));
  ir.set(xmm(dst) + ((choice >> 4) & 3), value);
  for (let i = 0; i < 4; i++) if ((choice >> i) & 1) ir.set(xmm(dst) + i, ir.const(0));
};

/** PMOVSXxx, PMOVZXxx: the low lanes, widened. */
const extend =
  (narrow: number, wide: number, signed: boolean): Lift =>
  (ir, { operands: [dst, src] }) => {
    let from = VECTOR_SCRATCH;
    if (src?.kind === 'memory' && src.size === 16) ir.set(from, ir.load(src));
    else from = source(ir, src);
    lanes(ir, 'extendLanes128', xmm(dst), from, narrow, wide, Number(signed));
  };

/** Shuffles, unpacks, blends, insertion and extraction. */
// biome-ignore format: opcode table
export const sseShuffle: readonly Row[] = requireSse([
  row('NP 0F 14',    'UNPCKLPS',   [Vps, Wps],       punpckldq),
  row('66 0F 14',    'UNPCKLPD',   [Vpd, Wpd],       punpcklqdq),
  row('NP 0F 15',    'UNPCKHPS',   [Vps, Wps],       punpckhdq),
  row('66 0F 15',    'UNPCKHPD',   [Vpd, Wpd],       punpckhqdq),
  row('66 0F 60',    'PUNPCKLBW',  [Vdq, Wdq],       onXmm('punpcklbw')),
  row('66 0F 61',    'PUNPCKLWD',  [Vdq, Wdq],       onXmm('punpcklwd')),
  row('66 0F 62',    'PUNPCKLDQ',  [Vdq, Wdq],       punpckldq),
  row('66 0F 6C',    'PUNPCKLQDQ', [Vdq, Wdq],       punpcklqdq),
  row('66 0F 68',    'PUNPCKHBW',  [Vdq, Wdq],       onXmm('punpckhbw')),
  row('66 0F 69',    'PUNPCKHWD',  [Vdq, Wdq],       onXmm('punpckhwd')),
  row('66 0F 6A',    'PUNPCKHDQ',  [Vdq, Wdq],       punpckhdq),
  row('66 0F 6D',    'PUNPCKHQDQ', [Vdq, Wdq],       punpckhqdq),
  row('66 0F 63',    'PACKSSWB',   [Vdq, Wdq],       onXmm('packsswb')),
  row('66 0F 67',    'PACKUSWB',   [Vdq, Wdq],       onXmm('packuswb')),
  row('66 0F 6B',    'PACKSSDW',   [Vdq, Wdq],       onXmm('packssdw')),
  row('66 0F 38 2B', 'PACKUSDW',   [Vdq, Wdq],       onXmm('packusdw')),
  row('NP 0F C6',    'SHUFPS',     [Vps, Wps, Ib],   shufps),
  row('66 0F C6',    'SHUFPD',     [Vpd, Wpd, Ib],   shufpd),
  row('66 0F 70',    'PSHUFD',     [Vdq, Wdq, Ib],   pshufd),
  row('F3 0F 70',    'PSHUFHW',    [Vdq, Wdq, Ib],   pshufhw),
  row('F2 0F 70',    'PSHUFLW',    [Vdq, Wdq, Ib],   pshuflw),
  row('66 0F 38 00', 'PSHUFB',     [Vdq, Wdq],       onXmm('pshufb')),
  row('66 0F 3A 0F', 'PALIGNR',    [Vdq, Wdq, Ib],   palignr),
  row('66 0F 38 10', 'PBLENDVB',   [Vdq, Wdq, XMM0], pblendvb),
  row('66 0F 38 14', 'BLENDVPS',   [Vps, Wps, XMM0], blendvps),
  row('66 0F 38 15', 'BLENDVPD',   [Vpd, Wpd, XMM0], blendvpd),
  row('66 0F 3A 0C', 'BLENDPS',    [Vps, Wps, Ib],   blendWords(1)),
  row('66 0F 3A 0D', 'BLENDPD',    [Vpd, Wpd, Ib],   blendWords(2)),
  row('66 0F 3A 0E', 'PBLENDW',    [Vdq, Wdq, Ib],   pblendw),
  row('66 0F C4',    'PINSRW',     [Vdq, RdMw, Ib],  insert(16)),
  row('66 0F C5',    'PEXTRW',     [Gd, Udq, Ib],    extract(16)),
  row('66 0F 3A 14', 'PEXTRB',     [RdMb, Vdq, Ib],  extract(8)),
  row('66 0F 3A 15', 'PEXTRW',     [RdMw, Vdq, Ib],  extract(16)),
  row('66 0F 3A 16', 'PEXTRD',     [Ey, Vdq, Ib],    extract(32)),
  row('66 0F 3A 17', 'EXTRACTPS',  [Ed, Vdq, Ib],    extract(32)),
  row('66 0F 3A 20', 'PINSRB',     [Vdq, RdMb, Ib],  insert(8)),
  row('66 0F 3A 21', 'INSERTPS',   [Vdq, Wss, Ib],   insertps),
  row('66 0F 3A 22', 'PINSRD',     [Vdq, Ey, Ib],    insert(32)),
  row('66 0F 38 20', 'PMOVSXBW',   [Vdq, Wq],        extend(8, 16, true)),
  row('66 0F 38 21', 'PMOVSXBD',   [Vdq, Wd],        extend(8, 32, true)),
  row('66 0F 38 22', 'PMOVSXBQ',   [Vdq, Ww],        extend(8, 64, true)),
  row('66 0F 38 23', 'PMOVSXWD',   [Vdq, Wq],        extend(16, 32, true)),
  row('66 0F 38 24', 'PMOVSXWQ',   [Vdq, Wd],        extend(16, 64, true)),
  row('66 0F 38 25', 'PMOVSXDQ',   [Vdq, Wq],        extend(32, 64, true)),
  row('66 0F 38 30', 'PMOVZXBW',   [Vdq, Wq],        extend(8, 16, false)),
  row('66 0F 38 31', 'PMOVZXBD',   [Vdq, Wd],        extend(8, 32, false)),
  row('66 0F 38 32', 'PMOVZXBQ',   [Vdq, Ww],        extend(8, 64, false)),
  row('66 0F 38 33', 'PMOVZXWD',   [Vdq, Wq],        extend(16, 32, false)),
  row('66 0F 38 34', 'PMOVZXWQ',   [Vdq, Wd],        extend(16, 64, false)),
  row('66 0F 38 35', 'PMOVZXDQ',   [Vdq, Wq],        extend(32, 64, false)),
]);

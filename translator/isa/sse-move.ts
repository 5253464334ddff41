/**
 * XMM moves: rows and lifts of the full, half and scalar moves, the non-temporal ones, and the moves between XMM, MMX
 * and general registers.
 *
 * Source: SDM vol. 2D tables. Types: ps and pd packed, ss and sd scalar, dq 128-bit integer, q and d the
 * low 64 and 32 bits.
 */
import { VECTOR_SCRATCH } from '../../runtime/abi/state.ts';
import type { MemoryOperand } from '../decode/instruction.ts';
import {
  BDdq,
  Ey,
  Gd,
  Mdq,
  Mpd,
  Mps,
  Mq,
  Nq,
  Pq,
  Udq,
  Upd,
  Ups,
  Uq,
  Vd,
  Vdq,
  Vpd,
  Vps,
  Vq,
  Vsd,
  Vss,
  Wdq,
  Wpd,
  Wps,
  Wq,
  Wsd,
  Wss,
} from './operands.ts';
import { beginMmx, endMmx, mm } from './packed-lift.ts';
import { type Lift, type Row, row } from './row.ts';
import { lanes, requireSse, source, storeLanes, xmm } from './sse-lift.ts';

/** Whole registers, XMM or memory to XMM. */
const loadFull =
  (unaligned = false): Lift =>
  (ir, { operands: [dst, src] }) => {
    if (src?.kind !== 'memory') lanes(ir, 'move128', xmm(dst), xmm(src));
    else lanes(ir, unaligned ? 'load128' : 'load128Aligned', xmm(dst), ir.address(src));
  };

/** Whole registers, XMM to XMM or memory. */
const storeFull =
  (unaligned = false): Lift =>
  (ir, { operands: [dst, src] }) => {
    if (dst?.kind === 'memory') storeLanes(ir, dst, xmm(src), unaligned);
    else lanes(ir, 'move128', xmm(dst), xmm(src));
  };

/** MOVSS. From memory the upper lanes become zero, from a register they stay. Source: SDM vol. 2B, MOVSS. */
const movss: Lift = (ir, { operands: [dst, src] }) => {
  if (dst?.kind === 'memory') storeLanes(ir, dst, xmm(src));
  else if (src?.kind === 'memory') lanes(ir, 'move32Zero', xmm(dst), source(ir, src));
  else ir.set(xmm(dst), ir.get(xmm(src)));
};

/** MOVSD, as MOVSS. */
const movsd: Lift = (ir, { operands: [dst, src] }) => {
  if (dst?.kind === 'memory') storeLanes(ir, dst, xmm(src));
  else if (src?.kind === 'memory') lanes(ir, 'load64Zero', xmm(dst), ir.address(src));
  else lanes(ir, 'move64', xmm(dst), xmm(src));
};

/** MOVLPS, MOVHPS and their PD forms: the half from slot `offset` on, which is all that is touched. */
const loadHalf =
  (offset: 0 | 2): Lift =>
  (ir, { operands: [dst, src] }) => {
    lanes(ir, 'load64', xmm(dst) + offset, ir.address(src as MemoryOperand));
  };

const storeHalf =
  (offset: 0 | 2): Lift =>
  (ir, { operands: [dst, src] }) => {
    storeLanes(ir, dst as MemoryOperand, xmm(src) + offset);
  };

const movhlps: Lift = (ir, { operands: [dst, src] }) => {
  lanes(ir, 'move64', xmm(dst), xmm(src) + 2);
};

const movlhps: Lift = (ir, { operands: [dst, src] }) => {
  lanes(ir, 'move64', xmm(dst) + 2, xmm(src));
};

/** MOVDDUP: the low double twice. */
const movddup: Lift = (ir, { operands: [dst, src] }) => {
  const from = source(ir, src);
  lanes(ir, 'move64', xmm(dst) + 2, from);
  lanes(ir, 'move64', xmm(dst), from);
};

/** MOVSLDUP, MOVSHDUP: the even or the odd single of each pair twice. */
const duplicate =
  (offset: 0 | 1): Lift =>
  (ir, { operands: [dst, src] }) => {
    const from = source(ir, src);
    const [low, high] = [ir.get(from + offset), ir.get(from + 2 + offset)];
    [low, low, high, high].forEach((value, i) => {
      ir.set(xmm(dst) + i, value);
    });
  };
const movsldup = duplicate(0);
const movshdup = duplicate(1);

/** MOVD: 32 bits into the lowest lane, zero above; and back. */
const movd: Lift = (ir, { operands: [dst, src] }) => {
  ir.set(VECTOR_SCRATCH, ir.load(src!));
  lanes(ir, 'move32Zero', xmm(dst), VECTOR_SCRATCH);
};

const movdOut: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, ir.get(xmm(src)));
};

/** MOVQ: the low 64 bits, zero above; a store to memory is just those. */
const movq: Lift = (ir, { operands: [dst, src] }) => {
  if (src?.kind === 'memory') lanes(ir, 'load64Zero', xmm(dst), ir.address(src));
  else lanes(ir, 'move64Zero', xmm(dst), xmm(src));
};

const movqOut: Lift = (ir, { operands: [dst, src] }) => {
  if (dst?.kind === 'memory') storeLanes(ir, dst, xmm(src));
  else lanes(ir, 'move64Zero', xmm(dst), xmm(src));
};

/** MOVMSKPS, MOVMSKPD. */
const signs =
  (helper: 'signs32' | 'signs64'): Lift =>
  (ir, { operands: [dst, src] }) => {
    ir.store(dst!, lanes(ir, helper, xmm(src)));
  };

/** PMOVMSKB: the top bit of each byte. */
const pmovmskb: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, lanes(ir, 'signs8x128', xmm(src)));
};

/** MASKMOVDQU: bytes to DS:EDI whose mask byte has its top bit set. */
const maskmovdqu: Lift = (ir, { operands: [data, mask, address] }) => {
  ir.checkWritable(address as MemoryOperand);
  lanes(ir, 'maskedStore128', xmm(data), xmm(mask), ir.address(address as MemoryOperand, 0, true));
};

/** MOVQ2DQ, MOVDQ2Q: 64 bits from an MMX register, zero above them, and back. */
const movq2dq: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  lanes(ir, 'move64Zero', xmm(dst), mm(src));
  endMmx(ir);
};

const movdq2q: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  lanes(ir, 'move64', mm(dst), xmm(src));
  endMmx(ir, mm(dst));
};

/** Moves of XMM registers and of parts of them. */
// biome-ignore format: opcode table
export const sseMove: readonly Row[] = requireSse([
  // Packed and scalar floating point
  row('NP 0F 10',    'MOVUPS',     [Vps, Wps],       loadFull(true)),
  row('NP 0F 11',    'MOVUPS',     [Wps, Vps],       storeFull(true)),
  row('66 0F 10',    'MOVUPD',     [Vpd, Wpd],       loadFull(true)),
  row('66 0F 11',    'MOVUPD',     [Wpd, Vpd],       storeFull(true)),
  row('F3 0F 10',    'MOVSS',      [Vss, Wss],       movss),
  row('F3 0F 11',    'MOVSS',      [Wss, Vss],       movss),
  row('F2 0F 10',    'MOVSD',      [Vsd, Wsd],       movsd),
  row('F2 0F 11',    'MOVSD',      [Wsd, Vsd],       movsd),
  row('NP 0F 28',    'MOVAPS',     [Vps, Wps],       loadFull()),
  row('NP 0F 29',    'MOVAPS',     [Wps, Vps],       storeFull()),
  row('66 0F 28',    'MOVAPD',     [Vpd, Wpd],       loadFull()),
  row('66 0F 29',    'MOVAPD',     [Wpd, Vpd],       storeFull()),
  // Halves
  row('NP 0F 12',    'MOVHLPS',    [Vq, Uq],         movhlps),
  row('NP 0F 12',    'MOVLPS',     [Vq, Mq],         loadHalf(0)),
  row('NP 0F 13',    'MOVLPS',     [Mq, Vq],         storeHalf(0)),
  row('66 0F 12',    'MOVLPD',     [Vq, Mq],         loadHalf(0)),
  row('66 0F 13',    'MOVLPD',     [Mq, Vq],         storeHalf(0)),
  row('NP 0F 16',    'MOVLHPS',    [Vq, Uq],         movlhps),
  row('NP 0F 16',    'MOVHPS',     [Vq, Mq],         loadHalf(2)),
  row('NP 0F 17',    'MOVHPS',     [Mq, Vq],         storeHalf(2)),
  row('66 0F 16',    'MOVHPD',     [Vq, Mq],         loadHalf(2)),
  row('66 0F 17',    'MOVHPD',     [Mq, Vq],         storeHalf(2)),
  row('F3 0F 12',    'MOVSLDUP',   [Vps, Wps],       movsldup),
  row('F2 0F 12',    'MOVDDUP',    [Vq, Wq],         movddup),
  row('F3 0F 16',    'MOVSHDUP',   [Vps, Wps],       movshdup),
  // Integer
  row('66 0F 6E',    'MOVD',       [Vd, Ey],         movd),
  row('66 0F 7E',    'MOVD',       [Ey, Vd],         movdOut),
  row('F3 0F 7E',    'MOVQ',       [Vq, Wq],         movq),
  row('66 0F D6',    'MOVQ',       [Wq, Vq],         movqOut),
  row('66 0F 6F',    'MOVDQA',     [Vdq, Wdq],       loadFull()),
  row('66 0F 7F',    'MOVDQA',     [Wdq, Vdq],       storeFull()),
  row('F3 0F 6F',    'MOVDQU',     [Vdq, Wdq],       loadFull(true)),
  row('F3 0F 7F',    'MOVDQU',     [Wdq, Vdq],       storeFull(true)),
  row('F2 0F F0',    'LDDQU',      [Vdq, Mdq],       loadFull(true)),
  row('F3 0F D6',    'MOVQ2DQ',    [Vdq, Nq],        movq2dq),
  row('F2 0F D6',    'MOVDQ2Q',    [Pq, Uq],         movdq2q),
  // Masks and non-temporal stores
  row('NP 0F 50',    'MOVMSKPS',   [Gd, Ups],        signs('signs32')),
  row('66 0F 50',    'MOVMSKPD',   [Gd, Upd],        signs('signs64')),
  row('66 0F D7',    'PMOVMSKB',   [Gd, Udq],        pmovmskb),
  row('66 0F F7',    'MASKMOVDQU', [Vdq, Udq, BDdq], maskmovdqu),
  row('NP 0F 2B',    'MOVNTPS',    [Mps, Vps],       storeFull()),
  row('66 0F 2B',    'MOVNTPD',    [Mpd, Vpd],       storeFull()),
  row('66 0F E7',    'MOVNTDQ',    [Mdq, Vdq],       storeFull()),
  row('66 0F 38 2A', 'MOVNTDQA',   [Vdq, Mdq],       loadFull()),
]);

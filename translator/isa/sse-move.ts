/**
 * XMM moves: rows and lifts of the full, half and scalar moves, the non-temporal ones, and the moves between XMM, MMX
 * and general registers.
 *
 * Source: SDM vol. 2D tables. Types: ps and pd packed, ss and sd scalar, dq 128-bit integer, q and d the
 * low 64 and 32 bits.
 */
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
import { type Row, row } from './row.ts';

/** Moves of XMM registers and of parts of them. */
// biome-ignore format: opcode table
export const sseMove: readonly Row[] = [
  // Packed and scalar floating point
  row('NP 0F 10',    'MOVUPS',     [Vps, Wps],       undefined),
  row('NP 0F 11',    'MOVUPS',     [Wps, Vps],       undefined),
  row('66 0F 10',    'MOVUPD',     [Vpd, Wpd],       undefined),
  row('66 0F 11',    'MOVUPD',     [Wpd, Vpd],       undefined),
  row('F3 0F 10',    'MOVSS',      [Vss, Wss],       undefined),
  row('F3 0F 11',    'MOVSS',      [Wss, Vss],       undefined),
  row('F2 0F 10',    'MOVSD',      [Vsd, Wsd],       undefined),
  row('F2 0F 11',    'MOVSD',      [Wsd, Vsd],       undefined),
  row('NP 0F 28',    'MOVAPS',     [Vps, Wps],       undefined),
  row('NP 0F 29',    'MOVAPS',     [Wps, Vps],       undefined),
  row('66 0F 28',    'MOVAPD',     [Vpd, Wpd],       undefined),
  row('66 0F 29',    'MOVAPD',     [Wpd, Vpd],       undefined),
  // Halves
  row('NP 0F 12',    'MOVHLPS',    [Vq, Uq],         undefined),
  row('NP 0F 12',    'MOVLPS',     [Vq, Mq],         undefined),
  row('NP 0F 13',    'MOVLPS',     [Mq, Vq],         undefined),
  row('66 0F 12',    'MOVLPD',     [Vq, Mq],         undefined),
  row('66 0F 13',    'MOVLPD',     [Mq, Vq],         undefined),
  row('NP 0F 16',    'MOVLHPS',    [Vq, Uq],         undefined),
  row('NP 0F 16',    'MOVHPS',     [Vq, Mq],         undefined),
  row('NP 0F 17',    'MOVHPS',     [Mq, Vq],         undefined),
  row('66 0F 16',    'MOVHPD',     [Vq, Mq],         undefined),
  row('66 0F 17',    'MOVHPD',     [Mq, Vq],         undefined),
  row('F3 0F 12',    'MOVSLDUP',   [Vps, Wps],       undefined),
  row('F2 0F 12',    'MOVDDUP',    [Vq, Wq],         undefined),
  row('F3 0F 16',    'MOVSHDUP',   [Vps, Wps],       undefined),
  // Integer
  row('66 0F 6E',    'MOVD',       [Vd, Ey],         undefined),
  row('66 0F 7E',    'MOVD',       [Ey, Vd],         undefined),
  row('F3 0F 7E',    'MOVQ',       [Vq, Wq],         undefined),
  row('66 0F D6',    'MOVQ',       [Wq, Vq],         undefined),
  row('66 0F 6F',    'MOVDQA',     [Vdq, Wdq],       undefined),
  row('66 0F 7F',    'MOVDQA',     [Wdq, Vdq],       undefined),
  row('F3 0F 6F',    'MOVDQU',     [Vdq, Wdq],       undefined),
  row('F3 0F 7F',    'MOVDQU',     [Wdq, Vdq],       undefined),
  row('F2 0F F0',    'LDDQU',      [Vdq, Mdq],       undefined),
  row('F3 0F D6',    'MOVQ2DQ',    [Vdq, Nq],        undefined),
  row('F2 0F D6',    'MOVDQ2Q',    [Pq, Uq],         undefined),
  // Masks and non-temporal stores
  row('NP 0F 50',    'MOVMSKPS',   [Gd, Ups],        undefined),
  row('66 0F 50',    'MOVMSKPD',   [Gd, Upd],        undefined),
  row('66 0F D7',    'PMOVMSKB',   [Gd, Udq],        undefined),
  row('66 0F F7',    'MASKMOVDQU', [Vdq, Udq, BDdq], undefined),
  row('NP 0F 2B',    'MOVNTPS',    [Mps, Vps],       undefined),
  row('66 0F 2B',    'MOVNTPD',    [Mpd, Vpd],       undefined),
  row('66 0F E7',    'MOVNTDQ',    [Mdq, Vdq],       undefined),
  row('66 0F 38 2A', 'MOVNTDQA',   [Vdq, Mdq],       undefined),
];

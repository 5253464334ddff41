/**
 * Elements of XMM registers on their way to other places: rows and lifts of shuffles, unpacks, packs, blends,
 * insertion, extraction, and widening.
 *
 * Source: SDM vol. 2D tables. The variable blends read their mask from XMM0.
 */
import { Ed, Ey, Gd, Ib, RdMb, RdMw, Udq, Vdq, Vpd, Vps, Wd, Wdq, Wpd, Wps, Wq, Wss, Ww, XMM0 } from './operands.ts';
import { type Row, row } from './row.ts';

/** Shuffles, unpacks, blends, insertion and extraction. */
// biome-ignore format: opcode table
export const sseShuffle: readonly Row[] = [
  row('NP 0F 14',    'UNPCKLPS',   [Vps, Wps],       undefined),
  row('66 0F 14',    'UNPCKLPD',   [Vpd, Wpd],       undefined),
  row('NP 0F 15',    'UNPCKHPS',   [Vps, Wps],       undefined),
  row('66 0F 15',    'UNPCKHPD',   [Vpd, Wpd],       undefined),
  row('66 0F 60',    'PUNPCKLBW',  [Vdq, Wdq],       undefined),
  row('66 0F 61',    'PUNPCKLWD',  [Vdq, Wdq],       undefined),
  row('66 0F 62',    'PUNPCKLDQ',  [Vdq, Wdq],       undefined),
  row('66 0F 6C',    'PUNPCKLQDQ', [Vdq, Wdq],       undefined),
  row('66 0F 68',    'PUNPCKHBW',  [Vdq, Wdq],       undefined),
  row('66 0F 69',    'PUNPCKHWD',  [Vdq, Wdq],       undefined),
  row('66 0F 6A',    'PUNPCKHDQ',  [Vdq, Wdq],       undefined),
  row('66 0F 6D',    'PUNPCKHQDQ', [Vdq, Wdq],       undefined),
  row('66 0F 63',    'PACKSSWB',   [Vdq, Wdq],       undefined),
  row('66 0F 67',    'PACKUSWB',   [Vdq, Wdq],       undefined),
  row('66 0F 6B',    'PACKSSDW',   [Vdq, Wdq],       undefined),
  row('66 0F 38 2B', 'PACKUSDW',   [Vdq, Wdq],       undefined),
  row('NP 0F C6',    'SHUFPS',     [Vps, Wps, Ib],   undefined),
  row('66 0F C6',    'SHUFPD',     [Vpd, Wpd, Ib],   undefined),
  row('66 0F 70',    'PSHUFD',     [Vdq, Wdq, Ib],   undefined),
  row('F3 0F 70',    'PSHUFHW',    [Vdq, Wdq, Ib],   undefined),
  row('F2 0F 70',    'PSHUFLW',    [Vdq, Wdq, Ib],   undefined),
  row('66 0F 38 00', 'PSHUFB',     [Vdq, Wdq],       undefined),
  row('66 0F 3A 0F', 'PALIGNR',    [Vdq, Wdq, Ib],   undefined),
  row('66 0F 38 10', 'PBLENDVB',   [Vdq, Wdq, XMM0], undefined),
  row('66 0F 38 14', 'BLENDVPS',   [Vps, Wps, XMM0], undefined),
  row('66 0F 38 15', 'BLENDVPD',   [Vpd, Wpd, XMM0], undefined),
  row('66 0F 3A 0C', 'BLENDPS',    [Vps, Wps, Ib],   undefined),
  row('66 0F 3A 0D', 'BLENDPD',    [Vpd, Wpd, Ib],   undefined),
  row('66 0F 3A 0E', 'PBLENDW',    [Vdq, Wdq, Ib],   undefined),
  row('66 0F C4',    'PINSRW',     [Vdq, RdMw, Ib],  undefined),
  row('66 0F C5',    'PEXTRW',     [Gd, Udq, Ib],    undefined),
  row('66 0F 3A 14', 'PEXTRB',     [RdMb, Vdq, Ib],  undefined),
  row('66 0F 3A 15', 'PEXTRW',     [RdMw, Vdq, Ib],  undefined),
  row('66 0F 3A 16', 'PEXTRD',     [Ey, Vdq, Ib],    undefined),
  row('66 0F 3A 17', 'EXTRACTPS',  [Ed, Vdq, Ib],    undefined),
  row('66 0F 3A 20', 'PINSRB',     [Vdq, RdMb, Ib],  undefined),
  row('66 0F 3A 21', 'INSERTPS',   [Vdq, Wss, Ib],   undefined),
  row('66 0F 3A 22', 'PINSRD',     [Vdq, Ey, Ib],    undefined),
  row('66 0F 38 20', 'PMOVSXBW',   [Vdq, Wq],        undefined),
  row('66 0F 38 21', 'PMOVSXBD',   [Vdq, Wd],        undefined),
  row('66 0F 38 22', 'PMOVSXBQ',   [Vdq, Ww],        undefined),
  row('66 0F 38 23', 'PMOVSXWD',   [Vdq, Wq],        undefined),
  row('66 0F 38 24', 'PMOVSXWQ',   [Vdq, Wd],        undefined),
  row('66 0F 38 25', 'PMOVSXDQ',   [Vdq, Wq],        undefined),
  row('66 0F 38 30', 'PMOVZXBW',   [Vdq, Wq],        undefined),
  row('66 0F 38 31', 'PMOVZXBD',   [Vdq, Wd],        undefined),
  row('66 0F 38 32', 'PMOVZXBQ',   [Vdq, Ww],        undefined),
  row('66 0F 38 33', 'PMOVZXWD',   [Vdq, Wq],        undefined),
  row('66 0F 38 34', 'PMOVZXWQ',   [Vdq, Wd],        undefined),
  row('66 0F 38 35', 'PMOVZXDQ',   [Vdq, Wq],        undefined),
];

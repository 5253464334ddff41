/**
 * Conversions: rows and lifts of CVT and CVTT between single, double, 32-bit integer and general or MMX registers.
 *
 * Source: SDM vol. 2D table A-3.
 */
import { Ey, Gy, Pq, Qq, Vdq, Vpd, Vps, Vsd, Vss, Wdq, Wpd, Wps, Wq, Wsd, Wss } from './operands.ts';
import { type Row, row } from './row.ts';

/** Conversions between floating-point and integer formats. */
// biome-ignore format: opcode table
export const sseConvert: readonly Row[] = [
  row('NP 0F 2A', 'CVTPI2PS',  [Vps, Qq],  undefined),
  row('66 0F 2A', 'CVTPI2PD',  [Vpd, Qq],  undefined),
  row('F3 0F 2A', 'CVTSI2SS',  [Vss, Ey],  undefined),
  row('F2 0F 2A', 'CVTSI2SD',  [Vsd, Ey],  undefined),
  row('NP 0F 2C', 'CVTTPS2PI', [Pq, Wq],   undefined),
  row('66 0F 2C', 'CVTTPD2PI', [Pq, Wpd],  undefined),
  row('F3 0F 2C', 'CVTTSS2SI', [Gy, Wss],  undefined),
  row('F2 0F 2C', 'CVTTSD2SI', [Gy, Wsd],  undefined),
  row('NP 0F 2D', 'CVTPS2PI',  [Pq, Wq],   undefined),
  row('66 0F 2D', 'CVTPD2PI',  [Pq, Wpd],  undefined),
  row('F3 0F 2D', 'CVTSS2SI',  [Gy, Wss],  undefined),
  row('F2 0F 2D', 'CVTSD2SI',  [Gy, Wsd],  undefined),
  row('NP 0F 5A', 'CVTPS2PD',  [Vpd, Wq],  undefined),
  row('66 0F 5A', 'CVTPD2PS',  [Vps, Wpd], undefined),
  row('F3 0F 5A', 'CVTSS2SD',  [Vsd, Wss], undefined),
  row('F2 0F 5A', 'CVTSD2SS',  [Vss, Wsd], undefined),
  row('NP 0F 5B', 'CVTDQ2PS',  [Vps, Wdq], undefined),
  row('66 0F 5B', 'CVTPS2DQ',  [Vdq, Wps], undefined),
  row('F3 0F 5B', 'CVTTPS2DQ', [Vdq, Wps], undefined),
  row('66 0F E6', 'CVTTPD2DQ', [Vdq, Wpd], undefined),
  row('F3 0F E6', 'CVTDQ2PD',  [Vpd, Wq],  undefined),
  row('F2 0F E6', 'CVTPD2DQ',  [Vdq, Wpd], undefined),
];

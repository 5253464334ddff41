/**
 * SSE4.2's text instructions: rows and lifts of PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM.
 *
 * Source: SDM vol. 2B §4.1, vol. 2D table A-5.
 */
import { Ib, Vdq, Wdq } from './operands.ts';
import { type Row, row } from './row.ts';

/** String comparison on XMM registers. */
// biome-ignore format: opcode table
export const sseText: readonly Row[] = [
  row('66 0F 3A 60', 'PCMPESTRM', [Vdq, Wdq, Ib], undefined),
  row('66 0F 3A 61', 'PCMPESTRI', [Vdq, Wdq, Ib], undefined),
  row('66 0F 3A 62', 'PCMPISTRM', [Vdq, Wdq, Ib], undefined),
  row('66 0F 3A 63', 'PCMPISTRI', [Vdq, Wdq, Ib], undefined),
];

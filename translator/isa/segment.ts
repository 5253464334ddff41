/**
 * Segment registers and descriptors: rows and lifts of MOV, PUSH and POP of segment registers, LDS to LGS, LAR, LSL,
 * VERR, VERW, ARPL, and of LDTR and TR.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 3. Loads read descriptor tables and may fault, so
 * they end in the VMM; reading a segment register does not. MOV to CS is undefined.
 */
import { CS, DS, ES, Ew, FS, GS, Gv, Gw, Lw, Mp, RvMw, SS, Sw } from './operands.ts';
import { NOT64, type Row, row, SENSITIVE } from './row.ts';

/** Segment registers, far pointers and descriptor queries. */
// biome-ignore format: opcode table
export const segment: readonly Row[] = [
  row('8C',       'MOV',  [RvMw, Sw], undefined),
  row('8E',       'MOV',  [Lw, Ew],   undefined, SENSITIVE),
  row('06',       'PUSH', [ES],       undefined, NOT64),
  row('0E',       'PUSH', [CS],       undefined, NOT64),
  row('16',       'PUSH', [SS],       undefined, NOT64),
  row('1E',       'PUSH', [DS],       undefined, NOT64),
  row('0F A0',    'PUSH', [FS],       undefined),
  row('0F A8',    'PUSH', [GS],       undefined),
  row('07',       'POP',  [ES],       undefined, SENSITIVE | NOT64),
  row('17',       'POP',  [SS],       undefined, SENSITIVE | NOT64),
  row('1F',       'POP',  [DS],       undefined, SENSITIVE | NOT64),
  row('0F A1',    'POP',  [FS],       undefined, SENSITIVE),
  row('0F A9',    'POP',  [GS],       undefined, SENSITIVE),
  row('C4',       'LES',  [Gv, Mp],   undefined, SENSITIVE | NOT64),
  row('C5',       'LDS',  [Gv, Mp],   undefined, SENSITIVE | NOT64),
  row('0F B2',    'LSS',  [Gv, Mp],   undefined, SENSITIVE),
  row('0F B4',    'LFS',  [Gv, Mp],   undefined, SENSITIVE),
  row('0F B5',    'LGS',  [Gv, Mp],   undefined, SENSITIVE),
  row('0F 00 /0', 'SLDT', [RvMw],     undefined, SENSITIVE),
  row('0F 00 /1', 'STR',  [RvMw],     undefined, SENSITIVE),
  row('0F 00 /2', 'LLDT', [Ew],       undefined, SENSITIVE),
  row('0F 00 /3', 'LTR',  [Ew],       undefined, SENSITIVE),
  row('0F 00 /4', 'VERR', [Ew],       undefined, SENSITIVE),
  row('0F 00 /5', 'VERW', [Ew],       undefined, SENSITIVE),
  row('0F 02',    'LAR',  [Gv, Ew],   undefined, SENSITIVE),
  row('0F 03',    'LSL',  [Gv, Ew],   undefined, SENSITIVE),
  row('63',       'ARPL', [Ew, Gw],   undefined, NOT64),
];

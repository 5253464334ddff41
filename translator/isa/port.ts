/**
 * Port input and output: rows and lifts of IN, OUT, INS and OUTS. All depend on IOPL and the I/O permission bitmap.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 1 chapter 19.
 */
import { AL, DX, eAX, Ib, Xb, Xz, Yb, Yz } from './operands.ts';
import { REP, type Row, row, SENSITIVE } from './row.ts';

/** Port input and output. */
// biome-ignore format: opcode table
export const port: readonly Row[] = [
  row('E4', 'IN',          [AL, Ib],  undefined, SENSITIVE),
  row('E5', 'IN',          [eAX, Ib], undefined, SENSITIVE),
  row('EC', 'IN',          [AL, DX],  undefined, SENSITIVE),
  row('ED', 'IN',          [eAX, DX], undefined, SENSITIVE),
  row('E6', 'OUT',         [Ib, AL],  undefined, SENSITIVE),
  row('E7', 'OUT',         [Ib, eAX], undefined, SENSITIVE),
  row('EE', 'OUT',         [DX, AL],  undefined, SENSITIVE),
  row('EF', 'OUT',         [DX, eAX], undefined, SENSITIVE),
  row('6C', 'INSB',        [Yb, DX],  undefined, SENSITIVE | REP),
  row('6D', 'INSW/INSD',   [Yz, DX],  undefined, SENSITIVE | REP),
  row('6E', 'OUTSB',       [DX, Xb],  undefined, SENSITIVE | REP),
  row('6F', 'OUTSW/OUTSD', [DX, Xz],  undefined, SENSITIVE | REP),
];

/**
 * Decimal and ASCII adjustment of AL and AX: rows and lifts of DAA, DAS, AAA, AAS, AAM (which raises #DE) and AAD.
 *
 * Source: SDM vol. 2A under each mnemonic.
 */
import { Ib } from './operands.ts';
import { NOT64, type Row, row } from './row.ts';

/** Decimal and ASCII adjustment. */
// biome-ignore format: opcode table
export const bcd: readonly Row[] = [
  row('27', 'DAA', [],   undefined, NOT64),
  row('2F', 'DAS', [],   undefined, NOT64),
  row('37', 'AAA', [],   undefined, NOT64),
  row('3F', 'AAS', [],   undefined, NOT64),
  row('D4', 'AAM', [Ib], undefined, NOT64),
  row('D5', 'AAD', [Ib], undefined, NOT64),
];

/**
 * Integer multiplication and division: rows and lifts of MUL, IMUL, DIV, IDIV (which raise #DE) and BMI2's MULX.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. The one-operand forms work on AL/AX/EAX with AH/DX/EDX.
 */
import { By, Eb, Ev, Ey, Gv, Gy, Ibs, Iz } from './operands.ts';
import { type Row, row } from './row.ts';

/** Integer multiplication and division. */
// biome-ignore format: opcode table
export const multiply: readonly Row[] = [
  row('F6 /4',                'MUL',  [Eb],          undefined),
  row('F7 /4',                'MUL',  [Ev],          undefined),
  row('F6 /5',                'IMUL', [Eb],          undefined),
  row('F7 /5',                'IMUL', [Ev],          undefined),
  row('69',                   'IMUL', [Gv, Ev, Iz],  undefined),
  row('6B',                   'IMUL', [Gv, Ev, Ibs], undefined),
  row('0F AF',                'IMUL', [Gv, Ev],      undefined),
  row('F6 /6',                'DIV',  [Eb],          undefined),
  row('F7 /6',                'DIV',  [Ev],          undefined),
  row('F6 /7',                'IDIV', [Eb],          undefined),
  row('F7 /7',                'IDIV', [Ev],          undefined),
  row('VEX.LZ.F2.0F38.W0 F6', 'MULX', [Gy, By, Ey],  undefined),
];

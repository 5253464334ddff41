/**
 * Bitwise logic: rows and lifts of AND, OR, XOR, NOT, TEST and BMI1's ANDN. All but NOT clear CF and OF.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. F6 /1 and F7 /1 are aliases of TEST on real CPUs.
 */
import { AL, By, Eb, Ev, Ey, eAX, Gb, Gv, Gy, Ib, Ibs, Iz } from './operands.ts';
import { LOCK, NOT64, type Row, row } from './row.ts';

/** Bitwise logic and TEST. */
// biome-ignore format: opcode table
export const logic: readonly Row[] = [
  row('08',                'OR',   [Eb, Gb],     undefined, LOCK),
  row('09',                'OR',   [Ev, Gv],     undefined, LOCK),
  row('0A',                'OR',   [Gb, Eb],     undefined),
  row('0B',                'OR',   [Gv, Ev],     undefined),
  row('0C',                'OR',   [AL, Ib],     undefined),
  row('0D',                'OR',   [eAX, Iz],    undefined),
  row('80 /1',             'OR',   [Eb, Ib],     undefined, LOCK),
  row('81 /1',             'OR',   [Ev, Iz],     undefined, LOCK),
  row('82 /1',             'OR',   [Eb, Ib],     undefined, LOCK | NOT64),
  row('83 /1',             'OR',   [Ev, Ibs],    undefined, LOCK),
  row('20',                'AND',  [Eb, Gb],     undefined, LOCK),
  row('21',                'AND',  [Ev, Gv],     undefined, LOCK),
  row('22',                'AND',  [Gb, Eb],     undefined),
  row('23',                'AND',  [Gv, Ev],     undefined),
  row('24',                'AND',  [AL, Ib],     undefined),
  row('25',                'AND',  [eAX, Iz],    undefined),
  row('80 /4',             'AND',  [Eb, Ib],     undefined, LOCK),
  row('81 /4',             'AND',  [Ev, Iz],     undefined, LOCK),
  row('82 /4',             'AND',  [Eb, Ib],     undefined, LOCK | NOT64),
  row('83 /4',             'AND',  [Ev, Ibs],    undefined, LOCK),
  row('30',                'XOR',  [Eb, Gb],     undefined, LOCK),
  row('31',                'XOR',  [Ev, Gv],     undefined, LOCK),
  row('32',                'XOR',  [Gb, Eb],     undefined),
  row('33',                'XOR',  [Gv, Ev],     undefined),
  row('34',                'XOR',  [AL, Ib],     undefined),
  row('35',                'XOR',  [eAX, Iz],    undefined),
  row('80 /6',             'XOR',  [Eb, Ib],     undefined, LOCK),
  row('81 /6',             'XOR',  [Ev, Iz],     undefined, LOCK),
  row('82 /6',             'XOR',  [Eb, Ib],     undefined, LOCK | NOT64),
  row('83 /6',             'XOR',  [Ev, Ibs],    undefined, LOCK),
  row('84',                'TEST', [Eb, Gb],     undefined),
  row('85',                'TEST', [Ev, Gv],     undefined),
  row('A8',                'TEST', [AL, Ib],     undefined),
  row('A9',                'TEST', [eAX, Iz],    undefined),
  row('F6 /0',             'TEST', [Eb, Ib],     undefined),
  row('F6 /1',             'TEST', [Eb, Ib],     undefined),
  row('F7 /0',             'TEST', [Ev, Iz],     undefined),
  row('F7 /1',             'TEST', [Ev, Iz],     undefined),
  row('F6 /2',             'NOT',  [Eb],         undefined, LOCK),
  row('F7 /2',             'NOT',  [Ev],         undefined, LOCK),
  row('VEX.LZ.0F38.W0 F2', 'ANDN', [Gy, By, Ey], undefined),
];

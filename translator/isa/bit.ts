/**
 * Single bits and bit fields: rows and lifts of BT, BTS, BTR, BTC, the scans and counts, BSWAP, CRC32 and the rest of
 * BMI1 and BMI2.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. BT Ev, Gv with a memory operand reaches beyond it: the bit offset is
 * signed. F3 0F BC and F3 0F BD are TZCNT and LZCNT, older CPUs ignore the prefix and run BSF and BSR.
 */
import { By, Eb, Ev, Ey, Gd, Gv, Gy, Ib, Zv } from './operands.ts';
import { LOCK, type Row, row } from './row.ts';

/** Bit tests, scans, counts and field extraction. */
// biome-ignore format: opcode table
export const bit: readonly Row[] = [
  row('0F A3',                'BT',     [Ev, Gv],     undefined),
  row('0F AB',                'BTS',    [Ev, Gv],     undefined, LOCK),
  row('0F B3',                'BTR',    [Ev, Gv],     undefined, LOCK),
  row('0F BB',                'BTC',    [Ev, Gv],     undefined, LOCK),
  row('0F BA /4',             'BT',     [Ev, Ib],     undefined),
  row('0F BA /5',             'BTS',    [Ev, Ib],     undefined, LOCK),
  row('0F BA /6',             'BTR',    [Ev, Ib],     undefined, LOCK),
  row('0F BA /7',             'BTC',    [Ev, Ib],     undefined, LOCK),
  row('0F BC',                'BSF',    [Gv, Ev],     undefined),
  row('0F BD',                'BSR',    [Gv, Ev],     undefined),
  row('F3 0F B8',             'POPCNT', [Gv, Ev],     undefined),
  row('F3 0F BC',             'TZCNT',  [Gv, Ev],     undefined),
  row('F3 0F BD',             'LZCNT',  [Gv, Ev],     undefined),
  row('0F C8+r',              'BSWAP',  [Zv],         undefined),
  row('F2 0F 38 F0',          'CRC32',  [Gd, Eb],     undefined),
  row('F2 0F 38 F1',          'CRC32',  [Gd, Ev],     undefined),
  row('VEX.LZ.0F38.W0 F3 /1', 'BLSR',   [By, Ey],     undefined),
  row('VEX.LZ.0F38.W0 F3 /2', 'BLSMSK', [By, Ey],     undefined),
  row('VEX.LZ.0F38.W0 F3 /3', 'BLSI',   [By, Ey],     undefined),
  row('VEX.LZ.0F38.W0 F7',    'BEXTR',  [Gy, Ey, By], undefined),
  row('VEX.LZ.0F38.W0 F5',    'BZHI',   [Gy, Ey, By], undefined),
  row('VEX.LZ.F2.0F38.W0 F5', 'PDEP',   [Gy, By, Ey], undefined),
  row('VEX.LZ.F3.0F38.W0 F5', 'PEXT',   [Gy, By, Ey], undefined),
];

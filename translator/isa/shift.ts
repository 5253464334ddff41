/**
 * Shifts and rotates by one, by an immediate and by CL, double shifts, and BMI2's shifts without flags.
 *
 * Source: SDM vol. 2B (RCL/RCR/ROL/ROR, SAL/SAR/SHL/SHR, SHLD, SHRD), 2B/2D (RORX, SARX/SHLX/SHRX). The /6 forms are
 * aliases of SHL on real CPUs.
 */
import { By, CL, Eb, Ev, Ey, Gv, Gy, Ib, ONE } from './operands.ts';
import { type Row, row } from './row.ts';

/** Shifts and rotates. */
// biome-ignore format: opcode table
export const shift: readonly Row[] = [
  row('C0 /0',                'ROL',  [Eb, Ib],     undefined),
  row('C1 /0',                'ROL',  [Ev, Ib],     undefined),
  row('D0 /0',                'ROL',  [Eb, ONE],    undefined),
  row('D1 /0',                'ROL',  [Ev, ONE],    undefined),
  row('D2 /0',                'ROL',  [Eb, CL],     undefined),
  row('D3 /0',                'ROL',  [Ev, CL],     undefined),
  row('C0 /1',                'ROR',  [Eb, Ib],     undefined),
  row('C1 /1',                'ROR',  [Ev, Ib],     undefined),
  row('D0 /1',                'ROR',  [Eb, ONE],    undefined),
  row('D1 /1',                'ROR',  [Ev, ONE],    undefined),
  row('D2 /1',                'ROR',  [Eb, CL],     undefined),
  row('D3 /1',                'ROR',  [Ev, CL],     undefined),
  row('C0 /2',                'RCL',  [Eb, Ib],     undefined),
  row('C1 /2',                'RCL',  [Ev, Ib],     undefined),
  row('D0 /2',                'RCL',  [Eb, ONE],    undefined),
  row('D1 /2',                'RCL',  [Ev, ONE],    undefined),
  row('D2 /2',                'RCL',  [Eb, CL],     undefined),
  row('D3 /2',                'RCL',  [Ev, CL],     undefined),
  row('C0 /3',                'RCR',  [Eb, Ib],     undefined),
  row('C1 /3',                'RCR',  [Ev, Ib],     undefined),
  row('D0 /3',                'RCR',  [Eb, ONE],    undefined),
  row('D1 /3',                'RCR',  [Ev, ONE],    undefined),
  row('D2 /3',                'RCR',  [Eb, CL],     undefined),
  row('D3 /3',                'RCR',  [Ev, CL],     undefined),
  row('C0 /4',                'SHL',  [Eb, Ib],     undefined),
  row('C1 /4',                'SHL',  [Ev, Ib],     undefined),
  row('D0 /4',                'SHL',  [Eb, ONE],    undefined),
  row('D1 /4',                'SHL',  [Ev, ONE],    undefined),
  row('D2 /4',                'SHL',  [Eb, CL],     undefined),
  row('D3 /4',                'SHL',  [Ev, CL],     undefined),
  row('C0 /5',                'SHR',  [Eb, Ib],     undefined),
  row('C1 /5',                'SHR',  [Ev, Ib],     undefined),
  row('D0 /5',                'SHR',  [Eb, ONE],    undefined),
  row('D1 /5',                'SHR',  [Ev, ONE],    undefined),
  row('D2 /5',                'SHR',  [Eb, CL],     undefined),
  row('D3 /5',                'SHR',  [Ev, CL],     undefined),
  row('C0 /6',                'SHL',  [Eb, Ib],     undefined),
  row('C1 /6',                'SHL',  [Ev, Ib],     undefined),
  row('D0 /6',                'SHL',  [Eb, ONE],    undefined),
  row('D1 /6',                'SHL',  [Ev, ONE],    undefined),
  row('D2 /6',                'SHL',  [Eb, CL],     undefined),
  row('D3 /6',                'SHL',  [Ev, CL],     undefined),
  row('C0 /7',                'SAR',  [Eb, Ib],     undefined),
  row('C1 /7',                'SAR',  [Ev, Ib],     undefined),
  row('D0 /7',                'SAR',  [Eb, ONE],    undefined),
  row('D1 /7',                'SAR',  [Ev, ONE],    undefined),
  row('D2 /7',                'SAR',  [Eb, CL],     undefined),
  row('D3 /7',                'SAR',  [Ev, CL],     undefined),
  row('0F A4',                'SHLD', [Ev, Gv, Ib], undefined),
  row('0F A5',                'SHLD', [Ev, Gv, CL], undefined),
  row('0F AC',                'SHRD', [Ev, Gv, Ib], undefined),
  row('0F AD',                'SHRD', [Ev, Gv, CL], undefined),
  row('VEX.LZ.F2.0F3A.W0 F0', 'RORX', [Gy, Ey, Ib], undefined),
  row('VEX.LZ.F3.0F38.W0 F7', 'SARX', [Gy, Ey, By], undefined),
  row('VEX.LZ.66.0F38.W0 F7', 'SHLX', [Gy, Ey, By], undefined),
  row('VEX.LZ.F2.0F38.W0 F7', 'SHRX', [Gy, Ey, By], undefined),
];

/**
 * What fits no other family: rows and lifts of NOP, PAUSE, the hint NOPs (ENDBR32 among them) and prefetches, which do
 * nothing here, UD0 to UD2, RDRAND and RDSEED.
 *
 * Source: SDM vol. 2B (NOP, PAUSE, PREFETCHh, RDRAND, UD), vol. 2D table A-3 (0F 0D, 0F 18 to 0F 1F). UD0 and UD1 have
 * a ModRM byte.
 */
import { Vector } from '../../runtime/abi/vector.ts';
import { Ev, Gv, Mb, Rv } from './operands.ts';
import { ENDS, type Lift, type Row, row } from './row.ts';

/** Nothing happens, memory operands are not touched. */
const nop: Lift = () => {};

const ud: Lift = (ir) => {
  ir.fault(Vector.UD);
};

/** NOP in all its forms, UD and random numbers. */
// biome-ignore format: opcode table
export const misc: readonly Row[] = [
  row('90',           'NOP',         [],       nop),
  row('F3 90',        'PAUSE',       [],       nop),
  row('0F 19',        'NOP',         [Ev],     nop),
  row('0F 1A',        'NOP',         [Ev],     nop),
  row('0F 1B',        'NOP',         [Ev],     nop),
  row('0F 1C',        'NOP',         [Ev],     nop),
  row('0F 1D',        'NOP',         [Ev],     nop),
  row('0F 1E',        'NOP',         [Ev],     nop),
  row('0F 1F',        'NOP',         [Ev],     nop),
  row('F3 0F 1E FB',  'ENDBR32',     [],       nop),
  row('0F 0D /1 m',   'PREFETCHW',   [Mb],     nop),
  row('0F 0D /2 m',   'PREFETCHWT1', [Mb],     nop),
  row('0F 0D /0 m',   'NOP',         [Ev],     nop),
  row('0F 0D /3 m',   'NOP',         [Ev],     nop),
  row('0F 0D /4 m',   'NOP',         [Ev],     nop),
  row('0F 0D /5 m',   'NOP',         [Ev],     nop),
  row('0F 0D /6 m',   'NOP',         [Ev],     nop),
  row('0F 0D /7 m',   'NOP',         [Ev],     nop),
  row('0F 0D r',      'NOP',         [Ev],     nop),
  row('0F 18 /0 m',   'PREFETCHNTA', [Mb],     nop),
  row('0F 18 /1 m',   'PREFETCHT0',  [Mb],     nop),
  row('0F 18 /2 m',   'PREFETCHT1',  [Mb],     nop),
  row('0F 18 /3 m',   'PREFETCHT2',  [Mb],     nop),
  row('0F 18 /4 m',   'NOP',         [Ev],     nop),
  row('0F 18 /5 m',   'NOP',         [Ev],     nop),
  row('0F 18 /6 m',   'NOP',         [Ev],     nop),
  row('0F 18 /7 m',   'NOP',         [Ev],     nop),
  row('0F 18 r',      'NOP',         [Ev],     nop),
  row('0F 0B',        'UD2',         [],       ud, ENDS),
  row('0F B9',        'UD1',         [Gv, Ev], ud, ENDS),
  row('0F FF',        'UD0',         [Gv, Ev], ud, ENDS),
  row('NFx 0F C7 /6', 'RDRAND',      [Rv],     undefined),
  row('NFx 0F C7 /7', 'RDSEED',      [Rv],     undefined),
];

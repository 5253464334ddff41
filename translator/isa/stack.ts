/**
 * Stack: rows and lifts of PUSH, POP, PUSHA, POPA, ENTER and LEAVE. Segment registers and flags are pushed and popped
 * in segment.ts and flag.ts.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 1 §6.2. POP Ev with ESP in its address uses the ESP after the
 * pop.
 */
import { Ev, Ib, Ibs, Iw, Iz, Zv } from './operands.ts';
import { NOT64, type Row, row } from './row.ts';

/** PUSH, POP, PUSHA, POPA, ENTER and LEAVE. */
// biome-ignore format: opcode table
export const stack: readonly Row[] = [
  row('50+r',  'PUSH',         [Zv],     undefined),
  row('68',    'PUSH',         [Iz],     undefined),
  row('6A',    'PUSH',         [Ibs],    undefined),
  row('FF /6', 'PUSH',         [Ev],     undefined),
  row('58+r',  'POP',          [Zv],     undefined),
  row('8F /0', 'POP',          [Ev],     undefined),
  row('60',    'PUSHA/PUSHAD', [],       undefined, NOT64),
  row('61',    'POPA/POPAD',   [],       undefined, NOT64),
  row('C8',    'ENTER',        [Iw, Ib], undefined),
  row('C9',    'LEAVE',        [],       undefined),
];

/**
 * Control flow that may change CS, the privilege level or the stack: rows and lifts of far CALL, JMP and RET, INT,
 * INTO, IRET, SYSENTER and SYSEXIT. All of them end in the VMM, but BOUND, which is a helper.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 7. INTO transfers only when OF is set.
 */
import { Ap, Gv, Ib, Iw, Ma, Mp } from './operands.ts';
import { ENDS, NOT64, type Row, row, SENSITIVE } from './row.ts';

/** Far transfers, software interrupts and returns from them. */
// biome-ignore format: opcode table
export const far: readonly Row[] = [
  row('9A',    'CALL',       [Ap], undefined, SENSITIVE | ENDS | NOT64),
  row('FF /3', 'CALL',       [Mp], undefined, SENSITIVE | ENDS),
  row('EA',    'JMP',        [Ap], undefined, SENSITIVE | ENDS | NOT64),
  row('FF /5', 'JMP',        [Mp], undefined, SENSITIVE | ENDS),
  row('CA',    'RETF',       [Iw], undefined, SENSITIVE | ENDS),
  row('CB',    'RETF',       [],   undefined, SENSITIVE | ENDS),
  row('CC',    'INT3',       [],   undefined, SENSITIVE | ENDS),
  row('CD',    'INT',        [Ib], undefined, SENSITIVE | ENDS),
  row('CE',    'INTO',       [],   undefined, SENSITIVE | ENDS | NOT64),
  row('62',    'BOUND',      [Gv, Ma], undefined, NOT64),
  row('F1',    'INT1',       [],   undefined, SENSITIVE | ENDS),
  row('CF',    'IRET/IRETD', [],   undefined, SENSITIVE | ENDS),
  row('0F 34', 'SYSENTER',   [],   undefined, SENSITIVE | ENDS),
  row('0F 35', 'SYSEXIT',    [],   undefined, SENSITIVE | ENDS),
];

/**
 * VMX: the rows of Intel's virtual-machine extensions, so that they are named when met. They have no lift: without VMX
 * operation they raise #UD.
 *
 * Source: SDM vol. 3C chapter 31, vol. 2D tables.
 */
import { Ey, Gy, Mdq, Mq } from './operands.ts';
import { type Row, row, SENSITIVE } from './row.ts';

/** Virtual-machine extensions. */
// biome-ignore format: opcode table
export const vmx: readonly Row[] = [
  row('0F 01 C1',      'VMCALL',   [],        undefined, SENSITIVE),
  row('0F 01 C2',      'VMLAUNCH', [],        undefined, SENSITIVE),
  row('0F 01 C3',      'VMRESUME', [],        undefined, SENSITIVE),
  row('0F 01 C4',      'VMXOFF',   [],        undefined, SENSITIVE),
  row('NP 0F 01 D4',   'VMFUNC',   [],        undefined, SENSITIVE),
  row('NP 0F 78',      'VMREAD',   [Ey, Gy],  undefined, SENSITIVE),
  row('NP 0F 79',      'VMWRITE',  [Gy, Ey],  undefined, SENSITIVE),
  row('NP 0F C7 /6 m', 'VMPTRLD',  [Mq],      undefined, SENSITIVE),
  row('66 0F C7 /6 m', 'VMCLEAR',  [Mq],      undefined, SENSITIVE),
  row('F3 0F C7 /6 m', 'VMXON',    [Mq],      undefined, SENSITIVE),
  row('NP 0F C7 /7 m', 'VMPTRST',  [Mq],      undefined, SENSITIVE),
  row('66 0F 38 80',   'INVEPT',   [Gy, Mdq], undefined, SENSITIVE),
  row('66 0F 38 81',   'INVVPID',  [Gy, Mdq], undefined, SENSITIVE),
];

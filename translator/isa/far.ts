/**
 * Control flow that may change CS, the privilege level or the stack: rows and lifts of far CALL, JMP and RET, INT,
 * INTO, IRET, SYSENTER and SYSEXIT. All of them end in the VMM, but BOUND, which is a helper.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 7. INTO transfers only when OF is set.
 */
import { Vector } from '../../runtime/abi/vector.ts';
import type { MemoryOperand } from '../decode/instruction.ts';
import { loadFarPointer } from './far-pointer.ts';
import { Ap, Gv, Ib, Iw, Ma, Mp } from './operands.ts';
import { ENDS, type Lift, NOT64, type Row, row, SENSITIVE } from './row.ts';

/** Far CALL and JMP, direct or through memory: the offset, then the selector. */
const farTransfer =
  (vmmCall: 'farCall' | 'farJump'): Lift =>
  (ir, { operands: [to], operandSize }) => {
    const size = ir.const(operandSize);
    if (to!.kind === 'far') ir.vmm(vmmCall, ir.const(to.selector), ir.const(to.offset), size);
    else {
      const { selector, offset } = loadFarPointer(ir, to as MemoryOperand, operandSize);
      ir.vmm(vmmCall, selector, offset, size);
    }
  };

const retf: Lift = (ir, { operands: [release], operandSize }) => {
  const bytes = release === undefined ? 0 : ir.immediate(release) & 0xffff;
  ir.vmm('farReturn', ir.const(operandSize), ir.const(bytes));
};

const int: Lift = (ir, { operands: [vector] }) => {
  ir.vmm('interrupt', ir.const(ir.immediate(vector) & 255));
};

const trap =
  (vector: number): Lift =>
  (ir) => {
    ir.vmm('trap', ir.const(vector));
  };

const into: Lift = (ir) => {
  ir.vmm('overflowTrap');
};

const iret: Lift = (ir, { operandSize }) => {
  ir.vmm('interruptReturn', ir.const(operandSize));
};

/** BOUND: the index against two bounds in memory. */
const bound: Lift = (ir, { operands: [index, bounds], operandSize }) => {
  const operand = bounds as MemoryOperand;
  const lower = ir.loadLinear(operandSize, ir.address(operand, 0, false, operandSize));
  const upper = ir.loadLinear(operandSize, ir.address(operand, operandSize / 8, false, operandSize));
  ir.call('bound', ir.load(index!), lower, upper);
};

const sysenter: Lift = (ir) => {
  ir.vmm('sysenter');
};

const sysexit: Lift = (ir) => {
  ir.vmm('sysexit');
};

/** Far transfers, software interrupts and returns from them. */
// biome-ignore format: opcode table
export const far: readonly Row[] = [
  row('9A',    'CALL',       [Ap], farTransfer('farCall'), SENSITIVE | ENDS | NOT64),
  row('FF /3', 'CALL',       [Mp], farTransfer('farCall'), SENSITIVE | ENDS),
  row('EA',    'JMP',        [Ap], farTransfer('farJump'), SENSITIVE | ENDS | NOT64),
  row('FF /5', 'JMP',        [Mp], farTransfer('farJump'), SENSITIVE | ENDS),
  row('CA',    'RETF',       [Iw], retf, SENSITIVE | ENDS),
  row('CB',    'RETF',       [],   retf, SENSITIVE | ENDS),
  row('CC',    'INT3',       [],   trap(Vector.BP), SENSITIVE | ENDS),
  row('CD',    'INT',        [Ib], int, SENSITIVE | ENDS),
  row('CE',    'INTO',       [],   into, SENSITIVE | ENDS | NOT64),
  row('62',    'BOUND',      [Gv, Ma], bound, NOT64),
  row('F1',    'INT1',       [],   trap(Vector.DB), SENSITIVE | ENDS),
  row('CF',    'IRET/IRETD', [],   iret, SENSITIVE | ENDS),
  row('0F 34', 'SYSENTER',   [],   sysenter, SENSITIVE | ENDS),
  row('0F 35', 'SYSEXIT',    [],   sysexit, SENSITIVE | ENDS),
];

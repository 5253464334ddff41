/** Where SLDT, STR and SMSW store: a general register at the operand size, or a word in memory. */
import type { MemoryOperand, Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';

/** End the block in the VMM call that stores system register `which`: 0 LDTR, 1 TR, 2 machine status word. */
export function storeSystemRegister(ir: IrBuilder, which: 0 | 1 | 2, dst: Operand): void {
  const number = ir.const(which);
  if (dst.kind === 'register') {
    ir.vmm('storeSystem', number, ir.const(dst.index), ir.const(0), ir.const(dst.size));
  } else {
    ir.vmm('storeSystem', number, ir.const(-1), ir.address(dst as MemoryOperand, 0, true), ir.const(16));
  }
}

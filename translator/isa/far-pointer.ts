/** Far pointers in memory, as far CALL and JMP and LDS to LGS read them: an offset, then a selector. */
import type { MemoryOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';

/** Load both parts, zero-extended. `size` is the offset's width in bits. */
export function loadFarPointer(
  ir: IrBuilder,
  operand: MemoryOperand,
  size: 16 | 32,
): { readonly offset: Value; readonly selector: Value } {
  const offset = ir.loadLinear(size, ir.address(operand, 0, false, size));
  const selector = ir.loadLinear(16, ir.address(operand, size / 8, false, 16));
  return { offset: ir.zext(size, offset), selector: ir.zext(16, selector) };
}

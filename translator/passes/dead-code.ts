/** Drops values that nobody uses. Runs last: the passes before it only cut uses. */
import type { IrBlock } from '../ir/block.ts';
import { type Node, operandsOf } from '../ir/node.ts';
import { isDroppable } from '../ir/ops.ts';
import { terminatorOperands } from '../ir/terminator.ts';

export function deadCode(block: IrBlock): void {
  const used = new Set<Node>(terminatorOperands(block.terminator));
  const kept: Node[] = [];
  for (let i = block.nodes.length - 1; i >= 0; i--) {
    const node = block.nodes[i]!;
    if (isDroppable(node) && !used.has(node)) continue;
    for (const operand of operandsOf(node)) used.add(operand);
    kept.push(node);
  }
  block.nodes = kept.reverse();
}

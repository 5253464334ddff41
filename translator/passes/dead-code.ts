/** Drops values that nobody uses, and leaves in each node how often it is used. */
import type { IrBlock } from '../ir/block.ts';
import { forEachOperand, type Node, type Value } from '../ir/node.ts';
import { isDroppable } from '../ir/ops.ts';
import { terminatorOperands } from '../ir/terminator.ts';

function use(value: Value): void {
  value.uses++;
}

export function deadCode(block: IrBlock): void {
  const { nodes } = block;
  for (const node of nodes) node.uses = 0;
  for (const value of terminatorOperands(block.terminator)) value.uses++;
  const kept: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (node.uses === 0 && isDroppable(node)) continue;
    forEachOperand(node, use);
    kept.push(node);
  }
  block.nodes = kept.reverse();
}

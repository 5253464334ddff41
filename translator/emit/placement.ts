/**
 * Decides for each value of a block whether it is written where it is used or gets a name where it is computed.
 *
 * An expression moves to its use when it has only one and everything it reads is still the same there. Registers are
 * locals that get assigned, so a register read is a leaf that may only move if its register is not written on the way.
 */
import { isVectorSlot, SCRATCH } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { flagMask } from '../ir/flags.ts';
import { forEachOperand, type Node, type Value } from '../ir/node.ts';
import { isSync } from '../ir/ops.ts';
import { terminatorOperands } from '../ir/terminator.ts';
import { componentSlots } from './flag-slots.ts';

/** Values of `block` that need a name. */
export function findNamed(block: IrBlock): Set<Value> {
  const { nodes } = block;
  const end = nodes.length;
  for (const node of nodes) {
    node.uses = 0;
    node.last = -1;
  }
  /** Where the user that is being looked at is evaluated: at its own position, or where its one use is. */
  let evaluated = end;
  const use = (value: Value): void => {
    value.uses++;
    if (evaluated > value.last) value.last = evaluated;
  };
  for (const operand of terminatorOperands(block.terminator)) use(operand);

  const named = new Set<Value>();
  for (let at = end - 1; at >= 0; at--) {
    const node = nodes[at]!;
    const { uses, last } = node;
    evaluated = at;
    if (uses > 0) {
      if (node.op === 'load' || node.op === 'call') named.add(node);
      else if (node.op === 'pure') {
        if (uses === 1) evaluated = last;
        else named.add(node);
      } else if (node.op === 'get') {
        if (node.slot === SCRATCH || isVectorSlot(node.slot) || writtenBefore(nodes, node.slot, at, last))
          named.add(node);
        else if (node.part !== 'r32' && uses > 1) named.add(node);
      }
    }
    forEachOperand(node, use);
  }
  return named;
}

/** Is `slot` written after position `from` and before the evaluation at `to` is complete? */
function writtenBefore(nodes: readonly Node[], slot: number, from: number, to: number): boolean {
  for (let i = from + 1; i <= to && i < nodes.length; i++) {
    const node = nodes[i]!;
    if (node.op === 'set' && node.slot === slot && i < to) return true;
    // A setter writes several slots one after the other, so even its own operands must not be among them.
    if (node.op === 'flags' && componentSlots.some(([bit, other]) => other === slot && flagMask(node.kind) & bit))
      return true;
    if (isSync(node) && i < to) return true;
  }
  return false;
}

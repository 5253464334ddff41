/** Turns a zero-extension of a narrow load, when it is the load's only use, into a zero-extending load (MOVZX). */
import type { IrBlock } from '../ir/block.ts';
import { type Load, type Node, operandsOf, type Value } from '../ir/node.ts';
import { terminatorOperands } from '../ir/terminator.ts';

const widths: Readonly<Record<string, number>> = { zext8: 8, zext16: 16 };

export function zeroExtend(block: IrBlock): void {
  const uses = new Map<Node, number>();
  const count = (value: Value): void => {
    uses.set(value, (uses.get(value) ?? 0) + 1);
  };
  for (const node of block.nodes) for (const operand of operandsOf(node)) count(operand);
  for (const operand of terminatorOperands(block.terminator)) count(operand);
  const replaced = new Map<Node, Load>();
  block.nodes = block.nodes.filter((node) => {
    if (node.op !== 'pure') return true;
    const width = widths[node.name];
    const load = node.args[0]!;
    if (width === undefined || load.op !== 'load' || load.size !== width || uses.get(load) !== 1 || load.write)
      return true;
    load.zero = true;
    replaced.set(node, load);
    return false;
  });
  if (replaced.size > 0) substitute(block, replaced);
}

/** Replace values by others everywhere in the block. */
function substitute(block: IrBlock, by: ReadonlyMap<Node, Value>): void {
  const change = (value: Value): Value => by.get(value) ?? value;
  for (const node of block.nodes) {
    switch (node.op) {
      case 'pure':
      case 'call':
        node.args = node.args.map(change);
        break;
      case 'set':
        node.value = change(node.value);
        break;
      case 'load':
        node.address = change(node.address);
        break;
      case 'store':
        node.address = change(node.address);
        node.value = change(node.value);
        break;
      case 'flags':
        node.args = [change(node.args[0]), change(node.args[1]), change(node.args[2])];
        if (node.when) node.when = change(node.when);
        break;
      default:
    }
  }
  const { terminator } = block;
  if (terminator.kind === 'branch') terminator.condition = change(terminator.condition);
  else if (terminator.kind === 'indirect') terminator.target = change(terminator.target);
  else if (terminator.kind === 'vmm') terminator.args = terminator.args.map(change);
}

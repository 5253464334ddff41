/**
 * Turns a zero-extension of a narrow load, when it is the load's only use, into a zero-extending load (MOVZX). Runs
 * after dead-code, which counts uses. The extension stays as an `and` that changes nothing and is replaced by the load.
 */
import type { IrBlock } from '../ir/block.ts';
import { type Load, type Node, replaceOperands, type Value } from '../ir/node.ts';
import { replaceInTerminator } from '../ir/terminator.ts';

export function zeroExtend(block: IrBlock): void {
  let replaced: Map<Value, Value> | undefined;
  for (const node of block.nodes) {
    const load = zeroExtendedLoad(node);
    if (load === undefined) continue;
    load.zero = true;
    load.uses = node.uses;
    replaced ??= new Map();
    replaced.set(node as Value, load);
  }
  if (replaced === undefined) return;
  const by = replaced;
  const change = (value: Value): Value => by.get(value) ?? value;
  block.nodes = block.nodes.filter((node) => !by.has(node as Value));
  for (const node of block.nodes) replaceOperands(node, change);
  replaceInTerminator(block.terminator, change);
}

/** The load that this node zero-extends, if the load can do it. */
function zeroExtendedLoad(node: Node): Load | undefined {
  if (node.op !== 'pure' || (node.name !== 'zext8' && node.name !== 'zext16')) return undefined;
  const load = node.args[0]!;
  if (load.op !== 'load' || load.write || load.uses !== 1) return undefined;
  return load.size === (node.name === 'zext8' ? 8 : 16) ? load : undefined;
}

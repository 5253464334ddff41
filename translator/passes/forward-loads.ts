/**
 * Replaces loads of what the block has just stored or loaded: compilers for the i386 spill and reload all the time.
 *
 * Only for accesses that share a test, which are plain RAM. A store makes everything at other bases
 * unknown, since they may be the same place; at its own base only what it overlaps.
 */
import type { IrBlock } from '../ir/block.ts';
import { type Load, type MemorySize, replaceOperands, type Store, splitAddress, type Value } from '../ir/node.ts';
import { replaceInTerminator } from '../ir/terminator.ts';

/** What stands in memory. */
interface Content {
  readonly base: Value | undefined;
  readonly distance: number;
  readonly size: MemorySize;
  readonly zero: boolean;
  readonly value: Value;
}

export function forwardLoads(block: IrBlock): void {
  let known: Content[] = [];
  let replaced: Map<Value, Value> | undefined;
  const change = (value: Value): Value => replaced?.get(value) ?? value;
  for (const node of block.nodes) {
    if (replaced !== undefined) replaceOperands(node, change);
    // It may write memory.
    if (node.op === 'call') known = [];
    else if (node.op === 'load' && node.test !== undefined) {
      const found = find(known, node);
      if (found === undefined) known.push(contentOf(node, node, node.zero));
      else if (node.test === 'passed') {
        replaced ??= new Map();
        replaced.set(node, found.value);
      }
    } else if (node.op === 'store') {
      const stored = contentOf(node, node.value, false);
      if (known.length > 0)
        known = known.filter((content) => content.base === stored.base && !overlap(content, stored));
      // A narrow value may have more bits than were stored.
      if (node.test !== undefined && node.size === 32) known.push(stored);
    }
  }
  if (replaced !== undefined) replaceInTerminator(block.terminator, change);
}

function contentOf({ address, size }: Load | Store, value: Value, zero: boolean): Content {
  const { base, distance } = splitAddress(address);
  return { base, distance, size, zero, value };
}

function find(known: readonly Content[], load: Load): Content | undefined {
  const { base, distance } = splitAddress(load.address);
  return known.find(
    (content) =>
      content.base === base &&
      content.distance === distance &&
      content.size === load.size &&
      (load.size === 32 || content.zero === load.zero),
  );
}

function overlap(a: Content, b: Content): boolean {
  return a.distance < b.distance + b.size / 8 && b.distance < a.distance + a.size / 8;
}

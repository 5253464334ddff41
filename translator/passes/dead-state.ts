/**
 * Drops writes of registers and flags that nothing can see: overwritten before any read, fault, or end of block.
 *
 * Liveness is kept by part (low byte, second byte, upper half), so that `mov al, 1; mov eax, ebx` loses the first
 * write. A node that can fault makes everything live, because a fault shows the state of all earlier instructions.
 */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { AUX, CF, OF, RES } from '../ir/flags.ts';
import type { Node, Part } from '../ir/node.ts';
import { canFault, isSync } from '../ir/ops.ts';

const ALL_PARTS = 7;
const parts: Readonly<Record<Part, number>> = { r8: 1, r8h: 2, r16: 3, r32: ALL_PARTS };
const flagSlots: readonly (readonly [number, number])[] = [
  [CF, FLAG_CF],
  [OF, FLAG_OF],
  [RES, FLAG_RES],
  [AUX, FLAG_AUX],
];

/** Live parts by slot; a slot that is not listed is wholly live. */
export type DeadSlots = Map<number, number>;

/**
 * @param liveOut parts of slots that are live at the block's end, where that is known to be less than all: regions
 *        pass what their successors need.
 */
export function deadState(block: IrBlock, liveOut: ReadonlyMap<number, number> = new Map()): void {
  let live: DeadSlots = new Map(liveOut);
  const { nodes } = block;
  const kept: Node[] = [];
  const liveParts = (slot: number): number => live.get(slot) ?? ALL_PARTS;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (canFault(node) || isSync(node)) live = new Map();
    else if (node.op === 'get') live.set(node.slot, liveParts(node.slot) | parts[node.part]);
    else if (node.op === 'set') {
      const part = parts[node.part];
      if ((liveParts(node.slot) & part) === 0) continue;
      live.set(node.slot, liveParts(node.slot) & ~part);
    } else if (node.op === 'flags') {
      for (const [component, slot] of flagSlots) {
        if ((node.mask & component) === 0) continue;
        if (liveParts(slot) === 0) node.mask &= ~component;
        else if (node.when === undefined) live.set(slot, 0);
      }
      if (node.mask === 0) continue;
    }
    kept.push(node);
  }
  block.nodes = kept.reverse();
}

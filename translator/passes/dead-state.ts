/**
 * Drops writes of registers and flags that nothing can see: overwritten before any read, fault, or end of block.
 *
 * Liveness is kept by part (low byte, second byte, upper half), so that `mov al, 1; mov eax, ebx` loses the first
 * write. A node that can fault makes everything live, because a fault shows the state of all earlier instructions.
 */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { AUX, CF, OF, RES } from '../ir/flags.ts';
import type { Flags, Node, Part } from '../ir/node.ts';
import { canFault, isSync } from '../ir/ops.ts';

const ALL_PARTS = 7;
const parts: Readonly<Record<Part, number>> = { r8: 1, r8h: 2, r16: 3, r32: ALL_PARTS };

/** Slots whose liveness is followed: registers, flags and their neighbours. Others count as live. */
const TRACKED_SLOTS = 16;

/** Live parts of each tracked slot at the current point. */
const live = new Uint8Array(TRACKED_SLOTS);

/** At the block's end everything is live. */
export function deadState(block: IrBlock): void {
  live.fill(ALL_PARTS);
  const { nodes } = block;
  const kept: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (canFault(node) || isSync(node)) live.fill(ALL_PARTS);
    else if (node.op === 'get') {
      if (node.slot < TRACKED_SLOTS) live[node.slot]! |= parts[node.part];
    } else if (node.op === 'set') {
      if (node.slot < TRACKED_SLOTS) {
        const part = parts[node.part];
        if ((live[node.slot]! & part) === 0) continue;
        live[node.slot]! &= ~part;
      }
    } else if (node.op === 'flags') {
      cutFlags(node);
      if (node.mask === 0) continue;
    }
    kept.push(node);
  }
  block.nodes = kept.reverse();
}

/** Clear the dead components of a flag setter, and note the others as written. */
function cutFlags(node: Flags): void {
  cutComponent(node, CF, FLAG_CF);
  cutComponent(node, OF, FLAG_OF);
  cutComponent(node, RES, FLAG_RES);
  cutComponent(node, AUX, FLAG_AUX);
}

function cutComponent(node: Flags, component: number, slot: number): void {
  if ((node.mask & component) === 0) return;
  if (live[slot] === 0) node.mask &= ~component;
  else if (node.when === undefined) live[slot] = 0;
}

/**
 * Chooses the blocks of a region: from a hot head along the edges that ran, breadth first, within limits.
 *
 * Blocks are lifted anew from guest bytes (nothing keeps IR around), so growing a region costs translation time only
 * when it is compiled.
 */
import type { IrBlock } from '../ir/block.ts';
import { successorsOf } from '../ir/terminator.ts';

export interface RegionLimits {
  /** Guest blocks in a region. */
  readonly maxBlocks: number;
  /** Guest instructions in a region: V8 refuses to optimise functions that grow too long. */
  readonly maxInstructions: number;
  /** A successor belongs to the region when it ran at least this share of the head's executions. */
  readonly minShare: number;
}

export const defaultRegionLimits: RegionLimits = { maxBlocks: 64, maxInstructions: 600, minShare: 1 / 64 };

/**
 * @param liftAt lifts the block at an EIP, or undefined where the region may not reach.
 * @param profile executions of a block in tier 0.
 * @returns the blocks, head first; undefined when the head cannot be lifted.
 */
export function formRegion(
  eip: number,
  liftAt: (eip: number) => IrBlock | undefined,
  profile: (eip: number) => number,
  limits: RegionLimits = defaultRegionLimits,
): IrBlock[] | undefined {
  const head = liftAt(eip);
  if (head === undefined) return undefined;
  const blocks = [head];
  const known = new Set([eip]);
  const threshold = Math.max(1, profile(eip) * limits.minShare);
  let instructions = head.instructions;
  for (let i = 0; i < blocks.length; i++) {
    const { terminator } = blocks[i]!;
    if (terminator.kind === 'jump' && terminator.call !== undefined) continue;
    for (const next of successorsOf(terminator)) {
      if (known.has(next) || blocks.length >= limits.maxBlocks || profile(next) < threshold) continue;
      known.add(next);
      const block = liftAt(next);
      if (block === undefined || instructions + block.instructions > limits.maxInstructions) continue;
      instructions += block.instructions;
      blocks.push(block);
    }
  }
  return blocks;
}

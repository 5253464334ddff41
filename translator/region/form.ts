/**
 * Chooses the blocks of a region: from a hot head along the edges that ran, through calls and returns, within limits.
 *
 * A call is followed into its callee with a context that knows the return address; where the callee returns in that
 * context, control goes on after the call inside the region (the emitted code compares the popped address). So hot
 * callees are inlined, each call site with a copy of its own. Indirect jumps and calls are followed to the targets
 * that tier 0 has seen. Shallow blocks come first, so that callees never crowd out the caller's own loop.
 *
 * Blocks are lifted anew from guest bytes (nothing keeps IR around), so growing a region costs translation time only
 * when it is compiled.
 */
import type { IrBlock } from '../ir/block.ts';

export interface RegionLimits {
  /** Guest blocks in a region, copies in different contexts counted apart. */
  readonly maxBlocks: number;
  /**
   * Guest instructions in a region. V8's optimising compiler takes about half a millisecond for each, and starts anew
   * whenever a path runs that it has not seen: long regions with cold paths spend their life unoptimised.
   */
  readonly maxInstructions: number;
  /** A successor belongs to the region when it ran at least this share of the head's executions. */
  readonly minShare: number;
  /** Calls followed one inside the other. */
  readonly maxDepth: number;
}

const defaultRegionLimits: RegionLimits = { maxBlocks: 64, maxInstructions: 200, minShare: 1 / 4, maxDepth: 1 };

/** Where the callee that a block belongs to returns to, and the caller's own context. */
export interface CallContext {
  readonly returnTo: number;
  readonly caller: CallContext | undefined;
  readonly depth: number;
}

/** A guest block in one context. */
export interface RegionBlock {
  readonly block: IrBlock;
  readonly context: CallContext | undefined;
  /** Blocks that control can go to inside the region, by EIP. */
  readonly edges: Map<number, RegionBlock>;
}

/** What forming a region asks about the program. */
export interface RegionSource {
  /** Lifts the block at an EIP; undefined where no region may reach. A fresh copy each time. */
  liftAt(eip: number): IrBlock | undefined;
  /** Executions of the block at an EIP in tier 0. */
  executions(eip: number): number;
  /** Targets seen by the indirect jump or call that ends the block at an EIP. */
  targets(eip: number): readonly number[];
}

/** An edge that could be followed. */
interface Candidate {
  readonly from: RegionBlock;
  readonly eip: number;
  readonly context: CallContext | undefined;
}

/** The region headed by `eip`, head first; undefined when the head cannot be lifted. */
export function formRegion(
  eip: number,
  source: RegionSource,
  limits: RegionLimits = defaultRegionLimits,
): RegionBlock[] | undefined {
  const head = source.liftAt(eip);
  if (head === undefined) return undefined;
  const blocks: RegionBlock[] = [];
  const known = new Map<string, RegionBlock>();
  const queues: Candidate[][] = Array.from({ length: limits.maxDepth + 1 }, () => []);
  const threshold = Math.max(1, source.executions(eip) * limits.minShare);
  let instructions = 0;

  const add = (block: IrBlock, context: CallContext | undefined): RegionBlock => {
    const added: RegionBlock = { block, context, edges: new Map() };
    blocks.push(added);
    known.set(keyOf(block.eip, context), added);
    instructions += block.instructions;
    for (const { eip: to, context: inner } of candidates(added, source)) {
      const depth = inner?.depth ?? 0;
      if (depth <= limits.maxDepth) queues[depth]!.push({ from: added, eip: to, context: inner });
    }
    return added;
  };

  add(head, undefined);
  for (let next = take(queues); next !== undefined; next = take(queues)) {
    const { from, eip: to, context } = next;
    let target = known.get(keyOf(to, context));
    if (target === undefined) {
      if (blocks.length >= limits.maxBlocks || source.executions(to) < threshold) continue;
      const block = source.liftAt(to);
      if (block === undefined || instructions + block.instructions > limits.maxInstructions) continue;
      target = add(block, context);
    }
    from.edges.set(to, target);
  }
  return blocks;
}

/** The next candidate of the shallowest depth. */
function take(queues: Candidate[][]): Candidate | undefined {
  for (const queue of queues) {
    const next = queue.shift();
    if (next !== undefined) return next;
  }
  return undefined;
}

function keyOf(eip: number, context: CallContext | undefined): string {
  let key = String(eip);
  for (let at = context; at !== undefined; at = at.caller) key += `<${at.returnTo}`;
  return key;
}

function candidates(
  { block, context }: RegionBlock,
  source: RegionSource,
): { eip: number; context: CallContext | undefined }[] {
  const { terminator } = block;
  const called = (returnTo: number): CallContext => ({ returnTo, caller: context, depth: (context?.depth ?? 0) + 1 });
  switch (terminator.kind) {
    case 'jump':
      return [{ eip: terminator.target, context: terminator.call === undefined ? context : called(terminator.call) }];
    case 'branch':
      return [terminator.next, terminator.taken].map((eip) => ({ eip, context }));
    case 'indirect': {
      if (terminator.via === 'return')
        return context === undefined ? [] : [{ eip: context.returnTo, context: context.caller }];
      const inner = terminator.returnTo === undefined ? context : called(terminator.returnTo);
      return source.targets(block.eip).map((eip) => ({ eip, context: inner }));
    }
    case 'vmm':
      return [];
  }
}

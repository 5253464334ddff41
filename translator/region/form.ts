/**
 * Chooses the blocks of a region: from a hot head along the edges that ran, into short callees, within limits.
 *
 * A call of a short routine is followed into it with a context that knows the return address;
 * where the routine returns in that context, control goes on after the call inside the region (the emitted code compares
 * the popped address). So each such call site has a copy of its own. Other calls stay calls: the region enters the callee's
 * own region and goes on at the return address. Indirect jumps and calls are followed to the targets that tier 0 has seen.
 *
 * Blocks are lifted anew from guest bytes (nothing keeps IR around), so growing a region costs translation time only
 * when it is compiled.
 */
import type { IrBlock } from '../ir/block.ts';

export interface RegionLimits {
  /** Guest blocks in a region, copies in different contexts counted apart. */
  readonly maxBlocks: number;
  /** Guest instructions in a region: V8 takes longer than linear time for long functions, and optimises none above 60 KB. */
  readonly maxInstructions: number;
  /**
   * A successor belongs to the region when it ran at least this share of the head's executions. Code that has not run when
   * V8 optimises the function makes it throw the optimised code away when it does.
   */
  readonly minShare: number;
  /** Calls followed one inside the other. */
  readonly maxDepth: number;
  /** Guest instructions and blocks of a routine that is copied into the region. */
  readonly maxCallee: number;
  readonly maxCalleeBlocks: number;
  /** Different callees of a computed call beyond which none is copied. */
  readonly maxTargets: number;
}

/** Guest blocks for each instruction that a region may have: what is left of the average block when it ends early. */
const BLOCKS_PER_INSTRUCTION = 0.32;

/** Guest instructions in a region, where nothing else is asked for. */
const MAX_INSTRUCTIONS = 500;

const otherLimits: Omit<RegionLimits, 'maxInstructions' | 'maxBlocks'> = {
  minShare: 1 / 12,
  maxDepth: 2,
  maxCallee: 30,
  maxCalleeBlocks: 12,
  maxTargets: 2,
};

/** The usual limits but for the size. @param maxInstructions guest instructions; left out, the usual number. */
export function regionLimits(maxInstructions: number = MAX_INSTRUCTIONS): RegionLimits {
  return { ...otherLimits, maxInstructions, maxBlocks: Math.ceil(maxInstructions * BLOCKS_PER_INSTRUCTION) };
}

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

/**
 * The region headed by `eip`, head first; undefined when the head cannot be lifted.
 * @param inner other blocks that it is to be entered at.
 */
export function formRegion(
  eip: number,
  inner: readonly number[],
  source: RegionSource,
  limits: RegionLimits = regionLimits(),
): RegionBlock[] | undefined {
  return new Former(source, limits, eip).run(eip, inner);
}

class Former {
  private readonly source: RegionSource;
  private readonly limits: RegionLimits;
  private readonly threshold: number;
  private readonly blocks: RegionBlock[] = [];
  private readonly known = new Map<string, RegionBlock>();
  /** Candidates by depth of call: a caller's own blocks go before its callees'. */
  private readonly queues: Candidate[][];
  private readonly shortRoutines = new Map<number, boolean>();
  private instructions = 0;

  constructor(source: RegionSource, limits: RegionLimits, head: number) {
    this.source = source;
    this.limits = limits;
    this.threshold = Math.max(1, source.executions(head) * limits.minShare);
    this.queues = Array.from({ length: limits.maxDepth + 1 }, () => []);
  }

  run(eip: number, inner: readonly number[]): RegionBlock[] | undefined {
    const { source, limits } = this;
    for (const entry of new Set([eip, ...inner])) {
      const block = source.liftAt(entry);
      if (block !== undefined) this.add(block, undefined);
      else if (entry === eip) return undefined;
    }
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const { from, eip: to, context } = next;
      let target = this.known.get(keyOf(to, context));
      if (target === undefined) {
        if (this.blocks.length >= limits.maxBlocks || source.executions(to) < this.threshold) continue;
        const block = source.liftAt(to);
        if (block === undefined || this.instructions + block.instructions > limits.maxInstructions) continue;
        target = this.add(block, context);
      }
      from.edges.set(to, target);
    }
    return this.blocks;
  }

  private add(block: IrBlock, context: CallContext | undefined): RegionBlock {
    const added: RegionBlock = { block, context, edges: new Map() };
    this.blocks.push(added);
    this.known.set(keyOf(block.eip, context), added);
    this.instructions += block.instructions;
    for (const { eip, context: inner } of this.candidates(added))
      this.queues[inner?.depth ?? 0]!.push({ from: added, eip, context: inner });
    return added;
  }

  /** The next candidate of the shallowest depth. */
  private take(): Candidate | undefined {
    for (const queue of this.queues) {
      const next = queue.shift();
      if (next !== undefined) return next;
    }
    return undefined;
  }

  private candidates({ block, context }: RegionBlock): { eip: number; context: CallContext | undefined }[] {
    const { terminator } = block;
    const depth = (context?.depth ?? 0) + 1;
    const called = (returnTo: number): CallContext => ({ returnTo, caller: context, depth });
    const isCopied = (eip: number): boolean => depth <= this.limits.maxDepth && this.isShort(eip);
    switch (terminator.kind) {
      case 'jump': {
        const { target, call } = terminator;
        if (call === undefined) return [{ eip: target, context }];
        // CALL to the next instruction is how code finds its own address.
        if (call === target || isCopied(target))
          return [{ eip: target, context: call === target ? context : called(call) }];
        return [{ eip: call, context }];
      }
      case 'branch':
        return [terminator.next, terminator.taken].map((eip) => ({ eip, context }));
      case 'indirect': {
        if (terminator.via === 'return')
          return context === undefined ? [] : [{ eip: context.returnTo, context: context.caller }];
        const targets = this.source.targets(block.eip);
        const { returnTo } = terminator;
        if (returnTo === undefined) return targets.map((eip) => ({ eip, context }));
        const few = targets.length <= this.limits.maxTargets ? targets : [];
        const copied = few.filter((eip) => eip !== returnTo && isCopied(eip));
        return [...copied.map((eip) => ({ eip, context: called(returnTo) })), { eip: returnTo, context }];
      }
      case 'vmm':
        return [];
    }
  }

  /** Is the routine at an address so short that a copy of it costs less than calling it? */
  private isShort(eip: number): boolean {
    let short = this.shortRoutines.get(eip);
    if (short === undefined) {
      short = this.measure(eip);
      this.shortRoutines.set(eip, short);
    }
    return short;
  }

  private measure(eip: number): boolean {
    const { source, limits } = this;
    const seen = new Set([eip]);
    let instructions = 0;
    let returns = false;
    for (const at of seen) {
      const block = at !== eip && source.executions(at) < this.threshold ? undefined : source.liftAt(at);
      if (block === undefined) continue;
      instructions += block.instructions;
      if (instructions > limits.maxCallee || seen.size > limits.maxCalleeBlocks) return false;
      const { terminator } = block;
      if (terminator.kind === 'vmm') return false;
      if (terminator.kind === 'indirect') {
        if (terminator.via === 'jump') return false;
        if (terminator.returnTo === undefined) returns = true;
        else seen.add(terminator.returnTo);
      } else if (terminator.kind === 'branch') seen.add(terminator.next).add(terminator.taken);
      else seen.add(terminator.call ?? terminator.target);
    }
    return returns;
  }
}

function keyOf(eip: number, context: CallContext | undefined): string {
  let key = String(eip);
  for (let at = context; at !== undefined; at = at.caller) key += `<${at.returnTo}`;
  return key;
}

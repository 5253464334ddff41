/**
 * The compiled half of the translation cache: which blocks head or enter regions, when regions are made, made anew, joined
 * and dropped, and what that may cost.
 */
import type { CallService } from '../abi/entries.ts';
import { MODE_IDENTITY, MODE_USER } from '../abi/mode.ts';
import { BUDGET, EIP, RETIRED_HIGH, RETIRED_LOW } from '../abi/state.ts';
import type { CodeBytes, Profile, RegionCode, Translator } from '../abi/translator.ts';
import type { Memory } from '../memory/memory.ts';
import { type CacheOptions, thresholdOf } from './options.ts';
import { RegionTable } from './region-table.ts';
import type { CacheStatistics } from './statistics.ts';
import { type Block, Region, type Stretch } from './translation.ts';

const noBytes = new Uint8Array(0);
/** Times that a region is entered before it is judged. */
const TRIAL_ARRIVALS = 32;
/** What making a region costs besides its text, as characters. */
const REGION_CHARACTERS = 2000;
/** What a region that was dropped for short runs counts, in its own length, against what may be compiled. */
const PENALTY = 3;
/** Setbacks from which on the wait gets no longer. */
const MAX_SETBACKS = 4;
/** An inner block is busy when less than this share of its executions before it is hot are left. */
const BUSY = 7 / 8;
/** So many exits because of the x87, each within so many instructions of the last one, are too many. */
const MAX_PAIR_EXITS = 100;
const SOON = 2000;

/** What regions need of the blocks and code pages. */
export interface BlockIndex {
  readonly statistics: CacheStatistics;
  neighbour(eip: number, head: Block): Block | undefined;
  codeBytes(pa: number, eip: number, base: number): CodeBytes;
  rewrites(pa: number): number;
  cover(translation: Block | Region, pa: number, length: number): void;
  uncover(translation: Block | Region, page: number): void;
}

export class Regions {
  /** Serves the calls of compiled code; set by what runs it. */
  calls: CallService | undefined;
  private readonly cache: BlockIndex;
  private readonly translator: Translator;
  private readonly memory: Memory;
  private readonly state: Int32Array;
  private readonly options: CacheOptions;
  private readonly table: RegionTable;
  /** Oldest first. */
  private queue: Region[] = [];
  private source = 0;
  private penalty = 0;

  constructor(cache: BlockIndex, translator: Translator, memory: Memory, state: Int32Array, options: CacheOptions) {
    this.cache = cache;
    this.translator = translator;
    this.memory = memory;
    this.state = state;
    this.options = options;
    this.table = new RegionTable(state, memory.ram.memory, {
      enter: (caller, ordinal, depth) => this.calls!.enter(caller, ordinal, depth),
      proceed: (caller, ordinal, depth, exit) => this.calls!.proceed(caller, ordinal, depth, exit),
    });
  }

  /** Compile the region headed by the block at an EIP in the mode and CS base of another one, if it is translated. */
  compileAt(eip: number, { head }: Region): Region | undefined {
    const block = this.cache.neighbour(eip, head);
    return block === undefined || block.base !== head.base ? undefined : (block.region ?? this.compile(block));
  }

  /** The region that can be entered at an EIP in the mode and CS base of another region, if it is known. */
  regionAt(eip: number, from: Region): Region | undefined {
    return this.table.find(eip, from);
  }

  /** The region that left its number in the slot REGION_LEFT. */
  regionNumber(number: number): Region {
    return this.table.numbered(number);
  }

  /** No region is running now. */
  forgetDropped(): void {
    this.table.settle();
  }

  /**
   * Compile a region for a block that tier 0 has found hot. If it is part of a region that control keeps coming to in the
   * middle, that one is compiled anew with more entries, lest many regions overlap.
   */
  compileHot(block: Block): void {
    const { owner } = block;
    if (owner !== undefined && !owner.dropped && owner.entries.length < this.options.maxEntries) {
      const inner = [...owner.entries, block, ...this.busy(owner)].map(({ eip }) => eip);
      this.compile(owner.head, inner.slice(0, this.options.maxEntries));
      if (block.region !== undefined) return;
    }
    this.compile(block);
  }

  /** Executions of a block that is part of a region before it heads one. */
  private innerThreshold({ mode }: Block): number {
    return Math.min(thresholdOf(this.options, mode) * this.options.innerFactor, 0x7fffffff);
  }

  /** Blocks of a region that are no entries, but on their way to become hot. */
  private busy(region: Region): Block[] {
    const limit = this.innerThreshold(region.head) * BUSY;
    return region.code.blocks.flatMap(({ eip }) => {
      const block = this.cache.neighbour(eip, region.head);
      const isBusy = block?.owner === region && !block.region && this.translator.heat(block.code.start) < limit;
      return isBusy ? [block] : [];
    });
  }

  /** Compile the region headed by `head`, unless its code is being rewritten all the time. */
  compile(head: Block, inner: readonly number[] = []): Region | undefined {
    if (head.dropped || head.secondPage >= 0 || this.isRewritten(head)) {
      return this.giveUp(head);
    }
    if (head.region === undefined && !this.canAfford()) {
      this.cache.statistics.deferred++;
      this.translator.setHeat(head.code.start, thresholdOf(this.options, head.mode));
      return undefined;
    }
    const start = this.options.stopwatch();
    const stretches: Stretch[] = [];
    const space = this.table.space(head.mode, head.base);
    const number = this.table.reserve();
    const profile: Profile = {
      executions: (eip) => this.executions(eip, head),
      targets: (eip) => this.targets(eip, head),
      separateTests: head.separateTests,
      pairs: head.pairs,
    };
    const codeAt = (eip: number): CodeBytes | undefined => this.codeFor(eip, head);
    const code = this.translator.compile(head.eip, head.mode, codeAt, profile, {
      number,
      entries: space.entries,
      inner,
    });
    if (code === undefined) {
      this.table.release(number);
      return this.giveUp(head);
    }
    const other = inner.length === 0 ? this.overlapped(code, head) : undefined;
    if (other !== undefined) {
      this.table.release(number);
      this.compile(other.head, [...new Set([...other.entries.map(({ eip }) => eip), ...code.entries])]);
      return head.region ?? this.compile(head, code.entries);
    }
    for (const { eip, length } of code.blocks) {
      stretches.push({ pa: this.memory.fetchAddress((eip + head.base) | 0), length });
    }
    this.train(code);
    const region = this.adopt(code, head, stretches, { number, space });
    for (const { eip } of code.blocks) this.cool(eip, region);
    this.cache.statistics.compileTime += this.options.stopwatch() - start;
    return region;
  }

  /** A region that is entered where this code would be too, and that can take all its entries in: one of them is enough. */
  private overlapped(code: RegionCode, head: Block): Region | undefined {
    for (const eip of code.entries) {
      const other = eip === head.eip ? undefined : this.cache.neighbour(eip, head)?.region;
      if (other !== undefined && other !== head.region)
        return other.entries.length + code.entries.length <= this.options.maxEntries ? other : undefined;
    }
    return undefined;
  }

  /** A block has become part of a region: it is a head of its own only when control keeps coming to it from elsewhere. */
  private cool(eip: number, region: Region): void {
    const block = this.cache.neighbour(eip, region.head);
    if (block === undefined || block.region !== undefined) return;
    if (block.owner === undefined) {
      this.translator.setHeat(block.code.start, this.innerThreshold(block));
    }
    block.owner = region;
  }

  /**
   * Run a region's way in and out once. Most regions are loops that V8 optimises before they are left for the first
   * time; it would throw the optimised code away then, for want of feedback about the end.
   */
  private train({ run }: RegionCode): void {
    const S = this.state;
    const budget = S[BUDGET]!;
    const eip = S[EIP]!;
    S[BUDGET] = -1;
    run(0, eip);
    S[BUDGET] = budget;
    S[EIP] = eip;
  }

  /**
   * Compiling must stay a small share of what runs: a program with thousands of places that are only just hot would
   * spend its time on that. Counted, not timed, so that runs are repeatable.
   */
  private canAfford(): boolean {
    const { compileAllowance, compileInterval } = this.options;
    const { generatedSize, regions } = this.cache.statistics;
    const beyond = generatedSize + regions * REGION_CHARACTERS + this.penalty - compileAllowance;
    if (beyond <= 0) return true;
    return beyond * compileInterval <= this.retired;
  }

  /** Is the page of a block rewritten too often for what is compiled there to pay? */
  private isRewritten(head: Block): boolean {
    const { maxRewrites, rewriteInterval } = this.options;
    const beyond = this.cache.rewrites(head.pa) - maxRewrites;
    return beyond > 0 && beyond * rewriteInterval > this.retired;
  }

  private get retired(): number {
    const S = this.state;
    return (S[RETIRED_HIGH]! >>> 0) * 0x100000000 + (S[RETIRED_LOW]! >>> 0);
  }

  /** The dispatcher entered a region, and it came back after so many instructions. */
  weigh(region: Region, instructions: number): void {
    region.ran += instructions;
    if (++region.arrivals !== TRIAL_ARRIVALS || region.dropped) return;
    const { shortestRun } = this.options;
    if (region.ran >= TRIAL_ARRIVALS * shortestRun) return;
    const { head, code } = region;
    this.cache.statistics.unprofitable++;
    this.penalty += PENALTY * (code.size + REGION_CHARACTERS);
    this.drop(region);
    head.setbacks = Math.min(head.setbacks + 1, MAX_SETBACKS);
    this.translator.setHeat(head.code.start, thresholdOf(this.options, head.mode) << (4 * head.setbacks));
  }

  /** Characters of generated JavaScript that are kept now. */
  get keptCode(): number {
    return this.source;
  }

  private giveUp(head: Block): undefined {
    this.translator.setHeat(head.code.start, 0x7fffffff);
    return undefined;
  }

  /** Times that one exit is taken before its region is compiled anew, with what the profile says by then. */
  private growthCount(generation: number): number {
    const { growthExits, maxGrowth } = this.options;
    return generation < maxGrowth ? growthExits << (2 * generation) : -1;
  }

  /** Compile a region anew: it takes in the blocks that it keeps leaving to. */
  grow(region: Region): void {
    if (!region.dropped)
      this.compile(
        region.head,
        region.entries.map(({ eip }) => eip),
      );
  }

  /**
   * A region is left for tier 0 because memory could not be accessed directly. When that happens often, its accesses no longer
   * share tests: their slow arms cost less.
   */
  noteSlowExit(region: Region, pairs: boolean): void {
    this.cache.statistics.slowExits++;
    const { head } = region;
    if (pairs) {
      this.notePairExit(region);
      return;
    }
    if (++region.slowExits !== this.options.maxSlowExits || region.dropped || head.mode & MODE_IDENTITY) return;
    head.separateTests = true;
    this.grow(region);
  }

  /** The x87 could not go on with pairs. When that happens all the time, instructions call helpers instead. */
  private notePairExit(region: Region): void {
    const now = this.cache.statistics.compiledInstructions;
    const isSoon = now - region.lastPairExit < SOON;
    region.lastPairExit = now;
    region.pairExits = isSoon ? region.pairExits + 1 : 0;
    if (region.pairExits !== MAX_PAIR_EXITS || region.dropped) return;
    region.head.pairs = false;
    this.grow(region);
  }

  private adopt(
    code: RegionCode,
    head: Block,
    stretches: readonly Stretch[],
    place: Pick<Region, 'number' | 'space'>,
  ): Region {
    const generation = head.region === undefined ? 0 : head.region.generation + 1;
    const region = new Region(code, head, stretches, {
      ...place,
      generation,
      growthCount: this.growthCount(generation),
    });
    if (head.region !== undefined) {
      this.cache.statistics.regrown++;
      this.drop(head.region);
    }
    for (const eip of code.entries) this.addEntry(region, eip);
    this.table.add(region);
    for (const { pa, length } of stretches) this.cache.cover(region, pa, length);
    this.queue.push(region);
    this.source += code.size;
    this.cache.statistics.regions++;
    this.cache.statistics.regionBlocks += code.blocks.length;
    this.cache.statistics.generatedSize += code.size;
    while (this.source > this.options.maxCode && this.queue.length > 1) {
      const oldest = this.queue[0]!;
      this.cache.statistics.regionsEvicted++;
      this.drop(oldest);
    }
    return region;
  }

  /** Let a region be entered at one of its blocks, if no other one is. */
  private addEntry(region: Region, eip: number): void {
    const block = eip === region.head.eip ? region.head : this.cache.neighbour(eip, region.head);
    if (block === undefined || block.secondPage >= 0 || block.region !== undefined) return;
    region.entries.push(block);
    block.region = region;
    this.translator.setHeat(block.code.start, 0);
  }

  /** Code bytes at another EIP of the head's address space, when they are mapped without a fault. */
  private codeFor(eip: number, head: Block): CodeBytes | undefined {
    const la = (eip + head.base) | 0;
    const { execute } = head.mode & MODE_USER ? this.memory.tlb.user : this.memory.tlb.supervisor;
    const pa = execute[la >>> 12]! ^ la;
    if (pa < 0) return undefined;
    // No region takes in an instruction that crosses pages, and looking at its second page could fault.
    return { ...this.cache.codeBytes(pa, eip, head.base), crossing: () => noBytes };
  }

  private executions(eip: number, head: Block): number {
    const block = this.cache.neighbour(eip, head);
    if (block === undefined) return 0;
    const threshold = thresholdOf(this.options, head.mode);
    return block.region || block.owner ? threshold : threshold - this.translator.heat(block.code.start);
  }

  private targets(eip: number, head: Block): readonly number[] {
    const block = this.cache.neighbour(eip, head);
    return block === undefined ? [] : this.translator.targets(block.code.start);
  }

  /**
   * After a flush of the TLB: look the pages of a region up again, also those that it seldom gets to, since it runs only
   * while all of them are mapped as they were. @returns true when some were missing, and none is mapped otherwise.
   */
  touch(region: Region): boolean {
    const { head, code, stretches } = region;
    const { execute } = head.mode & MODE_USER ? this.memory.tlb.user : this.memory.tlb.supervisor;
    let missing = false;
    for (const [i, { eip }] of code.blocks.entries()) {
      const la = (eip + head.base) | 0;
      if ((execute[la >>> 12]! ^ la) === stretches[i]!.pa) continue;
      missing = true;
      try {
        if (this.memory.fetchAddress(la) !== stretches[i]!.pa) return false;
      } catch (thrown) {
        if (thrown !== this.memory.fault) throw thrown;
        return false;
      }
    }
    return missing;
  }

  /** Forget a region; if it is running, it goes on until it is left. */
  drop(region: Region): void {
    if (region.dropped) return;
    region.dropped = true;
    this.table.remove(region);
    for (const block of region.entries) {
      block.region = undefined;
      if (!block.dropped) this.translator.setHeat(block.code.start, thresholdOf(this.options, block.mode));
    }
    this.source -= region.code.size;
    for (const exit of region.links) exit.target?.entrances.delete(exit);
    for (const { pa } of region.stretches) this.cache.uncover(region, pa >>> 12);
    this.queue = this.queue.filter((other) => other !== region);
  }
}

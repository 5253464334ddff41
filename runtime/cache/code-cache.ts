/**
 * The translation cache: finds, makes, links and drops blocks and regions.
 *
 * Blocks are keyed by physical address, EIP, CS base and mode. A direct-mapped table by EIP stands in front and is
 * checked against the execute words of the TLB, so a changed mapping or another address space needs no flush here.
 * Tier 0's arena is a ring: when it comes round, the oldest blocks are dropped, a few at a time.
 */
import type { CallService } from '../abi/entries.ts';
import { isFlat, MODE_IDENTITY, MODE_USER } from '../abi/mode.ts';
import { BUDGET, CS, EIP, MODE, RETIRED_HIGH, RETIRED_LOW, SEGMENT_BASE } from '../abi/state.ts';
import type { CodeBytes, Profile, RegionCode, Translator } from '../abi/translator.ts';
import type { CodeWatch, Memory } from '../memory/memory.ts';
import { CodePage } from './code-page.ts';
import { RegionTable } from './region-table.ts';
import { type CacheStatistics, createStatistics } from './statistics.ts';
import { Block, Region, type RegionLink, type Stretch } from './translation.ts';
import { UncachedCode } from './uncached.ts';

const TABLE_SIZE = 1 << 14;
const noBytes = new Uint8Array(0);
/** Times that a region is entered before it is judged. */
const TRIAL_ARRIVALS = 32;
/** What making a region costs besides its text, as characters. */
const REGION_CHARACTERS = 2000;
/** What a region that was dropped for short runs counts, in its own length, against what may be compiled. */
const PENALTY = 3;
/** Setbacks from which on the wait gets no longer. */
const MAX_SETBACKS = 4;
/** Bytes of the longest instruction. */
const MAX_LENGTH = 15;

/** An inner block is busy when less than this share of its executions before it is hot are left. */
const BUSY = 7 / 8;

/** Host clock in milliseconds, for statistics only. */
export type Stopwatch = () => number;

export interface CacheOptions {
  /** Executions of a block in tier 0 before its region is compiled; Infinity never compiles. */
  readonly hotThreshold: number;
  /** Times the threshold that a block has to run in tier 0, being part of a region already, before it heads one. */
  readonly innerFactor: number;
  /** Blocks that one region can be entered at. */
  readonly maxEntries: number;
  /** Characters of generated JavaScript kept; the oldest regions go first. */
  readonly maxSource: number;
  /** Characters of generated JavaScript that a program may have at once, whatever it does. */
  readonly compileAllowance: number;
  /** Instructions that must have retired for each character beyond that. */
  readonly compileInterval: number;
  /**
   * Instructions that a run from the dispatcher must have on average, or else it was better off in tier 0. A region that
   * fails is dropped, and its block has to become hot sixteen times as long as before.
   */
  readonly shortestRun: number;
  /** Rewrites of a code page after which its code is no longer compiled. */
  readonly maxRewrites: number;
  /** Times that one exit of a region is taken before the region is compiled anew; four times more each time. */
  readonly growthExits: number;
  /** Times that a region is left for tier 0 because memory could not be accessed directly, before it is compiled anew. */
  readonly maxSlowExits: number;
  /** Times that a region is compiled anew. */
  readonly maxGrowth: number;
  readonly stopwatch: Stopwatch;
}

export class CodeCache implements CodeWatch {
  readonly statistics: CacheStatistics = createStatistics();
  /** Serves the calls of compiled code; set by what runs it. */
  calls: CallService | undefined;
  private readonly translator: Translator;
  private readonly memory: Memory;
  private readonly state: Int32Array;
  private readonly options: CacheOptions;
  private readonly uncached: UncachedCode;
  private readonly pages: (CodePage | undefined)[] = [];
  private readonly table: (Block | undefined)[] = new Array<Block | undefined>(TABLE_SIZE).fill(undefined);
  /** Blocks in arena order, oldest first; `oldest` is where the ring's queue begins. */
  private queue: Block[] = [];
  private oldest = 0;
  /** Blocks in the queue, or gone from it, that were dropped before their turn. */
  private invalidatedInQueue = 0;
  private cursor = 16;
  private readonly byStart = new Map<number, Block>();
  private regionQueue: Region[] = [];
  private readonly regions: RegionTable;
  private source = 0;
  private penalty = 0;

  constructor(translator: Translator, memory: Memory, state: Int32Array, options: CacheOptions) {
    this.translator = translator;
    this.memory = memory;
    this.state = state;
    this.options = options;
    this.uncached = new UncachedCode(translator);
    this.regions = new RegionTable(state, {
      enter: (gate, ordinal, depth) => this.calls!.enter(gate, ordinal, depth),
      proceed: (gate, ordinal, depth, exit) => this.calls!.proceed(gate, ordinal, depth, exit),
    });
    memory.code = this;
  }

  // ---- lookup -----------------------------------------------------------------------------------------------------

  /** The block at the current EIP and mode; translated if need be. @throws GuestFault when code cannot be fetched. */
  current(): Block {
    const eip = this.state[EIP]!;
    const mode = this.state[MODE]!;
    const base = isFlat(mode, CS) ? 0 : this.state[SEGMENT_BASE + CS]!;
    return this.lookup(eip, mode, base);
  }

  private lookup(eip: number, mode: number, base: number): Block {
    const la = (eip + base) | 0;
    const slot = (eip ^ (eip >>> 14)) & (TABLE_SIZE - 1);
    const fast = this.table[slot];
    if (fast !== undefined && fast.eip === eip && fast.mode === mode && fast.base === base && this.isMapped(fast, la)) {
      this.statistics.fastHits++;
      return fast;
    }
    const pa = this.memory.fetchAddress(la);
    const block = this.find(pa, eip, mode, base) ?? this.translate(pa, eip, mode, base);
    this.table[slot] = block;
    return block;
  }

  private find(pa: number, eip: number, mode: number, base: number): Block | undefined {
    let block = this.pages[pa >>> 12]?.at(pa & 4095);
    const la = (eip + base) | 0;
    while (block !== undefined) {
      if (block.eip === eip && block.mode === mode && block.base === base) {
        if (block.secondPage >= 0) this.memory.fetchAddress((la | 4095) + 1);
        if (this.isMapped(block, la)) {
          this.statistics.slowHits++;
          return block;
        }
      }
      block = block.chained;
    }
    return undefined;
  }

  /** Are the block's pages mapped, and to the same physical pages as when it was translated? */
  private isMapped(block: Block, la: number): boolean {
    const { execute } = block.mode & MODE_USER ? this.memory.tlb.user : this.memory.tlb.supervisor;
    if (block.dropped || execute[la >>> 12] !== block.mapping) return false;
    return block.secondPage < 0 || execute[((la | 4095) + 1) >>> 12] === block.secondMapping;
  }

  private translate(pa: number, eip: number, mode: number, base: number): Block {
    this.statistics.misses++;
    const start = this.options.stopwatch();
    const code = this.codeBytes(pa, eip, base);
    const encoded = this.translator.translate(code, eip, mode, this.reserve);
    let secondPage = -1;
    let secondMapping = 0;
    if (encoded.crosses) {
      const second = (((eip + base) | 4095) + 1) | 0;
      secondPage = this.memory.fetchAddress(second) >>> 12;
      secondMapping = (secondPage << 12) ^ second;
    }
    const block = new Block(encoded, base, pa, code.mapping, secondPage, secondMapping);
    if (this.invalidatedInQueue > 1024 && this.invalidatedInQueue * 2 > this.queue.length) this.compactQueue();
    this.queue.push(block);
    this.byStart.set(encoded.start, block);
    this.page(pa >>> 12).addHead(block);
    this.cover(block, pa, secondPage < 0 ? encoded.length : 4096 - (pa & 4095));
    if (secondPage >= 0) this.cover(block, secondPage << 12, encoded.length - 4096 + (pa & 4095));
    this.translator.setHeat(encoded.start, this.options.hotThreshold);
    this.statistics.blocks++;
    this.statistics.instructions += encoded.instructions;
    this.statistics.translateTime += this.options.stopwatch() - start;
    return block;
  }

  /** Encode the instruction at EIP outside the cache, wherever its bytes are. @throws GuestFault when it cannot be fetched. */
  single(): { start: number; mode: number } {
    const eip = this.state[EIP]!;
    const mode = this.state[MODE]!;
    const base = isFlat(mode, CS) ? 0 : this.state[SEGMENT_BASE + CS]!;
    const la = (eip + base) | 0;
    const bytes = this.memory.fetchBytes(la, MAX_LENGTH);
    this.statistics.singleSteps++;
    return { start: this.uncached.single(bytes, () => this.crossing(la), eip, mode, base), mode };
  }

  /** Encode the first so many instructions of a cached block outside the cache. */
  short(block: Block, instructions: number): number {
    const code = this.codeBytes(block.pa, block.eip, block.base);
    return this.uncached.short(code, block.eip, block.mode, instructions);
  }

  /** Code at a place in the buffer, as the translator reads it. */
  codeBytes(pa: number, eip: number, base: number): CodeBytes {
    const la = (eip + base) | 0;
    const { u8 } = this.memory.ram;
    const mapping = (pa ^ la) & ~4095;
    return { bytes: u8, offset: pa, end: (pa | 4095) + 1, mapping, crossing: () => this.crossing(la) };
  }

  /** As many bytes from `la` on as an instruction has at most, from two pages. */
  private crossing(la: number): Uint8Array {
    const first = this.memory.fetchBytes(la, MAX_LENGTH);
    const both = new Uint8Array(MAX_LENGTH);
    both.set(first);
    if (first.length < MAX_LENGTH) {
      const second = ((la | 4095) + 1) | 0;
      both.set(this.memory.fetchBytes(second, MAX_LENGTH - first.length), first.length);
    }
    return both;
  }

  private page(number: number): CodePage {
    let page = this.pages[number];
    if (page === undefined) {
      page = new CodePage(number);
      this.pages[number] = page;
    }
    return page;
  }

  private cover(translation: Block | Region, pa: number, length: number): void {
    const page = this.page(pa >>> 12);
    if (page.translations.size === 0) this.memory.tlb.protect((pa >>> 12) << 12);
    page.cover(translation, pa, length);
    const start = Math.max(pa, page.number << 12);
    this.memory.lines?.addCode(start, Math.min(pa + length, (page.number + 1) << 12) - start);
  }

  private uncover(translation: Block | Region, number: number): void {
    const page = this.page(number);
    page.remove(translation);
    if (page.translations.size === 0) this.memory.lines?.clearCode(number);
  }

  // ---- the arena --------------------------------------------------------------------------------------------------

  /** Room for `words` in the ring; what stands there is dropped. */
  private readonly reserve = (words: number): number => {
    const { arenaWords } = this.translator;
    if (words > arenaWords - 16) throw new RangeError('the tier-0 arena is too small for one block');
    if (this.cursor + words > arenaWords) {
      this.evictUpTo(this.cursor, arenaWords);
      this.cursor = 16;
    }
    this.evictUpTo(this.cursor, this.cursor + words);
    const start = this.cursor;
    this.cursor += words;
    return start;
  };

  /** Drop the oldest blocks as long as they stand in the words from `start` to `end`. */
  private evictUpTo(start: number, end: number): void {
    while (this.oldest < this.queue.length) {
      const block = this.queue[this.oldest]!;
      if (!block.dropped) {
        const at = block.code.start;
        if (at >= end || at + block.code.words <= start) break;
        this.statistics.evicted++;
        this.drop(block);
      }
      this.oldest++;
    }
    if (this.oldest > 4096) {
      this.queue = this.queue.slice(this.oldest);
      this.oldest = 0;
    }
  }

  /** Code that keeps being rewritten leaves many dead blocks behind before the ring comes round. */
  private compactQueue(): void {
    this.queue = this.queue.filter((block, at) => at >= this.oldest && !block.dropped);
    this.oldest = 0;
    this.invalidatedInQueue = 0;
  }

  // ---- links ------------------------------------------------------------------------------------------------------

  /** The block that stands at a position of tier 0's arena. */
  blockAt(start: number): Block | undefined {
    return this.byStart.get(start);
  }

  /** Let the tier-0 link word at `position`, in the block `from`, go to `to`, when that is safe. */
  link(position: number, from: Block, to: Block): void {
    if (from.dropped || to.secondPage >= 0 || from.mode !== to.mode || from.base !== to.base) return;
    const far = (from.eip + from.base) >>> 12 !== (to.eip + to.base) >>> 12;
    // The far check of tier 0 looks the page up by EIP.
    if (far && to.base !== 0) return;
    this.unlink(position, from);
    this.translator.link(position, to.code.start, far);
    const link = { position, from, to };
    from.outgoing.push(link);
    to.incoming.push(link);
    this.statistics.links++;
  }

  private unlink(position: number, from: Block): void {
    const at = from.outgoing.findIndex((link) => link.position === position);
    if (at < 0) return;
    const [link] = from.outgoing.splice(at, 1);
    link!.to.incoming = link!.to.incoming.filter((other) => other !== link);
  }

  /** Let tier 0 go to this block when an indirect jump leads to its EIP; tier 0 compares modes, but no CS bases. */
  linkIndirect(to: Block): void {
    if (to.secondPage < 0 && isFlat(to.mode, CS)) this.translator.remember(to.eip, to.code.start);
  }

  /** Remember the block that a region's exit goes to. */
  linkExit(region: Region, exit: RegionLink, to: Block): void {
    if (region.dropped || to.secondPage >= 0) return;
    exit.target = to;
    to.entrances.add(exit);
    this.statistics.links++;
  }

  /** May an exit's target be entered without a lookup? */
  isCurrent(block: Block): boolean {
    return this.isMapped(block, (block.eip + block.base) | 0);
  }

  // ---- regions ----------------------------------------------------------------------------------------------------

  /** Compile the region headed by the block at an EIP in the mode and CS base of another one, if it is translated. */
  compileAt(eip: number, { head }: Region): Region | undefined {
    const block = this.neighbour(eip, head);
    return block === undefined || block.base !== head.base ? undefined : (block.region ?? this.compile(block));
  }

  /** The region that can be entered at an EIP in the mode and CS base of another region, if it is known. */
  regionAt(eip: number, from: Region): Region | undefined {
    return this.regions.find(eip, from);
  }

  /** The region that left its number in the slot REGION_LEFT. */
  regionNumber(number: number): Region {
    return this.regions.numbered(number);
  }

  /** No region is running now. */
  forgetDropped(): void {
    this.regions.settle();
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

  /** Blocks of a region that are no entries, but on their way to become hot. */
  private busy(region: Region): Block[] {
    const { hotThreshold, innerFactor } = this.options;
    const limit = hotThreshold * innerFactor * BUSY;
    return region.code.blocks.flatMap(({ eip }) => {
      const block = this.neighbour(eip, region.head);
      const isBusy = block?.owner === region && !block.region && this.translator.heat(block.code.start) < limit;
      return isBusy ? [block] : [];
    });
  }

  /** Compile the region headed by `head`, unless its code is being rewritten all the time. */
  compile(head: Block, inner: readonly number[] = []): Region | undefined {
    if (head.dropped || head.secondPage >= 0 || this.page(head.pa >>> 12).rewrites > this.options.maxRewrites) {
      return this.giveUp(head);
    }
    if (head.region === undefined && !this.canAfford()) {
      this.statistics.deferred++;
      this.translator.setHeat(head.code.start, this.options.hotThreshold);
      return undefined;
    }
    const start = this.options.stopwatch();
    const stretches: Stretch[] = [];
    const space = this.regions.space(head.mode, head.base);
    const number = this.regions.reserve();
    const profile: Profile = {
      executions: (eip) => this.executions(eip, head),
      targets: (eip) => this.targets(eip, head),
      separateTests: head.separateTests,
    };
    const codeAt = (eip: number): CodeBytes | undefined => this.codeFor(eip, head);
    const code = this.translator.compile(head.eip, head.mode, codeAt, profile, {
      number,
      entries: space.entries,
      inner,
    });
    if (code === undefined) {
      this.regions.release(number);
      return this.giveUp(head);
    }
    const other = inner.length === 0 ? this.overlapped(code, head) : undefined;
    if (other !== undefined) {
      this.regions.release(number);
      this.compile(other.head, [...new Set([...other.entries.map(({ eip }) => eip), ...code.entries])]);
      return head.region ?? this.compile(head, code.entries);
    }
    for (const { eip, length } of code.blocks) {
      stretches.push({ pa: this.memory.fetchAddress((eip + head.base) | 0), length });
    }
    this.train(code);
    const region = this.adopt(code, head, stretches, { number, space });
    for (const { eip } of code.blocks) this.cool(eip, region);
    this.statistics.compileTime += this.options.stopwatch() - start;
    return region;
  }

  /** A region that is entered where this code would be too, and that can take all its entries in: one of them is enough. */
  private overlapped(code: RegionCode, head: Block): Region | undefined {
    for (const eip of code.entries) {
      const other = eip === head.eip ? undefined : this.neighbour(eip, head)?.region;
      if (other !== undefined && other !== head.region)
        return other.entries.length + code.entries.length <= this.options.maxEntries ? other : undefined;
    }
    return undefined;
  }

  /** A block has become part of a region: it is a head of its own only when control keeps coming to it from elsewhere. */
  private cool(eip: number, region: Region): void {
    const block = this.neighbour(eip, region.head);
    if (block === undefined || block.region !== undefined) return;
    if (block.owner === undefined) {
      const { hotThreshold, innerFactor } = this.options;
      this.translator.setHeat(block.code.start, hotThreshold * innerFactor);
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
    const { sourceCharacters, regions } = this.statistics;
    const beyond = sourceCharacters + regions * REGION_CHARACTERS + this.penalty - compileAllowance;
    if (beyond <= 0) return true;
    const S = this.state;
    return beyond * compileInterval <= (S[RETIRED_HIGH]! >>> 0) * 0x100000000 + (S[RETIRED_LOW]! >>> 0);
  }

  /** The dispatcher entered a region, and it came back after so many instructions. */
  weigh(region: Region, instructions: number): void {
    region.ran += instructions;
    if (++region.arrivals !== TRIAL_ARRIVALS || region.dropped) return;
    const { shortestRun, hotThreshold } = this.options;
    if (region.ran >= TRIAL_ARRIVALS * shortestRun) return;
    const { head, code } = region;
    this.statistics.unprofitable++;
    this.penalty += PENALTY * (code.source.length + REGION_CHARACTERS);
    this.dropRegion(region);
    head.setbacks = Math.min(head.setbacks + 1, MAX_SETBACKS);
    this.translator.setHeat(head.code.start, hotThreshold << (4 * head.setbacks));
  }

  /** Characters of generated JavaScript that are kept now. */
  get keptSource(): number {
    return this.source;
  }

  /** Blocks that the arena's queue holds, dropped ones included. */
  get queuedBlocks(): number {
    return this.queue.length;
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
  noteSlowExit(region: Region): void {
    this.statistics.slowExits++;
    const { head } = region;
    if (++region.slowExits !== this.options.maxSlowExits || region.dropped || head.mode & MODE_IDENTITY) return;
    head.separateTests = true;
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
      this.statistics.regrown++;
      this.dropRegion(head.region);
    }
    for (const eip of code.entries) this.addEntry(region, eip);
    this.regions.add(region);
    for (const { pa, length } of stretches) this.cover(region, pa, length);
    this.regionQueue.push(region);
    this.source += code.source.length;
    this.statistics.regions++;
    this.statistics.regionBlocks += code.blocks.length;
    this.statistics.sourceCharacters += code.source.length;
    while (this.source > this.options.maxSource && this.regionQueue.length > 1) {
      const oldest = this.regionQueue[0]!;
      this.statistics.regionsEvicted++;
      this.dropRegion(oldest);
    }
    return region;
  }

  /** Let a region be entered at one of its blocks, if no other one is. */
  private addEntry(region: Region, eip: number): void {
    const block = eip === region.head.eip ? region.head : this.neighbour(eip, region.head);
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
    return { ...this.codeBytes(pa, eip, head.base), crossing: () => noBytes };
  }

  private executions(eip: number, head: Block): number {
    const block = this.neighbour(eip, head);
    if (block === undefined) return 0;
    const { hotThreshold } = this.options;
    return block.region || block.owner ? hotThreshold : hotThreshold - this.translator.heat(block.code.start);
  }

  private targets(eip: number, head: Block): readonly number[] {
    const block = this.neighbour(eip, head);
    return block === undefined ? [] : this.translator.targets(block.code.start);
  }

  /** The block at another EIP in the head's mode and address space, if it is translated. */
  private neighbour(eip: number, head: Block): Block | undefined {
    const la = (eip + head.base) | 0;
    const { execute } = head.mode & MODE_USER ? this.memory.tlb.user : this.memory.tlb.supervisor;
    const pa = execute[la >>> 12]! ^ la;
    let block = pa < 0 ? undefined : this.pages[pa >>> 12]?.at(pa & 4095);
    while (block !== undefined && (block.eip !== eip || block.mode !== head.mode)) block = block.chained;
    return block;
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

  // ---- dropping ---------------------------------------------------------------------------------------------------

  hasCode(page: number): boolean {
    const entry = this.pages[page];
    return entry !== undefined && entry.translations.size > 0;
  }

  covers(pa: number, length: number): boolean {
    return this.pages[pa >>> 12]?.covers(pa, length) ?? false;
  }

  invalidate(pa: number, length: number): void {
    const page = this.pages[pa >>> 12];
    if (page === undefined || !page.mayCover(pa, length)) return;
    let hit = false;
    for (const translation of [...page.translations]) {
      if (translation.dropped || !translation.covers(pa, length)) continue;
      hit = true;
      if (translation instanceof Block) {
        this.statistics.invalidated++;
        this.invalidatedInQueue++;
        this.drop(translation);
      } else {
        this.statistics.regionsInvalidated++;
        this.dropRegion(translation);
      }
    }
    if (hit) page.rewrites++;
  }

  private drop(block: Block): void {
    block.dropped = true;
    this.translator.forget(block.eip, block.code.start);
    this.byStart.delete(block.code.start);
    for (const link of block.incoming) {
      this.translator.link(link.position, 0, false);
      link.from.outgoing = link.from.outgoing.filter((other) => other !== link);
    }
    for (const link of block.outgoing) link.to.incoming = link.to.incoming.filter((other) => other !== link);
    for (const exit of block.entrances) exit.target = undefined;
    block.incoming = [];
    block.outgoing = [];
    block.entrances.clear();
    if (block.region) this.dropRegion(block.region);
    this.page(block.pa >>> 12).removeHead(block);
    this.uncover(block, block.pa >>> 12);
    if (block.secondPage >= 0) this.uncover(block, block.secondPage);
  }

  private dropRegion(region: Region): void {
    if (region.dropped) return;
    region.dropped = true;
    this.regions.remove(region);
    for (const block of region.entries) {
      block.region = undefined;
      if (!block.dropped) this.translator.setHeat(block.code.start, this.options.hotThreshold);
    }
    this.source -= region.code.source.length;
    for (const exit of region.links) exit.target?.entrances.delete(exit);
    for (const { pa } of region.stretches) this.uncover(region, pa >>> 12);
    this.regionQueue = this.regionQueue.filter((other) => other !== region);
  }
}

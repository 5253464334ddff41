/**
 * The translation cache: finds, makes, links and drops blocks and regions.
 *
 * Blocks are keyed by physical address, EIP, CS base and mode. A direct-mapped table by EIP stands in front and is
 * checked against the execute words of the TLB, so a changed mapping or another address space needs no flush here.
 * What is compiled is in regions.ts. Tier 0's arena is a ring: when it comes round, the oldest blocks are dropped, a few at a time.
 */
import { isFlat, MODE_USER } from '../abi/mode.ts';
import { CS, EIP, MODE, SEGMENT_BASE } from '../abi/state.ts';
import type { CodeBytes, Translator } from '../abi/translator.ts';
import type { CodeWatch, Memory } from '../memory/memory.ts';
import { CodePage } from './code-page.ts';
import { type CacheOptions, thresholdOf } from './options.ts';
import { type BlockIndex, Regions } from './regions.ts';
import { type CacheStatistics, createStatistics } from './statistics.ts';
import { Block, type Region, type RegionLink } from './translation.ts';
import { UncachedCode } from './uncached.ts';

const TABLE_SIZE = 1 << 14;
/** Bytes of the longest instruction. */
const MAX_LENGTH = 15;
/** Bytes that are expected to be written over when stores over code go on from low addresses to high. */
const REWRITE_AHEAD = 512;

export class CodeCache implements CodeWatch, BlockIndex {
  readonly statistics: CacheStatistics = createStatistics();
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
  readonly regions: Regions;

  constructor(translator: Translator, memory: Memory, state: Int32Array, options: CacheOptions) {
    this.translator = translator;
    this.memory = memory;
    this.state = state;
    this.options = options;
    this.uncached = new UncachedCode(translator);
    this.regions = new Regions(this, translator, memory, state, options);
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
    this.translator.setHeat(encoded.start, thresholdOf(this.options, mode));
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

  cover(translation: Block | Region, pa: number, length: number): void {
    const page = this.page(pa >>> 12);
    if (page.translations.size === 0) this.memory.tlb.protect((pa >>> 12) << 12);
    page.cover(translation, pa, length);
    const start = Math.max(pa, page.number << 12);
    this.memory.lines?.addCode(start, Math.min(pa + length, (page.number + 1) << 12) - start);
  }

  uncover(translation: Block | Region, number: number): void {
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

  // ---- for regions -----------------------------------------------------------------------------------------------

  /** The block at another EIP in another one's mode, CS base and address space, if it is translated. */
  neighbour(eip: number, head: Block): Block | undefined {
    const la = (eip + head.base) | 0;
    const { execute } = head.mode & MODE_USER ? this.memory.tlb.user : this.memory.tlb.supervisor;
    const pa = execute[la >>> 12]! ^ la;
    let block = pa < 0 ? undefined : this.pages[pa >>> 12]?.at(pa & 4095);
    while (block !== undefined && (block.eip !== eip || block.mode !== head.mode || block.base !== head.base))
      block = block.chained;
    return block;
  }

  /** Times that the page at a physical address has been rewritten. */
  rewrites(pa: number): number {
    return this.page(pa >>> 12).rewrites;
  }

  /** Blocks that the arena's queue holds, dropped ones included. */
  get queuedBlocks(): number {
    return this.queue.length;
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
    if (page === undefined || !page.mayCover(pa, length) || !this.dropWithin(page, pa, length)) return;
    if (page.noteRewrite(pa)) this.expectRewrites(page, pa);
  }

  /** Code is being written over, from low addresses to high: drop what comes next too, so that those stores cost little. */
  private expectRewrites(page: CodePage, pa: number): void {
    this.dropWithin(page, pa, Math.min(REWRITE_AHEAD, 4096 - (pa & 4095)));
    page.refresh();
    this.memory.lines?.setCode(page.number, (place, length) => page.mayCover(place, length));
  }

  /** @returns whether there was any. */
  private dropWithin(page: CodePage, pa: number, length: number): boolean {
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
        this.regions.drop(translation);
      }
    }
    return hit;
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
    if (block.region) this.regions.drop(block.region);
    this.page(block.pa >>> 12).removeHead(block);
    this.uncover(block, block.pa >>> 12);
    if (block.secondPage >= 0) this.uncover(block, block.secondPage);
  }
}

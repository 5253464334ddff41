/**
 * What the cache keeps of guest code: blocks (tier-0 code, where its bytes are, who links to whom) and regions (a
 * compiled function, the bytes it was made from, where its exits go).
 */
import type { RegionEntries, RegionRun } from '../abi/entries.ts';
import type { RegionCode, RegionExit, Tier0Block } from '../abi/translator.ts';

/** A link word in tier 0's arena that goes to some block. */
export interface Link {
  readonly position: number;
  readonly from: Block;
  readonly to: Block;
}

export class Block {
  readonly code: Tier0Block;
  readonly eip: number;
  readonly mode: number;
  /** CS base that the block was translated for. */
  readonly base: number;
  /** Physical address of the first byte, and TLB word of its page. */
  readonly pa: number;
  readonly mapping: number;
  /** Physical page of the instruction's second part when it crosses pages, else -1, and that page's TLB word. */
  readonly secondPage: number;
  readonly secondMapping: number;
  /** Next block at the same page offset, for another mode, base or alias. */
  chained: Block | undefined;
  incoming: Link[] = [];
  outgoing: Link[] = [];
  /** Regions' exits that go here. */
  readonly entrances: Set<{ target: Block | undefined }> = new Set();
  region: Region | undefined;
  /** Accesses in the region that it heads have tests of their own. */
  separateTests = false;
  /** Its region does x87 instructions on pairs. */
  pairs = true;
  /** Times that its region was dropped because it was left again too soon. */
  setbacks = 0;
  /** The last region that it became part of without being an entry. */
  owner: Region | undefined;
  dropped = false;

  constructor(code: Tier0Block, base: number, pa: number, mapping: number, secondPage: number, secondMapping: number) {
    this.code = code;
    this.eip = code.eip;
    this.mode = code.mode;
    this.base = base;
    this.pa = pa;
    this.mapping = mapping;
    this.secondPage = secondPage;
    this.secondMapping = secondMapping;
  }

  /** Its stretches of physical memory, each on one page. */
  forEachStretch(visit: (pa: number, length: number) => void): void {
    const inFirst = this.secondPage < 0 ? this.code.length : 4096 - (this.pa & 4095);
    visit(this.pa, inFirst);
    if (this.secondPage >= 0) visit(this.secondPage << 12, this.code.length - inFirst);
  }

  /** Does it cover any of `length` bytes at physical address `pa`? */
  covers(pa: number, length: number): boolean {
    const inFirst = this.secondPage < 0 ? this.code.length : 4096 - (this.pa & 4095);
    if (pa < this.pa + inFirst && pa + length > this.pa) return true;
    if (this.secondPage < 0) return false;
    const second = this.secondPage << 12;
    return pa < second + this.code.length - inFirst && pa + length > second;
  }
}

/** A way out of a region, or a call that it makes, and the block there once it is known. */
export interface RegionLink {
  readonly way: RegionExit;
  readonly caller: Region;
  target: Block | undefined;
  /** Times taken. */
  count: number;
  /** At this count the region is compiled anew; -1 for never. */
  readonly growthCount: number;
}

/** A stretch of physical memory. */
export interface Stretch {
  readonly pa: number;
  readonly length: number;
}

/** The regions of one mode and CS base. */
export interface RegionSpace {
  readonly entries: RegionEntries;
  /** By entryIndex, as `entries` has them. */
  readonly regions: (Region | undefined)[];
}

export class Region {
  readonly code: RegionCode;
  readonly run: RegionRun;
  readonly head: Block;
  /** Where it can be entered, the head included. */
  readonly entries: Block[] = [];
  readonly links: RegionLink[];
  readonly stretches: readonly Stretch[];
  dropped = false;
  /** Times left for tier 0 because memory could not be accessed directly. */
  slowExits = 0;
  /** Of those because of the x87: how many followed on each other soon, and when the last one was. */
  pairExits = 0;
  lastPairExit = 0;
  readonly number: number;
  readonly space: RegionSpace;
  /** Times that it was compiled anew because it had grown. */
  readonly generation: number;
  /** Times that the dispatcher entered it, and instructions that ran before it came back, as far as they are counted. */
  arrivals = 0;
  ran = 0;

  constructor(
    code: RegionCode,
    head: Block,
    stretches: readonly Stretch[],
    place: {
      readonly number: number;
      readonly space: RegionSpace;
      readonly generation: number;
      readonly growthCount: number;
    },
  ) {
    this.code = code;
    this.run = code.run;
    this.head = head;
    this.number = place.number;
    this.space = place.space;
    this.generation = place.generation;
    this.links = code.exits.map((way) => ({
      way,
      caller: this,
      target: undefined,
      count: 0,
      growthCount: way.kind === 'link' && way.mayGrow ? place.growthCount : -1,
    }));
    this.stretches = stretches;
  }

  forEachStretch(visit: (pa: number, length: number) => void): void {
    for (const { pa, length } of this.stretches) visit(pa, length);
  }

  covers(pa: number, length: number): boolean {
    return this.stretches.some((part) => pa < part.pa + part.length && pa + length > part.pa);
  }
}

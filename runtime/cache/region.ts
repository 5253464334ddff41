/** A compiled region as the cache keeps it: its function, the bytes it was made from, and where its exits go. */
import type { RegionCode } from '../abi/translator.ts';
import type { Block } from './block.ts';

/** An exit of a region: an address, and the block there once it is known. */
export interface RegionLink {
  readonly eip: number;
  target: Block | undefined;
  /** Times taken. */
  count: number;
}

/** A stretch of physical memory. */
export interface Stretch {
  readonly pa: number;
  readonly length: number;
}

export class Region {
  readonly code: RegionCode;
  readonly run: () => number;
  readonly head: Block;
  readonly links: RegionLink[];
  readonly stretches: readonly Stretch[];
  dropped = false;
  /** Times that it was compiled anew because it had grown. */
  generation = 0;

  constructor(code: RegionCode, head: Block, stretches: readonly Stretch[]) {
    this.code = code;
    this.run = code.run;
    this.head = head;
    this.links = code.exits.map(({ eip }) => ({ eip, target: undefined, count: 0 }));
    this.stretches = stretches;
  }

  covers(pa: number, length: number): boolean {
    return this.stretches.some((part) => pa < part.pa + part.length && pa + length > part.pa);
  }
}

/**
 * Translated code of one physical page: the blocks by offset, and the blocks and regions that cover its bytes.
 *
 * A bitmap of its bytes answers stores to pages that hold both code and data.
 */
import type { Block, Region } from './translation.ts';

/** A store at most so many bytes after the last one over code goes on where that one stopped. */
const STRIDE = 16;
/** More of them, and the next will come too. */
const MANY_SEQUENCES = 4;

/** Something made from code bytes. */
export type Translation = Block | Region;

export class CodePage {
  readonly number: number;
  private readonly heads: Map<number, Block> = new Map();
  readonly translations: Set<Translation> = new Set();
  /** A bit for each byte that may be code; what has been dropped keeps its bits until somebody finds out. */
  private readonly bytes: Int32Array = new Int32Array(128);
  /** Stores that dropped code here: code that keeps being rewritten is not worth compiling. */
  rewrites = 0;
  /** Where the last store over code was. */
  private rewritten = -1;
  /** Such stores that went on where the one before them stopped. */
  private sequences = 0;

  constructor(number: number) {
    this.number = number;
  }

  /** First block at a page offset; follow `chained` for the others. */
  at(offset: number): Block | undefined {
    return this.heads.get(offset);
  }

  addHead(block: Block): void {
    const offset = block.pa & 4095;
    block.chained = this.heads.get(offset);
    this.heads.set(offset, block);
  }

  removeHead(block: Block): void {
    const offset = block.pa & 4095;
    let previous: Block | undefined;
    for (let other = this.heads.get(offset); other !== undefined; other = other.chained) {
      if (other === block) {
        if (previous) previous.chained = block.chained;
        else if (block.chained) this.heads.set(offset, block.chained);
        else this.heads.delete(offset);
        return;
      }
      previous = other;
    }
  }

  /** A translation covers `length` bytes from `pa`, which may start before or end behind this page. */
  cover(translation: Translation, pa: number, length: number): void {
    this.translations.add(translation);
    this.mark(pa, length);
  }

  private mark(pa: number, length: number): void {
    const first = Math.max(pa - (this.number << 12), 0);
    const last = Math.min(pa + length - 1 - (this.number << 12), 4095);
    for (let word = first >> 5; word <= last >> 5; word++) this.bytes[word]! |= maskWithin(word, first, last);
  }

  /** Could translated code lie in these bytes of the page? */
  mayCover(pa: number, length: number): boolean {
    const first = pa & 4095;
    const last = first + length - 1;
    for (let word = first >> 5; word <= last >> 5; word++) {
      if (this.bytes[word]! & maskWithin(word, first, last)) return true;
    }
    return false;
  }

  /** Does translated code lie in these bytes of the page? If not, the bitmap forgets them. */
  covers(pa: number, length: number): boolean {
    if (!this.mayCover(pa, length)) return false;
    for (const translation of this.translations) if (translation.covers(pa, length)) return true;
    const first = pa & 4095;
    const last = first + length - 1;
    for (let word = first >> 5; word <= last >> 5; word++) this.bytes[word]! &= ~maskWithin(word, first, last);
    return false;
  }

  /**
   * A store dropped code at `pa`. Will more of them come behind it? They do when it goes on where the last one stopped, and
   * on a page where that has happened several times, as in the buffers of a guest's own compiler.
   */
  noteRewrite(pa: number): boolean {
    this.rewrites++;
    const last = this.rewritten;
    this.rewritten = pa;
    const goesOn = last >= 0 && pa > last && pa <= last + STRIDE;
    if (goesOn) this.sequences++;
    return goesOn || this.sequences > MANY_SEQUENCES;
  }

  /** Let the bitmap forget what has been dropped. */
  refresh(): void {
    this.bytes.fill(0);
    for (const translation of this.translations) {
      translation.forEachStretch((pa, length) => {
        if (pa >>> 12 === this.number || (pa + length - 1) >>> 12 === this.number) this.mark(pa, length);
      });
    }
  }

  remove(translation: Translation): void {
    this.translations.delete(translation);
    if (this.translations.size === 0) this.bytes.fill(0);
  }
}

/** Bits of a bitmap's word that stand for bytes from `first` to `last`. */
function maskWithin(word: number, first: number, last: number): number {
  const from = word === first >> 5 ? -1 << (first & 31) : -1;
  return word === last >> 5 ? from & (-1 >>> (31 - (last & 31))) : from;
}

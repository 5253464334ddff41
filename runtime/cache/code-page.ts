/**
 * Translated code of one physical page: the blocks by offset, and the blocks and regions that cover its bytes.
 *
 * A bitmap of 64-byte lines answers most stores to pages that hold both code and data.
 */
import type { Block, Region } from './translation.ts';

/** Something made from code bytes. */
export type Translation = Block | Region;

export class CodePage {
  readonly number: number;
  private readonly heads: Map<number, Block> = new Map();
  readonly translations: Set<Translation> = new Set();
  /** Lines 0..31 and 32..63 that may hold code; bits are only cleared when the page is empty. */
  private readonly lines: Int32Array = new Int32Array(2);
  /** Stores that dropped code here: code that keeps being rewritten is not worth compiling. */
  rewrites = 0;

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
    const start = Math.max(pa, this.number << 12);
    const end = Math.min(pa + length, (this.number + 1) << 12);
    for (let line = (start & 4095) >> 6; line <= ((end - 1) & 4095) >> 6; line++)
      this.lines[line >> 5]! |= 1 << (line & 31);
  }

  /** Could translated code lie in these bytes of the page? */
  mayCover(pa: number, length: number): boolean {
    for (let line = (pa & 4095) >> 6; line <= ((pa + length - 1) & 4095) >> 6; line++) {
      if (this.lines[line >> 5]! & (1 << (line & 31))) return true;
    }
    return false;
  }

  remove(translation: Translation): void {
    this.translations.delete(translation);
    if (this.translations.size === 0) this.lines.fill(0);
  }
}

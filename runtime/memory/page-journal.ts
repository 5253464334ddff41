/**
 * What pages held before they were written: lets a stretch of execution be undone and run again in another way
 * (exec/verifier.ts), with the compiled code as it is.
 *
 * Pages are closed for writing until a store comes to one: it takes the slow path, which notes the page here and opens
 * it. Only so many stay open from one stretch to the next, since all of them are copied at its start.
 */
import type { Ram } from '../bus/ram.ts';
import type { LineTable } from './lines.ts';
import type { Tlb } from './tlb.ts';

/** Pages that stay open. More cost more at each stretch's start; fewer, more slow paths. */
const OPEN_PAGES = 16;
const PAGE_WORDS = 1024;

/** A page of the buffer as it was at two times. */
interface KeptPage {
  readonly number: number;
  /** Where it begins in the buffer, in words. */
  readonly at: number;
  /** At the start of the stretch; at its end, the first time. */
  readonly before: Int32Array;
  readonly after: Int32Array;
}

/** A word of memory that differs between the two ends: its place in the buffer. */
export interface WordDifference {
  readonly place: number;
  readonly first: number;
  readonly second: number;
}

export class PageJournal {
  private readonly words: Int32Array;
  private readonly tlb: Tlb;
  private readonly lines: LineTable | undefined;
  /** By page number, in the order in which they were opened. */
  private readonly pages: Map<number, KeptPage> = new Map();
  private readonly spare: KeptPage[] = [];
  /** Pages as they were at some earlier time, if that is to be kept. */
  private earlier: Map<number, Int32Array> | undefined;

  constructor(ram: Ram, tlb: Tlb, lines: LineTable | undefined) {
    this.words = ram.i32;
    this.tlb = tlb;
    this.lines = lines;
  }

  /** May stores go to this page of the buffer directly? */
  holds(page: number): boolean {
    return this.pages.has(page);
  }

  /** A store comes to this place of the buffer. Call it before anything is stored. */
  note(place: number): void {
    const number = place >>> 12;
    if (this.pages.has(number)) return;
    const used = this.spare.pop();
    const before = used?.before ?? new Int32Array(PAGE_WORDS);
    const after = used?.after ?? new Int32Array(PAGE_WORDS);
    const page: KeptPage = { number, at: number * PAGE_WORDS, before, after };
    before.set(this.current(page));
    after.set(before);
    this.pages.set(number, page);
    if (this.earlier?.has(number) === false) this.earlier.set(number, before.slice());
  }

  /** Somebody else writes to this page of the buffer, or it is free to be used for something else. */
  forget(number: number): void {
    const page = this.pages.get(number);
    if (page !== undefined) this.close(page);
  }

  /** A stretch begins: what memory holds now is what it can be set back to. */
  begin(): void {
    for (const page of this.pages.values()) {
      if (this.pages.size <= OPEN_PAGES) break;
      this.close(page);
    }
    for (const page of this.pages.values()) page.before.set(this.current(page));
  }

  /** Keep what the stretch has made of memory, and set memory back to its start. */
  rewind(): void {
    for (const page of this.pages.values()) {
      page.after.set(this.current(page));
      this.words.set(page.before, page.at);
    }
  }

  /** Set memory back to the start of the stretch. */
  undo(): void {
    for (const page of this.pages.values()) this.words.set(page.before, page.at);
  }

  /** Exchange what memory holds and what `rewind` kept. @returns sets memory to what it holds after the exchange. */
  swap(): () => void {
    const swapped = new Map<number, Int32Array>();
    for (const page of this.pages.values()) {
      const other = page.after.slice();
      page.after.set(this.current(page));
      this.words.set(other, page.at);
      swapped.set(page.number, other);
    }
    return () => {
      for (const { number, at, before } of this.pages.values()) this.words.set(swapped.get(number) ?? before, at);
    };
  }

  /** Keep the start of the stretch until `restore`, over the next ones. */
  keep(): void {
    this.earlier = new Map([...this.pages].map(([number, { before }]) => [number, before.slice()]));
  }

  /** Set memory, and the start of the stretch, back to what `keep` kept. */
  restore(): void {
    for (const [number, words] of this.earlier ?? []) {
      this.note(number << 12);
      this.pages.get(number)!.before.set(words);
    }
    this.earlier = undefined;
    this.undo();
  }

  /** Where memory differs from what `rewind` kept, at most so many words. */
  differences(most: number): WordDifference[] {
    const found: WordDifference[] = [];
    for (const { at, after } of this.pages.values()) {
      const { words } = this;
      for (let i = 0; i < PAGE_WORDS; i++) {
        if (after[i] === words[at + i]) continue;
        if (found.length === most) return found;
        found.push({ place: (at + i) * 4, first: after[i]!, second: words[at + i]! });
      }
    }
    return found;
  }

  private current({ at }: KeptPage): Int32Array {
    return this.words.subarray(at, at + PAGE_WORDS);
  }

  private close(page: KeptPage): void {
    this.pages.delete(page.number);
    this.spare.push(page);
    this.tlb.protect(page.number << 12);
    this.lines?.protect(page.number);
  }
}

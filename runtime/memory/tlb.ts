/**
 * The translation lookaside buffer: flat word tables (layout in abi/tlb.ts) and the list of what is filled, so that a
 * flush costs what was used, not 2^20 words.
 */
import { TLB_WORDS, unusableWord } from '../abi/tlb.ts';

/** Filled pages that are remembered; one more flushes everything. */
const FILL_LIMIT = 1 << 16;

/** Words for one privilege level. */
class PrivilegeTables {
  readonly read: Int32Array = new Int32Array(TLB_WORDS).fill(0x80000000 | 0, 0, TLB_WORDS / 2);
  readonly write: Int32Array = new Int32Array(TLB_WORDS).fill(0x80000000 | 0, 0, TLB_WORDS / 2);
  /** Pages that code was fetched from: lets links between pages and regions over several pages check the mapping. */
  readonly execute: Int32Array = new Int32Array(TLB_WORDS).fill(0x80000000 | 0, 0, TLB_WORDS / 2);
}

export class Tlb {
  /** Tables for CPL 3. */
  readonly user: PrivilegeTables = new PrivilegeTables();
  /** Tables for CPL 0 to 2. */
  readonly supervisor: PrivilegeTables;
  private readonly filled: Int32Array = new Int32Array(FILL_LIMIT);
  private count = 0;

  /** @param userOnly share one set of tables between privileges (user-mode processes). */
  constructor(userOnly: boolean) {
    this.supervisor = userOnly ? this.user : new PrivilegeTables();
  }

  /** Let accesses to the page of `la` go to the RAM page at `pa`. */
  fill(la: number, pa: number, user: boolean, writable: boolean): void {
    const page = la >>> 12;
    const tables = user ? this.user : this.supervisor;
    const word = (pa ^ la) & ~4095;
    this.remember(page);
    tables.read[page] = word;
    if (writable) tables.write[page] = word;
  }

  /** Code is fetched from the page of `la`, at RAM page `pa`. @returns the word. */
  fillExecute(la: number, pa: number, user: boolean): number {
    const page = la >>> 12;
    const word = (pa ^ la) & ~4095;
    this.remember(page);
    (user ? this.user : this.supervisor).execute[page] = word;
    return word;
  }

  private remember(page: number): void {
    if (this.has(page)) return;
    if (this.count === FILL_LIMIT) this.flush();
    this.filled[this.count++] = page;
  }

  private has(page: number): boolean {
    const none = unusableWord(page);
    for (const { read, execute } of [this.user, this.supervisor]) {
      if (read[page] !== none || execute[page] !== none) return true;
    }
    return false;
  }

  /** Forget one linear page. */
  flushPage(page: number): void {
    const none = unusableWord(page);
    this.user.read[page] = this.user.write[page] = this.user.execute[page] = none;
    this.supervisor.read[page] = this.supervisor.write[page] = this.supervisor.execute[page] = none;
  }

  /** Forget everything. */
  flush(): void {
    for (let i = 0; i < this.count; i++) this.flushPage(this.filled[i]!);
    this.count = 0;
  }

  /** Stop direct writes to the RAM page at `pa`, through whatever linear pages. */
  protect(pa: number): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const page = this.filled[i]!;
      if (!this.has(page)) continue;
      this.filled[kept++] = page;
      for (const tables of [this.user, this.supervisor]) {
        if (((tables.write[page]! ^ (page << 12)) & ~4095) === pa) tables.write[page] = unusableWord(page);
      }
    }
    this.count = kept;
  }
}

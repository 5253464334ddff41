/**
 * The translation lookaside buffer: flat word tables (layout in abi/tlb.ts) and lists of what is filled, so that a
 * flush costs what was used, not 2^20 words. Global pages have a list of their own and outlive a load of CR3.
 */
import type { TlbTables } from '../abi/context.ts';
import { hostMemory, type MachineMemory } from '../abi/host-memory.ts';
import { TLB_WORDS, unusableWord } from '../abi/tlb.ts';
import type { LineTable } from './lines.ts';

/** Pages that a list remembers; one more flushes everything. */
const LIST_LIMIT = 1 << 16;

/** A page's byte in `marks`: which lists it is in, which privilege has words for it. */
const LISTED = 1;
const LISTED_GLOBAL = 2;
const USER_FILLED = 4;
const SUPERVISOR_FILLED = 8;

/** Values of `writers` beside a linear page number plus one. */
const NO_WRITER = 0;
const SEVERAL_WRITERS = -1;

/** Words for one privilege level: part of those for all. */
class PrivilegeTables {
  readonly read: Int32Array;
  readonly write: Int32Array;
  /** Pages that code was fetched from: lets links between pages and regions over several pages check the mapping. */
  readonly execute: Int32Array;

  constructor(all: TlbTables, first: number) {
    const part = (words: Int32Array): Int32Array =>
      words.subarray(first, first + TLB_WORDS).fill(0x80000000 | 0, 0, TLB_WORDS / 2);
    this.read = part(all.read);
    this.write = part(all.write);
    this.execute = part(all.execute);
  }

  forget(page: number): void {
    const none = unusableWord(page);
    this.read[page] = none;
    this.write[page] = none;
    this.execute[page] = none;
  }
}

/** Linear pages in the order in which they were filled. */
class PageList {
  readonly pages: Int32Array = new Int32Array(hostMemory(4 * LIST_LIMIT));
  count = 0;
}

export class Tlb {
  /** The tables of both privileges, one behind the other: CPL 3 comes first. */
  readonly all: TlbTables;
  /** Tables for CPL 3. */
  readonly user: PrivilegeTables;
  /** Tables for CPL 0 to 2. */
  readonly supervisor: PrivilegeTables;
  private readonly marks: Uint8Array = new Uint8Array(hostMemory(TLB_WORDS));
  private readonly local: PageList = new PageList();
  private readonly global: PageList = new PageList();
  /** By 4 MiB of linear addresses: pages there were filled from a larger page. */
  private readonly large: Uint8Array = new Uint8Array(1024);
  /** By page of the buffer: the linear page that has a write word for it, as far as there is one. */
  private readonly writers: Int32Array;

  private readonly lines: LineTable | undefined;

  /**
   * @param memory where the tables stand.  @param ramBytes size of RAM.  @param userOnly share one set of tables between privileges (user-mode processes).
   * @param lines follows what is forgotten.
   */
  constructor(memory: MachineMemory, ramBytes: number, userOnly: boolean, lines?: LineTable | undefined) {
    this.lines = lines;
    const table = (): Int32Array => memory.words(userOnly ? TLB_WORDS : 2 * TLB_WORDS);
    this.all = { read: table(), write: table(), execute: table() };
    this.user = new PrivilegeTables(this.all, 0);
    this.supervisor = userOnly ? this.user : new PrivilegeTables(this.all, TLB_WORDS);
    this.writers = new Int32Array(hostMemory(4 * (ramBytes >>> 12)));
  }

  /** Let reads of the page of `la` go to the buffer's page at `place`, and writes too when it is `writable`. */
  fill(la: number, place: number, user: boolean, writable: boolean, isGlobal = false): void {
    const page = la >>> 12;
    const tables = user ? this.user : this.supervisor;
    const word = (place ^ la) & ~4095;
    this.remember(page, user, isGlobal);
    tables.read[page] = word;
    tables.write[page] = writable ? word : unusableWord(page);
    if (writable) this.noteWriter(page, place >>> 12);
  }

  /** Code is fetched from the page of `la`, at the buffer's page at `place`. */
  fillExecute(la: number, place: number, user: boolean, isGlobal = false): void {
    const page = la >>> 12;
    this.remember(page, user, isGlobal);
    (user ? this.user : this.supervisor).execute[page] = (place ^ la) & ~4095;
  }

  /** The page of `la` is part of a larger one. */
  noteLarge(la: number): void {
    this.large[la >>> 22] = 1;
  }

  private remember(page: number, user: boolean, isGlobal: boolean): void {
    const listed = isGlobal ? LISTED_GLOBAL : LISTED;
    if ((this.marks[page]! & listed) === 0) {
      const list = isGlobal ? this.global : this.local;
      if (list.count === LIST_LIMIT) this.flush();
      list.pages[list.count++] = page;
    }
    this.marks[page]! |= listed | (user ? USER_FILLED : SUPERVISOR_FILLED);
  }

  private noteWriter(page: number, ramPage: number): void {
    const known = this.writers[ramPage]!;
    if (known === page + 1) return;
    const isFree = known === NO_WRITER || (known !== SEVERAL_WRITERS && !this.writes(known - 1, ramPage));
    this.writers[ramPage] = isFree ? page + 1 : SEVERAL_WRITERS;
  }

  /** Does the linear page have a write word for the buffer's page? */
  private writes(page: number, ramPage: number): boolean {
    return (
      (this.user.write[page]! ^ (page << 12)) >>> 12 === ramPage ||
      (this.supervisor.write[page]! ^ (page << 12)) >>> 12 === ramPage
    );
  }

  /** Forget one linear page. */
  flushPage(page: number): void {
    const mark = this.marks[page]!;
    if (mark & USER_FILLED) this.user.forget(page);
    if (mark & SUPERVISOR_FILLED) this.supervisor.forget(page);
    this.marks[page] = mark & (LISTED | LISTED_GLOBAL);
    this.lines?.close(page);
  }

  /** Forget the page of a linear address, with all of the larger page that it may be part of. */
  invalidate(la: number): void {
    const first = (la >>> 22) << 10;
    if (this.large[la >>> 22] === 0) this.flushPage(la >>> 12);
    else for (let page = first; page < first + 1024; page++) this.flushPage(page);
  }

  /** Forget everything but, on request, the global pages. */
  flush(keepGlobal = false): void {
    this.flushList(this.local, LISTED);
    if (keepGlobal) return;
    this.flushList(this.global, LISTED_GLOBAL);
    this.large.fill(0);
  }

  private flushList(list: PageList, listed: number): void {
    const { pages } = list;
    for (let i = 0; i < list.count; i++) {
      const page = pages[i]!;
      this.flushPage(page);
      this.marks[page]! &= ~listed;
    }
    list.count = 0;
  }

  /** Stop direct writes to the buffer's page at `place`, through whatever linear pages. */
  protect(place: number): void {
    const ramPage = place >>> 12;
    const writer = this.writers[ramPage]!;
    this.writers[ramPage] = NO_WRITER;
    if (writer > 0) this.protectPage(writer - 1, place);
    else if (writer === SEVERAL_WRITERS) {
      for (const { pages, count } of [this.local, this.global]) {
        for (let i = 0; i < count; i++) this.protectPage(pages[i]!, place);
      }
    }
  }

  private protectPage(page: number, place: number): void {
    const none = unusableWord(page);
    for (const { write } of [this.user, this.supervisor]) {
      if (((write[page]! ^ (page << 12)) & ~4095) === place) write[page] = none;
    }
  }
}

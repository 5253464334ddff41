/**
 * Keeps the line table (abi/lines.ts): pages are opened when the TLB learns of them and closed when it forgets them.
 *
 * Only pages whose linear address is their place in the buffer are opened; all others stay closed, and regions leave to
 * tier 0 for them. Lines that hold translated code, and those from which it is in reach, are never writable.
 */
import { hostMemory, type MachineMemory } from '../abi/host-memory.ts';
import { LINE_REACH, LINE_READABLE, LINE_SHIFT, LINE_TAIL_READABLE, LINE_WRITABLE, LINES } from '../abi/lines.ts';

const PAGE_SHIFT = 12;
const PAGES: number = 1 << (32 - PAGE_SHIFT);
const LINES_PER_PAGE: number = 1 << (PAGE_SHIFT - LINE_SHIFT);
/** Lines after a line that its bits speak for too. */
const REACH: number = LINE_REACH >> LINE_SHIFT;
const BOTH: number = LINE_READABLE | LINE_WRITABLE;

export class LineTable {
  /** By line; what generated code tests. */
  readonly bytes: Uint8Array;
  /** What each open page permits. */
  private readonly pages: Uint8Array = new Uint8Array(hostMemory(PAGES));
  /** Lines that hold translated code, by page: bit n of 64 as two words. */
  private readonly code: Map<number, Int32Array> = new Map();

  constructor(memory: MachineMemory) {
    this.bytes = memory.bytes(LINES);
  }

  /** The page may be accessed at its own address. */
  open(page: number, writable: boolean): void {
    this.set(page, writable ? BOTH : LINE_READABLE);
  }

  /** The page may no longer be written. */
  protect(page: number): void {
    if (this.pages[page]! & LINE_WRITABLE) this.set(page, LINE_READABLE);
  }

  close(page: number): void {
    if (this.pages[page] !== 0) this.set(page, 0);
  }

  private set(page: number, bits: number): void {
    if (this.pages[page] === bits) return;
    this.pages[page] = bits;
    this.update(page);
  }

  /** Translated code stands in `length` bytes of one page from `place` on. */
  addCode(place: number, length: number): void {
    const page = place >>> PAGE_SHIFT;
    let lines = this.code.get(page);
    if (lines === undefined) {
      lines = new Int32Array(2);
      this.code.set(page, lines);
    }
    const first = (place >>> LINE_SHIFT) & (LINES_PER_PAGE - 1);
    const last = ((place + length - 1) >>> LINE_SHIFT) & (LINES_PER_PAGE - 1);
    let isNew = false;
    for (let line = first; line <= last; line++) {
      const bit = 1 << (line & 31);
      if (lines[line >> 5]! & bit) continue;
      lines[line >> 5]! |= bit;
      isNew = true;
    }
    if (isNew) this.update(page);
  }

  /** Translated code is left on the page where `holdsCode` says so, which is asked for each line. */
  setCode(page: number, holdsCode: (place: number, length: number) => boolean): void {
    const lines = this.code.get(page);
    if (lines === undefined) return;
    lines.fill(0);
    for (let line = 0; line < LINES_PER_PAGE; line++) {
      const place = (page << PAGE_SHIFT) | (line << LINE_SHIFT);
      if (holdsCode(place, 1 << LINE_SHIFT)) lines[line >> 5]! |= 1 << (line & 31);
    }
    this.update(page);
  }

  /** No translated code is left on the page. */
  clearCode(page: number): void {
    if (this.code.delete(page)) this.update(page);
  }

  /** Work out the lines of a page, and those before it from which it is in reach. */
  private update(page: number): void {
    const first = page * LINES_PER_PAGE;
    const before = Math.min(first, REACH);
    if (this.pages[page] === 0 && (before === 0 || this.pages[page - 1] === 0)) {
      this.bytes.fill(0, first, first + LINES_PER_PAGE);
      return;
    }
    if (!this.code.has(page) && !this.code.has(page + 1)) {
      const tail = LINES_PER_PAGE - REACH;
      this.bytes.fill(this.pages[page]!, first, first + tail);
      this.bytes.fill(tailBits(this.pages[page]!, this.pageBits(page + 1)), first + tail, first + LINES_PER_PAGE);
      this.updateLines(first - before, first);
    } else this.updateLines(first - before, first + LINES_PER_PAGE);
  }

  private updateLines(from: number, to: number): void {
    for (let line = from; line < to; line++) {
      const end = (line | (LINES_PER_PAGE - 1)) + 1;
      let within = BOTH;
      for (let reached = line; reached <= line + REACH && reached < end; reached++) within &= this.lineBits(reached);
      let beyond = BOTH;
      for (let reached = end; reached <= line + REACH; reached++) beyond &= this.lineBits(reached);
      this.bytes[line] = tailBits(within, beyond);
    }
  }

  private pageBits(page: number): number {
    return page < PAGES ? this.pages[page]! : 0;
  }

  private lineBits(line: number): number {
    const page = Math.floor(line / LINES_PER_PAGE);
    const bits = this.pageBits(page);
    const code = this.code.get(page);
    if (code === undefined) return bits;
    const within = line & (LINES_PER_PAGE - 1);
    return code[within >> 5]! & (1 << (within & 31)) ? bits & LINE_READABLE : bits;
  }
}

/** Bits of a line, from what may be done in its own page and what may be done in the next one as far as it reaches. */
function tailBits(within: number, beyond: number): number {
  return (within & beyond) | ((within & ~beyond) * LINE_TAIL_READABLE);
}

/**
 * The memory of one guest process: areas, and the page words that the CPU's TLB is filled from.
 *
 * Pages come on first touch: zeros, or a file's frame. fork shares frames and marks them copy-on-write, so a page word
 * says both what its area permits and what may be done without a copy. As on an i386 without NX, a page that may be
 * read may be executed, and a page that may be written may be read.
 */
import { Access, WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { type Area, AreaList, type Backing, PAGES, PROT_WRITE } from './area.ts';
import { Errno, fail } from './errno.ts';
import { type FrameAllocator, NOWHERE, PAGE_SHIFT, PAGE_SIZE } from './frames.ts';

/** First address that a process cannot have (as on i386 with the usual 3:1 split), in pages. */
export const TASK_END: number = 0xc0000000 / PAGE_SIZE;
/** vm.mmap_min_addr, in pages. */
export const LOWEST_PAGE = 16;
/** Where the stack ends, in pages: RAM can have places for a process's own addresses below (abi/host-memory.ts). */
export const STACK_TOP: number = 0x77f00000 / PAGE_SIZE;
/** Where mmap looks first, downwards: the room above is the stack's. */
const MMAP_TOP: number = 0x6ff00000 / PAGE_SIZE;
/** Pages at other addresses than their own that a space may have and still count as in place. */
const MOST_ELSEWHERE = 2;
/** Pages kept free between a growing stack and what lies below it (stack_guard_gap). */
const STACK_GUARD = 256;

/** Results of `resolve` below zero. */
export const Unresolved = {
  /** Nothing is mapped there. */
  Unmapped: -1,
  /** The area forbids the access. */
  Forbidden: -2,
  /** Guest memory is used up. */
  OutOfMemory: -3,
} as const;

// A page word: physical page address, and in the low bits:
const PRESENT = 1;
// WALK_WRITABLE = 2: may be written as it is.
const READABLE = 4;
/** The area permits writes; without WALK_WRITABLE the frame must be copied (or found to be unshared) first. */
const WRITE_PERMITTED = 8;

/** What a new mapping is like. Pages. */
export interface Mapping {
  readonly prot: number;
  readonly shared?: boolean;
  readonly growsDown?: boolean;
  readonly backing?: Backing;
  readonly backingPage?: number;
  readonly name?: string;
}

export class AddressSpace {
  /** Called when pages of this space change, so that the CPU forgets what it knows of them. */
  onChange: (firstPage: number, count: number) => void = () => {};
  /** Processes that run in it (more than one between vfork and exec). */
  holders = 1;
  /** Start and current end of the heap, unsigned byte addresses. */
  breakStart = 0;
  breakEnd = 0;
  /** Times that a page got a frame at another address than its own. */
  #elsewhere = 0;
  /** RLIMIT_STACK in pages. */
  stackLimit: number = (8 << 20) / PAGE_SIZE;
  readonly #frames: FrameAllocator;
  #areas = new AreaList();
  /** Two levels of 1024, as the i386 has it. */
  readonly #tables: (Int32Array | undefined)[] = new Array<Int32Array | undefined>(1024).fill(undefined);

  constructor(frames: FrameAllocator) {
    this.#frames = frames;
  }

  get areas(): readonly Area[] {
    return this.#areas.all;
  }

  /** The area of an address, also when the page was never touched. */
  areaAt(la: number): Area | undefined {
    return this.#areas.find(la >>> PAGE_SHIFT);
  }

  /** Is there a frame behind the address? */
  isPresent(la: number): boolean {
    return (this.#word(la >>> PAGE_SHIFT) & PRESENT) !== 0;
  }

  /** Frames that are present. */
  get resident(): number {
    let count = 0;
    for (const table of this.#tables) {
      if (table !== undefined) for (const word of table) count += word & PRESENT;
    }
    return count;
  }

  /** Do nearly all pages lie at their own addresses? A process that has forked may have lost some to its child. */
  get isInPlace(): boolean {
    return this.#frames.hasOwnPlaces && this.#elsewhere <= MOST_ELSEWHERE;
  }

  /** Pages mapped. */
  get mapped(): number {
    return this.#areas.all.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /**
   * Translates for one access, bringing the page in if need be.
   * @returns physical page address with WALK_WRITABLE where it holds, or one of `Unresolved`.
   */
  resolve(la: number, access: Access): number {
    const page = la >>> PAGE_SHIFT;
    const word = this.#word(page);
    if ((word & PRESENT) === 0) return this.#bringIn(page, access);
    if ((word & READABLE) === 0) return Unresolved.Forbidden;
    if (access !== Access.Write) return word & ~(PAGE_SIZE - 1 - WALK_WRITABLE);
    if ((word & WRITE_PERMITTED) === 0) return Unresolved.Forbidden;
    return (word & WALK_WRITABLE) !== 0 ? word & ~(PAGE_SIZE - 1 - WALK_WRITABLE) : this.#unshare(page, word);
  }

  #word(page: number): number {
    return this.#tables[page >>> 10]?.[page & 1023] ?? 0;
  }

  #setWord(page: number, word: number): void {
    const table = (this.#tables[page >>> 10] ??= new Int32Array(1024));
    table[page & 1023] = word;
  }

  #bringIn(page: number, access: Access): number {
    const area = this.#areas.find(page) ?? this.#growStack(page);
    if (area === undefined) return Unresolved.Unmapped;
    if (area.prot === 0 || (access === Access.Write && (area.prot & PROT_WRITE) === 0)) return Unresolved.Forbidden;
    const isWritable = (area.prot & PROT_WRITE) !== 0;
    let frame: number;
    if (area.backing === undefined) frame = this.#frames.allocate(page);
    else {
      // The place at the page's own address is for the copy, if there will be one.
      frame = area.backing.frame(area.backingPage + page - area.start, isWritable ? NOWHERE : page);
      if (frame >= 0) this.#frames.retain(frame);
    }
    if (frame < 0) return Unresolved.OutOfMemory;
    let word = frame | PRESENT | permission(area.prot);
    if (isWritable && area.backing === undefined) word |= WALK_WRITABLE;
    this.#setWord(page, word);
    if (isWritable && (word & WALK_WRITABLE) === 0) {
      // A page of data is written sooner or later; copied at once, it can lie at its own address.
      if (access === Access.Write || this.#frames.hasOwnPlaces) return this.#unshare(page, word);
    }
    this.#notePlace(page, frame);
    return word & ~(PAGE_SIZE - 1 - WALK_WRITABLE);
  }

  /** First write to a page whose frame may have other holders. */
  #unshare(page: number, word: number): number {
    let frame = word & -PAGE_SIZE;
    if (this.#frames.isShared(frame)) {
      const copy = this.#frames.allocate(page);
      if (copy < 0) return Unresolved.OutOfMemory;
      this.#frames.ram.u8.copyWithin(copy, frame, frame + PAGE_SIZE);
      this.#frames.release(frame);
      frame = copy;
    }
    this.#setWord(page, frame | (word & (PAGE_SIZE - 1)) | WALK_WRITABLE);
    this.#notePlace(page, frame);
    this.onChange(page, 1);
    return frame | WALK_WRITABLE;
  }

  /** The page has got this frame. */
  #notePlace(page: number, frame: number): void {
    if (frame >>> PAGE_SHIFT !== page) this.#elsewhere++;
  }

  #growStack(page: number): Area | undefined {
    const area = this.#areas.atOrAbove(page);
    if (area === undefined || !area.growsDown || area.end - page > this.stackLimit) return undefined;
    const below = this.#areas.below(page);
    if (below !== undefined && page - below.end < STACK_GUARD) return undefined;
    area.start = page;
    return area;
  }

  /**
   * Finds room for `count` pages, at `hint` if that is free.
   * @throws SystemError ENOMEM when there is none.
   */
  findRoom(count: number, hint = 0): number {
    if (hint >= LOWEST_PAGE && hint + count <= TASK_END && this.#areas.isFree(hint, hint + count)) return hint;
    let start = this.#areas.findFree(count, LOWEST_PAGE, MMAP_TOP);
    if (start < 0) start = this.#areas.findFree(count, LOWEST_PAGE, TASK_END);
    if (start < 0) fail(Errno.ENOMEM);
    return start;
  }

  /** Is nothing mapped there? Pages. */
  isFree(start: number, count: number): boolean {
    return this.#areas.isFree(start, start + count);
  }

  /** Is all of it mapped? Pages. */
  isMapped(start: number, count: number): boolean {
    return this.#areas.covers(start, start + count);
  }

  /** Maps `count` pages at `start`, replacing what was there. @throws SystemError ENOMEM. */
  map(start: number, count: number, mapping: Mapping): void {
    const shared = mapping.shared ?? false;
    if ((mapping.prot & PROT_WRITE) !== 0 || shared) this.#commit(count);
    this.unmap(start, count);
    this.#areas.insert({
      start,
      end: start + count,
      prot: mapping.prot,
      shared,
      growsDown: mapping.growsDown ?? false,
      ...(mapping.backing === undefined ? {} : { backing: mapping.backing }),
      backingPage: mapping.backingPage ?? 0,
      name: mapping.name ?? '',
    });
    if (shared) this.#populate(start, count, mapping.prot);
  }

  /** Refuses what could never be backed by frames. */
  #commit(count: number): void {
    if (!this.#canCommit(count)) fail(Errno.ENOMEM);
  }

  #canCommit(count: number): boolean {
    let committed = count;
    for (const { start, end, prot, shared } of this.#areas.all) {
      if ((prot & PROT_WRITE) !== 0 || shared) committed += end - start;
    }
    return committed <= this.#frames.total;
  }

  /** Shared memory has its frames from the start, so that every later fork shares them. */
  #populate(start: number, count: number, prot: number): void {
    for (let page = start; page < start + count; page++) {
      const frame = this.#frames.allocate(page);
      if (frame < 0) {
        this.unmap(start, count);
        fail(Errno.ENOMEM);
      }
      this.#setWord(page, frame | PRESENT | permission(prot) | ((prot & PROT_WRITE) !== 0 ? WALK_WRITABLE : 0));
    }
  }

  /** Unmaps what is mapped of the range. */
  unmap(start: number, count: number): void {
    const removed = this.#areas.remove(start, start + count);
    for (const area of removed) this.#discard(area.start, area.end);
  }

  /** Forgets private contents of the range: the next touch finds zeros or the file (MADV_DONTNEED). */
  discard(start: number, count: number): void {
    for (const area of this.#areas.within(start, start + count)) {
      if (!area.shared) this.#discard(area.start, area.end);
    }
    this.#areas.join(start, start + count);
  }

  #discard(start: number, end: number): void {
    for (let page = start; page < end; page++) {
      if (this.#tables[page >>> 10] === undefined) {
        page |= 1023;
        continue;
      }
      const word = this.#word(page);
      if ((word & PRESENT) === 0) continue;
      this.#frames.release(word & -PAGE_SIZE);
      this.#setWord(page, 0);
    }
    this.onChange(start, end - start);
  }

  /** mprotect. @throws SystemError ENOMEM when part of the range is unmapped. */
  protect(start: number, count: number, prot: number): void {
    const end = start + count;
    if (!this.#areas.covers(start, end)) fail(Errno.ENOMEM);
    if ((prot & PROT_WRITE) !== 0) {
      const added = this.#areas.within(start, end).filter((area) => (area.prot & PROT_WRITE) === 0 && !area.shared);
      this.#commit(added.reduce((sum, area) => sum + area.end - area.start, 0));
    }
    for (const area of this.#areas.within(start, end)) {
      area.prot = prot;
      for (let page = area.start; page < area.end; page++) {
        const word = this.#word(page);
        if ((word & PRESENT) === 0) continue;
        const kept = word & (-PAGE_SIZE | PRESENT);
        const unshared = (prot & PROT_WRITE) !== 0 && (area.shared || !this.#frames.isShared(kept & -PAGE_SIZE));
        this.#setWord(page, kept | permission(prot) | (unshared ? WALK_WRITABLE : 0));
      }
    }
    this.#areas.join(start, end);
    this.onChange(start, count);
  }

  /** Moves mapped pages to a free place (mremap). The range lies within one area. */
  move(from: number, to: number, count: number): void {
    const moved = this.#areas.remove(from, from + count);
    for (const area of moved) {
      this.#areas.insert({ ...area, start: area.start - from + to, end: area.end - from + to });
    }
    for (let index = 0; index < count; index++) {
      const word = this.#word(from + index);
      if (word === 0) continue;
      this.#setWord(to + index, word);
      this.#setWord(from + index, 0);
    }
    this.onChange(from, count);
  }

  /** brk: the new end, or the old one when it cannot be. Byte addresses, unsigned. */
  setBreak(address: number): number {
    if (address < this.breakStart) return this.breakEnd;
    const oldPage = Math.ceil(this.breakEnd / PAGE_SIZE);
    const newPage = Math.ceil(address / PAGE_SIZE);
    if (newPage > oldPage) {
      const room = newPage + STACK_GUARD <= TASK_END && this.#areas.isFree(oldPage, newPage + 1);
      if (!room || !this.#canCommit(newPage - oldPage)) return this.breakEnd;
      this.map(oldPage, newPage - oldPage, { prot: 3, name: '[heap]' });
    } else if (newPage < oldPage) this.unmap(newPage, oldPage - newPage);
    this.breakEnd = address;
    return address;
  }

  /** fork: a copy that shares every frame until one of the two writes to it. */
  fork(): AddressSpace {
    const copy = new AddressSpace(this.#frames);
    copy.#areas = this.#areas.clone();
    copy.breakStart = this.breakStart;
    copy.breakEnd = this.breakEnd;
    copy.stackLimit = this.stackLimit;
    for (const area of this.#areas.all) {
      for (let page = area.start; page < area.end; page++) {
        if (this.#tables[page >>> 10] === undefined) {
          page |= 1023;
          continue;
        }
        const word = this.#word(page);
        if ((word & PRESENT) === 0) continue;
        this.#frames.retain(word & -PAGE_SIZE);
        const forked = area.shared ? word : word & ~WALK_WRITABLE;
        this.#setWord(page, forked);
        copy.#setWord(page, forked);
      }
    }
    this.onChange(0, PAGES);
    return copy;
  }

  /** Gives all frames back: the process has ended, or another program takes its place. */
  release(): void {
    for (const area of this.#areas.all) this.#discard(area.start, area.end);
    this.#areas = new AreaList();
    this.#tables.fill(undefined);
  }
}

function permission(prot: number): number {
  return (prot !== 0 ? READABLE : 0) | ((prot & PROT_WRITE) !== 0 ? WRITE_PERMITTED : 0);
}

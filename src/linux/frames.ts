/**
 * Hands out the 4-KiB frames of guest RAM to the address spaces.
 *
 * Frames are counted references: fork and the image cache share them, and the last one to let go frees them. Fresh
 * frames come from a rising mark, so RAM that was never used is never touched and the host never commits it; a
 * recycled frame is cleared, and the translations made from what it held are dropped.
 *
 * Where RAM has a place for every linear address, a space gets the frame at a page's own address if that is free:
 * translated code then reaches it without a TLB word (runtime/abi/lines.ts).
 */
import type { Ram } from '../../runtime/bus/ram.ts';

/** Bytes in a page and its shift. */
export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Where frames that nobody asked for by address are taken from: between heap and mappings, where few pages lie. */
const FIRST_ANYWHERE: number = 0x40000000 / PAGE_SIZE;

/** No page: any frame will do. */
export const NOWHERE = -1;

export class FrameAllocator {
  readonly ram: Ram;
  /** Frames in all. */
  readonly total: number;
  readonly #references: Uint16Array;
  /** Frames that have held something. */
  readonly #used: Uint8Array;
  readonly #released: number[] = [];
  readonly #invalidate: (address: number, length: number) => void;
  #held = 0;
  #mark: number;

  /**
   * `bytes` of `ram` are handed out at most. `invalidate` drops the translations of a stretch of physical memory
   * (Memory.invalidateCode).
   */
  constructor(ram: Ram, bytes: number, invalidate: (address: number, length: number) => void) {
    this.ram = ram;
    const places = ram.size >>> PAGE_SHIFT;
    this.total = Math.min(places, Math.ceil(bytes / PAGE_SIZE));
    this.#references = new Uint16Array(places);
    this.#used = new Uint8Array(places);
    this.#mark = ram.isWhole ? FIRST_ANYWHERE : 0;
    this.#invalidate = invalidate;
  }

  /** Frames that nobody holds. */
  get free(): number {
    return this.total - this.#held;
  }

  /** Are there frames at pages' own addresses? */
  get hasOwnPlaces(): boolean {
    return this.ram.isWhole;
  }

  /**
   * Physical address of a frame full of zeros with one reference, or -1 when there is none left: the one at the page's
   * own address if it can be had.
   */
  allocate(page: number): number {
    if (this.#held === this.total) return -1;
    const frame = this.#isFree(page) ? page : this.#anywhere();
    this.#references[frame] = 1;
    this.#held++;
    const address = frame << PAGE_SHIFT;
    if (this.#used[frame] !== 0) this.ram.i32.fill(0, address >> 2, (address + PAGE_SIZE) >> 2);
    this.#used[frame] = 1;
    return address;
  }

  #isFree(page: number): boolean {
    return this.ram.isWhole && page >= 0 && page < this.#references.length && this.#references[page] === 0;
  }

  /** A frame that nobody holds, those that were released last first. */
  #anywhere(): number {
    for (;;) {
      const recycled = this.#released.pop();
      if (recycled === undefined) break;
      if (this.#references[recycled] === 0) return recycled;
    }
    while (this.#references[this.#mark] !== 0) this.#mark = (this.#mark + 1) % this.#references.length;
    return this.#mark;
  }

  /** One more holder. */
  retain(address: number): void {
    this.#references[address >> PAGE_SHIFT]!++;
  }

  /** One holder less; the last one frees the frame. */
  release(address: number): void {
    const frame = address >> PAGE_SHIFT;
    if (--this.#references[frame]! !== 0) return;
    this.#held--;
    this.#invalidate(address, PAGE_SIZE);
    if (!this.ram.isWhole || frame >= FIRST_ANYWHERE) this.#released.push(frame);
  }

  /** Does more than one holder share this frame? */
  isShared(address: number): boolean {
    return this.#references[address >> PAGE_SHIFT]! > 1;
  }
}

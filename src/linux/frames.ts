/**
 * Hands out the 4-KiB frames of guest RAM to the address spaces.
 *
 * Frames are counted references: fork and the image cache share them, and the last one to let go frees them. Fresh
 * frames come from a rising mark, so RAM that was never used is never touched and the host never commits it; a
 * recycled frame is cleared, and the translations made from what it held are dropped.
 */
import type { Ram } from '../../runtime/bus/ram.ts';

/** Bytes in a page and its shift. */
export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

export class FrameAllocator {
  readonly ram: Ram;
  /** Frames in all. */
  readonly total: number;
  readonly #references: Uint16Array;
  readonly #released: number[] = [];
  readonly #invalidate: (address: number, length: number) => void;
  #mark = 0;

  /** `invalidate` drops the translations of a stretch of physical memory (Memory.invalidateCode). */
  constructor(ram: Ram, invalidate: (address: number, length: number) => void) {
    this.ram = ram;
    this.total = ram.size >>> PAGE_SHIFT;
    this.#references = new Uint16Array(this.total);
    this.#invalidate = invalidate;
  }

  /** Frames that nobody holds. */
  get free(): number {
    return this.total - this.#mark + this.#released.length;
  }

  /** Physical address of a frame full of zeros with one reference, or -1 when there is none left. */
  allocate(): number {
    const recycled = this.#released.pop();
    if (recycled !== undefined) {
      this.#references[recycled] = 1;
      const address = recycled << PAGE_SHIFT;
      this.ram.i32.fill(0, address >> 2, (address + PAGE_SIZE) >> 2);
      return address;
    }
    if (this.#mark === this.total) return -1;
    this.#references[this.#mark] = 1;
    return this.#mark++ << PAGE_SHIFT;
  }

  /** One more holder. */
  retain(address: number): void {
    this.#references[address >> PAGE_SHIFT]!++;
  }

  /** One holder less; the last one frees the frame. */
  release(address: number): void {
    const frame = address >> PAGE_SHIFT;
    if (--this.#references[frame]! === 0) {
      this.#invalidate(address, PAGE_SIZE);
      this.#released.push(frame);
    }
  }

  /** Does more than one holder share this frame? */
  isShared(address: number): boolean {
    return this.#references[address >> PAGE_SHIFT]! > 1;
  }
}

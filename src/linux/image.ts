/**
 * Executable files as the address spaces share them: bytes, parsed headers, and the frames made from them so far.
 *
 * Every process that runs a program maps the same frames, and the CPU keys translations by physical address; so a
 * second process that starts the same program finds it translated already.
 */
import type { Backing } from './area.ts';
import { type ElfImage, parseElf } from './elf.ts';
import { type FrameAllocator, PAGE_SHIFT, PAGE_SIZE } from './frames.ts';

export class ProgramImage implements Backing {
  readonly path: string;
  readonly elf: ElfImage;
  readonly bytes: Uint8Array;
  readonly #allocator: FrameAllocator;
  readonly #frames = new Map<number, number>();

  /** @throws LoadError when `bytes` is no static i386 program. `path` is its name in messages and /proc. */
  constructor(path: string, bytes: Uint8Array, frames: FrameAllocator) {
    this.path = path;
    this.bytes = bytes;
    this.elf = parseElf(bytes, path);
    this.#allocator = frames;
  }

  frame(index: number, page: number): number {
    const known = this.#frames.get(index);
    if (known !== undefined) return known;
    const address = this.#allocator.allocate(page);
    if (address < 0) return -1;
    const from = index << PAGE_SHIFT;
    this.#allocator.ram.u8.set(this.bytes.subarray(from, from + PAGE_SIZE), address);
    this.#frames.set(index, address);
    return address;
  }

  /** Gives back the frames; spaces that map them keep theirs. */
  release(): void {
    for (const address of this.#frames.values()) this.#allocator.release(address);
    this.#frames.clear();
  }
}

/** How many programs stay in memory when nobody runs them. */
const KEPT = 8;

/** Programs by file identity. */
export class ImageCache {
  readonly #frames: FrameAllocator;
  readonly #images = new Map<string, ProgramImage>();

  constructor(frames: FrameAllocator) {
    this.#frames = frames;
  }

  /**
   * The image of a file. `identity` changes when the contents do; `read` is only called when the file is new.
   * @throws LoadError as `parseElf`.
   */
  get(identity: string, path: string, read: () => Uint8Array): ProgramImage {
    let image = this.#images.get(identity);
    if (image === undefined) image = new ProgramImage(path, read(), this.#frames);
    else this.#images.delete(identity);
    this.#images.set(identity, image);
    for (const [key, oldest] of this.#images) {
      if (this.#images.size <= KEPT) break;
      oldest.release();
      this.#images.delete(key);
    }
    return image;
  }
}

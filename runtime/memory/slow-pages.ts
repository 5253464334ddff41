/**
 * Walks of pages whose accesses always take the slow path (devices, pages with translated code), kept in a small
 * direct-mapped table so that such an access does not walk the page tables each time. The TLB's flushes empty it.
 */
import type { MemoryFunctions } from '../bus/address-space.ts';

const ENTRIES = 256;

export class SlowPages {
  /** Place of the page in the buffer, or -1 where a device answers, by entry. */
  readonly place: Int32Array = new Int32Array(ENTRIES);
  /** The page's physical address, and who answers there. */
  readonly physical: Int32Array = new Int32Array(ENTRIES);
  readonly device: (MemoryFunctions | undefined)[] = new Array<MemoryFunctions | undefined>(ENTRIES).fill(undefined);
  private readonly tags: Int32Array = new Int32Array(ENTRIES).fill(-1);

  /** Entry of a page of linear address `la` for one kind of access, or -1. */
  find(la: number, write: boolean, user: boolean): number {
    const entry = entryOf(la, write, user);
    return this.tags[entry] === la >>> 12 ? entry : -1;
  }

  keep(la: number, write: boolean, user: boolean, place: number, physical: number, device?: MemoryFunctions): void {
    const entry = entryOf(la, write, user);
    this.tags[entry] = la >>> 12;
    this.place[entry] = place;
    this.physical[entry] = physical;
    this.device[entry] = device;
  }

  forget(entry: number): void {
    this.tags[entry] = -1;
  }

  clear(): void {
    this.tags.fill(-1);
  }
}

/** Four entries for each page, one for each kind of access. */
function entryOf(la: number, write: boolean, user: boolean): number {
  return ((la >>> 12) & (ENTRIES / 4 - 1)) * 4 + (write ? 2 : 0) + (user ? 1 : 0);
}

/**
 * Page tables: the walk from a linear to a physical address in system mode, without paging, with 32-bit paging (4 KiB,
 * 4 MiB) and with PAE paging (4 KiB, 2 MiB).
 *
 * memory/ asks here on a TLB miss. Entries are read and their accessed and dirty bits written in physical memory; what
 * the TLB then keeps is the caller's business. Source: Intel SDM vol. 3A chapter 4.
 */
import { CR0, CR3, CR4, EFER } from '../abi/state.ts';
import { PF_FETCH, PF_PRESENT, PF_RESERVED, PF_USER, PF_WRITE, Vector } from '../abi/vector.ts';
import type { AddressSpace } from '../bus/address-space.ts';
import { PHYSICAL_BITS } from '../cpu/cpuid.ts';
import type { GuestFault } from '../cpu/fault.ts';
import { Access, type PageWalker, WALK_GLOBAL, WALK_LARGE, WALK_OUTSIDE, WALK_WRITABLE } from './walker.ts';

const CR0_WP = 1 << 16;
const CR0_PG = 1 << 31;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;
const CR4_PGE = 1 << 7;
const EFER_NXE = 1 << 11;

/** Bits of an entry's low word (SDM vol. 3A tables 4-4 to 4-6, 4-8 to 4-11). */
const ENTRY_PRESENT = 1 << 0;
const ENTRY_WRITABLE = 1 << 1;
const ENTRY_USER = 1 << 2;
const ENTRY_ACCESSED = 1 << 5;
const ENTRY_DIRTY = 1 << 6;
const ENTRY_LARGE = 1 << 7;
const ENTRY_GLOBAL = 1 << 8;
/** Of its high word, with PAE: execute-disable, address bits 35..32, and what is reserved below bit 63. */
const HIGH_NX = 1 << 31;
const HIGH_ADDRESS = (1 << (PHYSICAL_BITS - 32)) - 1;
const HIGH_RESERVED = 0x7fffffff & ~HIGH_ADDRESS;

/** A 4 MiB page's entry: bits 16..13 are address bits 35..32, bits 21..17 are reserved. */
const LARGE32_ADDRESS_HIGH = 0xf << 13;
const LARGE32_RESERVED = 0x1f << 17;
/** A 2 MiB page's entry: bits 20..13 are reserved. */
const LARGE_PAE_RESERVED = 0xff << 13;
/** A page-directory-pointer entry: bits 8..5 and 2..1 are reserved. */
const POINTER_RESERVED = 0x1e6;

export class PageTables implements PageWalker {
  private readonly state: Int32Array;
  private readonly bus: AddressSpace;
  private readonly fault: GuestFault;
  private readonly forgetPage: (la: number) => void;
  /** The four page-directory-pointer entries, low and high words, as a load of CR3 reads them; false: not yet. */
  private readonly pointers: Int32Array = new Int32Array(8);
  private pointersKnown = false;

  /** @param forgetPage called before a page fault is raised: the TLB must not keep what the fault contradicts. */
  constructor(state: Int32Array, bus: AddressSpace, fault: GuestFault, forgetPage: (la: number) => void) {
    this.state = state;
    this.bus = bus;
    this.fault = fault;
    this.forgetPage = forgetPage;
  }

  /** CR3, or what says how tables are read, has changed: the pointers are read again. */
  forget(): void {
    this.pointersKnown = false;
  }

  /** Are the page-directory-pointer entries at `cr3` such that CR3 can be loaded with it in PAE paging? If not: #GP(0). */
  arePointersValid(cr3: number): boolean {
    const base = cr3 & ~31;
    for (let at = 0; at < 32; at += 8) {
      const low = this.bus.read32(base + at);
      if (low & ENTRY_PRESENT && (low & POINTER_RESERVED || this.bus.read32(base + at + 4) & ~HIGH_ADDRESS))
        return false;
    }
    return true;
  }

  walk(la: number, access: Access, user: boolean): number {
    const S = this.state;
    if ((S[CR0]! & CR0_PG) === 0) return (la & ~4095) | WALK_WRITABLE;
    return S[CR4]! & CR4_PAE ? this.walkPae(la, access, user) : this.walk32(la, access, user);
  }

  /** 32-bit paging. Source: SDM vol. 3A §4.3. */
  private walk32(la: number, access: Access, user: boolean): number {
    const S = this.state;
    const { bus } = this;
    const directoryAt = (S[CR3]! & ~4095) | ((la >>> 20) & 0xffc);
    const directory = bus.read32(directoryAt);
    if ((directory & ENTRY_PRESENT) === 0) this.raise(la, access, user, 0);
    if (directory & ENTRY_LARGE && S[CR4]! & CR4_PSE) {
      if (directory & LARGE32_RESERVED) this.raise(la, access, user, PF_PRESENT | PF_RESERVED);
      this.check(la, access, user, directory, 0);
      const page = (directory & 0xffc00000) | (la & 0x3ff000);
      const outside = directory & LARGE32_ADDRESS_HIGH ? WALK_OUTSIDE : 0;
      return page | outside | WALK_LARGE | this.use(directoryAt, directory, directory, access, user);
    }
    const tableAt = (directory & ~4095) | ((la >>> 10) & 0xffc);
    const entry = bus.read32(tableAt);
    if ((entry & ENTRY_PRESENT) === 0) this.raise(la, access, user, 0);
    this.check(la, access, user, directory & entry, 0);
    this.touch(directoryAt, directory);
    return (entry & ~4095) | this.use(tableAt, entry, directory & entry, access, user);
  }

  /** PAE paging: three levels of 64-bit entries. Source: SDM vol. 3A §4.4. */
  private walkPae(la: number, access: Access, user: boolean): number {
    if (!this.pointersKnown) this.readPointers();
    const slot = (la >>> 30) * 2;
    const pointer = this.pointers[slot]!;
    if ((pointer & ENTRY_PRESENT) === 0) this.raise(la, access, user, 0);
    const reserved = this.state[EFER]! & EFER_NXE ? HIGH_RESERVED : HIGH_RESERVED | HIGH_NX;

    const directoryAt = (pointer & ~4095) | ((la >>> 18) & 0xff8);
    // No table lies beyond 4 GiB; where one is said to, nobody answers the read.
    const directoryOutside = (this.pointers[slot + 1]! & HIGH_ADDRESS) !== 0;
    const directory = directoryOutside ? -1 : this.bus.read32(directoryAt);
    const directoryHigh = directoryOutside ? -1 : this.bus.read32(directoryAt + 4);
    if ((directory & ENTRY_PRESENT) === 0) this.raise(la, access, user, 0);
    if (directoryHigh & reserved) this.raise(la, access, user, PF_PRESENT | PF_RESERVED);
    if (directory & ENTRY_LARGE) {
      if (directory & LARGE_PAE_RESERVED) this.raise(la, access, user, PF_PRESENT | PF_RESERVED);
      this.check(la, access, user, directory, directoryHigh);
      const page = (directory & 0xffe00000) | (la & 0x1ff000);
      const outside = directoryHigh & HIGH_ADDRESS ? WALK_OUTSIDE : 0;
      return page | outside | WALK_LARGE | this.use(directoryAt, directory, directory, access, user);
    }

    const tableAt = (directory & ~4095) | ((la >>> 9) & 0xff8);
    const tableOutside = (directoryHigh & HIGH_ADDRESS) !== 0;
    const entry = tableOutside ? -1 : this.bus.read32(tableAt);
    const entryHigh = tableOutside ? -1 : this.bus.read32(tableAt + 4);
    if ((entry & ENTRY_PRESENT) === 0) this.raise(la, access, user, 0);
    if (entryHigh & reserved) this.raise(la, access, user, PF_PRESENT | PF_RESERVED);
    this.check(la, access, user, directory & entry, directoryHigh | entryHigh);
    this.touch(directoryAt, directory);
    const outside = entryHigh & HIGH_ADDRESS ? WALK_OUTSIDE : 0;
    return (entry & ~4095) | outside | this.use(tableAt, entry, directory & entry, access, user);
  }

  private readPointers(): void {
    const base = this.state[CR3]! & ~31;
    for (let i = 0; i < 8; i++) this.pointers[i] = this.bus.read32(base + i * 4);
    this.pointersKnown = true;
  }

  /** Rights that all levels grant (`low`), execute-disable of any (`high`). Source: SDM vol. 3A §4.6. */
  private check(la: number, access: Access, user: boolean, low: number, high: number): void {
    const refused =
      (user && (low & ENTRY_USER) === 0) ||
      (access === Access.Write && !this.mayWrite(low, user)) ||
      (access === Access.Execute && high < 0);
    if (refused) this.raise(la, access, user, PF_PRESENT);
  }

  private mayWrite(low: number, user: boolean): boolean {
    return (low & ENTRY_WRITABLE) !== 0 || (!user && (this.state[CR0]! & CR0_WP) === 0);
  }

  /** Set the accessed bit of an entry that refers to a table. */
  private touch(at: number, entry: number): void {
    if ((entry & ENTRY_ACCESSED) === 0) this.bus.write32(at, entry | ENTRY_ACCESSED);
  }

  /**
   * Use an entry that maps a page: set its accessed and, for a write, dirty bit. Source: SDM vol. 3A §4.8.
   * @returns bits of the walk's result; a clean page is not writable yet, so that the first write comes here again.
   */
  private use(at: number, entry: number, rights: number, access: Access, user: boolean): number {
    const used = entry | ENTRY_ACCESSED | (access === Access.Write ? ENTRY_DIRTY : 0);
    if (used !== entry) this.bus.write32(at, used);
    const writable = used & ENTRY_DIRTY && this.mayWrite(rights, user) ? WALK_WRITABLE : 0;
    return writable | (entry & ENTRY_GLOBAL && this.state[CR4]! & CR4_PGE ? WALK_GLOBAL : 0);
  }

  /** #PF. Its error code says what was tried, and `reason` (P, RSVD) why it failed. Source: SDM vol. 3A §4.7. */
  private raise(la: number, access: Access, user: boolean, reason: number): never {
    const S = this.state;
    let code = reason;
    if (access === Access.Write) code |= PF_WRITE;
    if (user) code |= PF_USER;
    if (access === Access.Execute && S[CR4]! & CR4_PAE && S[EFER]! & EFER_NXE) code |= PF_FETCH;
    this.forgetPage(la);
    return this.fault.raise(Vector.PF, code, la | 0);
  }
}

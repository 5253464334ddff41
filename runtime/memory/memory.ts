/**
 * Guest memory as the CPU sees it: linear accesses through the TLB, with the slow arms that generated code calls when
 * its inline test fails (miss, page crossing, misaligned, code page).
 *
 * A store to a page that holds translated code is checked against the code's byte ranges. If it would hit some, the
 * access aborts before it is done, and the dispatcher runs that one instruction with `codeWritable` set.
 */

import { MODE_USER } from '../abi/mode.ts';
import { MODE } from '../abi/state.ts';
import type { Ram } from '../bus/ram.ts';
import type { GuestFault } from '../cpu/fault.ts';
import { Tlb } from './tlb.ts';
import { Access, type PageWalker, WALK_WRITABLE } from './walker.ts';

/** Who must know of stores into translated code: the translation cache. Addresses are physical. */
export interface CodeWatch {
  /** Does any translated code lie on this RAM page? */
  hasCode(page: number): boolean;
  /** Does translated code cover any of these bytes? */
  covers(pa: number, length: number): boolean;
  /** Drop what covers them. */
  invalidate(pa: number, length: number): void;
}

const noCode: CodeWatch = { hasCode: () => false, covers: () => false, invalidate: () => {} };

export class Memory {
  readonly ram: Ram;
  readonly fault: GuestFault;
  readonly tlb: Tlb;
  walker: PageWalker;
  code: CodeWatch = noCode;
  /** Stores into translated code go through, after dropping it: set while one instruction runs uncached. */
  codeWritable = false;
  private readonly state: Int32Array;

  constructor(ram: Ram, state: Int32Array, fault: GuestFault, walker: PageWalker, userOnly: boolean) {
    this.ram = ram;
    this.state = state;
    this.fault = fault;
    this.walker = walker;
    this.tlb = new Tlb(userOnly);
  }

  private get user(): boolean {
    return (this.state[MODE]! & MODE_USER) !== 0;
  }

  /** Physical address of `la` for reading; fills the TLB. @throws GuestFault #PF. */
  private readable(la: number): number {
    const user = this.user;
    const word = (user ? this.tlb.user : this.tlb.supervisor).read[la >>> 12]! ^ la;
    if (word >= 0) return word;
    return this.fill(la, Access.Read, user);
  }

  /** Physical address of `la` for writing `length` bytes within its page. @throws GuestFault #PF, or aborts. */
  private writable(la: number, length: number): number {
    const user = this.user;
    const word = (user ? this.tlb.user : this.tlb.supervisor).write[la >>> 12]! ^ la;
    if (word >= 0) return word;
    const pa = this.fill(la, Access.Write, user);
    if (this.code.hasCode(pa >>> 12) && this.code.covers(pa, length)) {
      if (!this.codeWritable) this.fault.abort();
      this.code.invalidate(pa, length);
    }
    return pa;
  }

  private fill(la: number, access: Access, user: boolean): number {
    const entry = this.walker.walk(la, access, user);
    const page = entry & ~4095;
    const writable = (entry & WALK_WRITABLE) !== 0 && !this.code.hasCode(page >>> 12);
    this.tlb.fill(la, page, user, writable);
    return page | (la & 4095);
  }

  /** Physical address of code at `la`; fills the execute table. @throws GuestFault #PF. */
  fetchAddress(la: number): number {
    const { user } = this;
    const word = (user ? this.tlb.user : this.tlb.supervisor).execute[la >>> 12]! ^ la;
    if (word >= 0) return word;
    const page = this.walker.walk(la, Access.Execute, user) & ~4095;
    this.tlb.fillExecute(la, page, user);
    return page | (la & 4095);
  }

  /** Load a byte, sign-extended. @throws GuestFault. */
  read8(la: number): number {
    return this.ram.i8[this.readable(la)]!;
  }

  /** Load 16 bits, sign-extended. */
  read16(la: number): number {
    if ((la & 4095) === 4095) {
      const low = this.read8(la) & 255;
      return (this.read8(la + 1) << 8) | low;
    }
    const p = this.readable(la);
    return (this.ram.i8[p + 1]! << 8) | this.ram.u8[p]!;
  }

  /** Load 32 bits. */
  read32(la: number): number {
    if ((la & 4095) > 4092) {
      const first = this.readable(la);
      const second = this.readable((la | 4095) + 1);
      let value = 0;
      for (let i = 3; i >= 0; i--) value = (value << 8) | this.ram.u8[this.byteOf(la, i, first, second)]!;
      return value;
    }
    const p = this.readable(la);
    if ((p & 3) === 0) return this.ram.i32[p >> 2]!;
    const u8 = this.ram.u8;
    return u8[p]! | (u8[p + 1]! << 8) | (u8[p + 2]! << 16) | (u8[p + 3]! << 24);
  }

  private byteOf(la: number, i: number, first: number, second: number): number {
    return (la & 4095) + i < 4096 ? first + i : second + (la & 4095) + i - 4096;
  }

  /** Check that `size` bits at `la` may be written, as the read half of a read-modify-write does. */
  probeWrite(la: number, bits: number): void {
    const bytes = bits >> 3;
    const inPage = Math.min(bytes, 4096 - (la & 4095));
    this.writable(la, inPage);
    if (inPage < bytes) this.writable((la | 4095) + 1, bytes - inPage);
  }

  /** Load for a read-modify-write. */
  modify8(la: number): number {
    this.probeWrite(la, 8);
    return this.read8(la);
  }

  modify16(la: number): number {
    this.probeWrite(la, 16);
    return this.read16(la);
  }

  modify32(la: number): number {
    this.probeWrite(la, 32);
    return this.read32(la);
  }

  /** Store the low byte of `value`. @throws GuestFault, or aborts. */
  write8(la: number, value: number): void {
    const p = this.writable(la, 1);
    this.ram.u8[p] = value;
  }

  write16(la: number, value: number): void {
    if ((la & 4095) === 4095) {
      const first = this.writable(la, 1);
      const second = this.writable(la + 1, 1);
      this.ram.u8[first] = value;
      this.ram.u8[second] = value >> 8;
      return;
    }
    const p = this.writable(la, 2);
    this.ram.u8[p] = value;
    this.ram.u8[p + 1] = value >> 8;
  }

  write32(la: number, value: number): void {
    const u8 = this.ram.u8;
    if ((la & 4095) > 4092) {
      const inPage = 4096 - (la & 4095);
      const first = this.writable(la, inPage);
      const second = this.writable((la | 4095) + 1, 4 - inPage);
      for (let i = 0; i < 4; i++) u8[this.byteOf(la, i, first, second)] = value >> (8 * i);
      return;
    }
    const p = this.writable(la, 4);
    if ((p & 3) === 0) {
      this.ram.i32[p >> 2] = value;
      return;
    }
    u8[p] = value;
    u8[p + 1] = value >> 8;
    u8[p + 2] = value >> 16;
    u8[p + 3] = value >> 24;
  }

  /**
   * Longest directly usable stretch from `la`, at most `length` bytes and within its page: for bulk string operations.
   * @returns physical address. @throws GuestFault, or aborts when a write would hit translated code.
   */
  stretch(la: number, length: number, write: boolean): number {
    return write ? this.writable(la, length) : this.readable(la);
  }

  /** A mapping or permission of linear pages changed. */
  flushPages(first: number, count: number): void {
    if (count > 4096) this.tlb.flush();
    else for (let page = first; page < first + count; page++) this.tlb.flushPage(page);
  }

  /** The host writes guest RAM: drop translated code there. Call it before the write. */
  invalidateCode(pa: number, length: number): void {
    const last = (pa + length - 1) >>> 12;
    for (let page = pa >>> 12; page <= last; page++) {
      if (this.code.hasCode(page))
        this.code.invalidate(
          Math.max(pa, page << 12),
          Math.min(pa + length, (page + 1) << 12) - Math.max(pa, page << 12),
        );
    }
  }
}

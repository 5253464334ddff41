/**
 * Guest memory as the CPU sees it: linear accesses through the TLB, with the slow arms that generated code calls when
 * its inline test fails (miss, page crossing, misaligned, code page, device).
 *
 * Two kinds of access cannot happen in the middle of translated code: a store over code that is translated, and an
 * access to a device that may ask the time or raise an interrupt. Both abort before anything is done, and the
 * dispatcher then runs that one instruction with `single` set.
 */

import { MODE_USER } from '../abi/mode.ts';
import { MODE } from '../abi/state.ts';
import {
  type AddressSpace,
  deviceRead16,
  deviceRead32,
  deviceWrite16,
  deviceWrite32,
  type MemoryFunctions,
  openBus,
} from '../bus/address-space.ts';
import type { Ram } from '../bus/ram.ts';
import type { GuestFault } from '../cpu/fault.ts';
import { Breakpoints } from './breakpoints.ts';
import { LineTable } from './lines.ts';
import type { PageJournal } from './page-journal.ts';
import { SlowPages } from './slow-pages.ts';
import { Tlb } from './tlb.ts';
import { Access, type PageWalker, WALK_GLOBAL, WALK_LARGE, WALK_OUTSIDE, WALK_WRITABLE } from './walker.ts';

/** Who must know of stores into translated code: the translation cache. Addresses are places in the buffer. */
export interface CodeWatch {
  /** Does any translated code lie on this page? */
  hasCode(page: number): boolean;
  /** Does translated code cover any of these bytes? */
  covers(place: number, length: number): boolean;
  /** Drop what covers them. */
  invalidate(place: number, length: number): void;
}

/** Accesses with one privilege, whatever the CPL is. */
export interface PrivilegedAccess {
  /** Values are sign-extended. @throws GuestFault. */
  read8(la: number): number;
  read16(la: number): number;
  read32(la: number): number;
  write8(la: number, value: number): void;
  write16(la: number, value: number): void;
  write32(la: number, value: number): void;
  /** Check that `bits` bits at `la` may be read, or written. */
  probeRead(la: number, bits: number): void;
  probeWrite(la: number, bits: number): void;
}

const noCode: CodeWatch = { hasCode: () => false, covers: () => false, invalidate: () => {} };

export class Memory {
  readonly ram: Ram;
  readonly fault: GuestFault;
  readonly tlb: Tlb;
  readonly walker: PageWalker;
  /** Where linear addresses can be places in the buffer (abi/lines.ts). */
  readonly lines: LineTable | undefined;
  code: CodeWatch = noCode;
  /** Notes pages before they are written; pages that it does not hold are closed for writing. */
  journal: PageJournal | undefined;
  /** No translated code runs, or only one instruction on its own: stores over code and device accesses go through. */
  single = false;
  /** Implicit accesses of the processor (descriptor tables, task states), which have supervisor privilege. */
  readonly implicit: PrivilegedAccess;
  readonly breakpoints: Breakpoints;
  private readonly state: Int32Array;
  private readonly bus: AddressSpace | undefined;
  private readonly slow: SlowPages = new SlowPages();
  /** Where the last access that found no place in the buffer goes: physical address and device. */
  private physical = 0;
  private device: MemoryFunctions = openBus;

  /**
   * @param userOnly only CPL 3 will run.
   * @param bus who answers where; left out, a physical address is a place in the buffer.
   */
  constructor(
    ram: Ram,
    state: Int32Array,
    fault: GuestFault,
    walker: PageWalker,
    userOnly: boolean,
    bus?: AddressSpace | undefined,
  ) {
    this.ram = ram;
    this.state = state;
    this.fault = fault;
    this.walker = walker;
    this.bus = bus;
    this.lines = ram.isWhole ? new LineTable(ram.memory) : undefined;
    this.tlb = new Tlb(ram.memory, ram.size, userOnly, this.lines);
    this.breakpoints = new Breakpoints(state);
    this.implicit = {
      read8: (la) => this.load8(la, false),
      read16: (la) => this.load16(la, false),
      read32: (la) => this.load32(la, false),
      write8: (la, value) => this.store8(la, value, false),
      write16: (la, value) => this.store16(la, value, false),
      write32: (la, value) => this.store32(la, value, false),
      probeRead: (la, bits) => this.probe(la, bits, false, false),
      probeWrite: (la, bits) => this.probe(la, bits, true, false),
    };
    if (bus !== undefined) {
      bus.onChange = () => this.flush(false);
      bus.onWrite = (place, length) => this.invalidateCode(place, length);
    }
  }

  private get user(): boolean {
    return (this.state[MODE]! & MODE_USER) !== 0;
  }

  // ---- places -----------------------------------------------------------------------------------------------------

  /** Place of `la` for reading, or -1 with `device` and `physical` set; fills the TLB. @throws GuestFault, or aborts. */
  private readPlace(la: number, user: boolean): number {
    const word = (user ? this.tlb.user : this.tlb.supervisor).read[la >>> 12]! ^ la;
    if (word >= 0) return word;
    const entry = this.slow.find(la, false, user);
    if (entry < 0) return this.fill(la, Access.Read, user);
    const place = this.slow.place[entry]!;
    return place >= 0 ? place | (la & 4095) : this.meet(this.slow.device[entry]!, this.slow.physical[entry]!, la);
  }

  /** Place of `la` for writing `length` bytes within its page, or -1 as above. @throws GuestFault, or aborts. */
  private writePlace(la: number, length: number, user: boolean): number {
    const word = (user ? this.tlb.user : this.tlb.supervisor).write[la >>> 12]! ^ la;
    if (word >= 0) return word;
    const entry = this.slow.find(la, true, user);
    if (entry >= 0) {
      const page = this.slow.place[entry]!;
      if (page < 0) return this.meet(this.slow.device[entry]!, this.slow.physical[entry]!, la);
      if (this.code.hasCode(page >>> 12)) return this.overCode(page | (la & 4095), length);
      this.slow.forget(entry);
    }
    const place = this.fill(la, Access.Write, user);
    return place >= 0 ? this.overCode(place, length) : -1;
  }

  /** A store of `length` bytes at `place`, which may hold translated code. */
  private overCode(place: number, length: number): number {
    this.journal?.note(place);
    if (this.code.covers(place, length)) {
      if (!this.single) this.fault.abort();
      this.code.invalidate(place, length);
    }
    return place;
  }

  /** Walk for a read or a write. @returns the place of `la`, or -1 with `device` and `physical` set. */
  private fill(la: number, access: Access, user: boolean): number {
    const write = access === Access.Write;
    const walked = this.walker.walk(la, access, user);
    const physical = walked & ~4095;
    const writable = write || (walked & WALK_WRITABLE) !== 0;
    const readPlace = this.placeToRead(physical, walked);
    const writePlace = writable ? this.placeToWrite(physical, walked) : -1;
    // A write word also serves the load of a read-modify-write, so both must be the same place.
    const watched = this.breakpoints.watches(la);
    const isHeld = write || this.journal === undefined || this.journal.holds(writePlace >>> 12);
    const direct =
      !watched && isHeld && writePlace >= 0 && writePlace === readPlace && !this.code.hasCode(writePlace >>> 12);
    if (readPlace >= 0 && !watched) this.tlb.fill(la, readPlace, user, direct, (walked & WALK_GLOBAL) !== 0);
    if (readPlace === (la & ~4095) && !watched) this.lines?.open(la >>> 12, isHeld && writePlace === readPlace);
    if (walked & WALK_LARGE) this.tlb.noteLarge(la);
    const place = write ? writePlace : readPlace;
    if (place < 0) {
      const device = this.bus === undefined || walked & WALK_OUTSIDE ? openBus : this.bus.deviceAt(physical);
      const masked = this.bus?.mask(physical) ?? physical;
      this.slow.keep(la, write, user, -1, masked, device);
      return this.meet(device, masked, la);
    }
    if (write ? !direct : watched) this.slow.keep(la, write, user, place, physical);
    return place | (la & 4095);
  }

  private placeToRead(physical: number, walked: number): number {
    if (this.bus === undefined) return physical;
    return walked & WALK_OUTSIDE ? -1 : this.bus.readable(physical);
  }

  private placeToWrite(physical: number, walked: number): number {
    if (this.bus === undefined) return physical;
    return walked & WALK_OUTSIDE ? -1 : this.bus.writable(physical);
  }

  /** An access to a device begins. @returns -1. */
  private meet(device: MemoryFunctions, page: number, la: number): number {
    if (!this.single && !device.isPassive) this.fault.abort();
    this.device = device;
    this.physical = page | (la & 4095);
    return -1;
  }

  /**
   * Place of code at `la`; fills the execute table. Code of a device aborts; in a single instruction it is -1.
   * @throws GuestFault #PF.
   */
  fetchAddress(la: number): number {
    const { user } = this;
    const word = (user ? this.tlb.user : this.tlb.supervisor).execute[la >>> 12]! ^ la;
    if (word >= 0) return word;
    const walked = this.walker.walk(la, Access.Execute, user);
    const place = this.placeToRead(walked & ~4095, walked);
    if (place < 0) {
      if (!this.single) this.fault.abort();
      this.device = walked & WALK_OUTSIDE ? openBus : this.bus!.deviceAt(walked & ~4095);
      this.physical = this.bus!.mask(walked & ~4095) | (la & 4095);
      return -1;
    }
    this.tlb.fillExecute(la, place, user, (walked & WALK_GLOBAL) !== 0);
    if (walked & WALK_LARGE) this.tlb.noteLarge(la);
    return place | (la & 4095);
  }

  /**
   * Up to `most` bytes of code from `la` on that lie on its page, wherever they are. Only for a single instruction.
   * @throws GuestFault #PF.
   */
  fetchBytes(la: number, most: number): Uint8Array {
    const length = Math.min(most, 4096 - (la & 4095));
    const place = this.fetchAddress(la);
    if (place >= 0) return this.ram.u8.slice(place, place + length);
    const { device, physical } = this;
    return Uint8Array.from({ length }, (_, i) => device.read8(physical + i));
  }

  // ---- accesses ---------------------------------------------------------------------------------------------------

  /** Load a byte, sign-extended. @throws GuestFault, or aborts. */
  read8(la: number): number {
    return this.load8(la, this.user);
  }

  /** Load 16 bits, sign-extended. */
  read16(la: number): number {
    return this.load16(la, this.user);
  }

  /** Load 32 bits. */
  read32(la: number): number {
    return this.load32(la, this.user);
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
    this.store8(la, value, this.user);
  }

  write16(la: number, value: number): void {
    this.store16(la, value, this.user);
  }

  write32(la: number, value: number): void {
    this.store32(la, value, this.user);
  }

  /** Check that `bits` bits at `la` may be written, as the read half of a read-modify-write does. */
  probeWrite(la: number, bits: number): void {
    this.probe(la, bits, true, this.user);
  }

  private probe(la: number, bits: number, write: boolean, user: boolean): void {
    const bytes = bits >> 3;
    const inPage = Math.min(bytes, 4096 - (la & 4095));
    if (write) this.writePlace(la, inPage, user);
    else this.readPlace(la, user);
    if (inPage === bytes) return;
    const second = ((la | 4095) + 1) | 0;
    if (write) this.writePlace(second, bytes - inPage, user);
    else this.readPlace(second, user);
  }

  private load8(la: number, user: boolean): number {
    const p = this.readPlace(la, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 1, false);
    return p >= 0 ? this.ram.i8[p]! : (this.device.read8(this.physical) << 24) >> 24;
  }

  private load16(la: number, user: boolean): number {
    if ((la & 4095) === 4095) return (this.loadCrossing(la, 2, user) << 16) >> 16;
    const p = this.readPlace(la, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 2, false);
    if (p < 0) return (deviceRead16(this.device, this.physical) << 16) >> 16;
    return (this.ram.i8[p + 1]! << 8) | this.ram.u8[p]!;
  }

  private load32(la: number, user: boolean): number {
    if ((la & 4095) > 4092) return this.loadCrossing(la, 4, user);
    const p = this.readPlace(la, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 4, false);
    if (p < 0) return deviceRead32(this.device, this.physical);
    if ((p & 3) === 0) return this.ram.i32[p >> 2]!;
    const u8 = this.ram.u8;
    return u8[p]! | (u8[p + 1]! << 8) | (u8[p + 2]! << 16) | (u8[p + 3]! << 24);
  }

  /** Load bytes of two pages; both are checked before the first of them is read. */
  private loadCrossing(la: number, bytes: number, user: boolean): number {
    const inFirst = 4096 - (la & 4095);
    const second = ((la | 4095) + 1) | 0;
    this.readPlace(la, user);
    this.readPlace(second, user);
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      const byte = this.load8(i < inFirst ? la + i : second + i - inFirst, user) & 255;
      value |= byte << (8 * i);
    }
    return value;
  }

  private store8(la: number, value: number, user: boolean): void {
    const p = this.writePlace(la, 1, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 1, true);
    if (p >= 0) this.ram.u8[p] = value;
    else this.device.write8(this.physical, value & 255);
  }

  private store16(la: number, value: number, user: boolean): void {
    if ((la & 4095) === 4095) {
      this.storeCrossing(la, 2, value, user);
      return;
    }
    const p = this.writePlace(la, 2, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 2, true);
    if (p < 0) deviceWrite16(this.device, this.physical, value);
    else {
      this.ram.u8[p] = value;
      this.ram.u8[p + 1] = value >> 8;
    }
  }

  private store32(la: number, value: number, user: boolean): void {
    if ((la & 4095) > 4092) {
      this.storeCrossing(la, 4, value, user);
      return;
    }
    const p = this.writePlace(la, 4, user);
    if (this.breakpoints.armed) this.breakpoints.note(la, 4, true);
    if (p < 0) deviceWrite32(this.device, this.physical, value);
    else if ((p & 3) === 0) this.ram.i32[p >> 2] = value;
    else {
      const u8 = this.ram.u8;
      u8[p] = value;
      u8[p + 1] = value >> 8;
      u8[p + 2] = value >> 16;
      u8[p + 3] = value >> 24;
    }
  }

  /** Store bytes on two pages; both are checked before the first of them is written. */
  private storeCrossing(la: number, bytes: number, value: number, user: boolean): void {
    const inFirst = 4096 - (la & 4095);
    const second = ((la | 4095) + 1) | 0;
    this.probe(la, bytes * 8, true, user);
    for (let i = 0; i < bytes; i++) {
      this.store8(i < inFirst ? la + i : second + i - inFirst, value >> (8 * i), user);
    }
  }

  /**
   * The stretch of `length` bytes from `la`, which stay within its page: for bulk string operations.
   * @returns its place, or -1 where a device answers or a breakpoint waits. @throws GuestFault, or aborts.
   */
  stretch(la: number, length: number, write: boolean): number {
    if (this.breakpoints.watches(la)) return -1;
    return write ? this.writePlace(la, length, this.user) : this.readPlace(la, this.user);
  }

  // ---- changes ----------------------------------------------------------------------------------------------------

  /** A mapping or permission of linear pages changed. */
  flushPages(first: number, count: number): void {
    this.slow.clear();
    if (count > 4096) this.tlb.flush();
    else for (let page = first; page < first + count; page++) this.tlb.flushPage(page);
  }

  /** Forget all translations of linear addresses but, on request, those of global pages (CR3 loads; debug registers). */
  flush(keepGlobal: boolean): void {
    this.slow.clear();
    this.tlb.flush(keepGlobal);
    this.walker.forget?.();
    this.breakpoints.refresh();
  }

  /** Forget the translation of one linear address, as INVLPG does: global and large pages too. */
  invalidatePage(la: number): void {
    this.slow.clear();
    this.tlb.invalidate(la);
  }

  /** Bytes of the buffer are written otherwise than by the CPU: drop translated code there. Call it before the write. */
  invalidateCode(place: number, length: number): void {
    const last = (place + length - 1) >>> 12;
    for (let page = place >>> 12; page <= last; page++) {
      this.journal?.forget(page);
      if (!this.code.hasCode(page)) continue;
      const first = Math.max(place, page << 12);
      this.code.invalidate(first, Math.min(place + length, (page + 1) << 12) - first);
    }
  }
}

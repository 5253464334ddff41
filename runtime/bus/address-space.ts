/**
 * The physical address space: which RAM, ROM or device answers at each page.
 *
 * RAM and ROM are stretches of the one host buffer (bus/ram.ts), which is as large as all of them together; that is
 * why a physical address and a place in the buffer differ for ROM below 4 GiB, video memory and the like. Translated
 * code and the TLB work on places in the buffer. Pages of devices have none and always take the slow path here.
 */
import type { Ram } from './ram.ts';

/** A device's registers in memory. `pa` is a physical address (i32, read as unsigned); values are unsigned. */
export interface MemoryFunctions {
  read8(pa: number): number;
  write8(pa: number, value: number): void;
  /** Left out, a wide access becomes byte accesses, low byte first. @returns i32 for 32 bits. */
  read16?(pa: number): number;
  read32?(pa: number): number;
  write16?(pa: number, value: number): void;
  write32?(pa: number, value: number): void;
  /**
   * Its accesses neither ask the time, nor raise a line, nor move memory: they may happen in the middle of a block (plain
   * video memory). All others run as single instructions, with the clock and the instruction count exact. Wide accesses
   * that are not aligned reach a device in smaller parts.
   */
  readonly isPassive?: boolean;
}

/** What answers where nobody does. */
export const openBus: MemoryFunctions = { read8: () => 0xff, write8: () => {}, isPassive: true };

/** Read 16 bits of one device: in one access when it is aligned and the device has such. @returns u16. */
export function deviceRead16(device: MemoryFunctions, pa: number): number {
  if (device.read16 && (pa & 1) === 0) return device.read16(pa) & 0xffff;
  return (device.read8(pa) & 0xff) | ((device.read8(pa + 1) & 0xff) << 8);
}

/** Read 32 bits of one device. @returns i32. */
export function deviceRead32(device: MemoryFunctions, pa: number): number {
  if (device.read32 && (pa & 3) === 0) return device.read32(pa) | 0;
  return deviceRead16(device, pa) | (deviceRead16(device, pa + 2) << 16);
}

/** Write the low 16 bits of `value` to one device. */
export function deviceWrite16(device: MemoryFunctions, pa: number, value: number): void {
  if (device.write16 && (pa & 1) === 0) device.write16(pa, value & 0xffff);
  else {
    device.write8(pa, value & 0xff);
    device.write8(pa + 1, (value >>> 8) & 0xff);
  }
}

/** Write 32 bits to one device. */
export function deviceWrite32(device: MemoryFunctions, pa: number, value: number): void {
  if (device.write32 && (pa & 3) === 0) device.write32(pa, value | 0);
  else {
    deviceWrite16(device, pa, value);
    deviceWrite16(device, pa + 2, value >>> 16);
  }
}

const PAGES = 1 << 20;
/** Bits of a page's word beside its place in the buffer. */
const READABLE = 1;
const WRITABLE = 2;

export class AddressSpace {
  readonly ram: Ram;
  /** Called after the map has changed: whoever caches translations must forget them. */
  onChange: () => void = () => {};
  /** Called before a device or the host writes `length` bytes of the buffer at `place`: code there is translated no more. */
  onWrite: (place: number, length: number) => void = () => {};
  /** By physical page: place of the page in the buffer with the bits above, 0 bits where a device answers. */
  private readonly words: Int32Array = new Int32Array(PAGES);
  private readonly devices: MemoryFunctions[] = new Array<MemoryFunctions>(PAGES).fill(openBus);
  private addressMask = -1;

  constructor(ram: Ram) {
    this.ram = ram;
  }

  /**
   * Let `bytes` bytes (whole pages) at physical address `pa` be the buffer's from `place` on. What is not readable or
   * not writable there goes to `otherwise` (a ROM's writes: to nobody).
   */
  mapRam(
    pa: number,
    bytes: number,
    place: number,
    access: { readonly readable: boolean; readonly writable: boolean } = { readable: true, writable: true },
    otherwise: MemoryFunctions = openBus,
  ): void {
    const bits = (access.readable ? READABLE : 0) | (access.writable ? WRITABLE : 0);
    const first = pa >>> 12;
    for (let i = 0; i < bytes >>> 12; i++) {
      this.words[first + i] = (place + i * 4096) | bits;
      this.devices[first + i] = otherwise;
    }
    this.onChange();
  }

  /** Let a device answer at `bytes` bytes (whole pages) from physical address `pa`; nobody when it is left out. */
  mapDevice(pa: number, bytes: number, functions: MemoryFunctions = openBus): void {
    const first = pa >>> 12;
    this.words.fill(0, first, first + (bytes >>> 12));
    this.devices.fill(functions, first, first + (bytes >>> 12));
    this.onChange();
  }

  /** Does nobody answer in these whole pages? */
  isFree(pa: number, bytes: number): boolean {
    const first = pa >>> 12;
    for (let page = first; page < first + (bytes >>> 12); page++) {
      if (this.words[page] !== 0 || this.devices[page] !== openBus) return false;
    }
    return true;
  }

  /** A20: while it is off, bit 20 of every physical address is 0. */
  setA20(on: boolean): void {
    const mask = on ? -1 : ~(1 << 20);
    if (mask === this.addressMask) return;
    this.addressMask = mask;
    this.onChange();
  }

  get a20(): boolean {
    return this.addressMask === -1;
  }

  /** A physical address as the bus sees it (A20). */
  mask(pa: number): number {
    return pa & this.addressMask;
  }

  /** Place in the buffer of a physical address that may be read directly, or -1. */
  readable(pa: number): number {
    const at = pa & this.addressMask;
    const word = this.words[at >>> 12]!;
    return word & READABLE ? (word & ~4095) | (at & 4095) : -1;
  }

  /** Place in the buffer of a physical address that may be written directly, or -1. */
  writable(pa: number): number {
    const at = pa & this.addressMask;
    const word = this.words[at >>> 12]!;
    return word & WRITABLE ? (word & ~4095) | (at & 4095) : -1;
  }

  /** Who answers at a physical address where the buffer does not. */
  deviceAt(pa: number): MemoryFunctions {
    return this.devices[(pa & this.addressMask) >>> 12]!;
  }

  /** @returns u8. */
  read8(pa: number): number {
    const place = this.readable(pa);
    return place >= 0 ? this.ram.u8[place]! : this.deviceAt(pa).read8(pa & this.addressMask) & 0xff;
  }

  /** @returns u16. The two bytes may lie on two pages. */
  read16(pa: number): number {
    if (this.readable(pa) < 0 && (pa & 4095) !== 4095) return deviceRead16(this.deviceAt(pa), this.mask(pa));
    return this.read8(pa) | (this.read8((pa + 1) | 0) << 8);
  }

  /** @returns i32. */
  read32(pa: number): number {
    if ((pa & 4095) <= 4092) {
      const place = this.readable(pa);
      if (place < 0) return deviceRead32(this.deviceAt(pa), this.mask(pa));
      if ((place & 3) === 0) return this.ram.i32[place >> 2]!;
    }
    return this.read16(pa) | (this.read16((pa + 2) | 0) << 16);
  }

  write8(pa: number, value: number): void {
    const place = this.writable(pa);
    if (place < 0) {
      this.deviceAt(pa).write8(pa & this.addressMask, value & 0xff);
      return;
    }
    this.onWrite(place, 1);
    this.ram.u8[place] = value;
  }

  write16(pa: number, value: number): void {
    if (this.writable(pa) < 0 && (pa & 4095) !== 4095) deviceWrite16(this.deviceAt(pa), this.mask(pa), value);
    else {
      this.write8(pa, value);
      this.write8((pa + 1) | 0, value >>> 8);
    }
  }

  write32(pa: number, value: number): void {
    if ((pa & 4095) <= 4092) {
      const place = this.writable(pa);
      if (place < 0) {
        deviceWrite32(this.deviceAt(pa), this.mask(pa), value);
        return;
      }
      if ((place & 3) === 0) {
        this.onWrite(place, 4);
        this.ram.i32[place >> 2] = value;
        return;
      }
    }
    this.write16(pa, value);
    this.write16((pa + 2) | 0, value >>> 16);
  }

  /** Bus-master read (DMA) of `into.length` bytes at `pa`. */
  readBytes(pa: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const place = this.readable((pa + done) | 0);
      const count = Math.min(into.length - done, 4096 - ((pa + done) & 4095));
      if (place >= 0) into.set(this.ram.u8.subarray(place, place + count), done);
      else for (let i = 0; i < count; i++) into[done + i] = this.read8((pa + done + i) | 0);
      done += count;
    }
  }

  /** Bus-master write (DMA). */
  writeBytes(pa: number, from: Uint8Array): void {
    for (let done = 0; done < from.length; ) {
      const place = this.writable((pa + done) | 0);
      const count = Math.min(from.length - done, 4096 - ((pa + done) & 4095));
      if (place >= 0) {
        this.onWrite(place, count);
        this.ram.u8.set(from.subarray(done, done + count), place);
      } else for (let i = 0; i < count; i++) this.write8((pa + done + i) | 0, from[done + i]!);
      done += count;
    }
  }
}

/**
 * fw_cfg: how firmware learns what machine it runs on. Items are selected by number and read a byte at a time, or
 * copied into memory by a small DMA interface; named files are listed in a directory.
 *
 * Everything here is read-only: a guest that writes an item gets an error, as on QEMU for items without a writer.
 *
 * Source: QEMU's specification docs/specs/fw_cfg.rst.
 */
import type { AddressSpace } from '../bus/address-space.ts';
import type { Device } from '../bus/device.ts';
import type { Ports } from '../bus/ports.ts';

const SELECTOR = 0x510;
const DMA_PORT = 0x514;

/** Item numbers. */
const SIGNATURE = 0x00;
const FEATURES = 0x01;
const UUID = 0x02;
const RAM_SIZE = 0x03;
const NO_GRAPHIC = 0x04;
const CPUS = 0x05;
const NUMA = 0x0d;
const BOOT_MENU = 0x0e;
const MAX_CPUS = 0x0f;
const DIRECTORY = 0x19;
const FIRST_FILE = 0x20;
/** Items of one architecture have bit 15; bit 14 asks for the item's writable face. */
const IRQ0_OVERRIDE = 0x8002;
const ITEM_BITS = 0xbfff;

/** FEATURES: the byte-wise interface and DMA. */
const FEATURES_PRESENT = 3;

/** DMA control word; its upper half is the item to select. */
const DMA_ERROR = 1;
const DMA_READ = 2;
const DMA_SKIP = 4;
const DMA_SELECT = 8;
const DMA_WRITE = 16;
/** What reads of the DMA register give: "QEMU CFG". */
const DMA_SIGNATURE = [0x51, 0x45, 0x4d, 0x55, 0x20, 0x43, 0x46, 0x47] as const;

const NAME_BYTES = 56;
const CHUNK = 1 << 16;

/** A stretch of the physical address space for the guest's memory map. */
export interface MemoryRange {
  readonly pa: number;
  readonly bytes: number;
  readonly kind: 'ram' | 'reserved';
}

export interface FwCfgParts {
  readonly ports: Ports;
  readonly memory: AddressSpace;
  readonly memoryMap: readonly MemoryRange[];
  /** Files by name: ACPI tables, `bootorder`, option ROMs. Names have at most 55 characters of ASCII. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  /** Items by number: those of a kernel that firmware is to start. */
  readonly items?: ReadonlyMap<number, Uint8Array> | undefined;
  /** Does the firmware offer its boot menu, and for how long (ms)? */
  readonly bootMenu?: number | undefined;
}

export class FwCfg implements Device {
  private readonly memory: AddressSpace;
  private readonly items = new Map<number, Uint8Array>();
  private item: Uint8Array = new Uint8Array(0);
  private offset = 0;
  private dmaHigh = 0;

  /** Claims ports 510h, 511h and 514h to 51Bh. @throws RangeError for a file name that does not fit. */
  constructor({ ports, memory, memoryMap, files, items, bootMenu }: FwCfgParts) {
    this.memory = memory;
    const ram = memoryMap.reduce((sum, { bytes, kind }) => sum + (kind === 'ram' ? bytes : 0), 0);
    const set = (item: number, bytes: number, value: number): void => void this.items.set(item, word(value, bytes));
    this.items.set(SIGNATURE, ascii('QEMU'));
    set(FEATURES, 4, FEATURES_PRESENT);
    this.items.set(UUID, new Uint8Array(16));
    set(RAM_SIZE, 8, ram);
    set(NO_GRAPHIC, 2, 0);
    set(CPUS, 2, 1);
    this.items.set(NUMA, new Uint8Array(16));
    set(BOOT_MENU, 2, bootMenu === undefined ? 0 : 1);
    set(MAX_CPUS, 2, 1);
    set(IRQ0_OVERRIDE, 4, 1);
    for (const [item, bytes] of items ?? []) this.items.set(item, bytes);
    const all = new Map(files);
    all.set('etc/e820', e820(memoryMap));
    if (bootMenu !== undefined) all.set('etc/boot-menu-wait', word(bootMenu, 4));
    this.addFiles(all);
    ports.claim(SELECTOR, 2, {
      read8: (port) => (port === SELECTOR ? 0 : this.next()),
      write16: (port, value) => {
        if (port === SELECTOR) this.select(value);
      },
    });
    ports.claim(DMA_PORT, 8, {
      read8: (port) => DMA_SIGNATURE[port - DMA_PORT]!,
      write32: (port, value) => this.writeDma(port, value),
    });
  }

  reset(): void {
    this.select(SIGNATURE);
    this.dmaHigh = 0;
  }

  private addFiles(files: ReadonlyMap<string, Uint8Array>): void {
    const names = [...files.keys()].sort();
    const directory = new Uint8Array(4 + names.length * 64);
    const view = new DataView(directory.buffer);
    view.setUint32(0, names.length);
    names.forEach((name, i) => {
      if (name.length >= NAME_BYTES) throw new RangeError(`name of firmware file too long: ${name}`);
      const content = files.get(name)!;
      const at = 4 + i * 64;
      view.setUint32(at, content.length);
      view.setUint16(at + 4, FIRST_FILE + i);
      directory.set(ascii(name), at + 8);
      this.items.set(FIRST_FILE + i, content);
    });
    this.items.set(DIRECTORY, directory);
  }

  private select(item: number): void {
    this.item = this.items.get(item & ITEM_BITS) ?? new Uint8Array(0);
    this.offset = 0;
  }

  /** The next byte of the item; zeros after its end. */
  private next(): number {
    const { offset } = this;
    if (offset >= this.item.length) return 0;
    this.offset++;
    return this.item[offset]!;
  }

  /** The address is big-endian, and its low half starts the transfer. */
  private writeDma(port: number, value: number): void {
    const address = swap(value);
    if (port === DMA_PORT) this.dmaHigh = address;
    else if (port === DMA_PORT + 4) {
      // A block above 4 GiB is nowhere.
      if (this.dmaHigh === 0) this.transfer(address);
      this.dmaHigh = 0;
    }
  }

  private transfer(block: number): void {
    const { memory } = this;
    const control = swap(memory.read32(block));
    const length = swap(memory.read32(block + 4)) >>> 0;
    const high = memory.read32(block + 8);
    const target = swap(memory.read32(block + 12));
    if (control & DMA_SELECT) this.select(control >>> 16);
    let fine = true;
    if (control & DMA_READ) fine = high === 0 && this.copy(target, length);
    else if (control & DMA_WRITE) fine = length === 0;
    else if (control & DMA_SKIP) this.offset = Math.min(this.item.length, this.offset + length);
    memory.write32(block, fine ? 0 : swap(DMA_ERROR));
  }

  /** Copy into memory, zeros after the item's end; only RAM takes it, which bounds how long this can be. */
  private copy(target: number, length: number): boolean {
    const chunk = new Uint8Array(Math.min(CHUNK, length));
    for (let done = 0; done < length; ) {
      const at = (target + done) | 0;
      const count = Math.min(chunk.length, length - done, 4096 - (at & 4095));
      if (this.memory.writable(at) < 0) return false;
      const bytes = this.item.subarray(this.offset, this.offset + count);
      chunk.fill(0, 0, count);
      chunk.set(bytes);
      this.offset += bytes.length;
      this.memory.writeBytes(at, chunk.subarray(0, count));
      done += count;
    }
    return true;
  }
}

/** Bytes of a big-endian word the other way round, i32. */
function swap(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** A little-endian number of up to eight bytes. */
function word(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The map in the format of INT 15h, function E820h: entries of 64-bit address, 64-bit length, 32-bit type. */
function e820(map: readonly MemoryRange[]): Uint8Array {
  const bytes = new Uint8Array(map.length * 20);
  map.forEach(({ pa, bytes: length, kind }, i) => {
    bytes.set(word(pa >>> 0, 8), i * 20);
    bytes.set(word(length, 8), i * 20 + 8);
    bytes.set(word(kind === 'ram' ? 1 : 2, 4), i * 20 + 16);
  });
  return bytes;
}

/**
 * The i440FX host bridge (82441FX PMC) as firmware sees it: its programmable attribute map, which says for each
 * stretch between C0000h and FFFFFh whether reads and whether writes go to RAM or to the PCI bus. Firmware shadows its
 * ROM with it: read from the bus and write to RAM while copying, then read from RAM.
 */
import type { AddressSpace, MemoryFunctions } from '../../bus/address-space.ts';
import type { Device } from '../../bus/device.ts';
import type { PciBus } from './bus.ts';
import { PciFunction } from './function.ts';

/** PAM0, whose high nibble is F0000h–FFFFFh, and PAM1–6: a nibble for each 16 KiB from C0000h on. 82441FX 3.2.18. */
const PAM0 = 0x59;
const PAM_REGISTERS = 7;
const SMRAM = 0x72;
const READ_RAM = 1;
const WRITE_RAM = 2;

const SHADOW_START = 0xc0000;
const STRETCH = 0x4000;

/** A ROM in the host buffer whose last byte is the last one below 1 MiB (and below 4 GiB, which the board maps). */
export interface FirmwareRom {
  readonly place: number;
  /** A multiple of 4096. */
  readonly bytes: number;
}

/** Of a large ROM only the last 128 KiB are also below 1 MiB. */
const LARGEST_ALIAS = 0x20000;

export class HostBridge implements Device {
  readonly pci: PciFunction;
  private readonly memory: AddressSpace;
  private readonly rom: FirmwareRom | undefined;
  private readonly current = new Uint8Array(PAM_REGISTERS);
  /** Writes that go to RAM where reads do not. */
  private readonly shadowWrites: MemoryFunctions;

  /** Guest RAM below 1 MiB is the buffer's from place 0 on. @param rom none: the bus has nothing between C0000h and 1 MiB. */
  constructor(bus: PciBus, memory: AddressSpace, rom?: FirmwareRom) {
    this.memory = memory;
    this.rom = rom;
    this.shadowWrites = {
      read8: () => 0xff,
      write8: (pa, value) => {
        memory.onWrite(pa, 1);
        memory.ram.u8[pa] = value;
      },
      isPassive: true,
    };
    this.pci = new PciFunction({
      vendor: 0x8086,
      device: 0x1237,
      classCode: 0x060000,
      revision: 2,
      commandMask: 0x0104,
    });
    const { writable } = this.pci;
    writable.fill(0xff, 0x40, 0x100);
    writable[PAM0] = 0x30;
    writable.fill(0x33, PAM0 + 1, PAM0 + PAM_REGISTERS);
    writable[SMRAM] = 0x78;
    this.pci.set(0x04, 2, 0x0006);
    this.pci.set(0x06, 2, 0x0280);
    this.pci.set(SMRAM, 1, 0x02);
    this.pci.onWrite = (offset, count) => {
      if (offset + count > PAM0 && offset < PAM0 + PAM_REGISTERS) this.remap();
    };
    bus.attach(0, 0, this.pci);
    this.mapAll();
  }

  reset(): void {
    this.pci.reset();
    this.remap();
  }

  /** The stretches whose attributes changed since they were mapped. */
  private remap(): void {
    for (let i = 0; i < PAM_REGISTERS; i++) {
      const was = this.current[i]!;
      const now = this.pci.config[PAM0 + i]!;
      this.current[i] = now;
      if ((was ^ now) & 0x0f) this.map(i, 0, now & 0x0f);
      if ((was ^ now) & 0xf0) this.map(i, 1, now >>> 4);
    }
  }

  private mapAll(): void {
    this.current.set(this.pci.config.subarray(PAM0, PAM0 + PAM_REGISTERS));
    for (let i = 0; i < PAM_REGISTERS; i++) {
      const now = this.current[i]!;
      this.map(i, 0, now & 0x0f);
      this.map(i, 1, now >>> 4);
    }
  }

  private map(register: number, nibble: number, attributes: number): void {
    if (register > 0) this.mapStretch(SHADOW_START + ((register - 1) * 2 + nibble) * STRETCH, STRETCH, attributes);
    else if (nibble === 1) this.mapStretch(0xf0000, 0x10000, attributes);
  }

  private mapStretch(pa: number, bytes: number, attributes: number): void {
    const { memory } = this;
    const writable = (attributes & WRITE_RAM) !== 0;
    if (attributes & READ_RAM) {
      memory.mapRam(pa, bytes, pa, { readable: true, writable });
      return;
    }
    const otherwise = writable ? this.shadowWrites : undefined;
    const place = this.romPlace(pa);
    if (place >= 0) memory.mapRam(pa, bytes, place, { readable: true, writable: false }, otherwise);
    else memory.mapDevice(pa, bytes, otherwise);
  }

  /** Where the ROM has what the bus shows at an address, or -1. */
  private romPlace(pa: number): number {
    const { rom } = this;
    const fromEnd = 0x100000 - pa;
    return rom && fromEnd <= Math.min(rom.bytes, LARGEST_ALIAS) ? rom.place + rom.bytes - fromEnd : -1;
  }
}

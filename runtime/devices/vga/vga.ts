/**
 * The display adapter: a VGA with the Bochs display interface, as PCI function 1234:1111, which is what the VGA BIOS
 * `vgabios-stdvga` drives. Video memory is a part of the host buffer, so the linear frame buffer, banked linear modes
 * and 256-colour mode 13h are as quick as RAM; planar and text accesses come here.
 */
import type { AddressSpace, MemoryFunctions } from '../../bus/address-space.ts';
import type { Clock } from '../../bus/clock.ts';
import type { Device } from '../../bus/device.ts';
import type { Ports } from '../../bus/ports.ts';
import type { PciBus } from '../pci/bus.ts';
import { BAR_ROM, PciFunction } from '../pci/function.ts';
import { Dispi } from './dispi.ts';
import { CHAIN_4, PlanarMemory } from './planes.ts';
import { VgaRegisters } from './registers.ts';
import { type Frame, Screen, type TextScreen } from './screen.ts';

const LEGACY_BASE = 0xa0000;
const LEGACY_BYTES = 0x20000;
const MISC_RAM_ENABLE = 2;

/** What the graphics controller's memory map field selects: base and size. */
const WINDOWS: readonly (readonly [base: number, bytes: number])[] = [
  [0xa0000, 0x20000],
  [0xa0000, 0x10000],
  [0xb0000, 0x8000],
  [0xb8000, 0x8000],
];

/** Registers of the second memory BAR. Source: QEMU, docs/specs/standard-vga. */
const MMIO_VGA = 0x400;
const MMIO_DISPI = 0x500;
const MMIO_EXTENSION_SIZE = 0x600;

export interface VgaParts {
  readonly ports: Ports;
  readonly memory: AddressSpace;
  readonly clock: Clock;
  readonly bus: PciBus;
  /** PCI device number. */
  readonly device: number;
  /** Where video memory is in the host buffer, after the guest's RAM. */
  readonly place: number;
  /** Its size: a power of two, 1 MiB to 64 MiB. */
  readonly bytes: number;
  /** The VGA BIOS, which firmware finds as the function's expansion ROM. */
  readonly rom?: Uint8Array;
}

export class Vga implements Device {
  readonly pci: PciFunction;
  private readonly memory: AddressSpace;
  private readonly place: number;
  private readonly bytes: number;
  private readonly registers: VgaRegisters;
  private readonly dispi: Dispi;
  private readonly planes: PlanarMemory;
  private readonly screen: Screen;
  /** Place in the buffer that is mapped at A0000h, or -1 while the planes answer. */
  private mapped = -1;

  constructor({ ports, memory, clock, bus, device, place, bytes, rom }: VgaParts) {
    this.memory = memory;
    this.place = place;
    this.bytes = bytes;
    this.registers = new VgaRegisters(ports, clock);
    this.dispi = new Dispi(ports, bytes);
    this.planes = new PlanarMemory(this.registers, memory, place, bytes);
    this.screen = new Screen(this.registers, this.dispi, clock, memory.ram, place, bytes);
    this.registers.onMemoryMode = () => this.remap();
    this.dispi.onChange = (clear) => this.dispiChanged(clear);
    this.pci = new PciFunction({
      vendor: 0x1234,
      device: 0x1111,
      classCode: 0x030000,
      revision: 2,
      commandMask: 0x0103,
    });
    this.pci.addBar(0, { kind: 'ram', bytes, place });
    this.pci.addBar(2, { kind: 'memory', bytes: 0x1000, functions: this.registersInMemory() });
    if (rom) this.pci.addBar(BAR_ROM, { kind: 'memory', bytes: romBytes(rom), functions: romFunctions(rom) });
    bus.attach(device, 0, this.pci);
    memory.mapDevice(LEGACY_BASE, LEGACY_BYTES, this.planes);
    this.remap();
  }

  reset(): void {
    this.pci.reset();
    this.registers.reset();
    this.planes.reset();
    this.dispi.reset();
  }

  /** The characters on the screen, or nothing while it shows graphics. */
  text(): TextScreen | undefined {
    return this.screen.text();
  }

  /** The picture now. The frame and its pixels are the same objects at each call while the size stays. */
  frame(): Frame {
    return this.screen.frame();
  }

  private dispiChanged(clear: boolean): void {
    if (clear) {
      this.memory.onWrite(this.place, this.bytes);
      this.memory.ram.u8.fill(0, this.place, this.place + this.bytes);
    }
    this.registers.dacBits = this.dispi.dacBits;
    this.registers.revision++;
    this.remap();
  }

  /** Let the processor see at A0000h to BFFFFh what the registers say, with as few changes of the map as possible. */
  private remap(): void {
    const { registers, planes } = this;
    const enabled = (registers.misc & MISC_RAM_ENABLE) !== 0;
    const [base, bytes] = WINDOWS[(registers.graphics[6]! >>> 2) & 3]!;
    planes.windowBase = base;
    planes.windowBytes = enabled ? bytes : 0;
    planes.bankOffset = this.dispi.mode ? this.dispi.bank << 16 : 0;
    const direct = enabled && this.isDirect();
    const wanted = direct && base === LEGACY_BASE ? this.place + planes.bankOffset : -1;
    if (wanted === this.mapped) return;
    this.mapped = wanted;
    if (wanted < 0) this.memory.mapDevice(LEGACY_BASE, LEGACY_BYTES, planes);
    else this.memory.mapRam(LEGACY_BASE, 0x10000, wanted);
  }

  /** Is an access to the window one to a byte of video memory and nothing else? */
  private isDirect(): boolean {
    const { sequencer, graphics } = this.registers;
    if (this.dispi.mode) return this.dispi.mode.depth > 4;
    return (
      (sequencer[4]! & CHAIN_4) !== 0 &&
      sequencer[2] === 0x0f &&
      (graphics[5]! & 0x0b) === 0 &&
      graphics[3] === 0 &&
      graphics[1] === 0 &&
      graphics[8] === 0xff
    );
  }

  private registersInMemory(): MemoryFunctions {
    const { registers, dispi } = this;
    const dispiIndex = (offset: number): number => (offset - MMIO_DISPI) >>> 1;
    const isVga = (offset: number): boolean => offset >= MMIO_VGA && offset < MMIO_VGA + 0x20;
    const isDispi = (offset: number): boolean => offset >= MMIO_DISPI && offset < MMIO_DISPI + 22;
    const read8 = (pa: number): number => {
      const offset = pa & 0xfff;
      if (isVga(offset)) return registers.read(0x3c0 + offset - MMIO_VGA);
      if (isDispi(offset)) return (dispi.read(dispiIndex(offset)) >>> (8 * (offset & 1))) & 0xff;
      return offset === MMIO_EXTENSION_SIZE
        ? 4
        : offset < MMIO_EXTENSION_SIZE + 4 && offset > MMIO_EXTENSION_SIZE
          ? 0
          : 0xff;
    };
    const write8 = (pa: number, value: number): void => {
      const offset = pa & 0xfff;
      if (isVga(offset)) registers.write(0x3c0 + offset - MMIO_VGA, value);
    };
    return {
      read8,
      write8,
      write16(pa, value) {
        const offset = pa & 0xfff;
        if (isDispi(offset)) dispi.write(dispiIndex(offset), value);
        else {
          write8(pa, value & 0xff);
          write8(pa + 1, value >>> 8);
        }
      },
    };
  }
}

function romBytes(rom: Uint8Array): number {
  return 2 ** Math.max(12, Math.ceil(Math.log2(rom.length)));
}

function romFunctions(rom: Uint8Array): MemoryFunctions {
  const mask = romBytes(rom) - 1;
  return { read8: (pa) => rom[pa & mask] ?? 0xff, write8: () => {}, isPassive: true };
}

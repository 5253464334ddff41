/**
 * One PCI function: the 256 bytes of its configuration space and the addresses that it decodes. A device owns one (or
 * more), says what stands behind each base address register, and drives its interrupt pin; the bus (bus.ts) routes
 * configuration accesses here and maps the registers where the guest put them.
 */

import type { MemoryFunctions } from '../../bus/address-space.ts';
import type { Line } from '../../bus/line.ts';
import type { PortFunctions } from '../../bus/ports.ts';

/** Offsets in configuration space. Source: PCI Local Bus Specification 2.1, 6.1. */
const PCI_COMMAND = 0x04;
const PCI_STATUS = 0x06;
const PCI_HEADER_TYPE = 0x0e;
const PCI_BAR0 = 0x10;
const PCI_ROM = 0x30;
const PCI_INTERRUPT_LINE = 0x3c;
const PCI_INTERRUPT_PIN = 0x3d;

const COMMAND_IO = 1;
const COMMAND_MEMORY = 2;
const COMMAND_MASTER = 4;
const COMMAND_INTERRUPT_DISABLE = 0x400;
const STATUS_INTERRUPT = 8;

/** Index of the expansion ROM among the base address registers. */
export const BAR_ROM = 6;

/** What a base address register maps: `bytes` is a power of two, and the base is a multiple of it. */
export type BarTarget =
  | { readonly kind: 'ports'; readonly bytes: number; readonly functions: PortFunctions }
  | { readonly kind: 'memory'; readonly bytes: number; readonly functions: MemoryFunctions }
  /** Memory that is the buffer's, from `place` on: as quick as RAM (a frame buffer). */
  | { readonly kind: 'ram'; readonly bytes: number; readonly place: number };

export interface Bar {
  /** 0 to 5, or BAR_ROM. */
  readonly index: number;
  readonly target: BarTarget;
  /** Where the bus has it mapped, or -1. */
  mapped: number;
}

export interface PciIdentity {
  readonly vendor: number;
  readonly device: number;
  /** Base class, subclass and programming interface, a byte each. */
  readonly classCode: number;
  readonly revision?: number;
  /** The board's own by default: firmware recognises QEMU's PC by it, and then asks fw_cfg for the rest. */
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
  /** 1 for INTA# to 4 for INTD#; 0 for none. */
  readonly interruptPin?: number;
  /** Function 0 of a device with more functions. */
  readonly isMultiFunction?: boolean;
  /** Bits of the command register that the guest can change. */
  readonly commandMask?: number;
}

export class PciFunction {
  readonly config: Uint8Array = new Uint8Array(256);
  /** Bits that a write changes, and bits that writing 1 clears. */
  readonly writable: Uint8Array = new Uint8Array(256);
  readonly clearable: Uint8Array = new Uint8Array(256);
  readonly bars: Bar[] = [];
  /** Called after the guest has written `count` bytes of configuration space from `offset` on. */
  onWrite: (offset: number, count: number) => void = () => {};
  /** The function's INTx# pin. */
  readonly interrupt: Line = { set: (high) => this.setInterrupt(high) };
  /** @internal What the bus does when decoding may have changed, and when the pin has. */
  onDecode: () => void = () => {};
  /** @internal */
  onInterrupt: (high: boolean) => void = () => {};
  private afterReset: Uint8Array | undefined;
  private wantsInterrupt = false;
  private drivesInterrupt = false;

  constructor(identity: PciIdentity) {
    const { vendor, device, classCode, revision = 0, subsystemVendor = 0x1af4, subsystem = 0x1100 } = identity;
    this.set(0x00, 2, vendor);
    this.set(0x02, 2, device);
    this.set(0x08, 4, (classCode << 8) | revision);
    this.set(PCI_HEADER_TYPE, 1, identity.isMultiFunction ? 0x80 : 0);
    this.set(0x2c, 2, subsystemVendor);
    this.set(0x2e, 2, subsystem);
    this.set(PCI_INTERRUPT_PIN, 1, identity.interruptPin ?? 0);
    const command = identity.commandMask ?? COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTERRUPT_DISABLE;
    this.writable[PCI_COMMAND] = command;
    this.writable[PCI_COMMAND + 1] = command >>> 8;
    this.clearable[PCI_STATUS + 1] = 0xf9;
    this.writable[0x0c] = 0xff;
    this.writable[0x0d] = 0xf8;
    this.writable[PCI_INTERRUPT_LINE] = 0xff;
  }

  /** Put a little-endian value of `count` bytes into configuration space: the device's own view, no masks. */
  set(offset: number, count: number, value: number): void {
    for (let i = 0; i < count; i++) this.config[offset + i] = value >>> (8 * i);
  }

  /** Declare a base address register. Called while the device is constructed. */
  addBar(index: number, target: BarTarget): void {
    const offset = barOffset(index);
    const isPorts = target.kind === 'ports';
    // All 32 bits of a port's address can be set, as firmware that sizes a BAR expects; only 16 of them mean a port.
    const mask = -target.bytes & (isPorts ? ~3 : index === BAR_ROM ? ~0x7ff : ~15);
    for (let i = 0; i < 4; i++) this.writable[offset + i] = mask >>> (8 * i);
    if (index === BAR_ROM) this.writable[offset]! |= 1;
    else this.config[offset] = isPorts ? 1 : target.kind === 'ram' ? 8 : 0;
    this.bars.push({ index, target, mapped: -1 });
  }

  /** Where a base address register wants to be now (unsigned), or -1 while it decodes nothing. */
  wanted({ index, target }: Bar): number {
    const enabled = this.config[PCI_COMMAND]! & (target.kind === 'ports' ? COMMAND_IO : COMMAND_MEMORY);
    const register = this.read(barOffset(index), 4);
    if (!enabled || (index === BAR_ROM && (register & 1) === 0)) return -1;
    const base = (register & -target.bytes & (target.kind === 'ports' ? ~3 : -1)) >>> 0;
    return base === 0 || (target.kind === 'ports' && base > 0xffff) ? -1 : base;
  }

  /** May the function read and write memory by itself? */
  get isMaster(): boolean {
    return (this.config[PCI_COMMAND]! & COMMAND_MASTER) !== 0;
  }

  /** @returns `count` bytes at `offset`, i32. The caller stays inside the 256 bytes. */
  read(offset: number, count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value |= this.config[offset + i]! << (8 * i);
    return value;
  }

  /** A configuration write of the guest. */
  write(offset: number, count: number, value: number): void {
    for (let i = 0; i < count; i++) {
      const at = offset + i;
      const byte = (value >>> (8 * i)) & 0xff;
      const mask = this.writable[at]!;
      this.config[at] = ((this.config[at]! & ~mask) | (byte & mask)) & ~(byte & this.clearable[at]!);
    }
    this.settle();
    this.onWrite(offset, count);
  }

  /** Configuration space as it was when the bus got the function; the pin falls. */
  reset(): void {
    if (this.afterReset) this.config.set(this.afterReset);
    this.interrupt.set(false);
    this.settle();
  }

  /** @internal The device is complete and on the bus: this is its state after reset. */
  attached(): void {
    this.afterReset = this.config.slice();
  }

  private setInterrupt(high: boolean): void {
    this.wantsInterrupt = high;
    if (high) this.config[PCI_STATUS]! |= STATUS_INTERRUPT;
    else this.config[PCI_STATUS]! &= ~STATUS_INTERRUPT;
    this.drive();
  }

  private settle(): void {
    this.onDecode();
    this.drive();
  }

  private drive(): void {
    const high = this.wantsInterrupt && (this.read(PCI_COMMAND, 2) & COMMAND_INTERRUPT_DISABLE) === 0;
    if (high === this.drivesInterrupt) return;
    this.drivesInterrupt = high;
    this.onInterrupt(high);
  }
}

function barOffset(index: number): number {
  return index === BAR_ROM ? PCI_ROM : PCI_BAR0 + 4 * index;
}

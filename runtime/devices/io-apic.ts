/**
 * The 82093AA I/O APIC: 24 inputs, each with a redirection entry that says which vector its interrupts have and how
 * they reach the local APIC.
 *
 * Lines say "asserted", whatever their electrical level is, so the polarity of an entry only reads back.
 *
 * Source: Intel 82093AA datasheet (290566).
 */
import type { AddressSpace, MemoryFunctions } from '../bus/address-space.ts';
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';
import type { LocalApic } from './local-apic.ts';

const BASE = 0xfec00000 | 0;
const PINS = 24;

/** Registers in memory: index and window. */
const REGISTER_SELECT = 0x00;
const WINDOW = 0x10;
/** Registers behind the window. */
const IDENTIFICATION = 0x00;
const VERSION = 0x01;
const ARBITRATION = 0x02;
const REDIRECTION = 0x10;

const VERSION_VALUE = 0x00170011;
/** Low half of a redirection entry. */
const VECTOR = 0xff;
const MODE = 0x700;
const LOGICAL = 0x800;
const REMOTE_IRR = 0x4000;
const LEVEL = 0x8000;
const MASKED = 0x10000;
const LOW_WRITABLE = 0x1afff;

export class IoApic implements Device, MemoryFunctions {
  private readonly local: LocalApic;
  private readonly low: Int32Array = new Int32Array(PINS);
  private readonly high: Int32Array = new Int32Array(PINS);
  private id = 0;
  private selected = 0;
  /** Asserted inputs, by bit. */
  private inputs = 0;

  constructor(memory: AddressSpace, local: LocalApic) {
    this.local = local;
    local.onEndOfInterrupt = (vector) => this.endOfInterrupt(vector);
    memory.mapDevice(BASE, 4096, this);
    this.reset();
  }

  reset(): void {
    this.low.fill(MASKED);
    this.high.fill(0);
    this.id = 0;
    this.selected = 0;
  }

  /** Input `pin`, 0 to 23. */
  input(pin: number): Line {
    return { set: (asserted) => this.setInput(pin, asserted) };
  }

  private setInput(pin: number, asserted: boolean): void {
    const bit = 1 << pin;
    const rises = asserted && (this.inputs & bit) === 0;
    this.inputs = asserted ? this.inputs | bit : this.inputs & ~bit;
    // An edge that finds its input masked is ignored; a level waits.
    if (rises) this.send(pin);
  }

  private send(pin: number): void {
    const entry = this.low[pin]!;
    if (entry & MASKED) return;
    if (!this.local.isDestination(this.high[pin]! >>> 24, (entry & LOGICAL) !== 0)) return;
    const isLevel = (entry & LEVEL) !== 0;
    if (isLevel) {
      // Until the end of this interrupt it is not sent again.
      if (entry & REMOTE_IRR) return;
      this.low[pin]! |= REMOTE_IRR;
    }
    this.local.deliver(entry & MODE, entry & VECTOR, isLevel);
  }

  private endOfInterrupt(vector: number): void {
    for (let pin = 0; pin < PINS; pin++) {
      const entry = this.low[pin]!;
      if ((entry & VECTOR) !== vector || (entry & REMOTE_IRR) === 0) continue;
      this.low[pin] = entry & ~REMOTE_IRR;
      if (this.inputs & (1 << pin)) this.send(pin);
    }
  }

  read8(pa: number): number {
    return (this.read32(pa & ~3) >>> ((pa & 3) * 8)) & 0xff;
  }

  write8(pa: number, value: number): void {
    this.write32(pa, value);
  }

  write16(pa: number, value: number): void {
    this.write32(pa, value);
  }

  read32(pa: number): number {
    switch (pa & 0xfff) {
      case REGISTER_SELECT:
        return this.selected;
      case WINDOW:
        return this.readRegister(this.selected);
      default:
        return 0;
    }
  }

  write32(pa: number, value: number): void {
    switch (pa & 0xfff) {
      case REGISTER_SELECT:
        this.selected = value & 0xff;
        return;
      case WINDOW:
        this.writeRegister(this.selected, value);
        return;
    }
  }

  private readRegister(register: number): number {
    if (register >= REDIRECTION && register < REDIRECTION + 2 * PINS) {
      const pin = (register - REDIRECTION) >> 1;
      return register & 1 ? this.high[pin]! : this.low[pin]!;
    }
    switch (register) {
      case IDENTIFICATION:
      case ARBITRATION:
        return this.id;
      case VERSION:
        return VERSION_VALUE;
      default:
        return 0;
    }
  }

  private writeRegister(register: number, value: number): void {
    if (register === IDENTIFICATION) {
      this.id = value & 0x0f000000;
      return;
    }
    if (register < REDIRECTION || register >= REDIRECTION + 2 * PINS) return;
    const pin = (register - REDIRECTION) >> 1;
    if (register & 1) {
      this.high[pin] = value & 0xff000000;
      return;
    }
    // Remote IRR belongs to the chip, and means nothing for an edge-triggered input.
    const remote = value & LEVEL ? this.low[pin]! & REMOTE_IRR : 0;
    this.low[pin] = (value & LOW_WRITABLE) | remote;
    if (value & LEVEL && this.inputs & (1 << pin)) this.send(pin);
  }
}

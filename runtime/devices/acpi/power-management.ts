/**
 * ACPI power management of the PIIX4 (82371AB, function 3): the fixed-hardware registers that operating systems switch
 * the machine off with, the power button, and the 3.58 MHz timer.
 *
 * Source: ACPI specification 2.0, chapter 4 (fixed hardware); Intel 82371AB datasheet, power management registers.
 */
import type { Clock, Timer } from '../../bus/clock.ts';
import type { Device } from '../../bus/device.ts';
import type { Line } from '../../bus/line.ts';
import type { PortFunctions, Ports } from '../../bus/ports.ts';
import type { PciBus } from '../pci/bus.ts';
import { PciFunction } from '../pci/function.ts';

/** Where the registers are after reset, and where SeaBIOS puts them. */
export const PM_BASE = 0x600;
const PM_PORTS = 64;
/** PM timer, an offset from the base. */
export const PM_TIMER = 8;
/** Where an operating system asks for ACPI mode, and the values that it writes. */
export const SMI_COMMAND = 0xb2;
export const ACPI_ENABLE = 0xf1;
export const ACPI_DISABLE = 0xf0;
/** Type of the soft-off state S5 in PM1_CNT. */
export const SLEEP_TYPE_OFF = 0;

/** Configuration space: base, its enable, and "system management mode is set up already", which there is none of. */
const PMBA = 0x40;
const PMREGMISC = 0x80;
const DEVACTB_SMM_READY = 0x5b;

/** PM1 status and enable bits. */
const TIMER_CARRY = 0x0001;
const GLOBAL_LOCK = 0x0020;
const POWER_BUTTON = 0x0100;
const RTC_ALARM = 0x0400;
const WAKE = 0x8000;
const STATUS_BITS = TIMER_CARRY | 0x0010 | GLOBAL_LOCK | POWER_BUTTON | RTC_ALARM | WAKE;
const ENABLE_BITS = TIMER_CARRY | GLOBAL_LOCK | POWER_BUTTON | RTC_ALARM;
/** PM1 control bits. */
const SCI_ENABLE = 0x0001;
const SLEEP_TYPE = 0x1c00;
const SLEEP_ENABLE = 0x2000;

/** The timer counts 3.579545 MHz = 315/88 MHz in 24 bits; a carry is a change of bit 23. */
const TICKS = 315;
const PER_NANOSECONDS = 88_000;
const CARRY_TICKS = 1 << 23;

export interface PowerManagementParts {
  readonly bus: PciBus;
  readonly ports: Ports;
  readonly clock: Clock;
  /** System control interrupt: IRQ 9, level-triggered. */
  readonly sci: Line;
  /** The guest switched the machine off. */
  readonly onPowerOff: () => void;
}

export class PowerManagement implements Device, PortFunctions {
  readonly pci: PciFunction;
  private readonly ports: Ports;
  private readonly clock: Clock;
  private readonly sci: Line;
  private readonly onPowerOff: () => void;
  private readonly carry: Timer;
  /** First port of the registers, or -1 while nothing answers. */
  private base = -1;
  private status = 0;
  private enable = 0;
  private control = 0;
  private apmStatus = 0;
  /** Carries of the timer that have been put into the status register. */
  private carries = 0;

  /** Claims ports B2h and B3h, and 64 ports from where the guest puts them. */
  constructor({ bus, ports, clock, sci, onPowerOff }: PowerManagementParts) {
    this.ports = ports;
    this.clock = clock;
    this.sci = sci;
    this.onPowerOff = onPowerOff;
    this.carry = clock.timer(() => this.update());
    this.pci = new PciFunction({ vendor: 0x8086, device: 0x7113, classCode: 0x068000, revision: 3, interruptPin: 1 });
    const { pci } = this;
    pci.set(0x06, 2, 0x0280);
    pci.writable.fill(0xff, PMBA, 0x100);
    pci.writable[PMBA] = 0xc0;
    pci.set(PMBA, 4, PM_BASE | 1);
    pci.set(PMREGMISC, 1, 1);
    pci.set(DEVACTB_SMM_READY, 1, 0x02);
    pci.onWrite = () => this.place();
    bus.attach(1, 3, pci);
    ports.claim(SMI_COMMAND, 2, {
      read8: (port) => (port === SMI_COMMAND ? 0 : this.apmStatus),
      write8: (port, value) => {
        if (port !== SMI_COMMAND) this.apmStatus = value;
        else if (value === ACPI_ENABLE) this.control |= SCI_ENABLE;
        else if (value === ACPI_DISABLE) this.control &= ~SCI_ENABLE;
        this.update();
      },
    });
    this.place();
  }

  reset(): void {
    this.pci.reset();
    this.status = 0;
    this.enable = 0;
    this.control = 0;
    this.apmStatus = 0;
    this.place();
    this.update();
  }

  /** The user presses the power button. */
  pressPowerButton(): void {
    this.status |= POWER_BUTTON;
    this.update();
  }

  /** Take the ports that configuration space asks for, if nobody else has them. */
  private place(): void {
    const enabled = (this.pci.config[PMREGMISC]! & 1) !== 0;
    const wanted = enabled ? this.pci.read(PMBA, 4) & 0xffc0 : -1;
    if (wanted === this.base) return;
    if (this.base >= 0) this.ports.release(this.base, PM_PORTS);
    this.base = wanted > 0 && this.ports.isFree(wanted, PM_PORTS) ? wanted : -1;
    if (this.base >= 0) this.ports.claim(this.base, PM_PORTS, this);
  }

  private get ticks(): number {
    return Math.floor((this.clock.now * TICKS) / PER_NANOSECONDS);
  }

  /** Note a carry that has happened, set the interrupt, and wait for the next carry if it may interrupt. */
  private update(): void {
    const carries = Math.floor(this.ticks / CARRY_TICKS);
    if (carries > this.carries) this.status |= TIMER_CARRY;
    this.carries = carries;
    this.sci.set((this.control & SCI_ENABLE) !== 0 && (this.status & this.enable) !== 0);
    if (this.enable & ~this.status & TIMER_CARRY)
      this.carry.arm(Math.ceil(((carries + 1) * CARRY_TICKS * PER_NANOSECONDS) / TICKS));
    else this.carry.disarm();
  }

  /** The 32 bits at a multiple of 4 within the block. */
  private register(offset: number): number {
    switch (offset) {
      case 0:
        this.update();
        return this.status | (this.enable << 16);
      case 4:
        return this.control;
      case PM_TIMER:
        return this.ticks % (1 << 24);
      default:
        return 0;
    }
  }

  read8(port: number): number {
    const offset = port - this.base;
    return (this.register(offset & ~3) >>> ((offset & 3) * 8)) & 0xff;
  }

  read16(port: number): number {
    const offset = port - this.base;
    if (offset & 1) return this.read8(port) | (this.ports.read8((port + 1) & 0xffff) << 8);
    return (this.register(offset & ~3) >>> ((offset & 2) * 8)) & 0xffff;
  }

  /** One access, so that the timer is read at one time. */
  read32(port: number): number {
    const offset = port - this.base;
    if (offset & 3) return this.read16(port) | (this.ports.read16((port + 2) & 0xffff) << 16);
    return this.register(offset);
  }

  write8(port: number, value: number): void {
    const offset = port - this.base;
    const shift = (offset & 1) * 8;
    switch (offset & ~1) {
      case 0:
        // Writing 1 clears a status bit, but for a carry since: note that first.
        this.update();
        this.status &= ~((value << shift) & STATUS_BITS);
        break;
      case 2:
        this.enable = ((this.enable & ~(0xff << shift)) | (value << shift)) & ENABLE_BITS;
        break;
      case 4:
        this.writeControl((this.control & ~(0xff << shift)) | (value << shift));
        break;
    }
    this.update();
  }

  private writeControl(value: number): void {
    this.control = value & (SCI_ENABLE | 0x0002 | SLEEP_TYPE);
    if ((value & SLEEP_ENABLE) !== 0 && (value & SLEEP_TYPE) >> 10 === SLEEP_TYPE_OFF) this.onPowerOff();
  }
}

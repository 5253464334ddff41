/**
 * The two cascaded 8259A interrupt controllers of a PC, with the edge/level registers (ELCR) of its south bridge.
 *
 * Devices drive the sixteen inputs; the processor asks `requested` and takes a vector with acknowledge(). The slave's
 * output is the master's input 2. `requested` is kept up to date at each change, because the dispatcher reads it often.
 *
 * Source: Intel 8259A datasheet (231468); Intel 82371SB (PIIX3) datasheet, §2.3.4 and ELCR1, ELCR2.
 */
import type { Device } from '../bus/device.ts';
import type { InterruptController, Line } from '../bus/line.ts';
import type { Ports } from '../bus/ports.ts';

/** Where an initialization sequence stands: which word the next write to the odd port is. */
type Expected = 'ocw1' | 'icw2' | 'icw3' | 'icw4';

const CASCADE = 2;
const SPURIOUS = 7;

/** One 8259A in 8086 mode. */
class Chip {
  /** Requests (IRR), in service (ISR) and masks (IMR), a bit an input. */
  irr = 0;
  isr = 0;
  imr = 0;
  /** Inputs that are level-triggered (ELCR). */
  level = 0;
  /** Highest-priority input that interrupts now, or -1. */
  pending = -1;
  private lines = 0;
  private base = 0;
  private lowest = 7;
  private expected: Expected = 'ocw1';
  private needsIcw4 = false;
  private single = false;
  private autoEoi = false;
  private rotateOnAutoEoi = false;
  private specialMask = false;
  private fullyNested = true;
  private readsIsr = false;
  private polled = false;
  private readonly isMaster: boolean;
  private readonly onChange: () => void;

  constructor(isMaster: boolean, onChange: () => void) {
    this.isMaster = isMaster;
    this.onChange = onChange;
  }

  /** Power-on: the datasheet defines nothing before ICW1; all inputs are edge-triggered and pass. */
  reset(): void {
    this.level = 0;
    this.imr = 0;
    this.base = 0;
    this.expected = 'ocw1';
    this.initialize();
  }

  /** What ICW1 clears: edge sense, masks, service, priorities, special mask mode, the register that reads select. */
  private initialize(): void {
    this.irr = this.lines & this.level;
    this.isr = 0;
    this.imr = 0;
    this.lowest = 7;
    this.autoEoi = false;
    this.rotateOnAutoEoi = false;
    this.specialMask = false;
    this.fullyNested = true;
    this.readsIsr = false;
    this.polled = false;
    this.update();
  }

  /** An edge must stay high until it is acknowledged, or the request is lost: so the datasheet's figure 9. */
  setInput(input: number, high: boolean): void {
    const bit = 1 << input;
    if (high) {
      if ((this.lines & bit) !== 0) return;
      this.lines |= bit;
      this.irr |= bit;
    } else {
      if ((this.lines & bit) === 0) return;
      this.lines &= ~bit;
      this.irr &= ~bit;
    }
    this.update();
  }

  setLevel(mask: number): void {
    this.level = mask;
    this.irr |= this.lines & mask;
    this.update();
  }

  /** The set bit of highest priority in `mask`, or -1. */
  private first(mask: number): number {
    for (let i = 1; i <= 8; i++) {
      const input = (this.lowest + i) & 7;
      if ((mask >> input) & 1) return input;
    }
    return -1;
  }

  private rank(input: number): number {
    return (input - this.lowest - 1) & 7;
  }

  private update(): void {
    const wanting = this.first(this.irr & ~this.imr);
    let serving = this.isr;
    if (this.specialMask) serving &= ~this.imr;
    // Special fully nested mode: another interrupt of the slave that is in service gets through.
    if (!this.fullyNested && this.isMaster) serving &= ~(1 << CASCADE);
    const current = this.first(serving);
    const interrupts = wanting >= 0 && (current < 0 || this.rank(wanting) < this.rank(current));
    this.pending = interrupts ? wanting : -1;
    this.onChange();
  }

  /** The acknowledge cycle, which polling does as well. @returns the input, or the spurious 7. */
  acknowledge(): number {
    const input = this.pending;
    if (input < 0) return SPURIOUS;
    const bit = 1 << input;
    if ((this.level & bit) === 0) this.irr &= ~bit;
    if (!this.autoEoi) this.isr |= bit;
    else if (this.rotateOnAutoEoi) this.lowest = input;
    this.update();
    return input;
  }

  vectorOf(input: number): number {
    return this.base | input;
  }

  read(odd: boolean): number {
    if (this.polled) {
      this.polled = false;
      if (this.pending < 0) return 0;
      return 0x80 | this.acknowledge();
    }
    if (odd) return this.imr;
    return this.readsIsr ? this.isr : this.irr;
  }

  writeEven(value: number): void {
    if (value & 0x10) this.icw1(value);
    else if (value & 0x08) this.ocw3(value);
    else this.ocw2(value);
  }

  writeOdd(value: number): void {
    switch (this.expected) {
      case 'ocw1':
        this.imr = value;
        this.update();
        return;
      case 'icw2':
        this.base = value & 0xf8;
        this.expected = this.single ? this.afterIcw3() : 'icw3';
        return;
      case 'icw3':
        // Who is cascaded where is soldered on a PC.
        this.expected = this.afterIcw3();
        return;
      case 'icw4':
        this.autoEoi = (value & 0x02) !== 0;
        this.fullyNested = (value & 0x10) === 0;
        this.expected = 'ocw1';
        this.update();
        return;
    }
  }

  private afterIcw3(): Expected {
    return this.needsIcw4 ? 'icw4' : 'ocw1';
  }

  /** ICW1. Its level bit has no effect where there is an ELCR. */
  private icw1(value: number): void {
    this.initialize();
    this.needsIcw4 = (value & 0x01) !== 0;
    this.single = (value & 0x02) !== 0;
    this.expected = 'icw2';
  }

  /** OCW2: end of interrupt and rotation; bits 7 to 5 are R, SL and EOI. */
  private ocw2(value: number): void {
    const input = value & 7;
    switch (value >> 5) {
      case 0b000:
        this.rotateOnAutoEoi = false;
        return;
      case 0b100:
        this.rotateOnAutoEoi = true;
        return;
      case 0b001:
      case 0b101: {
        // Masked inputs in service are out of reach of a non-specific EOI in special mask mode.
        const served = this.first(this.specialMask ? this.isr & ~this.imr : this.isr);
        if (served >= 0) {
          this.isr &= ~(1 << served);
          if (value & 0x80) this.lowest = served;
        }
        break;
      }
      case 0b011:
      case 0b111:
        this.isr &= ~(1 << input);
        if (value & 0x80) this.lowest = input;
        break;
      case 0b110:
        this.lowest = input;
        break;
    }
    this.update();
  }

  /** OCW3: special mask mode, poll, which register the next reads give. */
  private ocw3(value: number): void {
    if (value & 0x04) this.polled = true;
    if (value & 0x02) this.readsIsr = (value & 0x01) !== 0;
    if (value & 0x40) {
      this.specialMask = (value & 0x20) !== 0;
      this.update();
    }
  }
}

/** Inputs whose trigger is fixed to edge: timer, keyboard and cascade on the master; RTC and FPU on the slave. */
const ELCR_MASTER = 0xf8;
const ELCR_SLAVE = 0xde;

export class Pic implements Device, InterruptController {
  requested = false;
  /** Who else sees the INTR output, besides the processor that asks. */
  output: Line | undefined;
  private readonly slave: Chip = new Chip(false, () => {
    this.master.setInput(CASCADE, this.slave.pending >= 0);
  });
  private readonly master: Chip = new Chip(true, () => {
    const requested = this.master.pending >= 0;
    if (requested === this.requested) return;
    this.requested = requested;
    this.output?.set(requested);
  });

  /** Claims ports 20h, 21h, A0h, A1h, 4D0h and 4D1h. */
  constructor(ports: Ports) {
    for (const [first, chip] of [
      [0x20, this.master],
      [0xa0, this.slave],
    ] as const) {
      ports.claim(first, 2, {
        read8: (port) => chip.read(port !== first),
        write8: (port, value) => (port === first ? chip.writeEven(value) : chip.writeOdd(value)),
      });
    }
    ports.claim(0x4d0, 2, {
      read8: (port) => (port === 0x4d0 ? this.master.level : this.slave.level),
      write8: (port, value) =>
        port === 0x4d0 ? this.master.setLevel(value & ELCR_MASTER) : this.slave.setLevel(value & ELCR_SLAVE),
    });
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
  }

  /** Input `irq`, 0 to 15; 2 is the cascade and takes no device. */
  input(irq: number): Line {
    const chip = irq < 8 ? this.master : this.slave;
    return { set: (high) => chip.setInput(irq & 7, high) };
  }

  acknowledge(): number {
    const input = this.master.acknowledge();
    if (input !== CASCADE) return this.master.vectorOf(input);
    return this.slave.vectorOf(this.slave.acknowledge());
  }
}

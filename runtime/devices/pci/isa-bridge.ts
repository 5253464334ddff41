/**
 * The PCI-to-ISA bridge of the PIIX3 (82371SB, function 0): routes the PCI interrupt wires to inputs of the interrupt
 * controllers, and has the reset control register at port CF9h. The controllers, timers and DMA of the real chip are
 * devices of their own here.
 */
import type { Device } from '../../bus/device.ts';
import type { Line } from '../../bus/line.ts';
import type { Ports } from '../../bus/ports.ts';
import type { PciBus } from './bus.ts';
import { PciFunction } from './function.ts';

/** PIRQRC[A:D]: bit 7 disconnects the wire, bits 3:0 are its interrupt. 82371SB 2.2.5. */
const PIRQ_ROUTE = 0x60;
const ROUTE_DISABLED = 0x80;
/** Interrupts that a PCI wire can reach: not timer, keyboard, cascade, RTC or coprocessor. */
const ROUTABLE = 0b1101_1110_1111_1000;

const RESET_CONTROL = 0xcf9;
const RESET_CPU = 4;
const RESET_HARD = 2;

export class IsaBridge implements Device {
  readonly pci: PciFunction;
  private readonly lines: readonly Line[];
  /** PIRQA–D by bit: their levels. */
  private levels = 0;
  /** Interrupts by bit that the bridge drives high. */
  private driven = 0;
  private resetControl = 0;

  /**
   * @param lines the sixteen ISA interrupts; the bridge drives those that the guest routes PIRQs to.
   * @param onReset the guest wrote the reset control register; `hard` resets the devices too.
   */
  constructor(bus: PciBus, ports: Ports, lines: readonly Line[], onReset: (hard: boolean) => void) {
    this.lines = lines;
    this.pci = new PciFunction({
      vendor: 0x8086,
      device: 0x7000,
      classCode: 0x060100,
      isMultiFunction: true,
      commandMask: 0x0008,
    });
    const { pci } = this;
    pci.set(0x04, 2, 0x0007);
    pci.set(0x06, 2, 0x0200);
    pci.writable.fill(0xff, 0x40, 0x100);
    pci.writable.fill(0x8f, PIRQ_ROUTE, PIRQ_ROUTE + 4);
    // Default values of 82371SB 2.2: recovery times, BIOS decoding, routes off, top of memory, motherboard routes.
    pci.set(0x4c, 1, 0x4d);
    pci.set(0x4e, 2, 0x0003);
    pci.set(PIRQ_ROUTE, 4, 0x80808080);
    pci.set(0x69, 1, 0x02);
    pci.set(0x70, 1, 0x80);
    pci.set(0x76, 2, 0x0c0c);
    pci.set(0x78, 2, 0x0002);
    pci.onWrite = (offset, count) => {
      if (offset + count > PIRQ_ROUTE && offset < PIRQ_ROUTE + 4) this.route();
    };
    bus.attach(1, 0, pci);
    bus.onPirq = (pirq, high) => {
      this.levels = high ? this.levels | (1 << pirq) : this.levels & ~(1 << pirq);
      this.route();
    };
    ports.claim(RESET_CONTROL, 1, {
      read8: () => this.resetControl,
      write8: (_port, value) => {
        // The processor is reset when bit 2 goes from 0 to 1; bit 1 of that moment says what else is.
        const rises = (value & ~this.resetControl & RESET_CPU) !== 0;
        this.resetControl = value & (RESET_CPU | RESET_HARD);
        if (rises) onReset((value & RESET_HARD) !== 0);
      },
    });
  }

  reset(): void {
    this.pci.reset();
    this.resetControl = 0;
    this.route();
  }

  /** Drive the interrupts that some raised wire is routed to. */
  private route(): void {
    let wanted = 0;
    for (let pirq = 0; pirq < 4; pirq++) {
      const route = this.pci.config[PIRQ_ROUTE + pirq]!;
      if (this.levels & (1 << pirq) && (route & ROUTE_DISABLED) === 0) wanted |= 1 << (route & 15);
    }
    wanted &= ROUTABLE;
    const changed = wanted ^ this.driven;
    this.driven = wanted;
    for (let irq = 0; irq < 16; irq++) if (changed & (1 << irq)) this.lines[irq]!.set((wanted & (1 << irq)) !== 0);
  }
}

/**
 * What a PC/AT's board makes of the processor's line FERR#: IRQ 13, and port F0h, which takes that back and lets the
 * handler of the interrupt work with the x87 although its exception is pending (IGNNE#).
 *
 * Port F1h, which reset the 80287, does nothing on later boards. Source: Intel 82371SB datasheet, "Coprocessor Error
 * Register"; SDM vol. 1, appendix D.2.1.
 */
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';
import type { Ports } from '../bus/ports.ts';

const PORT = 0xf0;
const OPEN_BUS = 0xff;

export interface FloatErrorParts {
  readonly ports: Ports;
  readonly irq: Line;
  /** IGNNE# is asserted; the processor keeps it while its exception is pending. */
  readonly onIgnore: () => void;
}

export class FloatError implements Device {
  private readonly irq: Line;

  /** Claims ports F0h and F1h. */
  constructor({ ports, irq, onIgnore }: FloatErrorParts) {
    this.irq = irq;
    ports.claim(PORT, 2, {
      read8: () => OPEN_BUS,
      write8: (port) => {
        if (port !== PORT) return;
        irq.set(false);
        onIgnore();
      },
    });
  }

  /** The processor asserts FERR#. */
  assert(): void {
    this.irq.set(true);
  }

  reset(): void {
    this.irq.set(false);
  }
}

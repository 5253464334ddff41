/**
 * System control ports A (92h: fast A20 gate and reset) and B (61h: speaker, gate of timer 2, refresh).
 *
 * The A20 gate has one state, which this port and the keyboard controller both set and show: on a real board the last
 * of them usually wins as well, and a guest that uses either finds what it asked for.
 *
 * Source: IBM PS/2 Technical Reference, system control ports A and B; Intel 82371SB datasheet, NMISC and RC.
 */
import type { AddressSpace } from '../bus/address-space.ts';
import type { Device } from '../bus/device.ts';
import type { Ports } from '../bus/ports.ts';
import type { Pit } from './pit.ts';

const PORT_A = 0x92;
const PORT_B = 0x61;
const A_RESET = 1;
const A_A20 = 2;
const B_GATE = 1;
const B_SPEAKER = 2;
/** Bits 2 and 3 switch off the parity and channel checks, which never fail here. */
const B_WRITABLE = 0x0f;
const B_REFRESH = 0x10;
const B_OUTPUT = 0x20;

export interface SystemControlParts {
  readonly ports: Ports;
  readonly memory: AddressSpace;
  readonly pit: Pit;
  /** The processor's reset line was pulsed. */
  readonly onReset: () => void;
}

export class SystemControl implements Device {
  private readonly pit: Pit;
  private a = 0;
  private b = 0;

  /** Claims ports 61h and 92h. */
  constructor({ ports, memory, pit, onReset }: SystemControlParts) {
    this.pit = pit;
    ports.claim(PORT_A, 1, {
      read8: () => this.a | (memory.a20 ? A_A20 : 0),
      write8: (_port, value) => {
        const pulse = (value & ~this.a & A_RESET) !== 0;
        this.a = value & A_RESET;
        memory.setA20((value & A_A20) !== 0);
        if (pulse) onReset();
      },
    });
    ports.claim(PORT_B, 1, {
      read8: () => this.b | (pit.refresh ? B_REFRESH : 0) | (pit.speakerOutput ? B_OUTPUT : 0),
      write8: (_port, value) => {
        this.b = value & B_WRITABLE;
        pit.setSpeakerGate((value & B_GATE) !== 0);
      },
    });
  }

  reset(): void {
    this.a = 0;
    this.b = 0;
    this.pit.setSpeakerGate(false);
  }

  /** Frequency of the tone that the speaker gives now, in hertz; 0 when it is silent. */
  get tone(): number {
    return this.b & B_SPEAKER ? this.pit.speakerHertz : 0;
  }
}

/**
 * A 16550A serial port: FIFOs, prioritised interrupts, modem lines, loop-back.
 *
 * Transmission takes no time: the transmitter is always empty again, so a guest's console runs as fast as the guest.
 * What the host sends arrives at the programmed speed, and only while there is room, so nothing the host sends is
 * overrun; it waits in `queued`.
 *
 * Source: National Semiconductor PC16550D datasheet.
 */
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';
import type { Ports } from '../bus/ports.ts';

/** Interrupt enable register. */
const IER_RECEIVED = 1;
const IER_TRANSMITTER = 2;
const IER_LINE = 4;
const IER_MODEM = 8;
/** Interrupt identification, highest priority first. */
const IIR_LINE = 6;
const IIR_RECEIVED = 4;
const IIR_TIMEOUT = 12;
const IIR_TRANSMITTER = 2;
const IIR_MODEM = 0;
const IIR_NONE = 1;
const IIR_FIFOS = 0xc0;
/** FIFO control register. */
const FCR_ENABLE = 1;
const FCR_CLEAR_RECEIVER = 2;
const FCR_CLEAR_TRANSMITTER = 4;
const LCR_DIVISOR = 0x80;
/** Modem control register. OUT2 lets the interrupt through to the bus on a PC. */
const MCR_OUT2 = 8;
const MCR_LOOP = 0x10;
/** Line status register. */
const LSR_READY = 1;
const LSR_OVERRUN = 2;
const LSR_TRANSMITTER_EMPTY = 0x60;
/** Modem status register: CTS, DSR and DCD as a connected terminal holds them; RI. */
const MSR_CONNECTED = 0xb0;
const MSR_RI = 0x40;
const MSR_RI_ENDED = 4;

const FIFO_BYTES = 16;
const TRIGGERS = [1, 4, 8, 14] as const;
const BASE_HERTZ = 115_200;

export interface UartParts {
  readonly ports: Ports;
  readonly clock: Clock;
  readonly irq: Line;
  /** First of its eight ports: 3F8h for COM1, 2F8h for COM2. */
  readonly port: number;
  /** A byte that the guest sends. */
  readonly onTransmit: (byte: number) => void;
}

export class Uart implements Device {
  private readonly irq: Line;
  private readonly clock: Clock;
  private readonly onTransmit: (byte: number) => void;
  private readonly arrival: Timer;
  private readonly timeout: Timer;
  private readonly fifo: Uint8Array = new Uint8Array(FIFO_BYTES);
  private first = 0;
  private count = 0;
  /** From the host, not yet arrived: bytes of `incoming` from `taken` on. */
  private incoming: number[] = [];
  private taken = 0;
  private divisor = 12;
  private ier = 0;
  private fcr = 0;
  private lcr = 0;
  private mcr = 0;
  private errors = 0;
  private msr = MSR_CONNECTED;
  private scratch = 0;
  private transmitterAsks = false;
  private timedOut = false;

  /** Claims eight ports. */
  constructor({ ports, clock, irq, port, onTransmit }: UartParts) {
    this.irq = irq;
    this.clock = clock;
    this.onTransmit = onTransmit;
    this.arrival = clock.timer(() => this.arrive());
    this.timeout = clock.timer(() => {
      this.timedOut = true;
      this.update();
    });
    ports.claim(port, 8, {
      read8: (at) => this.read(at - port),
      write8: (at, value) => this.write(at - port, value),
    });
  }

  reset(): void {
    this.divisor = 12;
    this.ier = 0;
    this.fcr = 0;
    this.lcr = 0;
    this.mcr = 0;
    this.errors = 0;
    this.msr = MSR_CONNECTED;
    this.transmitterAsks = false;
    this.clearReceiver();
    this.update();
  }

  /** Bytes for the guest; they arrive one by one when it has room for them. */
  send(bytes: Iterable<number>): void {
    for (const byte of bytes) this.incoming.push(byte & 0xff);
    this.expect();
  }

  /** Bytes of send() that have not arrived yet. */
  get queued(): number {
    return this.incoming.length - this.taken;
  }

  private get hasFifo(): boolean {
    return (this.fcr & FCR_ENABLE) !== 0;
  }

  private get hasRoom(): boolean {
    return this.count < (this.hasFifo ? FIFO_BYTES : 1);
  }

  /** Time of one character on the wire, in ns. */
  private get characterTime(): number {
    const bits = 7 + (this.lcr & 3) + ((this.lcr >> 2) & 1) + ((this.lcr >> 3) & 1);
    return (bits * (this.divisor || 65_536) * 1e9) / BASE_HERTZ;
  }

  /** Let the next byte of the host arrive a character later, if there is one and room for it. */
  private expect(): void {
    if (this.queued === 0 || !this.hasRoom || this.mcr & MCR_LOOP) return;
    if (this.arrival.deadline === Number.POSITIVE_INFINITY) this.arrival.arm(this.clock.now + this.characterTime);
  }

  private arrive(): void {
    if (this.queued === 0 || !this.hasRoom || this.mcr & MCR_LOOP) return;
    this.receive(this.incoming[this.taken++]!);
    if (this.queued === 0) {
      this.incoming = [];
      this.taken = 0;
    }
    this.expect();
  }

  private receive(byte: number): void {
    if (!this.hasRoom) {
      this.errors |= LSR_OVERRUN;
      // Without FIFOs the new character replaces the one that nobody read.
      if (!this.hasFifo) this.fifo[this.first] = byte;
    } else {
      this.fifo[(this.first + this.count) % FIFO_BYTES] = byte;
      this.count++;
    }
    this.restartTimeout();
    this.update();
  }

  /** Four character times without a read or an arrival make the FIFO ask although it is below its trigger. */
  private restartTimeout(): void {
    this.timedOut = false;
    if (this.hasFifo && this.count > 0) this.timeout.arm(this.clock.now + 4 * this.characterTime);
    else this.timeout.disarm();
  }

  private clearReceiver(): void {
    this.count = 0;
    this.first = 0;
    this.restartTimeout();
  }

  /** The interrupt of highest priority that waits. */
  private get identification(): number {
    const { ier } = this;
    if (ier & IER_LINE && this.errors !== 0) return IIR_LINE;
    if (ier & IER_RECEIVED && this.count >= (this.hasFifo ? TRIGGERS[this.fcr >> 6]! : 1)) return IIR_RECEIVED;
    if (ier & IER_RECEIVED && this.timedOut) return IIR_TIMEOUT;
    if (ier & IER_TRANSMITTER && this.transmitterAsks) return IIR_TRANSMITTER;
    if (ier & IER_MODEM && (this.msr & 15) !== 0) return IIR_MODEM;
    return IIR_NONE;
  }

  private update(): void {
    this.irq.set((this.mcr & MCR_OUT2) !== 0 && this.identification !== IIR_NONE);
  }

  private read(register: number): number {
    switch (register) {
      case 0:
        return this.lcr & LCR_DIVISOR ? this.divisor & 0xff : this.readReceiver();
      case 1:
        return this.lcr & LCR_DIVISOR ? this.divisor >> 8 : this.ier;
      case 2: {
        const identification = this.identification;
        if (identification === IIR_TRANSMITTER) {
          this.transmitterAsks = false;
          this.update();
        }
        return identification | (this.hasFifo ? IIR_FIFOS : 0);
      }
      case 3:
        return this.lcr;
      case 4:
        return this.mcr;
      case 5: {
        const status = LSR_TRANSMITTER_EMPTY | this.errors | (this.count > 0 ? LSR_READY : 0);
        this.errors = 0;
        this.update();
        return status;
      }
      case 6: {
        const status = this.msr;
        this.msr &= 0xf0;
        this.update();
        return status;
      }
      default:
        return this.scratch;
    }
  }

  private readReceiver(): number {
    const byte = this.fifo[this.first]!;
    if (this.count > 0) {
      this.count--;
      // Without FIFOs the one register keeps its character.
      if (this.hasFifo) this.first = (this.first + 1) % FIFO_BYTES;
    }
    this.restartTimeout();
    this.update();
    this.expect();
    return byte;
  }

  private write(register: number, value: number): void {
    switch (register) {
      case 0:
        if (this.lcr & LCR_DIVISOR) this.divisor = (this.divisor & 0xff00) | value;
        else this.transmit(value);
        return;
      case 1:
        if (this.lcr & LCR_DIVISOR) this.divisor = (this.divisor & 0xff) | (value << 8);
        else this.enable(value & 15);
        return;
      case 2:
        this.controlFifos(value);
        return;
      case 3:
        this.lcr = value;
        return;
      case 4:
        this.mcr = value & 0x1f;
        this.setModemLines(value & MCR_LOOP ? loopedBack(value) : MSR_CONNECTED);
        this.expect();
        return;
      case 7:
        this.scratch = value;
        return;
    }
  }

  private transmit(byte: number): void {
    // The request falls while the character is in the transmitter, so that an edge-triggered input sees it rise again.
    this.transmitterAsks = false;
    this.update();
    if (this.mcr & MCR_LOOP) this.receive(byte);
    else this.onTransmit(byte);
    this.transmitterAsks = true;
    this.update();
  }

  private enable(value: number): void {
    // Enabling the transmitter's interrupt while it is empty raises it at once.
    if (value & ~this.ier & IER_TRANSMITTER) this.transmitterAsks = true;
    this.ier = value;
    this.update();
  }

  private controlFifos(value: number): void {
    const changes = ((value ^ this.fcr) & FCR_ENABLE) !== 0;
    if (changes || value & FCR_CLEAR_RECEIVER) this.clearReceiver();
    // A transmitter that was emptied asks for more.
    if (changes || value & FCR_CLEAR_TRANSMITTER) this.transmitterAsks = true;
    this.fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    this.update();
    this.expect();
  }

  /** @param lines CTS, DSR, RI and DCD in bits 4 to 7; the bits below say what changed since the last read. */
  private setModemLines(lines: number): void {
    const changed = (lines ^ this.msr) >> 4;
    const ended = this.msr & ~lines & MSR_RI ? MSR_RI_ENDED : 0;
    this.msr = lines | (this.msr & 15) | (changed & ~MSR_RI_ENDED) | ended;
    this.update();
  }
}

/** In loop-back, RTS, DTR, OUT1 and OUT2 come in as CTS, DSR, RI and DCD. */
function loopedBack(mcr: number): number {
  return ((mcr & 2) << 3) | ((mcr & 1) << 5) | ((mcr & 4) << 4) | ((mcr & 8) << 4);
}

/**
 * The 8042 keyboard controller: command byte, translation to scan code set 1, the second channel for the mouse, the
 * output port with A20 and reset.
 *
 * Devices on the two channels keep queues; a byte at a time comes into the output buffer and raises IRQ 1 or IRQ 12.
 * Reading the buffer lets the line fall, and the next byte follows a moment later, as over the real serial wire:
 * programs count on one interrupt for each byte.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller".
 */
import type { AddressSpace } from '../../bus/address-space.ts';
import type { Clock, Timer } from '../../bus/clock.ts';
import type { Device } from '../../bus/device.ts';
import type { Line } from '../../bus/line.ts';
import type { Ports } from '../../bus/ports.ts';
import type { Ps2Device } from './device.ts';
import { translate } from './scan-codes.ts';

const DATA = 0x60;
const COMMAND = 0x64;

/** Status register. */
const OUTPUT_FULL = 0x01;
const SYSTEM_FLAG = 0x04;
const LAST_WAS_COMMAND = 0x08;
const NOT_LOCKED = 0x10;
const FROM_MOUSE = 0x20;
/** Command byte. */
const KEYBOARD_INTERRUPT = 0x01;
const MOUSE_INTERRUPT = 0x02;
const KEYBOARD_OFF = 0x10;
const MOUSE_OFF = 0x20;
const TRANSLATES = 0x40;
/** Output port. */
const NOT_RESET = 0x01;
const A20 = 0x02;
const KEYBOARD_FULL = 0x10;
const MOUSE_FULL = 0x20;
/** Clock and data lines of both wires. */
const LINES_IDLE = 0xcc;

/** Time from one byte of a device to its next, ns. The wire takes about 1 ms; firmware waits for many of them. */
const BYTE_TIME = 200_000;
const BREAK_PREFIX = 0xf0;

export interface Ps2Parts {
  readonly ports: Ports;
  readonly clock: Clock;
  readonly memory: AddressSpace;
  /** IRQ 1 and IRQ 12. */
  readonly keyboardIrq: Line;
  readonly mouseIrq: Line;
  readonly keyboard: Ps2Device;
  readonly mouse: Ps2Device;
  /** The processor's reset line was pulsed. */
  readonly onReset: () => void;
}

export class Ps2Controller implements Device {
  private readonly parts: Ps2Parts;
  private readonly next: Timer;
  private readonly ram: Uint8Array = new Uint8Array(32);
  private output = 0;
  private status = 0;
  /** Command that waits for its byte on port 60h, or 0. */
  private pending = 0;
  /** A break prefix came: the next code is a release, which set 1 says in one byte. */
  private isBreak = false;

  /** Claims ports 60h and 64h. */
  constructor(parts: Ps2Parts) {
    this.parts = parts;
    this.next = parts.clock.timer(() => this.fetch());
    for (const device of [parts.keyboard, parts.mouse]) device.onByte = () => this.schedule();
    parts.ports.claim(DATA, 1, {
      read8: () => this.readData(),
      write8: (_port, value) => this.writeData(value),
    });
    parts.ports.claim(COMMAND, 1, {
      read8: () => this.status | NOT_LOCKED | (this.commandByte & SYSTEM_FLAG),
      write8: (_port, value) => this.command(value),
    });
    this.reset();
  }

  reset(): void {
    this.ram.fill(0);
    this.output = 0;
    this.status = 0;
    this.pending = 0;
    this.isBreak = false;
    // Both channels are off and nothing interrupts until the firmware has tested the controller.
    this.commandByte = KEYBOARD_OFF | MOUSE_OFF;
    this.parts.keyboard.reset();
    this.parts.mouse.reset();
    this.next.disarm();
    this.drive();
  }

  private get commandByte(): number {
    return this.ram[0]!;
  }

  private set commandByte(value: number) {
    this.ram[0] = value;
  }

  /** Interrupt lines follow the output buffer. */
  private drive(): void {
    const full = (this.status & OUTPUT_FULL) !== 0;
    const mouse = (this.status & FROM_MOUSE) !== 0;
    this.parts.keyboardIrq.set(full && !mouse && (this.commandByte & KEYBOARD_INTERRUPT) !== 0);
    this.parts.mouseIrq.set(full && mouse && (this.commandByte & MOUSE_INTERRUPT) !== 0);
  }

  /** Put a byte into the output buffer; one that nobody read is lost. */
  private give(value: number, fromMouse = false): void {
    this.status = (this.status & ~FROM_MOUSE) | OUTPUT_FULL | (fromMouse ? FROM_MOUSE : 0);
    this.output = value;
    // The line falls in between, so that an edge-triggered input sees each byte.
    this.parts[fromMouse ? 'mouseIrq' : 'keyboardIrq'].set(false);
    this.drive();
  }

  private get waiting(): Ps2Device | undefined {
    const { keyboard, mouse } = this.parts;
    if (keyboard.hasByte && (this.commandByte & KEYBOARD_OFF) === 0) return keyboard;
    if (mouse.hasByte && (this.commandByte & MOUSE_OFF) === 0) return mouse;
    return undefined;
  }

  private schedule(): void {
    if (this.status & OUTPUT_FULL || this.next.deadline !== Number.POSITIVE_INFINITY) return;
    if (this.waiting) this.next.arm(this.parts.clock.now + BYTE_TIME);
  }

  private fetch(): void {
    const device = this.status & OUTPUT_FULL ? undefined : this.waiting;
    if (device === undefined) return;
    const byte = device.takeByte();
    if (device === this.parts.mouse) this.give(byte, true);
    else if ((this.commandByte & TRANSLATES) === 0) this.give(byte);
    else if (byte === BREAK_PREFIX) {
      this.isBreak = true;
      this.schedule();
    } else {
      this.give(translate(byte) | (this.isBreak ? 0x80 : 0));
      this.isBreak = false;
    }
  }

  private readData(): number {
    this.status &= ~(OUTPUT_FULL | FROM_MOUSE);
    this.drive();
    this.schedule();
    return this.output;
  }

  private writeData(value: number): void {
    this.status &= ~LAST_WAS_COMMAND;
    const { pending } = this;
    this.pending = 0;
    if (pending >= 0x60 && pending < 0x80) {
      this.ram[pending & 31] = value;
      this.drive();
      this.schedule();
      return;
    }
    switch (pending) {
      case 0xd1:
        this.writeOutputPort(value);
        return;
      case 0xd2:
        this.give(value);
        return;
      case 0xd3:
        this.give(value, true);
        return;
      case 0xd4:
        // What is sent to a device switches its channel on.
        this.commandByte &= ~MOUSE_OFF;
        this.parts.mouse.receive(value);
        return;
      default:
        this.commandByte &= ~KEYBOARD_OFF;
        this.parts.keyboard.receive(value);
        this.schedule();
        return;
    }
  }

  private command(value: number): void {
    this.status |= LAST_WAS_COMMAND;
    this.pending = 0;
    if (value >= 0x20 && value < 0x40) {
      this.give(this.ram[value & 31]!);
      return;
    }
    if (value >= 0x60 && value < 0x80) {
      this.pending = value;
      return;
    }
    if (value >= 0xf0) {
      // Each 0 bit pulses one line of the output port low; bit 0 is the processor's reset.
      if ((value & NOT_RESET) === 0) this.parts.onReset();
      return;
    }
    switch (value) {
      case 0xa4:
        // No password is installed.
        this.give(0xf1);
        return;
      case 0xa7:
        this.commandByte |= MOUSE_OFF;
        return;
      case 0xa8:
        this.commandByte &= ~MOUSE_OFF;
        this.schedule();
        return;
      case 0xa9:
      case 0xab:
        this.give(0x00);
        return;
      case 0xaa:
        this.commandByte |= SYSTEM_FLAG;
        this.give(0x55);
        return;
      case 0xad:
        this.commandByte |= KEYBOARD_OFF;
        return;
      case 0xae:
        this.commandByte &= ~KEYBOARD_OFF;
        this.schedule();
        return;
      case 0xc0:
        // Input port: keyboard not locked, colour display, manufacturing jumper off.
        this.give(0x80);
        return;
      case 0xd0:
        this.give(this.outputPort);
        return;
      case 0xd1:
      case 0xd2:
      case 0xd3:
      case 0xd4:
        this.pending = value;
        return;
      case 0xdd:
        this.parts.memory.setA20(false);
        return;
      case 0xdf:
        this.parts.memory.setA20(true);
        return;
      case 0xe0:
        this.give(0x00);
        return;
    }
  }

  private get outputPort(): number {
    const full = this.status & OUTPUT_FULL ? (this.status & FROM_MOUSE ? MOUSE_FULL : KEYBOARD_FULL) : 0;
    return LINES_IDLE | full | NOT_RESET | (this.parts.memory.a20 ? A20 : 0);
  }

  private writeOutputPort(value: number): void {
    this.parts.memory.setA20((value & A20) !== 0);
    if ((value & NOT_RESET) === 0) this.parts.onReset();
  }
}

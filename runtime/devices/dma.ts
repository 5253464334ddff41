/**
 * The two 8237A DMA controllers of an AT with their page registers: channels 0 to 3 move bytes, 5 to 7 words, and the
 * second controller's channel 0 is the cascade of the first.
 *
 * A device asks through its DmaChannel and the bytes move at once. An address counts within its 64 KiB (128 KiB) page
 * and can never leave the low 16 MiB; what is there decides AddressSpace.
 *
 * Source: Intel 8237A datasheet (231466); IBM PC AT Technical Reference, DMA page registers.
 */
import type { AddressSpace } from '../bus/address-space.ts';
import type { Device } from '../bus/device.ts';
import type { DmaChannel } from '../bus/dma.ts';
import type { Ports } from '../bus/ports.ts';

/** Mode register. Transfers are named from the device's side: "write" writes memory. */
const MODE_TRANSFER = 0x0c;
const TRANSFER_VERIFY = 0x00;
const TRANSFER_WRITE = 0x04;
const TRANSFER_READ = 0x08;
const MODE_AUTOINITIALIZE = 0x10;
const MODE_DECREMENT = 0x20;
const MODE_CASCADE = 0xc0;
const COMMAND_DISABLE = 0x04;

/** Page register of each channel, as an offset from port 80h. */
const PAGES = [0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa] as const;

class Channel implements DmaChannel {
  terminalCount = false;
  baseAddress = 0;
  baseCount = 0;
  address = 0;
  count = 0;
  mode = 0;
  private readonly controller: Controller;
  private readonly number: number;

  constructor(controller: Controller, number: number) {
    this.controller = controller;
    this.number = number;
  }

  read(into: Uint8Array): number {
    return this.move(into, TRANSFER_READ);
  }

  write(from: Uint8Array): number {
    return this.move(from, TRANSFER_WRITE);
  }

  private move(bytes: Uint8Array, direction: number): number {
    const { controller, number } = this;
    this.terminalCount = false;
    const transfer = this.mode & MODE_TRANSFER;
    if (!controller.serves(number) || (transfer !== direction && transfer !== TRANSFER_VERIFY)) return 0;
    const { shift } = controller;
    const units = Math.min(bytes.length >> shift, this.count + 1);
    if (transfer !== TRANSFER_VERIFY) this.copy(bytes.subarray(0, units << shift), direction);
    this.address = (this.address + (this.mode & MODE_DECREMENT ? -units : units)) & 0xffff;
    // The count passes zero with the last unit: terminal count.
    if (units === this.count + 1) this.finish();
    else this.count -= units;
    return units << shift;
  }

  private copy(bytes: Uint8Array, direction: number): void {
    const { memory, shift, pages } = this.controller;
    const page = (pages[PAGES[this.number]!]! & (shift === 1 ? 0xfe : 0xff)) << 16;
    if (this.mode & MODE_DECREMENT) {
      const step = new Uint8Array(1 << shift);
      for (let done = 0; done < bytes.length; done += step.length) {
        const pa = page + (((this.address - (done >> shift)) & 0xffff) << shift);
        if (direction === TRANSFER_WRITE) memory.writeBytes(pa, bytes.subarray(done, done + step.length));
        else memory.readBytes(pa, bytes.subarray(done, done + step.length));
      }
      return;
    }
    const end = 0x10000 << shift;
    for (let done = 0; done < bytes.length; ) {
      const within = ((this.address << shift) + done) % end;
      const part = bytes.subarray(done, done + Math.min(bytes.length - done, end - within));
      if (direction === TRANSFER_WRITE) memory.writeBytes(page + within, part);
      else memory.readBytes(page + within, part);
      done += part.length;
    }
  }

  private finish(): void {
    this.terminalCount = true;
    this.controller.reached(this.number);
    if (this.mode & MODE_AUTOINITIALIZE) {
      this.address = this.baseAddress;
      this.count = this.baseCount;
    } else {
      this.count = 0xffff;
      this.controller.mask(this.number, true);
    }
  }
}

class Controller {
  readonly memory: AddressSpace;
  readonly pages: Uint8Array;
  /** 0 for byte channels, 1 for word channels. */
  readonly shift: number;
  readonly channels: readonly Channel[];
  private masks = 15;
  private status = 0;
  private command = 0;
  private requests = 0;
  private highByte = false;

  constructor(memory: AddressSpace, pages: Uint8Array, shift: number) {
    this.memory = memory;
    this.pages = pages;
    this.shift = shift;
    this.channels = [0, 1, 2, 3].map((n) => new Channel(this, n + 4 * shift));
  }

  /** Master clear. */
  reset(): void {
    this.masks = 15;
    this.status = 0;
    this.command = 0;
    this.requests = 0;
    this.highByte = false;
  }

  serves(channel: number): boolean {
    const { mode } = this.channels[channel & 3]!;
    const open = (this.masks & (1 << (channel & 3))) === 0;
    return open && (this.command & COMMAND_DISABLE) === 0 && (mode & MODE_CASCADE) !== MODE_CASCADE;
  }

  reached(channel: number): void {
    this.status |= 1 << (channel & 3);
    this.requests &= ~(1 << (channel & 3));
  }

  mask(channel: number, on: boolean): void {
    const bit = 1 << (channel & 3);
    this.masks = on ? this.masks | bit : this.masks & ~bit;
  }

  read(register: number): number {
    if (register < 8) {
      const channel = this.channels[register >> 1]!;
      const value = register & 1 ? channel.count : channel.address;
      this.highByte = !this.highByte;
      return this.highByte ? value & 0xff : value >> 8;
    }
    switch (register) {
      case 8: {
        const { status } = this;
        this.status = 0;
        return status | (this.requests << 4);
      }
      case 15:
        return this.masks;
      default:
        return 0;
    }
  }

  write(register: number, value: number): void {
    if (register < 8) {
      this.program(this.channels[register >> 1]!, (register & 1) === 1, value);
      return;
    }
    switch (register) {
      case 8:
        this.command = value;
        return;
      case 9:
        this.requests = value & 4 ? this.requests | (1 << (value & 3)) : this.requests & ~(1 << (value & 3));
        return;
      case 10:
        this.mask(value & 3, (value & 4) !== 0);
        return;
      case 11:
        this.channels[value & 3]!.mode = value & 0xfc;
        return;
      case 12:
        this.highByte = false;
        return;
      case 13:
        this.reset();
        return;
      case 14:
        this.masks = 0;
        return;
      case 15:
        this.masks = value & 15;
        return;
    }
  }

  private program(channel: Channel, isCount: boolean, value: number): void {
    const merge = (old: number): number => (this.highByte ? (old & 0xff) | (value << 8) : (old & 0xff00) | value);
    if (isCount) channel.count = channel.baseCount = merge(channel.baseCount);
    else channel.address = channel.baseAddress = merge(channel.baseAddress);
    this.highByte = !this.highByte;
  }
}

export class Dma implements Device {
  private readonly pages: Uint8Array = new Uint8Array(16);
  private readonly controllers: readonly Controller[];

  /**
   * Claims ports 00h to 0Fh, C0h to DFh and 80h to 8Fh.
   * @param onPostCode what a BIOS writes to port 80h, the one page register without a channel.
   */
  constructor(ports: Ports, memory: AddressSpace, onPostCode: (code: number) => void = () => {}) {
    const first = new Controller(memory, this.pages, 0);
    const second = new Controller(memory, this.pages, 1);
    this.controllers = [first, second];
    ports.claim(0x00, 16, {
      read8: (port) => first.read(port),
      write8: (port, value) => first.write(port, value),
    });
    // Word-wide registers stand at even ports.
    ports.claim(0xc0, 32, {
      read8: (port) => second.read((port - 0xc0) >> 1),
      write8: (port, value) => second.write((port - 0xc0) >> 1, value),
    });
    ports.claim(0x80, 16, {
      read8: (port) => this.pages[port - 0x80]!,
      write8: (port, value) => {
        this.pages[port - 0x80] = value;
        if (port === 0x80) onPostCode(value);
      },
    });
  }

  reset(): void {
    for (const controller of this.controllers) controller.reset();
  }

  /** Channel 0 to 7; 4 is the cascade. */
  channel(number: number): DmaChannel {
    return this.controllers[number >> 2]!.channels[number & 3]!;
  }
}

/**
 * What every drive on an ATA cable has: the registers of its command block, its interrupt, data blocks that pass
 * through the data register, and transfers by the bus master. ata-disk.ts and atapi-cdrom.ts are the two kinds.
 *
 * Nothing is done within the access that asks for it: the drive is busy for some microseconds of the guest's time, as
 * long as a fast drive would be, and then goes on from a timer.
 *
 * Source: ATA/ATAPI-6 (T13 1410D), register descriptions in clause 7, protocols in clause 9.
 */
import { awaitStore } from '../../bus/block-store.ts';
import type { Clock, Timer } from '../../bus/clock.ts';
import type { BusMaster } from './bus-master.ts';

export const STATUS_ERROR = 0x01;
const STATUS_DRQ = 0x08;
/** Drive seek complete; in packet commands, service. */
export const STATUS_DSC = 0x10;
export const STATUS_READY = 0x40;
export const STATUS_BUSY = 0x80;

export const ERROR_ABORTED = 0x04;

/** Offsets of the registers in the command block (1F0h or 170h). */
export const FEATURES = 1;
export const COUNT = 2;
export const LBA_LOW = 3;
export const LBA_MID = 4;
export const LBA_HIGH = 5;
export const DEVICE = 6;
const REGISTERS = 7;

/** The longest block in the buffer: bytes. */
const BUFFER_BYTES = 0x10000;

/** Nanoseconds from a command to its first effect, from the end of a reset to the signature, and for each byte moved. */
const COMMAND_TIME = 10_000;
const RESET_TIME = 100_000;
const BYTE_TIME = 1;

/** What a drive hangs on. */
export interface Cable {
  readonly busMaster: BusMaster;
  readonly clock: Clock;
}

export abstract class Drive {
  /** What was written last to each register, and what before that: 48-bit commands take both. */
  readonly registers: Uint8Array = new Uint8Array(REGISTERS);
  readonly previous: Uint8Array = new Uint8Array(REGISTERS);
  status = 0;
  error = 0;
  /** The drive asks for attention. */
  interrupts = false;
  /** Called after `interrupts` changed. */
  onInterrupt: () => void = () => {};
  protected readonly buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  protected readonly busMaster: BusMaster;
  private position = 0;
  private end = 0;
  private isInput = false;
  private afterBlock: () => void = () => {};
  private readonly clock: Clock;
  private readonly timer: Timer;
  /** What the drive does when the timer fires. */
  private next: () => void = () => {};
  /** Number of the command under way: what a slow store delivers for an earlier one is dropped. */
  private epoch = 0;

  constructor({ busMaster, clock }: Cable) {
    this.busMaster = busMaster;
    this.clock = clock;
    this.timer = clock.timer(() => this.next());
  }

  /** Bits 15:8 and 7:0 of the signature that tells what kind of drive this is. */
  protected abstract readonly signature: number;
  /** Do a command. The registers hold its parameters. */
  protected abstract execute(command: number): void;
  /** Back to the settings after power-on. */
  protected abstract resetSettings(): void;

  /** A command was written. While the drive is busy it is lost, except DEVICE RESET to a packet drive. */
  command(command: number): void {
    this.setInterrupt(false);
    const isDeviceReset = command === 0x08 && this.signature !== 0;
    if (this.status & STATUS_BUSY && !isDeviceReset) return;
    this.begin();
    this.error = 0;
    this.later(COMMAND_TIME, () => this.execute(command));
  }

  /** After power-on and the RESET line. */
  reset(): void {
    this.begin();
    this.resetSettings();
    this.setInterrupt(false);
    this.putSignature();
  }

  /** Software reset, which lasts until recover(). */
  enterReset(): void {
    this.reset();
    this.status = STATUS_BUSY;
  }

  recover(): void {
    this.begin();
    this.later(RESET_TIME, () => this.putSignature());
  }

  /** The registers after a reset or diagnostic that found nothing wrong. */
  protected putSignature(): void {
    this.registers[COUNT] = 1;
    this.registers[LBA_LOW] = 1;
    this.registers[LBA_MID] = this.signature;
    this.registers[LBA_HIGH] = this.signature >>> 8;
    this.registers[DEVICE]! &= 0x10;
    this.error = 1;
    this.status = this.signature === 0 ? STATUS_READY | STATUS_DSC : 0;
  }

  setInterrupt(high: boolean): void {
    this.interrupts = high;
    this.onInterrupt();
  }

  /** The next 16 bits of a block, as the processor reads the data register. */
  readData(): number {
    if (!this.isInput || (this.status & STATUS_DRQ) === 0) return 0xffff;
    const value = this.buffer[this.position]! | (this.buffer[this.position + 1]! << 8);
    this.step();
    return value;
  }

  writeData(value: number): void {
    if (this.isInput || (this.status & STATUS_DRQ) === 0) return;
    this.buffer[this.position] = value;
    this.buffer[this.position + 1] = value >>> 8;
    this.step();
  }

  private step(): void {
    this.position += 2;
    if (this.position < this.end) return;
    this.status &= ~STATUS_DRQ;
    this.afterBlock();
  }

  private later(time: number, next: () => void): void {
    this.status = STATUS_BUSY;
    this.next = next;
    this.timer.arm(this.clock.now + time);
  }

  /** Be busy for as long as so many bytes take, then go on. */
  protected afterMoving(bytes: number, next: () => void): void {
    this.later(bytes * BYTE_TIME, next);
  }

  /** Be busy for as long as a command takes to be understood, then go on. */
  protected afterThinking(next: () => void): void {
    this.later(COMMAND_TIME, next);
  }

  /** Whatever was under way is over. */
  private begin(): void {
    this.epoch++;
    this.position = this.end = 0;
    this.timer.disarm();
    this.busMaster.withdraw(this);
  }

  /** The command ended well. */
  protected finish(status: number = STATUS_READY | STATUS_DSC): void {
    this.status = status;
    this.setInterrupt(true);
  }

  /** The command ended with an error. */
  protected fail(error: number): void {
    this.error = error;
    this.status = STATUS_READY | STATUS_DSC | STATUS_ERROR;
    this.setInterrupt(true);
  }

  /** Offer `buffer[from, to)` to the data register; `then` when it was read. */
  protected offer(from: number, to: number, then: () => void): void {
    this.transfer(from, to, true, then);
    this.setInterrupt(true);
  }

  /** Ask for `bytes` through the data register; `then` when they are in the buffer. The caller decides on the interrupt. */
  protected demand(bytes: number, then: () => void): void {
    this.transfer(0, bytes, false, then);
  }

  private transfer(from: number, to: number, isInput: boolean, then: () => void): void {
    this.position = from;
    this.end = to;
    this.isInput = isInput;
    this.afterBlock = then;
    this.status = STATUS_READY | STATUS_DSC | STATUS_DRQ;
  }

  /** Wait for what a store does, now or later; a failure of the host goes to `failed`. */
  protected wait(work: () => undefined | Promise<void>, then: () => void, failed: () => void): void {
    const { epoch } = this;
    const waits = (): void => {
      this.status = STATUS_BUSY;
    };
    awaitStore(work, then, failed, waits, () => epoch === this.epoch);
  }
}

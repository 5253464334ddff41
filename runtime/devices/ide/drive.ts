/**
 * What every drive on an ATA cable has: the registers of its command block, its interrupt, data blocks that pass
 * through the data register, and transfers by the bus master. ata-disk.ts and atapi-cdrom.ts are the two kinds.
 *
 * Source: ATA/ATAPI-6 (T13 1410D), register descriptions in clause 7, protocols in clause 9.
 */
import { awaitStore } from '../../bus/block-store.ts';
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
  /** What proceed() does next, while it is at work. */
  private nextPart: (() => void) | undefined;
  private isProceeding = false;
  /** Number of the command under way: what a slow store delivers for an earlier one is dropped. */
  private epoch = 0;

  constructor(busMaster: BusMaster) {
    this.busMaster = busMaster;
  }

  /** Bits 15:8 and 7:0 of the signature that tells what kind of drive this is. */
  protected abstract readonly signature: number;
  /** Start a command. The registers hold its parameters. */
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
    this.execute(command);
  }

  /** RESET line or software reset. */
  reset(): void {
    this.begin();
    this.resetSettings();
    this.setInterrupt(false);
    this.putSignature();
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

  /** Do the next part of a long transfer: after the part that asks has returned, so that the stack stays flat. */
  protected proceed(part: () => void): void {
    this.nextPart = part;
    if (this.isProceeding) return;
    this.isProceeding = true;
    while (this.nextPart) {
      const run = this.nextPart;
      this.nextPart = undefined;
      run();
    }
    this.isProceeding = false;
  }

  /** Whatever was under way is over. */
  private begin(): void {
    this.epoch++;
    this.position = this.end = 0;
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

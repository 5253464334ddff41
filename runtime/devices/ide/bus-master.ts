/**
 * The bus master of one IDE channel: moves a drive's data to and from the stretches of memory that a table of physical
 * region descriptors lists.
 *
 * Source: Programming Interface for Bus Master IDE Controller, revision 1.0; 82371SB 2.7.
 */
import type { AddressSpace } from '../../bus/address-space.ts';

/** Registers: command, status, table address (four bytes). */
const COMMAND = 0;
const STATUS = 2;
const TABLE = 4;

const COMMAND_START = 1;
/** The device's data goes to memory. */
const COMMAND_TO_MEMORY = 8;
const STATUS_ACTIVE = 1;
const STATUS_ERROR = 2;
const STATUS_INTERRUPT = 4;
const STATUS_WRITABLE = 0x60;

const LAST_DESCRIPTOR = 1 << 31;
/** The table may not cross a 64 KiB boundary, so it ends there at the latest. */
const TABLE_BYTES = 0x10000;

export class BusMaster {
  /** May the function write memory? Its command register says. */
  isAllowed: () => boolean = () => true;
  private readonly memory: AddressSpace;
  private command = 0;
  private status = 0;
  private table = 0;
  /** The drive that waits for the start bit, and what it does then. */
  private waiting: { readonly drive: object; readonly run: () => void } | undefined;
  /** Next descriptor, and what is left of the current one. */
  private next = 0;
  private address = 0;
  private left = 0;
  private isLast = false;

  constructor(memory: AddressSpace) {
    this.memory = memory;
  }

  reset(): void {
    this.command = this.status = this.table = 0;
    this.waiting = undefined;
  }

  /** A register, `offset` 0 to 7. */
  read(offset: number): number {
    if (offset === COMMAND) return this.command;
    if (offset === STATUS) return this.status;
    return offset >= TABLE ? (this.table >>> (8 * (offset - TABLE))) & 0xff : 0xff;
  }

  write(offset: number, value: number): void {
    if (offset === COMMAND) this.writeCommand(value);
    else if (offset === STATUS) {
      const kept = this.status & (STATUS_ACTIVE | STATUS_ERROR | STATUS_INTERRUPT);
      this.status = (kept & ~(value & (STATUS_ERROR | STATUS_INTERRUPT))) | (value & STATUS_WRITABLE);
    } else if (offset >= TABLE) {
      const shift = 8 * (offset - TABLE);
      this.table = ((this.table & ~(0xff << shift)) | (value << shift)) & ~3;
    }
  }

  /** The drive's interrupt rose. */
  interrupted(): void {
    this.status |= STATUS_INTERRUPT;
  }

  /** A drive has data to move: `run` is called when the guest has started the bus master. */
  request(drive: object, run: () => void): void {
    this.waiting = { drive, run };
    if (this.status & STATUS_ACTIVE) this.runWaiting();
  }

  /** The drive needs it no more. */
  withdraw(drive: object): void {
    if (this.waiting?.drive === drive) this.waiting = undefined;
  }

  /**
   * Move all bytes between the drive and memory.
   * @returns false when that is not possible: the guest stopped the transfer, the table was too short or asks for the
   * other direction. The drive then waits for a reset, as a real one does.
   */
  move(bytes: Uint8Array, toMemory: boolean): boolean {
    if (toMemory !== ((this.command & COMMAND_TO_MEMORY) !== 0) || !this.isAllowed()) return false;
    for (let done = 0; done < bytes.length; ) {
      if ((this.status & STATUS_ACTIVE) === 0) return false;
      const count = Math.min(bytes.length - done, this.left);
      const part = bytes.subarray(done, done + count);
      if (toMemory) this.memory.writeBytes(this.address, part);
      else this.memory.readBytes(this.address, part);
      done += count;
      this.address = (this.address + count) | 0;
      this.left -= count;
      if (this.left > 0) continue;
      if (this.isLast) this.status &= ~STATUS_ACTIVE;
      else this.loadDescriptor();
    }
    return true;
  }

  private writeCommand(value: number): void {
    const starts = (value & ~this.command & COMMAND_START) !== 0;
    const stops = (~value & this.command & COMMAND_START) !== 0;
    // The direction may not change while the bus master is active.
    this.command = this.status & STATUS_ACTIVE ? (this.command & ~COMMAND_START) | (value & COMMAND_START) : value & 9;
    if (stops) this.status &= ~STATUS_ACTIVE;
    if (!starts) return;
    this.status |= STATUS_ACTIVE;
    this.next = this.table;
    this.loadDescriptor();
    this.runWaiting();
  }

  private loadDescriptor(): void {
    if (!this.isAllowed()) return;
    const word = this.memory.read32(this.next + 4);
    this.address = this.memory.read32(this.next) & ~1;
    this.left = word & 0xfffe || 0x10000;
    this.next += 8;
    this.isLast = (word & LAST_DESCRIPTOR) !== 0 || (this.next & (TABLE_BYTES - 1)) < 8;
  }

  private runWaiting(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.run();
  }
}

/**
 * The execution phase of the floppy controller's data commands: sector after sector between disk and host, until
 * terminal count, the last sector or an error; then the seven result bytes.
 *
 * Source: Intel 82077AA datasheet (290166), 5.1 and 6.
 */
import { awaitStore } from '../../bus/block-store.ts';
import type { DmaChannel } from '../../bus/dma.ts';
import { type FloppyDrive, SECTOR_BYTES } from './drive.ts';

const ST0_ABNORMAL = 0x40;
const ST1_MISSING_ADDRESS_MARK = 0x01;
const ST1_NOT_WRITABLE = 0x02;
const ST1_NO_DATA = 0x04;
const ST1_OVERRUN = 0x10;
const ST1_DATA_ERROR = 0x20;
const ST1_END_OF_CYLINDER = 0x80;
const ST2_WRONG_CYLINDER = 0x10;
const ST2_DATA_ERROR = 0x20;

/** Sector size code of 512 bytes, the only one on PC disks. */
const SIZE_512 = 2;
/** FORMAT TRACK takes cylinder, head, number and size of each sector. */
const ID_BYTES = 4;

interface Position {
  cylinder: number;
  head: number;
  sector: number;
  sectorSize: number;
}

interface Target {
  readonly unit: number;
  readonly head: number;
  readonly drive: FloppyDrive | undefined;
  readonly isDma: boolean;
  readonly rate: number;
  /** Turns of the disk since power-on. */
  readonly turn: number;
}

export interface SectorCommand {
  readonly kind: 'read' | 'write' | 'verify';
  readonly isMultiTrack: boolean;
  readonly position: Position;
  /** Number of the last sector of the track that is meant. */
  readonly eot: number;
}

interface FormatCommand {
  readonly kind: 'format';
  readonly sectorSize: number;
  readonly sectors: number;
  readonly filler: number;
}

export type DataCommand = Target & (SectorCommand | FormatCommand | { readonly kind: 'id' });

export class SectorTransfer {
  private readonly dma: DmaChannel;
  private readonly onEnd: (result: readonly number[]) => void;
  private readonly onByte: () => void;
  private readonly buffer = new Uint8Array(SECTOR_BYTES);
  private command: DataCommand | undefined;
  private position: Position = { cylinder: 0, head: 0, sector: 1, sectorSize: SIZE_512 };
  private head = 0;
  private left = 0;
  /** Bytes that pass through the FIFO one by one. */
  private fifo:
    | { readonly direction: 'read' | 'write'; at: number; readonly end: number; readonly then: () => void }
    | undefined;
  private epoch = 0;

  /** @param onEnd gets the result bytes  @param onByte a byte is wanted, or there, without DMA. */
  constructor(dma: DmaChannel, onEnd: (result: readonly number[]) => void, onByte: () => void) {
    this.dma = dma;
    this.onEnd = onEnd;
    this.onByte = onByte;
  }

  /** The direction in which a byte waits to pass the FIFO, if one does. */
  get wantsByte(): 'read' | 'write' | undefined {
    return this.fifo?.direction;
  }

  abort(): void {
    this.epoch++;
    this.fifo = undefined;
    this.command = undefined;
  }

  prepare(command: DataCommand): void {
    this.abort();
    this.command = command;
    this.head = command.head;
    const { kind } = command;
    if (kind === 'format') this.left = command.sectors;
    const here = { cylinder: command.drive?.track ?? 0, head: command.head, sector: 1, sectorSize: SIZE_512 };
    this.position = kind === 'format' || kind === 'id' ? here : { ...command.position };
  }

  /** The disk has turned to where it must be. */
  start(): void {
    const { command } = this;
    if (!command) return;
    const { drive, rate, kind } = command;
    if (!drive?.medium || !drive.format.rates.includes(rate)) {
      this.end(ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK | ST1_NO_DATA);
    } else if ((kind === 'write' || kind === 'format') && drive.medium.isReadOnly) {
      this.end(ST0_ABNORMAL, ST1_NOT_WRITABLE);
    } else if (kind === 'id') {
      const { sectors } = drive.format;
      this.position.sector = 1 + (Math.floor(command.turn * sectors) % sectors);
      if (drive.sectorAt(command.head, 1) < 0) this.end(ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK);
      else this.end(0);
    } else if (kind === 'format') this.formatSector();
    else this.nextSector();
  }

  readByte(): number {
    const fifo = this.fifo!;
    const value = this.buffer[fifo.at++]!;
    this.bytePassed();
    return value;
  }

  writeByte(value: number): void {
    const fifo = this.fifo!;
    this.buffer[fifo.at++] = value;
    this.bytePassed();
  }

  private bytePassed(): void {
    const fifo = this.fifo!;
    if (fifo.at < fifo.end) {
      this.onByte();
      return;
    }
    this.fifo = undefined;
    fifo.then();
  }

  private end(st0: number, st1 = 0, st2 = 0): void {
    const { unit } = this.command!;
    const { cylinder, head, sector, sectorSize } = this.position;
    this.abort();
    this.onEnd([st0 | (this.head << 2) | unit, st1, st2, cylinder, head, sector, sectorSize]);
  }

  /** The sector at the position is next. */
  private nextSector(): void {
    const command = this.command!;
    const { position } = this;
    const { track } = command.drive!;
    if (position.cylinder !== track) {
      this.end(ST0_ABNORMAL, ST1_NO_DATA, ST2_WRONG_CYLINDER);
      return;
    }
    const index = command.drive!.sectorAt(this.head, position.sector);
    const exists = index >= 0 && position.head === this.head && position.sectorSize === SIZE_512;
    if (!exists) this.end(ST0_ABNORMAL, ST1_NO_DATA);
    else if (command.kind === 'write') this.writeSector(index);
    else this.readSector(index);
  }

  private readSector(index: number): void {
    const { drive, kind, isDma } = this.command!;
    this.wait(
      () => drive!.read(index, this.buffer),
      () => {
        if (kind === 'verify') this.sectorDone(false);
        else if (isDma) {
          const moved = this.dma.write(this.buffer);
          this.moved(moved, SECTOR_BYTES);
        } else this.passBytes('read', SECTOR_BYTES, () => this.sectorDone(false));
      },
    );
  }

  private writeSector(index: number): void {
    const { drive, isDma } = this.command!;
    if (!drive!.canWrite(index)) {
      this.end(ST0_ABNORMAL, ST1_NO_DATA);
      return;
    }
    if (!isDma) {
      this.passBytes('write', SECTOR_BYTES, () =>
        this.wait(
          () => drive!.write(index, this.buffer),
          () => this.sectorDone(false),
        ),
      );
      return;
    }
    // Terminal count in the middle of a sector: the rest of it becomes zeros.
    this.buffer.fill(0);
    const moved = this.dma.read(this.buffer);
    if (moved === 0) this.end(ST0_ABNORMAL, ST1_OVERRUN);
    else
      this.wait(
        () => drive!.write(index, this.buffer),
        () => this.moved(moved, SECTOR_BYTES),
      );
  }

  /** What the DMA channel moved of a sector: all, as far as terminal count, or nothing, for it is masked. */
  private moved(count: number, wanted: number): void {
    if (count === 0) this.end(ST0_ABNORMAL, ST1_OVERRUN);
    else this.sectorDone(this.dma.terminalCount || count < wanted);
  }

  /** Step to the next sector, on the other side after the last one with multi-track. */
  private sectorDone(isLast: boolean): void {
    const command = this.command!;
    if (command.kind === 'format' || command.kind === 'id') return;
    const { position } = this;
    const atEnd = position.sector === command.eot;
    const turnsOver = atEnd && command.isMultiTrack && this.head === 0;
    position.sector = atEnd ? 1 : (position.sector + 1) & 0xff;
    if (turnsOver) {
      this.head = 1;
      position.head ^= 1;
    } else if (atEnd) {
      if (command.isMultiTrack) position.head ^= 1;
      position.cylinder = (position.cylinder + 1) & 0xff;
    }
    if (isLast) this.end(0);
    else if (!atEnd || turnsOver) this.nextSector();
    // VERIFY moves nothing, so nobody gives it terminal count: the last sector is its normal end.
    else if (command.kind === 'verify') this.end(0);
    else this.end(ST0_ABNORMAL, ST1_END_OF_CYLINDER);
  }

  /** FORMAT TRACK: the host names each sector, which is filled. */
  private formatSector(): void {
    const command = this.command!;
    if (command.kind !== 'format') return;
    if (this.left === 0) {
      this.end(0);
      return;
    }
    const take = (): void => {
      const { drive, head, filler } = command;
      const [cylinder, side, sector, size] = this.buffer as unknown as [number, number, number, number];
      this.position = { cylinder, head: side, sector, sectorSize: size };
      const index =
        cylinder === drive!.track && side === head && size === SIZE_512 ? drive!.sectorAt(head, sector) : -1;
      this.left--;
      if (index < 0 || !drive!.canWrite(index)) {
        this.end(ST0_ABNORMAL, ST1_NO_DATA);
        return;
      }
      this.buffer.fill(filler);
      this.wait(
        () => drive!.write(index, this.buffer),
        () => this.formatSector(),
      );
    };
    if (!command.isDma) this.passBytes('write', ID_BYTES, take);
    else if (this.dma.read(this.buffer.subarray(0, ID_BYTES)) < ID_BYTES) this.end(ST0_ABNORMAL, ST1_OVERRUN);
    else take();
  }

  private passBytes(direction: 'read' | 'write', count: number, then: () => void): void {
    this.fifo = { direction, at: 0, end: count, then };
    this.onByte();
  }

  /** Wait for the image, now or later; what it delivers after an abort is dropped. */
  private wait(work: () => undefined | Promise<void>, then: () => void): void {
    const failed = (): void => this.end(ST0_ABNORMAL, ST1_DATA_ERROR, ST2_DATA_ERROR);
    const { epoch } = this;
    awaitStore(
      work,
      then,
      failed,
      () => {},
      () => epoch === this.epoch,
    );
  }
}

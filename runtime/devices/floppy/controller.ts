/**
 * The floppy disk controller, an Intel 82077AA in AT mode: command, execution and result phases behind the FIFO port,
 * data by DMA channel 2 or byte by byte, interrupt 6. The mechanics are faster than real ones: a seek takes as long as
 * a driver needs to start waiting for it.
 *
 * Source: Intel 82077AA datasheet (290166), sections 2 (registers), 5 (commands) and 6 (status registers).
 */
import type { Clock, Timer } from '../../bus/clock.ts';
import type { Device } from '../../bus/device.ts';
import type { DmaChannel } from '../../bus/dma.ts';
import type { Line } from '../../bus/line.ts';
import type { Ports } from '../../bus/ports.ts';
import { FloppyDrive } from './drive.ts';
import { type DataCommand, type SectorCommand, SectorTransfer } from './transfer.ts';

const DIGITAL_OUTPUT = 0x3f2;
const TAPE_DRIVE = 0x3f3;
/** Main status when read, data rate select when written. */
const MAIN_STATUS = 0x3f4;
const FIFO = 0x3f5;
/** Digital input when read, configuration control when written. */
const DIGITAL_INPUT = 0x3f7;

const DOR_NOT_RESET = 4;
/** Interrupt and DMA reach the bus. */
const DOR_GATE = 8;
const DSR_RESET = 0x80;

const MSR_BUSY = 0x10;
const MSR_NON_DMA = 0x20;
const MSR_TO_HOST = 0x40;
const MSR_READY = 0x80;

const ST0_ABNORMAL = 0x40;
const ST0_INVALID = 0x80;
/** The ready line changed, which is how the end of a reset is reported for each drive. */
const ST0_POLLED = 0xc0;
const ST0_SEEK_END = 0x20;
const ST3_WRITE_PROTECTED = 0x40;
const ST3_READY = 0x20;
const ST3_TRACK_0 = 0x10;
const ST3_TWO_SIDES = 0x08;

const CONFIGURE_IMPLIED_SEEK = 0x40;
const SPECIFY_NON_DMA = 1;

/** Drives that the chip can address; two have a place here. */
const ADDRESSED_DRIVES = 4;
const RESET_NS = 100_000;
const SEEK_NS = 200_000;
const TRACK_NS = 20_000;
const DATA_NS = 200_000;
/** One turn at 300 rpm. */
const TURN_NS = 200e6;

/** Parameter bytes that follow a command; commands are told by their low five bits. */
// biome-ignore format: command table
const PARAMETERS: ReadonlyMap<number, number> = new Map([
  [0x02, 8], [0x03, 2], [0x04, 1], [0x05, 8], [0x06, 8], [0x07, 1], [0x08, 0], [0x09, 8], [0x0a, 1], [0x0c, 8],
  [0x0d, 5], [0x0e, 0], [0x0f, 2], [0x10, 0], [0x12, 1], [0x13, 3], [0x14, 0], [0x16, 8],
]);

export interface FloppyParts {
  readonly ports: Ports;
  readonly clock: Clock;
  /** Interrupt 6. */
  readonly line: Line;
  /** DMA channel 2. */
  readonly dma: DmaChannel;
}

export class FloppyController implements Device {
  /** Drives A and B. */
  readonly drives: readonly [FloppyDrive, FloppyDrive] = [new FloppyDrive(), new FloppyDrive()];
  private readonly line: Line;
  private readonly clock: Clock;
  private readonly transfer: SectorTransfer;
  private readonly resetTimer: Timer;
  private readonly dataTimer: Timer;
  private readonly seekTimers: readonly Timer[];
  private digitalOutput = 0;
  private tapeDrive = 0;
  private rate = 2;
  private isInterrupting = false;
  /** Command bytes so far, and how many there will be. */
  private command: number[] = [];
  private expected = 0;
  /** Bytes for the host to read. */
  private result: number[] = [];
  /** A command with an execution phase is in it. */
  private isExecuting = false;
  /** ST0 of interrupts that no SENSE INTERRUPT has asked about. */
  private pending: number[] = [];
  private readonly seeking = [false, false, false, false];
  private specified: readonly [number, number] = [0, 0];
  private configuration: readonly [number, number] = [0x20, 0];
  private isLocked = false;
  private perpendicular = 0;
  private lastEot = 0;

  constructor({ ports, clock, line, dma }: FloppyParts) {
    this.line = line;
    this.clock = clock;
    this.resetTimer = clock.timer(() => this.resetEnded());
    this.seekTimers = [0, 1, 2, 3].map((drive) => clock.timer(() => this.seekEnded(drive)));
    this.transfer = new SectorTransfer(
      dma,
      (result) => this.dataEnded(result),
      () => this.interrupt(),
    );
    this.dataTimer = clock.timer(() => this.transfer.start());
    const functions = {
      read8: (port: number) => this.read(port),
      write8: (port: number, value: number) => this.write(port, value),
    };
    ports.claim(0x3f0, 6, functions);
    ports.claim(DIGITAL_INPUT, 1, functions);
  }

  reset(): void {
    this.digitalOutput = 0;
    this.rate = 2;
    this.isLocked = false;
    this.resetChip();
    this.setInterrupt(false);
  }

  private read(port: number): number {
    switch (port) {
      case DIGITAL_OUTPUT:
        return this.digitalOutput;
      case TAPE_DRIVE:
        return this.tapeDrive;
      case MAIN_STATUS:
        return this.mainStatus;
      case FIFO:
        return this.readFifo();
      case DIGITAL_INPUT:
        return this.selected === undefined || this.selected.isChanged ? 0x80 : 0;
      default:
        return 0xff; // status registers A and B are not there in AT mode
    }
  }

  private write(port: number, value: number): void {
    switch (port) {
      case DIGITAL_OUTPUT:
        this.writeDigitalOutput(value);
        break;
      case TAPE_DRIVE:
        this.tapeDrive = value & 3;
        break;
      case MAIN_STATUS:
        this.rate = value & 3;
        if (value & DSR_RESET) this.startReset();
        break;
      case FIFO:
        this.writeFifo(value);
        break;
      case DIGITAL_INPUT:
        this.rate = value & 3;
        break;
    }
  }

  private get mainStatus(): number {
    if ((this.digitalOutput & DOR_NOT_RESET) === 0) return 0;
    let status = 0;
    this.seeking.forEach((isSeeking, drive) => {
      if (isSeeking) status |= 1 << drive;
    });
    if (this.isExecuting) {
      status |= MSR_BUSY;
      const byteWise = this.transfer.wantsByte;
      if (byteWise) status |= MSR_NON_DMA | MSR_READY | (byteWise === 'read' ? MSR_TO_HOST : 0);
      return status;
    }
    if (this.result.length > 0) return status | MSR_READY | MSR_TO_HOST | MSR_BUSY;
    return status | MSR_READY | (this.command.length > 0 ? MSR_BUSY : 0);
  }

  private get selected(): FloppyDrive | undefined {
    return this.drives[this.digitalOutput & 3];
  }

  private writeDigitalOutput(value: number): void {
    const was = this.digitalOutput;
    this.digitalOutput = value;
    if ((value & DOR_NOT_RESET) === 0) this.resetChip();
    else if ((was & DOR_NOT_RESET) === 0) this.startReset();
    this.line.set(this.isInterrupting && (value & DOR_GATE) !== 0);
  }

  /** What the reset pin and both reset bits do. */
  private resetChip(): void {
    this.resetTimer.disarm();
    this.dataTimer.disarm();
    for (const timer of this.seekTimers) timer.disarm();
    this.transfer.abort();
    this.command = [];
    this.result = [];
    this.pending = [];
    this.isExecuting = false;
    this.seeking.fill(false);
    if (!this.isLocked) this.configuration = [0x20, 0];
    this.perpendicular &= 0x3c;
    this.setInterrupt(false);
  }

  private startReset(): void {
    this.resetChip();
    this.resetTimer.arm(this.clock.now + RESET_NS);
  }

  private resetEnded(): void {
    for (let drive = 0; drive < ADDRESSED_DRIVES; drive++) this.pending.push(ST0_POLLED | drive);
    this.interrupt();
  }

  private interrupt(): void {
    this.setInterrupt(true);
  }

  private setInterrupt(high: boolean): void {
    this.isInterrupting = high;
    this.line.set(high && (this.digitalOutput & DOR_GATE) !== 0);
  }

  private readFifo(): number {
    if (this.isExecuting) {
      if (this.transfer.wantsByte !== 'read') return 0xff;
      this.setInterrupt(false);
      return this.transfer.readByte();
    }
    const value = this.result.shift();
    if (value === undefined) return 0xff;
    this.setInterrupt(false);
    return value;
  }

  private writeFifo(value: number): void {
    if ((this.digitalOutput & DOR_NOT_RESET) === 0 || this.result.length > 0) return;
    if (this.isExecuting) {
      if (this.transfer.wantsByte !== 'write') return;
      this.setInterrupt(false);
      this.transfer.writeByte(value);
      return;
    }
    if (this.command.length === 0) {
      const parameters = this.isKnown(value) ? PARAMETERS.get(value & 31)! : 0;
      this.expected = 1 + parameters;
    }
    this.command.push(value);
    if (this.command.length < this.expected) return;
    const bytes = this.command;
    this.command = [];
    this.execute(bytes);
  }

  /** Bits 7:5 of a command are options of the data commands, RELATIVE SEEK and LOCK; in others they make it another. */
  private isKnown(value: number): boolean {
    const code = value & 31;
    if (code === 0x14) return (value & 0x60) === 0;
    if (code === 0x0f) return value === 0x0f || (value & 0xbf) === 0x8f;
    if (code === 0x0a || code === 0x0d) return (value & 0xa0) === 0;
    const hasOptions = [0x02, 0x05, 0x06, 0x09, 0x0c, 0x16].includes(code);
    return PARAMETERS.has(code) && (hasOptions || value === code);
  }

  private execute(bytes: readonly number[]): void {
    const [code, first = 0, second = 0] = bytes as [number, number?, number?];
    if (!this.isKnown(code)) {
      this.result = [ST0_INVALID];
      return;
    }
    switch (code & 31) {
      case 0x03: // SPECIFY
        this.specified = [first, second];
        break;
      case 0x04: // SENSE DRIVE STATUS
        this.result = [this.driveStatus(first)];
        break;
      case 0x07: // RECALIBRATE
        this.startSeek(first & 3, 0);
        break;
      case 0x08:
        this.senseInterrupt();
        break;
      case 0x0a: // READ ID
        this.startData({ kind: 'id', ...this.target(first) });
        break;
      case 0x0d: // FORMAT TRACK
        this.startData({
          kind: 'format',
          ...this.target(first),
          sectorSize: second,
          sectors: bytes[3]!,
          filler: bytes[5]!,
        });
        break;
      case 0x0e:
        this.dumpRegisters();
        break;
      case 0x0f:
        this.seek(code, first, second);
        break;
      case 0x10: // VERSION: enhanced controller
        this.result = [0x90];
        break;
      case 0x12: // PERPENDICULAR MODE
        this.perpendicular = first & 0x80 ? first & 0x3f : (this.perpendicular & 0x3c) | (first & 3);
        break;
      case 0x13: // CONFIGURE
        this.configuration = [second, bytes[3]!];
        break;
      case 0x14: // LOCK, UNLOCK
        this.isLocked = (code & 0x80) !== 0;
        this.result = [this.isLocked ? 0x10 : 0];
        break;
      default:
        this.startDataCommand(bytes);
    }
  }

  /** Head and drive that a command's first parameter names. */
  private target(parameter: number) {
    const unit = parameter & 3;
    const isDma = (this.specified[1] & SPECIFY_NON_DMA) === 0;
    const turn = this.clock.now / TURN_NS;
    return { unit, head: (parameter >>> 2) & 1, drive: this.drives[unit], isDma, rate: this.rate, turn };
  }

  private startDataCommand(bytes: readonly number[]): void {
    const [code, first, cylinder, head, sector, sectorSize, eot] = bytes as [number, ...number[]];
    const kinds: Readonly<Record<number, SectorCommand['kind']>> = { 5: 'write', 9: 'write', 22: 'verify' };
    this.lastEot = eot!;
    const target = this.target(first!);
    if (this.configuration[0] & CONFIGURE_IMPLIED_SEEK) target.drive?.seek(cylinder!);
    this.startData({
      kind: kinds[code & 31] ?? 'read',
      ...target,
      isMultiTrack: (code & 0x80) !== 0,
      // READ TRACK goes on from the first sector, whatever the parameters say.
      position: { cylinder: cylinder!, head: head!, sector: (code & 31) === 2 ? 1 : sector!, sectorSize: sectorSize! },
      eot: eot!,
    });
  }

  private startData(command: DataCommand): void {
    this.isExecuting = true;
    this.transfer.prepare(command);
    this.dataTimer.arm(this.clock.now + DATA_NS);
  }

  private dataEnded(result: readonly number[]): void {
    this.isExecuting = false;
    this.result = [...result];
    this.interrupt();
  }

  private seek(code: number, parameter: number, value: number): void {
    const unit = parameter & 3;
    const from = this.drives[unit]?.track ?? 0;
    // RELATIVE SEEK: bit 7 of the command, direction in bit 6.
    this.startSeek(unit, (code & 0x80) === 0 ? value : code & 0x40 ? from + value : from - value);
  }

  private startSeek(unit: number, track: number): void {
    const drive = this.drives[unit];
    const distance = Math.abs(track - (drive?.track ?? 0));
    drive?.seek(track);
    this.seeking[unit] = true;
    this.seekTimers[unit]!.arm(this.clock.now + SEEK_NS + distance * TRACK_NS);
  }

  private seekEnded(unit: number): void {
    this.seeking[unit] = false;
    // Bit 4, equipment check: no track 0 signal came, for there is no drive.
    this.pending.push(ST0_SEEK_END | unit | (this.drives[unit] ? 0 : ST0_ABNORMAL | 0x10));
    this.interrupt();
  }

  private senseInterrupt(): void {
    const status = this.pending.shift();
    if (status === undefined) {
      this.result = [ST0_INVALID];
      return;
    }
    this.setInterrupt(false);
    this.result = [status, this.drives[status & 3]?.track ?? 0];
  }

  private driveStatus(parameter: number): number {
    const drive = this.drives[parameter & 3];
    let status = (parameter & 7) | ST3_READY;
    if (!drive) return status;
    status |= ST3_TWO_SIDES;
    if (drive.track === 0) status |= ST3_TRACK_0;
    if (drive.medium?.isReadOnly) status |= ST3_WRITE_PROTECTED;
    return status;
  }

  private dumpRegisters(): void {
    const [a, b] = this.drives;
    const mode = (this.isLocked ? 0x80 : 0) | this.perpendicular;
    this.result = [a.track, b.track, 0, 0, ...this.specified, this.lastEot, mode, ...this.configuration];
  }
}

/**
 * An ATA hard disk over a BlockStore: reads and writes by sectors, several at a time, or bus master, with 28-bit,
 * 48-bit and cylinder addresses, and the commands that drivers send around them.
 *
 * Source: ATA/ATAPI-6 (T13 1410D), clause 8.
 */
import type { BlockStore } from '../../bus/block-store.ts';
import { type DiskGeometry, identifyDisk, smartData } from './ata-identity.ts';
import {
  type Cable,
  COUNT,
  DEVICE,
  Drive,
  ERROR_ABORTED,
  FEATURES,
  LBA_HIGH,
  LBA_LOW,
  LBA_MID,
  STATUS_BUSY,
  STATUS_DSC,
  STATUS_READY,
} from './drive.ts';

const SECTOR_BYTES = 512;
const ERROR_NOT_FOUND = 0x10;
const ERROR_UNCORRECTABLE = 0x40;
const USES_LBA = 0x40;
/** SMART commands carry this in LBA mid and high. */
const SMART_KEY = 0xc24f;
/** SET FEATURES that change nothing here: write cache, look-ahead, power management, defaults. */
const HARMLESS_FEATURES = [0x02, 0x05, 0x42, 0x55, 0x66, 0x82, 0x85, 0xaa, 0xc2, 0xcc];
const SET_TRANSFER_MODE = 0x03;

/** Sectors that a command goes over, and how many of them are moved at a time. */
interface Stretch {
  sector: number;
  left: number;
  readonly atOnce: number;
  readonly isExtended: boolean;
}

export class AtaDisk extends Drive {
  protected readonly signature = 0;
  private readonly store: BlockStore;
  private readonly serial: string;
  private readonly native: DiskGeometry;
  private current: DiskGeometry;
  /** Sectors of a block in READ and WRITE MULTIPLE; 0 while they are off. */
  private multiple = 0;
  /** SET FEATURES' transfer mode: kind in bits 7:3, number in 2:0. */
  private transferMode = 0;

  /** @throws RangeError when the store's sectors are not of 512 bytes. */
  constructor(cable: Cable, store: BlockStore, serial = 'XL86-0001') {
    super(cable);
    if (store.sectorBytes !== SECTOR_BYTES) throw new RangeError(`a disk has sectors of ${SECTOR_BYTES} bytes`);
    this.store = store;
    this.serial = serial;
    const cylinders = Math.min(16383, Math.max(1, Math.floor(store.sectors / (16 * 63))));
    this.native = { cylinders, heads: 16, sectors: 63 };
    this.current = this.native;
  }

  protected resetSettings(): void {
    this.multiple = 0;
  }

  protected execute(command: number): void {
    const run = COMMANDS.get(command);
    if (run) run(this);
    else this.fail(ERROR_ABORTED);
  }

  /** READ SECTORS, READ MULTIPLE. */
  readPio(isExtended: boolean, atOnce: number): void {
    const stretch = this.stretch(isExtended, atOnce);
    if (stretch) this.readBlock(stretch);
  }

  /** WRITE SECTORS, WRITE MULTIPLE. The first block is asked for without an interrupt. */
  writePio(isExtended: boolean, atOnce: number): void {
    const stretch = this.writableStretch(isExtended, atOnce);
    if (stretch) this.demandBlock(stretch);
  }

  readMultiple(isExtended: boolean): void {
    if (this.multiple === 0) this.fail(ERROR_ABORTED);
    else this.readPio(isExtended, this.multiple);
  }

  writeMultiple(isExtended: boolean): void {
    if (this.multiple === 0) this.fail(ERROR_ABORTED);
    else this.writePio(isExtended, this.multiple);
  }

  readDma(isExtended: boolean): void {
    const stretch = this.stretch(isExtended, this.buffer.length / SECTOR_BYTES);
    if (!stretch) return;
    this.status = STATUS_BUSY;
    this.busMaster.request(this, () => this.readDmaBlock(stretch));
  }

  writeDma(isExtended: boolean): void {
    const stretch = this.writableStretch(isExtended, this.buffer.length / SECTOR_BYTES);
    if (!stretch) return;
    this.status = STATUS_BUSY;
    this.busMaster.request(this, () => this.writeDmaBlock(stretch));
  }

  /** READ VERIFY: the sectors are there. SEEK: so is the one. */
  verify(isExtended: boolean): void {
    const stretch = this.stretch(isExtended, 1);
    if (!stretch) return;
    const end = stretch.sector + stretch.left;
    if (end > this.store.sectors) this.failAt({ ...stretch, sector: this.store.sectors }, ERROR_NOT_FOUND);
    else this.finish();
  }

  seek(): void {
    this.registers[COUNT] = 1;
    this.verify(false);
  }

  identify(): void {
    const { store, native, current, multiple, transferMode, serial } = this;
    this.buffer.set(identifyDisk({ sectors: store.sectors, native, current, multiple, transferMode, serial }));
    this.offer(0, SECTOR_BYTES, () => this.settle());
  }

  /** INITIALIZE DEVICE PARAMETERS: the geometry in which cylinder addresses are. */
  initializeParameters(): void {
    const heads = (this.registers[DEVICE]! & 15) + 1;
    const sectors = this.registers[COUNT]!;
    if (sectors === 0) {
      this.fail(ERROR_ABORTED);
      return;
    }
    const cylinders = Math.min(65535, Math.floor(Math.min(this.store.sectors, 16514064) / (heads * sectors)));
    this.current = { cylinders, heads, sectors };
    this.finish();
  }

  setMultiple(): void {
    const count = this.registers[COUNT]!;
    if (count > 16 || (count & (count - 1)) !== 0) {
      this.fail(ERROR_ABORTED);
      return;
    }
    this.multiple = count;
    this.finish();
  }

  setFeatures(): void {
    const feature = this.registers[FEATURES]!;
    if (feature === SET_TRANSFER_MODE) this.transferMode = this.registers[COUNT]!;
    else if (!HARMLESS_FEATURES.includes(feature)) {
      this.fail(ERROR_ABORTED);
      return;
    }
    this.finish();
  }

  flush(): void {
    this.wait(
      () => this.store.flush?.(),
      () => this.finish(),
      () => this.fail(ERROR_ABORTED),
    );
  }

  /** CHECK POWER MODE: always active. */
  checkPower(): void {
    this.registers[COUNT] = 0xff;
    this.finish();
  }

  diagnose(): void {
    this.putSignature();
    this.setInterrupt(true);
  }

  /** READ NATIVE MAX ADDRESS. */
  nativeMax(isExtended: boolean): void {
    const last = this.store.sectors - 1;
    this.putSector(isExtended ? last : Math.min(last, 0x0fffffff), isExtended);
    this.finish();
  }

  smart(): void {
    const { registers } = this;
    if ((registers[LBA_MID]! | (registers[LBA_HIGH]! << 8)) !== SMART_KEY) {
      this.fail(ERROR_ABORTED);
      return;
    }
    switch (registers[FEATURES]) {
      case 0xd0: // read values
      case 0xd1: // read thresholds
        this.buffer.set(smartData());
        this.offer(0, SECTOR_BYTES, () => this.settle());
        break;
      case 0xd2: // autosave
      case 0xd8: // enable
      case 0xd9: // disable
      case 0xda: // return status: the key unchanged means no threshold exceeded
        this.finish();
        break;
      default:
        this.fail(ERROR_ABORTED);
    }
  }

  succeed(): void {
    this.finish();
  }

  /** A packet drive's command: refused, with the signature that tells what this is. */
  refusePacket(): void {
    this.putSignature();
    this.fail(ERROR_ABORTED);
  }

  /** The end of a command whose last block was read: no interrupt. */
  private settle(): void {
    this.status = STATUS_READY | STATUS_DSC;
  }

  private writableStretch(isExtended: boolean, atOnce: number): Stretch | undefined {
    if (!this.store.isReadOnly) return this.stretch(isExtended, atOnce);
    this.fail(ERROR_ABORTED);
    return undefined;
  }

  /** The sectors that the registers name. An address that is none ends the command. */
  private stretch(isExtended: boolean, atOnce: number): Stretch | undefined {
    const { registers: now, previous: before } = this;
    let sector: number;
    let left = now[COUNT]! || 256;
    if (isExtended) {
      sector = now[LBA_LOW]! + now[LBA_MID]! * 2 ** 8 + now[LBA_HIGH]! * 2 ** 16;
      sector += before[LBA_LOW]! * 2 ** 24 + before[LBA_MID]! * 2 ** 32 + before[LBA_HIGH]! * 2 ** 40;
      left = now[COUNT]! | (before[COUNT]! << 8) || 65536;
    } else if (now[DEVICE]! & USES_LBA) {
      sector = now[LBA_LOW]! | (now[LBA_MID]! << 8) | (now[LBA_HIGH]! << 16) | ((now[DEVICE]! & 15) << 24);
    } else {
      const { heads, sectors } = this.current;
      const head = now[DEVICE]! & 15;
      const isInside = now[LBA_LOW]! >= 1 && now[LBA_LOW]! <= sectors && head < heads;
      const cylinder = now[LBA_MID]! | (now[LBA_HIGH]! << 8);
      sector = isInside ? (cylinder * heads + head) * sectors + now[LBA_LOW]! - 1 : Number.POSITIVE_INFINITY;
    }
    if (sector < this.store.sectors) return { sector, left, atOnce, isExtended };
    this.fail(ERROR_NOT_FOUND);
    return undefined;
  }

  /** How many sectors the next block has, or 0 when the disk ends here: the command has then failed. */
  private nextCount(stretch: Stretch): number {
    const count = Math.min(stretch.left, stretch.atOnce, this.store.sectors - stretch.sector);
    if (count <= 0) this.failAt(stretch, ERROR_NOT_FOUND);
    return Math.max(0, count);
  }

  private advance(stretch: Stretch, count: number): void {
    stretch.sector += count;
    stretch.left -= count;
    this.registers[COUNT] = stretch.left;
  }

  private block(count: number): Uint8Array {
    return this.buffer.subarray(0, count * SECTOR_BYTES);
  }

  private readBlock(stretch: Stretch): void {
    const count = this.nextCount(stretch);
    if (count === 0) return;
    this.waitAt(
      stretch,
      () => this.store.read(stretch.sector, this.block(count)),
      () => {
        this.advance(stretch, count);
        this.offer(0, count * SECTOR_BYTES, () => {
          if (stretch.left === 0) this.settle();
          else this.afterMoving(count * SECTOR_BYTES, () => this.readBlock(stretch));
        });
      },
    );
  }

  private demandBlock(stretch: Stretch): void {
    const count = this.nextCount(stretch);
    if (count === 0) return;
    this.demand(count * SECTOR_BYTES, () =>
      this.afterMoving(count * SECTOR_BYTES, () =>
        this.waitAt(
          stretch,
          () => this.store.write(stretch.sector, this.block(count)),
          () => {
            this.advance(stretch, count);
            if (stretch.left === 0) {
              this.finish();
              return;
            }
            this.demandBlock(stretch);
            if (stretch.sector < this.store.sectors) this.setInterrupt(true);
          },
        ),
      ),
    );
  }

  private readDmaBlock(stretch: Stretch): void {
    const count = this.nextCount(stretch);
    if (count === 0) return;
    this.afterMoving(count * SECTOR_BYTES, () =>
      this.waitAt(
        stretch,
        () => this.store.read(stretch.sector, this.block(count)),
        () => {
          if (!this.busMaster.move(this.block(count), true)) return;
          this.advance(stretch, count);
          if (stretch.left > 0) this.readDmaBlock(stretch);
          else this.finish();
        },
      ),
    );
  }

  private writeDmaBlock(stretch: Stretch): void {
    const count = this.nextCount(stretch);
    if (count === 0) return;
    this.afterMoving(count * SECTOR_BYTES, () => {
      if (!this.busMaster.move(this.block(count), false)) return;
      this.waitAt(
        stretch,
        () => this.store.write(stretch.sector, this.block(count)),
        () => {
          this.advance(stretch, count);
          if (stretch.left > 0) this.writeDmaBlock(stretch);
          else this.finish();
        },
      );
    });
  }

  private waitAt(stretch: Stretch, work: () => undefined | Promise<void>, then: () => void): void {
    this.wait(work, then, () => this.failAt(stretch, ERROR_UNCORRECTABLE));
  }

  /** The registers name the sector at which the command failed. */
  private failAt({ sector, isExtended }: Stretch, error: number): void {
    this.putSector(sector, isExtended);
    this.fail(error);
  }

  private putSector(sector: number, isExtended: boolean): void {
    const { registers, previous } = this;
    if (!isExtended && (registers[DEVICE]! & USES_LBA) === 0) {
      const { heads, sectors } = this.current;
      const track = Math.floor(sector / sectors);
      const cylinder = Math.floor(track / heads);
      registers[LBA_LOW] = (sector % sectors) + 1;
      registers[LBA_MID] = cylinder;
      registers[LBA_HIGH] = cylinder >>> 8;
      registers[DEVICE] = (registers[DEVICE]! & 0xf0) | (track % heads);
      return;
    }
    for (let i = 0; i < 3; i++) registers[LBA_LOW + i] = Math.floor(sector / 2 ** (8 * i)) & 0xff;
    if (isExtended) for (let i = 0; i < 3; i++) previous[LBA_LOW + i] = Math.floor(sector / 2 ** (24 + 8 * i)) & 0xff;
    else registers[DEVICE] = (registers[DEVICE]! & 0xf0) | (Math.floor(sector / 2 ** 24) & 15);
  }
}

/** Commands from `first` to `last`. */
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

type Run = (disk: AtaDisk) => void;

// biome-ignore format: command table
const ROWS: readonly (readonly [codes: readonly number[], run: Run])[] = [
  [range(0x10, 0x1f), (disk) => disk.succeed()],               // RECALIBRATE
  [[0x20, 0x21],      (disk) => disk.readPio(false, 1)],       // READ SECTOR(S)
  [[0x24],            (disk) => disk.readPio(true, 1)],        // READ SECTOR(S) EXT
  [[0x25],            (disk) => disk.readDma(true)],           // READ DMA EXT
  [[0x27],            (disk) => disk.nativeMax(true)],         // READ NATIVE MAX ADDRESS EXT
  [[0x29],            (disk) => disk.readMultiple(true)],      // READ MULTIPLE EXT
  [[0x30, 0x31],      (disk) => disk.writePio(false, 1)],      // WRITE SECTOR(S)
  [[0x34],            (disk) => disk.writePio(true, 1)],       // WRITE SECTOR(S) EXT
  [[0x35, 0x3d],      (disk) => disk.writeDma(true)],          // WRITE DMA EXT, WRITE DMA FUA EXT
  [[0x39, 0xce],      (disk) => disk.writeMultiple(true)],     // WRITE MULTIPLE EXT, WRITE MULTIPLE FUA EXT
  [[0x40, 0x41],      (disk) => disk.verify(false)],           // READ VERIFY SECTOR(S)
  [[0x42],            (disk) => disk.verify(true)],            // READ VERIFY SECTOR(S) EXT
  [range(0x70, 0x7f), (disk) => disk.seek()],                  // SEEK
  [[0x90],            (disk) => disk.diagnose()],              // EXECUTE DEVICE DIAGNOSTIC
  [[0x91],            (disk) => disk.initializeParameters()],  // INITIALIZE DEVICE PARAMETERS
  [[0xa0, 0xa1],      (disk) => disk.refusePacket()],          // PACKET, IDENTIFY PACKET DEVICE
  [[0xb0],            (disk) => disk.smart()],                 // SMART
  [[0xc4],            (disk) => disk.readMultiple(false)],     // READ MULTIPLE
  [[0xc5],            (disk) => disk.writeMultiple(false)],    // WRITE MULTIPLE
  [[0xc6],            (disk) => disk.setMultiple()],           // SET MULTIPLE MODE
  [[0xc8, 0xc9],      (disk) => disk.readDma(false)],          // READ DMA
  [[0xca, 0xcb],      (disk) => disk.writeDma(false)],         // WRITE DMA
  [[0x98, 0xe5],      (disk) => disk.checkPower()],            // CHECK POWER MODE
  [[...range(0x94, 0x97), 0x99, ...range(0xe0, 0xe3), 0xe6], (disk) => disk.succeed()], // STANDBY, IDLE, SLEEP
  [[0xe7, 0xea],      (disk) => disk.flush()],                 // FLUSH CACHE, FLUSH CACHE EXT
  [[0xec],            (disk) => disk.identify()],              // IDENTIFY DEVICE
  [[0xef],            (disk) => disk.setFeatures()],           // SET FEATURES
  [[0xf8],            (disk) => disk.nativeMax(false)],        // READ NATIVE MAX ADDRESS
];

const COMMANDS: ReadonlyMap<number, Run> = new Map(ROWS.flatMap(([codes, run]) => codes.map((code) => [code, run])));

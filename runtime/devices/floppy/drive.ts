/**
 * A floppy disk drive: where its heads are, which disk is in it and how that is laid out, and the disk change line.
 */
import type { BlockStore } from '../../bus/block-store.ts';

export const SECTOR_BYTES = 512;

/** Data rates as the controller's two rate bits select them. */
const RATE_500K = 0;
const RATE_300K = 1;
const RATE_250K = 2;
const RATE_1M = 3;

export interface FloppyFormat {
  readonly tracks: number;
  readonly heads: number;
  /** Sectors of a track, numbered from 1. */
  readonly sectors: number;
  /** Rates at which a drive reads it: 360 KB disks turn faster in a 1.2 MB drive. */
  readonly rates: readonly number[];
  /** The drive that it was made for, as CMOS memory says it: 1 360 KB, 2 1.2 MB, 3 720 KB, 4 1.44 MB, 5 2.88 MB. */
  readonly cmosType: number;
}

// biome-ignore format: table of formats
const FORMATS: readonly FloppyFormat[] = [
  { tracks: 40, heads: 1, sectors: 8,  rates: [RATE_250K, RATE_300K], cmosType: 1 },
  { tracks: 40, heads: 1, sectors: 9,  rates: [RATE_250K, RATE_300K], cmosType: 1 },
  { tracks: 40, heads: 2, sectors: 8,  rates: [RATE_250K, RATE_300K], cmosType: 1 },
  { tracks: 40, heads: 2, sectors: 9,  rates: [RATE_250K, RATE_300K], cmosType: 1 },
  { tracks: 80, heads: 2, sectors: 9,  rates: [RATE_250K],            cmosType: 3 },
  { tracks: 80, heads: 2, sectors: 15, rates: [RATE_500K],            cmosType: 2 },
  { tracks: 80, heads: 2, sectors: 18, rates: [RATE_500K],            cmosType: 4 },
  { tracks: 80, heads: 2, sectors: 21, rates: [RATE_500K],            cmosType: 4 },
  { tracks: 80, heads: 2, sectors: 36, rates: [RATE_1M],              cmosType: 5 },
];
const FORMAT_1440 = FORMATS[6]!;

/** The format of an image by its size; one of an unusual size is the start of a larger disk, 1.44 MB at least. */
function floppyFormat(imageSectors: number): FloppyFormat {
  const size = (format: FloppyFormat): number => format.tracks * format.heads * format.sectors;
  const exact = FORMATS.find((format) => size(format) === imageSectors);
  if (exact) return exact;
  return FORMATS.find((format) => size(format) >= Math.max(imageSectors, size(FORMAT_1440))) ?? FORMATS.at(-1)!;
}

export class FloppyDrive {
  /** Where the heads are. */
  track = 0;
  /** The disk change line: a disk came or went since the last step. */
  isChanged = true;
  format: FloppyFormat = FORMAT_1440;
  private store: BlockStore | undefined;

  get medium(): BlockStore | undefined {
    return this.store;
  }

  /** Put a disk in, or take it out. @throws RangeError when its sectors are not of 512 bytes. */
  setMedium(store: BlockStore | undefined): void {
    if (store && store.sectorBytes !== SECTOR_BYTES)
      throw new RangeError(`a floppy has sectors of ${SECTOR_BYTES} bytes`);
    this.store = store;
    this.isChanged = true;
    if (store) this.format = floppyFormat(store.sectors);
  }

  /** Move the heads; a step with a disk in the drive clears the change line. */
  seek(track: number): void {
    const bounded = Math.min(Math.max(track, 0), 83);
    if (bounded !== this.track && this.store) this.isChanged = false;
    this.track = bounded;
  }

  /** Index of a sector of the current track in the image, or -1 when the track has none of that number. */
  sectorAt(head: number, sector: number): number {
    const { tracks, heads, sectors } = this.format;
    if (!this.store || this.track >= tracks || head >= heads || sector < 1 || sector > sectors) return -1;
    return (this.track * heads + head) * sectors + sector - 1;
  }

  /** Read one sector; what an image does not reach is empty. */
  read(index: number, into: Uint8Array): undefined | Promise<void> {
    const store = this.store!;
    if (index < store.sectors) return store.read(index, into);
    into.fill(0);
    return undefined;
  }

  canWrite(index: number): boolean {
    return this.store !== undefined && index < this.store.sectors;
  }

  write(index: number, from: Uint8Array): undefined | Promise<void> {
    return this.store!.write(index, from);
  }
}

/**
 * What a CD-ROM drive does with a packet: each command gives bytes, sectors, or sense data that REQUEST SENSE tells
 * later. The disc is one data track.
 *
 * Source: SFF-8020i revision 2.6; MMC-3 (T10 1363-D).
 */
import type { BlockStore } from '../../bus/block-store.ts';

const SECTOR_BYTES = 2048;
/** A sector as READ CD can ask for it: synchronisation, header, data, error correction. */
const RAW_HEADER_BYTES = 16;
const RAW_TRAILER_BYTES = 288;
/** Addresses in minutes, seconds and frames (1/75 s) start 2 seconds before the first sector. */
const LEAD_IN_FRAMES = 150;
const LEAD_OUT_TRACK = 0xaa;

/** Sense key, additional sense code and its qualifier. */
type Sense = readonly [key: number, code: number, qualifier: number];

// biome-ignore format: sense table
const SENSE = {
  none:                [0x0, 0x00, 0x00],
  noMedium:            [0x2, 0x3a, 0x00],
  readError:           [0x3, 0x11, 0x00],
  invalidCommand:      [0x5, 0x20, 0x00],
  outOfRange:          [0x5, 0x21, 0x00],
  invalidField:        [0x5, 0x24, 0x00],
  cannotSaveParameters:[0x5, 0x39, 0x00],
  removalPrevented:    [0x5, 0x53, 0x02],
  mediumChanged:       [0x6, 0x28, 0x00],
  illegalModeForTrack: [0x5, 0x64, 0x00],
} as const satisfies Readonly<Record<string, Sense>>;

export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly senseKey: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'sectors';
      readonly store: BlockStore;
      readonly sector: number;
      readonly count: number;
      /** What surrounds the data of each sector. */
      readonly headerBytes: number;
      readonly trailerBytes: number;
      readonly header: (sector: number) => Uint8Array;
    };

const DONE: Reply = { kind: 'done' };

/** Commands that work whatever the medium does: INQUIRY, REQUEST SENSE, GET CONFIGURATION, GET EVENT STATUS. */
const IGNORE_ATTENTION: readonly number[] = [0x12, 0x03, 0x46, 0x4a];

export class CdRom {
  private medium: BlockStore | undefined;
  private sense: Sense = SENSE.none;
  /** A disc was put in, and no command was told yet. */
  private hasNewMedium = false;
  /** What GET EVENT STATUS reports next: 0 nothing, 2 new medium, 3 removed. */
  private mediaEvent = 0;
  private isLocked = false;
  private isTrayOpen = false;

  constructor(medium: BlockStore | undefined) {
    this.medium = checked(medium);
  }

  setMedium(medium: BlockStore | undefined): void {
    this.medium = checked(medium);
    this.hasNewMedium = medium !== undefined;
    this.mediaEvent = medium ? 2 : 3;
    this.isTrayOpen = false;
  }

  reset(): void {
    this.sense = SENSE.none;
    this.isLocked = false;
  }

  /** The host could not read. @returns the sense key. */
  readFailed(): number {
    this.sense = SENSE.readError;
    return this.sense[0];
  }

  /** @param packet twelve bytes. */
  execute(packet: Uint8Array): Reply {
    const command = packet[0]!;
    if (this.hasNewMedium && !IGNORE_ATTENTION.includes(command)) {
      this.hasNewMedium = false;
      return this.fail(SENSE.mediumChanged);
    }
    if (command !== 0x03) this.sense = SENSE.none;
    switch (command) {
      case 0x00: // TEST UNIT READY
      case 0x2b: // SEEK (10)
        return this.disc ? DONE : this.fail(SENSE.noMedium);
      case 0x03:
        return this.requestSense(packet);
      case 0x12:
        return limited(inquiry(), packet[4]!);
      case 0x1b:
        return this.startStop(packet);
      case 0x1e: // PREVENT ALLOW MEDIUM REMOVAL
        this.isLocked = (packet[4]! & 1) !== 0;
        return DONE;
      case 0x25:
        return this.readCapacity();
      case 0x28: // READ (10)
        return this.read(long(packet, 2), word(packet, 7));
      case 0xa8: // READ (12)
        return this.read(long(packet, 2), long(packet, 6));
      case 0xbe:
        return this.readCd(packet);
      case 0x42:
        return this.readSubchannel(packet);
      case 0x43:
        return this.readToc(packet);
      case 0x46:
        return this.getConfiguration(packet);
      case 0x4a:
        return this.getEventStatus(packet);
      case 0x51:
        return this.readDiscInformation(packet);
      case 0x52:
        return this.readTrackInformation(packet);
      case 0x5a:
        return this.modeSense(packet);
      case 0xbd: // MECHANISM STATUS
        return limited(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0), word(packet, 8));
      case 0xbb: // SET CD SPEED
        return DONE;
      default:
        return this.fail(SENSE.invalidCommand);
    }
  }

  /** The disc, unless the tray is open. */
  private get disc(): BlockStore | undefined {
    return this.isTrayOpen ? undefined : this.medium;
  }

  private fail(sense: Sense): Reply {
    this.sense = sense;
    return { kind: 'failed', senseKey: sense[0] };
  }

  private requestSense(packet: Uint8Array): Reply {
    const bytes = new Uint8Array(18);
    bytes[0] = 0x70;
    bytes[2] = this.sense[0];
    bytes[7] = 10;
    bytes[12] = this.sense[1];
    bytes[13] = this.sense[2];
    this.sense = SENSE.none;
    return limited(bytes, packet[4]!);
  }

  /** START STOP UNIT: load, eject. */
  private startStop(packet: Uint8Array): Reply {
    const wantsTray = (packet[4]! & 2) !== 0;
    if (!wantsTray) return DONE;
    const loads = (packet[4]! & 1) !== 0;
    if (!loads && this.isLocked) return this.fail(SENSE.removalPrevented);
    if (this.isTrayOpen === !loads) return DONE;
    this.isTrayOpen = !loads;
    if (this.medium) {
      this.mediaEvent = loads ? 2 : 3;
      this.hasNewMedium = loads;
    }
    return DONE;
  }

  private readCapacity(): Reply {
    const { disc } = this;
    if (!disc) return this.fail(SENSE.noMedium);
    const bytes = new Uint8Array(8);
    putLong(bytes, 0, disc.sectors - 1);
    putLong(bytes, 4, SECTOR_BYTES);
    return { kind: 'bytes', bytes };
  }

  private read(sector: number, count: number, headerBytes = 0, trailerBytes = 0): Reply {
    const { disc } = this;
    if (!disc) return this.fail(SENSE.noMedium);
    if (count === 0) return DONE;
    if (sector + count > disc.sectors) return this.fail(SENSE.outOfRange);
    return { kind: 'sectors', store: disc, sector, count, headerBytes, trailerBytes, header: rawHeader };
  }

  /** READ CD: the data alone, or whole sectors. */
  private readCd(packet: Uint8Array): Reply {
    const count = (packet[6]! << 16) | word(packet, 7);
    switch (packet[9]! & 0xf8) {
      case 0x00:
        return DONE;
      case 0x10:
        return this.read(long(packet, 2), count);
      case 0xf8:
        return this.read(long(packet, 2), count, RAW_HEADER_BYTES, RAW_TRAILER_BYTES);
      default:
        return this.fail(SENSE.illegalModeForTrack);
    }
  }

  private readSubchannel(packet: Uint8Array): Reply {
    if (!this.disc) return this.fail(SENSE.noMedium);
    // No audio is playing; of the formats, only the current position makes sense on a data disc.
    const wantsData = (packet[2]! & 0x40) !== 0 && packet[3] === 1;
    const bytes = new Uint8Array(wantsData ? 16 : 4);
    bytes[1] = 0x15;
    if (wantsData) bytes.set([0, 12, 1, 0x14, 1, 1], 2);
    return limited(bytes, word(packet, 7));
  }

  /** READ TOC/PMA/ATIP: formats 0 (tracks), 1 (sessions), 2 (full). */
  private readToc(packet: Uint8Array): Reply {
    const { disc } = this;
    if (!disc) return this.fail(SENSE.noMedium);
    const inMsf = (packet[1]! & 2) !== 0;
    const format = packet[2]! & 15 || packet[9]! >>> 6;
    const first = packet[6]!;
    const start = address(0, inMsf);
    const leadOut = address(disc.sectors, inMsf);
    let entries: readonly (readonly number[])[];
    if (format === 0) {
      if (first > 1 && first !== LEAD_OUT_TRACK) return this.fail(SENSE.invalidField);
      const track = [0, 0x14, 1, 0, ...start];
      const end = [0, 0x16, LEAD_OUT_TRACK, 0, ...leadOut];
      entries = first <= 1 ? [track, end] : [end];
    } else if (format === 1) entries = [[0, 0x14, 1, 0, ...start]];
    else if (format === 2) {
      const inFull = (sector: number): number[] => address(sector, true).slice(1);
      entries = [
        [1, 0x14, 0, 0xa0, 0, 0, 0, 0, 1, 0, 0],
        [1, 0x14, 0, 0xa1, 0, 0, 0, 0, 1, 0, 0],
        [1, 0x14, 0, 0xa2, 0, 0, 0, 0, ...inFull(disc.sectors)],
        [1, 0x14, 0, 1, 0, 0, 0, 0, ...inFull(0)],
      ];
    } else return this.fail(SENSE.invalidField);
    const body = entries.flat();
    const length = body.length + 2;
    return limited(Uint8Array.of(length >>> 8, length, 1, 1, ...body), word(packet, 7));
  }

  /** GET CONFIGURATION: profile CD-ROM, and what every drive of it has. */
  private getConfiguration(packet: Uint8Array): Reply {
    const profile = this.disc ? 0x0008 : 0;
    const kind = packet[1]! & 3;
    const start = word(packet, 2);
    const features: readonly (readonly [code: number, ...bytes: number[]])[] = [
      [0x0000, 0x03, 4, 0x00, 0x08, profile === 0 ? 0 : 1, 0], // profile list
      [0x0001, 0x03, 4, 0, 0, 0, 2], // core: ATAPI
      [0x0003, 0x03, 4, 0x29, 0, 0, 0], // removable medium: tray, ejects, locks
      [0x001e, 0x00, 4, 0, 0, 0, 0], // CD read
    ];
    const wanted = features.filter(([code, flags]) => {
      if (kind === 2) return code === start;
      return code >= start && (kind === 0 || (flags! & 1) !== 0);
    });
    const body = wanted.flatMap(([code, ...bytes]) => [code >>> 8, code & 0xff, ...bytes]);
    const header = new Uint8Array(8 + body.length);
    putLong(header, 0, 4 + body.length);
    header[7] = profile;
    header.set(body, 8);
    return limited(header, word(packet, 7));
  }

  /** GET EVENT STATUS NOTIFICATION, polled: media events are the only kind. */
  private getEventStatus(packet: Uint8Array): Reply {
    const MEDIA_CLASS = 4;
    if ((packet[1]! & 1) === 0) return this.fail(SENSE.invalidField);
    if ((packet[4]! & (1 << MEDIA_CLASS)) === 0)
      return limited(Uint8Array.of(0, 2, 0x80, 1 << MEDIA_CLASS), word(packet, 7));
    const present = (this.isTrayOpen ? 1 : 0) | (this.disc ? 2 : 0);
    const bytes = Uint8Array.of(0, 6, MEDIA_CLASS, 1 << MEDIA_CLASS, this.mediaEvent, present, 0, 0);
    this.mediaEvent = 0;
    return limited(bytes, word(packet, 7));
  }

  /** READ DISC INFORMATION: one complete session with one track. */
  private readDiscInformation(packet: Uint8Array): Reply {
    if (!this.disc) return this.fail(SENSE.noMedium);
    const bytes = new Uint8Array(34);
    bytes.set([0, 32, 0x0e, 1, 1, 1, 1, 0x20]);
    bytes.fill(0xff, 16, 24);
    return limited(bytes, word(packet, 7));
  }

  private readTrackInformation(packet: Uint8Array): Reply {
    const { disc } = this;
    if (!disc) return this.fail(SENSE.noMedium);
    const bytes = new Uint8Array(28);
    bytes.set([0, 26, 1, 1, 0, 0x04, 0x01]);
    putLong(bytes, 24, disc.sectors);
    return limited(bytes, word(packet, 7));
  }

  /** MODE SENSE (10): error recovery, audio control, capabilities. */
  private modeSense(packet: Uint8Array): Reply {
    const control = packet[2]! >>> 6;
    const page = packet[2]! & 0x3f;
    if (control === 3) return this.fail(SENSE.cannotSaveParameters);
    const pages = page === 0x3f ? [0x01, 0x0e, 0x2a] : [page];
    const body: number[] = [];
    for (const code of pages) {
      const bytes = this.modePage(code);
      if (!bytes) return this.fail(SENSE.invalidField);
      // Changeable values: none is.
      body.push(...(control === 1 ? bytes.map((byte, i) => (i < 2 ? byte : 0)) : bytes));
    }
    const length = body.length + 6;
    const medium = this.isTrayOpen ? 0x71 : this.disc ? 0x01 : 0x70;
    return limited(Uint8Array.of(length >>> 8, length, medium, 0, 0, 0, 0, 0, ...body), word(packet, 7));
  }

  private modePage(code: number): number[] | undefined {
    switch (code) {
      case 0x01:
        return [0x01, 6, 0, 5, 0, 0, 0, 0];
      case 0x0e:
        return [0x0e, 14, 4, 0, 0, 0, 0, 0, 1, 0xff, 2, 0xff, 0, 0, 0, 0];
      case 0x2a: // reads CD-R and mode 2, locks, ejects, a tray; 8467 KB/s (48 times), 512 KB of buffer
        return [
          0x2a,
          18,
          3,
          0,
          0x70,
          0,
          this.isLocked ? 0x2b : 0x29,
          0,
          0x21,
          0x13,
          0,
          2,
          2,
          0,
          0x21,
          0x13,
          0,
          0,
          0,
          0,
        ];
      default:
        return undefined;
    }
  }
}

function checked(medium: BlockStore | undefined): BlockStore | undefined {
  if (medium && medium.sectorBytes !== SECTOR_BYTES) throw new RangeError(`a CD has sectors of ${SECTOR_BYTES} bytes`);
  return medium;
}

function inquiry(): Uint8Array {
  const bytes = new Uint8Array(36).fill(0x20, 8);
  bytes.set([0x05, 0x80, 0x00, 0x21, 31]);
  const text = 'XLAT86  CD-ROM          1.0 ';
  for (let i = 0; i < text.length; i++) bytes[8 + i] = text.charCodeAt(i);
  return bytes;
}

function limited(bytes: Uint8Array, limit: number): Reply {
  return { kind: 'bytes', bytes: bytes.subarray(0, limit) };
}

/** Numbers in packets have their highest byte first. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function long(bytes: Uint8Array, at: number): number {
  return ((word(bytes, at) << 16) | word(bytes, at + 2)) >>> 0;
}

function putLong(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (24 - 8 * i);
}

/** A sector's address in four bytes: its number, or 0 and minutes, seconds, frames. */
function address(sector: number, inMsf: boolean): number[] {
  if (!inMsf) return [sector >>> 24, (sector >>> 16) & 0xff, (sector >>> 8) & 0xff, sector & 0xff];
  const frames = sector + LEAD_IN_FRAMES;
  return [0, Math.floor(frames / 4500) & 0xff, Math.floor(frames / 75) % 60, frames % 75];
}

/** Synchronisation bytes, address in BCD, mode 1. */
function rawHeader(sector: number): Uint8Array {
  const header = new Uint8Array(RAW_HEADER_BYTES).fill(0xff, 1, 11);
  const [, ...msf] = address(sector, true);
  msf.forEach((value, i) => {
    header[12 + i] = (Math.floor(value / 10) << 4) | (value % 10);
  });
  header[15] = 1;
  return header;
}

/**
 * What a PC's setup program leaves in the CMOS memory for its BIOS: memory sizes, drives, boot order, checksum.
 *
 * Source: IBM PC AT Technical Reference, "CMOS RAM"; SeaBIOS documentation of the bytes beyond.
 */

export interface CmosSetup {
  readonly memoryBytes: number;
  /** Types of floppy drives A and B: 0 none, 1 360 KB, 2 1.2 MB, 3 720 KB, 4 1.44 MB, 5 2.88 MB. */
  readonly floppies?: readonly [number, number];
  /** What to boot from, first choice first: at most three. */
  readonly bootOrder?: readonly ('floppy' | 'disk' | 'cdrom' | 'network')[];
  /** Is there a hard disk as primary master, slave? Its parameters come from IDENTIFY. */
  readonly disks?: readonly [boolean, boolean];
}

const BOOT_CODES = { floppy: 1, disk: 2, cdrom: 3, network: 4 } as const;
const KIB = 1024;
const MIB = 1024 * KIB;

/** @returns the bytes, by their address in CMOS memory. */
export function cmosSetup({
  memoryBytes,
  floppies = [0, 0],
  bootOrder = [],
  disks = [false, false],
}: CmosSetup): Map<number, number> {
  const bytes = new Map<number, number>();
  const word = (at: number, value: number): void => {
    bytes.set(at, value & 0xff);
    bytes.set(at + 1, (value >> 8) & 0xff);
  };
  const extended = Math.min(0xffff, Math.max(0, memoryBytes - MIB) / KIB);
  const drives = floppies.filter((type) => type !== 0).length;
  const boot = bootOrder.map((device) => BOOT_CODES[device]);
  bytes.set(0x10, (floppies[0] << 4) | floppies[1]);
  bytes.set(0x12, (disks[0] ? 0xf0 : 0) | (disks[1] ? 0x0f : 0));
  // Equipment: coprocessor, 80-column display, drives.
  bytes.set(0x14, 0x06 | (drives > 0 ? 1 | ((drives - 1) << 6) : 0));
  word(0x15, 640);
  word(0x17, extended);
  word(0x30, extended);
  word(0x34, Math.min(0xffff, Math.max(0, memoryBytes - 16 * MIB) / (64 * KIB)));
  // Bit 0 skips the check of the boot signature, which unpartitioned floppies do not have.
  bytes.set(0x38, 1 | ((boot[2] ?? 0) << 4));
  bytes.set(0x3d, (boot[0] ?? 0) | ((boot[1] ?? 0) << 4));
  let sum = 0;
  for (let at = 0x10; at <= 0x2d; at++) sum += bytes.get(at) ?? 0;
  bytes.set(0x2e, sum >> 8);
  bytes.set(0x2f, sum & 0xff);
  return bytes;
}

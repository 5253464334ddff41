/** The partition table in a disk's first sector, checked against the disk. Source: UEFI specification 2.10, §5.2. */
import { BootError } from './boot-error.ts';

const SECTOR = 512;
const TABLE = 446;
const SIGNATURE = 0xaa55;
/** Type of the one entry that stands for a GUID partition table, whose size may be 2^32 - 1. */
const PROTECTIVE = 0xee;

/**
 * A disk image that was cut off must not be taken for a whole one.
 * @param first the disk's first sector.  @param sectors how many the disk has.
 * @throws BootError when a partition ends behind the disk's end.
 */
export function checkPartitions(first: Uint8Array, sectors: number, name: string): void {
  if (first.length < SECTOR) throw new BootError(`${name}: a disk has at least one sector of 512 bytes`);
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  if (view.getUint16(510, true) !== SIGNATURE) return;
  const entries = [0, 1, 2, 3].map((i) => TABLE + i * 16);
  // A boot sector without a table has code there: what is no table is not checked.
  if (entries.some((at) => (view.getUint8(at) & 0x7f) !== 0)) return;
  for (const [i, at] of entries.entries()) {
    const type = view.getUint8(at + 4);
    if (type === 0 || type === PROTECTIVE) continue;
    const end = view.getUint32(at + 8, true) + view.getUint32(at + 12, true);
    if (end > sectors) {
      throw new BootError(
        `${name}: the disk is shorter than its partition table says: partition ${i + 1} ends at sector ${end}, ` +
          `and there are ${sectors}`,
      );
    }
  }
}

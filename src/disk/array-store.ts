/** A disk image that is in memory: what a browser loaded, a small floppy, a test. */
import type { BlockStore } from '../../runtime/bus/block-store.ts';

/**
 * @param bytes the image, which is written in place; what does not fill a last sector is left out.
 * @param sectorBytes 512 for disks and floppies, 2048 for CDs.
 */
export function arrayStore(bytes: Uint8Array, sectorBytes = 512, isReadOnly = false): BlockStore {
  const at = (sector: number): number => sector * sectorBytes;
  return {
    sectorBytes,
    sectors: Math.floor(bytes.length / sectorBytes),
    isReadOnly,
    read(sector, into) {
      into.set(bytes.subarray(at(sector), at(sector) + into.length));
    },
    write(sector, from) {
      bytes.set(from, at(sector));
    },
  };
}

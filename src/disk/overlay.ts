/**
 * Copy on write: the guest writes to its disk, the image stays as it is. Written sectors are kept in memory in chunks,
 * until the machine ends.
 */
import type { BlockStore } from '../../runtime/bus/block-store.ts';

/** Sectors that are kept together: 64 KiB of a disk. Larger chunks are read whole for the first byte written. */
const CHUNK_SECTORS = 128;

/** @param image read where nothing was written; never written itself. */
export function overlay(image: BlockStore): BlockStore {
  const { sectorBytes, sectors } = image;
  const chunks = new Map<number, Uint8Array>();

  /** For each chunk that `count` sectors from `first` on touch: its number, its sectors, and where they start in the bytes. */
  const parts = function* (first: number, count: number) {
    for (let sector = first; sector < first + count; ) {
      const chunk = Math.floor(sector / CHUNK_SECTORS);
      const end = Math.min(first + count, (chunk + 1) * CHUNK_SECTORS);
      yield { chunk, sector, end, from: (sector - first) * sectorBytes, to: (end - first) * sectorBytes };
      sector = end;
    }
  };

  const inChunk = (sector: number): number => (sector % CHUNK_SECTORS) * sectorBytes;

  /** The chunk's own copy; made now, or when the image has been read. */
  const own = (chunk: number): Uint8Array | Promise<Uint8Array> => {
    const owned = chunks.get(chunk);
    if (owned) return owned;
    const first = chunk * CHUNK_SECTORS;
    const bytes = new Uint8Array(Math.min(CHUNK_SECTORS, sectors - first) * sectorBytes);
    const keep = (): Uint8Array => {
      const other = chunks.get(chunk);
      if (!other) chunks.set(chunk, bytes);
      return other ?? bytes;
    };
    const pending = image.read(first, bytes);
    return pending ? pending.then(keep) : keep();
  };

  return {
    sectorBytes,
    sectors,
    isReadOnly: false,
    read(first, into) {
      const waits: Promise<void>[] = [];
      for (const { chunk, sector, from, to } of parts(first, into.length / sectorBytes)) {
        const owned = chunks.get(chunk);
        const part = into.subarray(from, to);
        if (owned) part.set(owned.subarray(inChunk(sector), inChunk(sector) + part.length));
        else {
          const pending = image.read(sector, part);
          if (pending) waits.push(pending);
        }
      }
      return waits.length > 0 ? Promise.all(waits).then(() => {}) : undefined;
    },
    write(first, bytes) {
      const waits: Promise<void>[] = [];
      for (const { chunk, sector, from, to } of parts(first, bytes.length / sectorBytes)) {
        const part = bytes.subarray(from, to);
        const owned = own(chunk);
        if (owned instanceof Uint8Array) owned.set(part, inChunk(sector));
        else {
          // The caller may use its buffer again before the image was read.
          const copy = part.slice();
          waits.push(owned.then((own) => own.set(copy, inChunk(sector))));
        }
      }
      return waits.length > 0 ? Promise.all(waits).then(() => {}) : undefined;
    },
  };
}

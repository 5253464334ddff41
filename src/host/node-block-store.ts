/** A disk image in a file, read and written synchronously: a drive's sectors come from the host's page cache. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { BlockStore } from '../../runtime/bus/block-store.ts';

export interface FileStore extends BlockStore {
  close(): void;
}

/**
 * Open an image file.
 * @param isWritten write to the file itself; otherwise the store is read-only (disk/overlay.ts makes it writable).
 * @throws the file system's error.
 */
export function openFileStore(path: string, sectorBytes: number, isWritten = false): FileStore {
  const file = openSync(path, isWritten ? 'r+' : 'r');
  return {
    sectorBytes,
    sectors: Math.floor(fstatSync(file).size / sectorBytes),
    isReadOnly: !isWritten,
    read(sector, into) {
      for (let done = 0; done < into.length; ) {
        const count = readSync(file, into, done, into.length - done, sector * sectorBytes + done);
        if (count === 0) throw new RangeError(`${path} has become shorter`);
        done += count;
      }
    },
    write(sector, from) {
      for (let done = 0; done < from.length; ) {
        done += writeSync(file, from, done, from.length - done, sector * sectorBytes + done);
      }
    },
    flush() {
      fsyncSync(file);
    },
    close() {
      closeSync(file);
    },
  };
}

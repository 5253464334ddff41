/** What file systems have in common in which nothing can be changed: every attempt is EROFS. */
import { Errno, fail } from '../errno.ts';
import type { DirectoryEntry, FileContent, FileSystem, FileSystemStat, OpenRequest, Stat } from './file-system.ts';

function refuse(): never {
  return fail(Errno.EROFS);
}

/** The changing half of an open file. */
export const unchangeableContent: Omit<FileContent, 'stat' | 'readAt' | 'close'> = {
  writeAt: refuse,
  truncate: refuse,
  sync: () => {},
  setPermissions: refuse,
  setOwner: refuse,
  setTimes: refuse,
};

export abstract class UnchangeableFileSystem implements FileSystem {
  readonly readOnly = true;

  abstract stat(path: string): Stat;
  abstract readLink(path: string): string;
  abstract open(path: string, request: OpenRequest): FileContent;
  abstract list(path: string): readonly DirectoryEntry[];
  abstract statFileSystem(): FileSystemStat;

  makeDirectory(): void {
    refuse();
  }

  removeDirectory(): void {
    refuse();
  }

  unlink(): void {
    refuse();
  }

  rename(): void {
    refuse();
  }

  link(): void {
    refuse();
  }

  symbolicLink(): void {
    refuse();
  }

  makePipe(): void {
    refuse();
  }

  setPermissions(): void {
    refuse();
  }

  setOwner(): void {
    refuse();
  }

  setTimes(): void {
    refuse();
  }
}

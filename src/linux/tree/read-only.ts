/** A file system that can be read but not changed: a read-only grant around any other. */
import { Errno, fail } from '../errno.ts';
import type { DirectoryEntry, FileContent, FileSystem, FileSystemStat, OpenRequest, Stat } from './file-system.ts';

export class ReadOnlyFileSystem implements FileSystem {
  readonly readOnly = true;
  readonly #inner: FileSystem;

  constructor(inner: FileSystem) {
    this.#inner = inner;
  }

  stat(path: string): Stat {
    return this.#inner.stat(path);
  }

  readLink(path: string): string {
    return this.#inner.readLink(path);
  }

  open(path: string, request: OpenRequest): FileContent {
    if (request.write || request.truncate) fail(Errno.EROFS);
    if (request.create) {
      // An existing file may be opened with O_CREAT; a missing one cannot be made.
      try {
        this.#inner.stat(path);
      } catch {
        fail(Errno.EROFS);
      }
      if (request.exclusive) fail(Errno.EEXIST);
    }
    const content = this.#inner.open(path, { ...request, create: false });
    return {
      stat: () => content.stat(),
      readAt: (into, position) => content.readAt(into, position),
      writeAt: refuse,
      truncate: refuse,
      sync: () => {},
      setPermissions: refuse,
      setOwner: refuse,
      setTimes: refuse,
      close: () => content.close(),
    };
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#inner.list(path);
  }

  statFileSystem(): FileSystemStat {
    return this.#inner.statFileSystem();
  }

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

function refuse(): never {
  return fail(Errno.EROFS);
}

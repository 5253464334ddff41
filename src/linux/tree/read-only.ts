/** A file system that can be read but not changed: a read-only grant around any other. */
import { Errno, fail } from '../errno.ts';
import type { DirectoryEntry, FileContent, FileSystem, FileSystemStat, OpenRequest, Stat } from './file-system.ts';
import { UnchangeableFileSystem, unchangeableContent } from './unchangeable.ts';

export class ReadOnlyFileSystem extends UnchangeableFileSystem {
  readonly #inner: FileSystem;

  constructor(inner: FileSystem) {
    super();
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
      ...unchangeableContent,
      stat: () => content.stat(),
      readAt: (into, position) => content.readAt(into, position),
      close: () => content.close(),
    };
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#inner.list(path);
  }

  statFileSystem(): FileSystemStat {
    return this.#inner.statFileSystem();
  }
}

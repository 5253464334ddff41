/**
 * The guest's file tree: file systems mounted at paths, and the walk from a path to a place in one of them.
 *
 * The walk goes component by component over the guest's own names and interprets symbolic links itself, relative to
 * the guest's root. So `..`, absolute links and chains of links lead to where they lead in the guest's tree and never
 * out of a granted folder; a host file system is only ever asked about paths without links.
 */
import { Errno, fail, SystemError } from '../errno.ts';
import { plainStat } from '../files/plain-stat.ts';
import {
  type DirectoryEntry,
  type FileSystem,
  FileType,
  isType,
  type Stat,
  type Time,
  TYPE_MASK,
} from './file-system.ts';

/** A path that was walked. */
export interface Place {
  readonly fileSystem: FileSystem;
  /** Within the file system; '' is its root. */
  readonly path: string;
  /** Canonical guest path. */
  readonly full: string;
  /** Absent when nothing is there; then its directory is. */
  readonly stat: Stat | undefined;
  /** The link stands for an open file of the process (/proc/self/fd/N) and was not followed. */
  readonly magic: boolean;
  /** The path ended in a slash, `.` or `..`. */
  readonly isDirectoryName: boolean;
}

/** MAXSYMLINKS, PATH_MAX, NAME_MAX. */
const LINK_LIMIT = 40;
const PATH_LIMIT = 4096;
const NAME_LIMIT = 255;

export class Tree {
  readonly #mounts = new Map<string, FileSystem>();
  /** Directories on the way to mount points: they are there even if the file system that covers them has none. */
  readonly #ways = new Set<string>();

  /** @param root what is at `/`. */
  constructor(root: FileSystem) {
    this.#mounts.set('/', root);
  }

  /** Mounts a file system at a canonical guest path; it hides what was there. */
  mount(path: string, fileSystem: FileSystem): void {
    this.#mounts.set(path, fileSystem);
    for (let way = parentOf(path); way !== '/'; way = parentOf(way)) this.#ways.add(way);
  }

  /** Mount points and what is mounted there. */
  get mounts(): ReadonlyMap<string, FileSystem> {
    return this.#mounts;
  }

  isMountPoint(full: string): boolean {
    return this.#mounts.has(full);
  }

  /** The place of a canonical path, without looking at what is there. */
  #place(full: string): { fileSystem: FileSystem; path: string } {
    for (let at = full; ; at = parentOf(at)) {
      const fileSystem = this.#mounts.get(at);
      if (fileSystem !== undefined) return { fileSystem, path: full.slice(at === '/' ? 1 : at.length + 1) };
    }
  }

  /**
   * Walks `path` from `base`, a canonical guest path.
   * @param follow whether a link as the last component is followed.
   * @throws SystemError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES.
   */
  resolve(base: string, path: string, follow: boolean): Place {
    if (path === '') fail(Errno.ENOENT);
    if (path.length >= PATH_LIMIT) fail(Errno.ENAMETOOLONG);
    let links = 0;
    let full = path.startsWith('/') ? '/' : base;
    const pending = path.split('/').reverse();
    let place: Place | undefined;
    while (pending.length > 0) {
      const name = pending.pop()!;
      if (name === '' || name === '.') {
        if (name === '.' || full !== '/') place = this.#asDirectory(place, full);
        continue;
      }
      if (place !== undefined) this.#asDirectory(place, full);
      if (name === '..') {
        full = parentOf(full);
        place = undefined;
        continue;
      }
      if (name.length > NAME_LIMIT) fail(Errno.ENAMETOOLONG);
      const next = full === '/' ? '/' + name : full + '/' + name;
      const { fileSystem, path: inner } = this.#place(next);
      const stat = this.#statOrAbsent(next);
      const isLast = pending.every((rest) => rest === '');
      if (stat === undefined && !isLast) fail(Errno.ENOENT);
      const magic = stat !== undefined && (fileSystem.isMagicLink?.(inner) ?? false);
      if (stat !== undefined && !magic && isType(stat, FileType.SymbolicLink) && (follow || pending.length > 0)) {
        if (++links > LINK_LIMIT) fail(Errno.ELOOP);
        const target = fileSystem.readLink(inner);
        if (target === '') fail(Errno.ENOENT);
        if (target.startsWith('/')) full = '/';
        place = undefined;
        pending.push(...target.split('/').reverse());
        continue;
      }
      full = next;
      place = { fileSystem, path: inner, full, stat, magic, isDirectoryName: false };
      if (stat === undefined) return { ...place, isDirectoryName: pending.length > 0 };
    }
    return place ?? { ...this.#existing(full), isDirectoryName: true };
  }

  #existing(full: string): Place {
    const { fileSystem, path } = this.#place(full);
    return { fileSystem, path, full, stat: this.statCanonical(full), magic: false, isDirectoryName: false };
  }

  #asDirectory(place: Place | undefined, full: string): Place {
    const here = place ?? this.#existing(full);
    if (here.stat === undefined) fail(Errno.ENOENT);
    if (!isType(here.stat, FileType.Directory)) fail(Errno.ENOTDIR);
    return { ...here, isDirectoryName: true };
  }

  /** What a canonical path names. @throws SystemError ENOENT. */
  statCanonical(full: string): Stat {
    return this.#statOrAbsent(full) ?? fail(Errno.ENOENT);
  }

  #statOrAbsent(full: string): Stat | undefined {
    const { fileSystem, path } = this.#place(full);
    try {
      return fileSystem.stat(path);
    } catch (error) {
      if (!(error instanceof SystemError && error.errno === Errno.ENOENT)) throw error;
      return this.#ways.has(full) ? plainStat(FileType.Directory | 0o755, 1) : undefined;
    }
  }

  /** What a directory holds, with `.`, `..` and the mount points in it. */
  listCanonical(full: string): readonly DirectoryEntry[] {
    const entries = [...this.#list(full)];
    const names = new Set(entries.map(({ name }) => name));
    const prefix = full === '/' ? '/' : full + '/';
    for (const mount of this.#mounts.keys()) {
      const [name] = mount.slice(prefix.length).split('/') as [string];
      if (!mount.startsWith(prefix) || name === '' || names.has(name)) continue;
      const stat = this.statCanonical(prefix + name);
      entries.push({ name, inode: stat.inode, type: stat.mode & TYPE_MASK });
      names.add(name);
    }
    const parent = parentOf(full);
    const self = { name: '.', inode: this.statCanonical(full).inode, type: FileType.Directory };
    return [self, { name: '..', inode: this.statCanonical(parent).inode, type: FileType.Directory }, ...entries];
  }

  #list(full: string): readonly DirectoryEntry[] {
    const { fileSystem, path } = this.#place(full);
    try {
      return fileSystem.list(path);
    } catch (error) {
      if (this.#ways.has(full)) return [];
      throw error;
    }
  }

  setPermissionsCanonical(full: string, permissions: number): void {
    const { fileSystem, path } = this.#place(full);
    fileSystem.setPermissions(path, permissions);
  }

  setOwnerCanonical(full: string, uid: number, gid: number): void {
    const { fileSystem, path } = this.#place(full);
    fileSystem.setOwner(path, uid, gid);
  }

  setTimesCanonical(full: string, accessed: Time | undefined, modified: Time | undefined): void {
    const { fileSystem, path } = this.#place(full);
    fileSystem.setTimes(path, accessed, modified);
  }
}

/** The directory that a canonical path is in; the root is in itself. */
function parentOf(full: string): string {
  return full.slice(0, Math.max(full.lastIndexOf('/'), 1));
}

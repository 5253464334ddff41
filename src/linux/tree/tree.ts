/**
 * The guest's file tree: file systems mounted at paths, and the walk from a path to a place in one of them.
 *
 * The walk goes component by component over the guest's own names and interprets symbolic links itself, relative to
 * the guest's root. So `..`, absolute links and chains of links lead to where they lead in the guest's tree and never
 * out of a granted folder; a host file system is only ever asked about paths without links.
 */
import { Errno, fail, SystemError } from '../errno.ts';
import { type DirectoryEntry, type FileSystem, FileType, isType, type Stat, type Time } from './file-system.ts';

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

  /** @param root what is at `/`. */
  constructor(root: FileSystem) {
    this.#mounts.set('/', root);
  }

  /** Mounts a file system at a canonical guest path; it hides what was there. */
  mount(path: string, fileSystem: FileSystem): void {
    this.#mounts.set(path, fileSystem);
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
    for (let at = full; ; at = at.slice(0, Math.max(at.lastIndexOf('/'), 1))) {
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
        full = full.slice(0, Math.max(full.lastIndexOf('/'), 1));
        place = undefined;
        continue;
      }
      if (name.length > NAME_LIMIT) fail(Errno.ENAMETOOLONG);
      const next = full === '/' ? '/' + name : full + '/' + name;
      const { fileSystem, path: inner } = this.#place(next);
      const stat = statOrAbsent(fileSystem, inner);
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
    return { fileSystem, path, full, stat: fileSystem.stat(path), magic: false, isDirectoryName: false };
  }

  #asDirectory(place: Place | undefined, full: string): Place {
    const here = place ?? this.#existing(full);
    if (here.stat === undefined) fail(Errno.ENOENT);
    if (!isType(here.stat, FileType.Directory)) fail(Errno.ENOTDIR);
    return { ...here, isDirectoryName: true };
  }

  statCanonical(full: string): Stat {
    const { fileSystem, path } = this.#place(full);
    return fileSystem.stat(path);
  }

  /** What a directory holds, with `.`, `..` and the mount points in it. */
  listCanonical(full: string): readonly DirectoryEntry[] {
    const { fileSystem, path } = this.#place(full);
    const entries = [...fileSystem.list(path)];
    const names = new Set(entries.map(({ name }) => name));
    const prefix = full === '/' ? '/' : full + '/';
    for (const mount of this.#mounts.keys()) {
      const name = mount.slice(prefix.length);
      if (!mount.startsWith(prefix) || name === '' || name.includes('/') || names.has(name)) continue;
      const stat = this.statCanonical(mount);
      entries.push({ name, inode: stat.inode, type: stat.mode & 0o170000 });
    }
    const parent = full.slice(0, Math.max(full.lastIndexOf('/'), 1));
    const self = { name: '.', inode: this.statCanonical(full).inode, type: FileType.Directory };
    return [self, { name: '..', inode: this.statCanonical(parent).inode, type: FileType.Directory }, ...entries];
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

function statOrAbsent(fileSystem: FileSystem, path: string): Stat | undefined {
  try {
    return fileSystem.stat(path);
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.ENOENT) return undefined;
    throw error;
  }
}

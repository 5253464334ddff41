/**
 * A file system in memory: the root that mount points hang from, /tmp, /dev's nodes, and what a browser starts with.
 * No permission is enforced; the one guest user owns everything.
 */
import { Errno, fail } from '../errno.ts';
import {
  type DirectoryEntry,
  type FileContent,
  type FileSystem,
  type FileSystemStat,
  FileType,
  type OpenRequest,
  type Stat,
  type Time,
  TYPE_MASK,
  timeOfMilliseconds,
} from './file-system.ts';

/** TMPFS_MAGIC of statfs(2). */
const TMPFS = 0x01021994;

interface Node {
  readonly inode: number;
  mode: number;
  uid: number;
  gid: number;
  links: number;
  accessed: Time;
  modified: Time;
  changed: Time;
  /** Directory entries by name. */
  readonly entries?: Map<string, Node>;
  /** Contents of a regular file: a buffer with room, of which `size` bytes count. */
  bytes: Uint8Array;
  size: number;
  /** Times that it is open: its bytes are there until the last is closed, whether it has a name or not. */
  opens: number;
  /** The buffer is the embedder's: it is neither counted nor written to, but copied first. */
  borrowed: boolean;
  /** Of a symbolic link. */
  readonly target: string;
  readonly specialDevice: number;
}

/** Owner, capacity and clock of a file system in memory. */
export interface MemoryFileSystemOptions {
  readonly device?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly readOnly?: boolean;
  /** Bytes that all files together may have. Default 1 GiB. */
  readonly capacity?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export class MemoryFileSystem implements FileSystem {
  readOnly: boolean;
  readonly #device: number;
  readonly #uid: number;
  readonly #gid: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #root: Node;
  #inodes = 1;
  #used = 0;

  constructor(options: MemoryFileSystemOptions = {}) {
    this.readOnly = options.readOnly ?? false;
    this.#device = options.device ?? 2;
    this.#uid = options.uid ?? 0;
    this.#gid = options.gid ?? 0;
    this.#capacity = options.capacity ?? 1 << 30;
    this.#now = options.now ?? Date.now;
    this.#root = this.#node(FileType.Directory | 0o755);
  }

  /** A read-only file system that is one file: to be mounted at a file's path. */
  static ofFile(bytes: Uint8Array, permissions: number, options: MemoryFileSystemOptions): MemoryFileSystem {
    const fileSystem = new MemoryFileSystem({ ...options, readOnly: true });
    const node = fileSystem.#node(FileType.Regular | permissions);
    node.bytes = bytes;
    node.size = bytes.length;
    node.borrowed = true;
    fileSystem.#root = node;
    return fileSystem;
  }

  /** Puts a regular file there, making its directories; the bytes are not copied until someone writes to them. */
  addFile(path: string, bytes: Uint8Array, permissions = 0o644): void {
    const [parent, name] = this.#makeParent(path);
    const node = this.#node(FileType.Regular | permissions);
    node.bytes = bytes;
    node.size = bytes.length;
    node.borrowed = true;
    parent.entries!.set(name, node);
  }

  /** Makes a directory and those above it. */
  addDirectory(path: string, permissions = 0o755): void {
    if (path === '') return;
    const [parent, name] = this.#makeParent(path);
    const known = parent.entries!.get(name);
    if (known === undefined) this.#enter(parent, name, this.#node(FileType.Directory | permissions));
    else if (known.entries === undefined) fail(Errno.ENOTDIR);
  }

  /** Puts a device node there. `specialDevice` is major << 8 | minor. */
  addDevice(path: string, specialDevice: number): void {
    const [parent, name] = this.#makeParent(path);
    parent.entries!.set(name, this.#node(FileType.CharacterDevice | 0o666, { specialDevice }));
  }

  /** Puts a symbolic link there. */
  addLink(path: string, target: string): void {
    const [parent, name] = this.#makeParent(path);
    parent.entries!.set(name, this.#node(FileType.SymbolicLink | 0o777, { target }));
  }

  #makeParent(path: string): [Node, string] {
    const parts = path.split('/');
    const name = parts.pop()!;
    let node = this.#root;
    for (const part of parts) {
      let next = node.entries!.get(part);
      if (next === undefined) {
        next = this.#node(FileType.Directory | 0o755);
        this.#enter(node, part, next);
      } else if (next.entries === undefined) fail(Errno.ENOTDIR);
      node = next;
    }
    return [node, name];
  }

  #time(): Time {
    return timeOfMilliseconds(this.#now());
  }

  #node(mode: number, special: { target?: string; specialDevice?: number } = {}): Node {
    const time = this.#time();
    const isDirectory = (mode & TYPE_MASK) === FileType.Directory;
    return {
      inode: this.#inodes++,
      mode,
      uid: this.#uid,
      gid: this.#gid,
      links: isDirectory ? 2 : 1,
      accessed: time,
      modified: time,
      changed: time,
      ...(isDirectory ? { entries: new Map<string, Node>() } : {}),
      bytes: new Uint8Array(0),
      opens: 0,
      borrowed: false,
      size: special.target?.length ?? 0,
      target: special.target ?? '',
      specialDevice: special.specialDevice ?? 0,
    };
  }

  #find(path: string): Node {
    let node = this.#root;
    if (path === '') return node;
    for (const part of path.split('/')) {
      if (node.entries === undefined) fail(Errno.ENOTDIR);
      node = node.entries.get(part) ?? fail(Errno.ENOENT);
    }
    return node;
  }

  #parent(path: string): [Node, string] {
    const parent = this.#find(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
    if (parent.entries === undefined) fail(Errno.ENOTDIR);
    return [parent, nameOf(path)];
  }

  #change(): void {
    if (this.readOnly) fail(Errno.EROFS);
  }

  #enter(parent: Node, name: string, node: Node): void {
    parent.entries!.set(name, node);
    if (node.entries !== undefined) parent.links++;
    parent.modified = parent.changed = this.#time();
  }

  #leave(parent: Node, name: string, node: Node): void {
    parent.entries!.delete(name);
    if (node.entries !== undefined) parent.links--;
    parent.modified = parent.changed = node.changed = this.#time();
    node.links--;
    this.#reclaim(node);
  }

  /** Counts the bytes of a file that nobody can reach any more as free. */
  #reclaim({ links, opens, borrowed, bytes }: Node): void {
    if (links === 0 && opens === 0 && !borrowed) this.#used -= bytes.length;
  }

  #free(path: string): [Node, string] {
    this.#change();
    const [parent, name] = this.#parent(path);
    if (parent.entries!.has(name)) fail(Errno.EEXIST);
    return [parent, name];
  }

  #stat(node: Node): Stat {
    return {
      device: this.#device,
      inode: node.inode,
      mode: node.mode,
      links: node.links,
      uid: node.uid,
      gid: node.gid,
      specialDevice: node.specialDevice,
      size: node.size,
      blockSize: 4096,
      blocks: Math.ceil(node.size / 4096) * 8,
      accessed: node.accessed,
      modified: node.modified,
      changed: node.changed,
    };
  }

  stat(path: string): Stat {
    return this.#stat(this.#find(path));
  }

  readLink(path: string): string {
    const node = this.#find(path);
    if ((node.mode & TYPE_MASK) !== FileType.SymbolicLink) fail(Errno.EINVAL);
    return node.target;
  }

  open(path: string, request: OpenRequest): FileContent {
    let node = path === '' ? this.#root : this.#parent(path)[0].entries!.get(nameOf(path));
    if (request.write || request.truncate || (request.create && node === undefined)) this.#change();
    if (node === undefined) {
      if (!request.create) fail(Errno.ENOENT);
      node = this.#node(FileType.Regular | request.permissions);
      this.#enter(this.#parent(path)[0], nameOf(path), node);
    } else if (request.create && request.exclusive) fail(Errno.EEXIST);
    if (node.entries !== undefined) fail(Errno.EISDIR);
    if ((node.mode & TYPE_MASK) === FileType.SymbolicLink) fail(Errno.ELOOP);
    if ((node.mode & TYPE_MASK) !== FileType.Regular) fail(Errno.ENXIO);
    if (request.truncate) this.#resize(node, 0);
    return this.#content(node, request.append);
  }

  #content(node: Node, append: boolean): FileContent {
    node.opens++;
    return {
      stat: () => this.#stat(node),
      readAt: (into, position) => {
        const count = Math.max(0, Math.min(into.length, node.size - position));
        into.set(node.bytes.subarray(position, position + count));
        return count;
      },
      writeAt: (bytes, position) => {
        const at = append ? node.size : position;
        this.#resize(node, Math.max(node.size, at + bytes.length));
        node.bytes.set(bytes, at);
        return bytes.length;
      },
      truncate: (size) => this.#resize(node, size),
      sync: () => {},
      setPermissions: (permissions) => this.#permit(node, permissions),
      setOwner: (uid, gid) => this.#own(node, uid, gid),
      setTimes: (accessed, modified) => this.#stamp(node, accessed, modified),
      close: () => {
        node.opens--;
        this.#reclaim(node);
      },
    };
  }

  /** Makes the buffer ours and large enough, and clears what is cut off. */
  #resize(node: Node, size: number): void {
    const owned = node.borrowed ? 0 : node.bytes.length;
    if (node.borrowed || size > node.bytes.length || size === 0) {
      const room = size === 0 ? 0 : Math.max(size, node.bytes.length * 2, 4096);
      if (this.#used + room - owned > this.#capacity) fail(Errno.ENOSPC);
      const bytes = new Uint8Array(room);
      bytes.set(node.bytes.subarray(0, Math.min(node.size, size)));
      this.#used += room - owned;
      node.bytes = bytes;
      node.borrowed = false;
    } else if (size < node.size) node.bytes.fill(0, size, node.size);
    node.size = size;
    node.modified = node.changed = this.#time();
  }

  list(path: string): readonly DirectoryEntry[] {
    const { entries } = this.#find(path);
    if (entries === undefined) fail(Errno.ENOTDIR);
    return [...entries].map(([name, { inode, mode }]) => ({ name, inode, type: mode & TYPE_MASK }));
  }

  makeDirectory(path: string, permissions: number): void {
    const [parent, name] = this.#free(path);
    this.#enter(parent, name, this.#node(FileType.Directory | permissions));
  }

  removeDirectory(path: string): void {
    this.#change();
    if (path === '') fail(Errno.EBUSY);
    const [parent, name] = this.#parent(path);
    const node = parent.entries!.get(name) ?? fail(Errno.ENOENT);
    if (node.entries === undefined) fail(Errno.ENOTDIR);
    if (node.entries.size > 0) fail(Errno.ENOTEMPTY);
    this.#leave(parent, name, node);
  }

  unlink(path: string): void {
    this.#change();
    const [parent, name] = this.#parent(path);
    const node = parent.entries!.get(name) ?? fail(Errno.ENOENT);
    if (node.entries !== undefined) fail(Errno.EISDIR);
    this.#leave(parent, name, node);
  }

  rename(from: string, to: string): void {
    this.#change();
    if (from === '' || to === '') fail(Errno.EBUSY);
    if (to.startsWith(from + '/')) fail(Errno.EINVAL);
    const [oldParent, oldName] = this.#parent(from);
    const node = oldParent.entries!.get(oldName) ?? fail(Errno.ENOENT);
    const [newParent, newName] = this.#parent(to);
    const replaced = newParent.entries!.get(newName);
    if (replaced === node) return;
    if (replaced !== undefined) {
      if (replaced.entries !== undefined && node.entries === undefined) fail(Errno.EISDIR);
      if (replaced.entries === undefined && node.entries !== undefined) fail(Errno.ENOTDIR);
      if (replaced.entries !== undefined && replaced.entries.size > 0) fail(Errno.ENOTEMPTY);
      this.#leave(newParent, newName, replaced);
    }
    node.links++;
    this.#leave(oldParent, oldName, node);
    this.#enter(newParent, newName, node);
  }

  link(from: string, to: string): void {
    const node = this.#find(from);
    if (node.entries !== undefined) fail(Errno.EPERM);
    const [parent, name] = this.#free(to);
    node.links++;
    this.#enter(parent, name, node);
  }

  symbolicLink(path: string, target: string): void {
    const [parent, name] = this.#free(path);
    this.#enter(parent, name, this.#node(FileType.SymbolicLink | 0o777, { target }));
  }

  makePipe(path: string, permissions: number): void {
    const [parent, name] = this.#free(path);
    this.#enter(parent, name, this.#node(FileType.Pipe | permissions));
  }

  setPermissions(path: string, permissions: number): void {
    this.#permit(this.#find(path), permissions);
  }

  #permit(node: Node, permissions: number): void {
    this.#change();
    node.mode = (node.mode & TYPE_MASK) | permissions;
    node.changed = this.#time();
  }

  setOwner(path: string, uid: number, gid: number): void {
    this.#own(this.#find(path), uid, gid);
  }

  #own(node: Node, uid: number, gid: number): void {
    this.#change();
    if (uid !== -1) node.uid = uid;
    if (gid !== -1) node.gid = gid;
    node.changed = this.#time();
  }

  setTimes(path: string, accessed: Time | undefined, modified: Time | undefined): void {
    this.#stamp(this.#find(path), accessed, modified);
  }

  #stamp(node: Node, accessed: Time | undefined, modified: Time | undefined): void {
    this.#change();
    if (accessed !== undefined) node.accessed = accessed;
    if (modified !== undefined) node.modified = modified;
    node.changed = this.#time();
  }

  statFileSystem(): FileSystemStat {
    const blocks = Math.floor(this.#capacity / 4096);
    const freeBlocks = Math.floor((this.#capacity - this.#used) / 4096);
    return { type: TMPFS, blockSize: 4096, blocks, freeBlocks, files: 1 << 20, freeFiles: 1 << 19 };
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

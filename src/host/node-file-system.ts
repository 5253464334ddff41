/**
 * A folder of the host, granted to a guest (Node).
 *
 * The tree above resolves links itself and asks only about link-free paths, but another program (or a second guest)
 * may change the folder between its question and ours. So no path is ever followed by name: the parent directory is
 * opened, the kernel is asked where that open directory really lies (/proc/self/fd), and only if it is the expected
 * place inside the grant the last component is used, relative to the open directory and without following it. Where
 * there is no /proc, the parent's real path is compared right before the use.
 */
import * as fs from 'node:fs';
import { Errno, fail } from '../linux/errno.ts';
import { byteStringOf } from '../linux/text.ts';
import {
  type DirectoryEntry,
  type FileContent,
  type FileSystem,
  type FileSystemStat,
  type OpenRequest,
  type Stat,
  type Time,
  TYPE_MASK,
} from '../linux/tree/file-system.ts';
import { guarded } from './host-error.ts';

const { constants } = fs;
/** Not in node:fs: open a place without reading it (Linux). */
const O_PATH = 0o10000000;
const hasProc: boolean = process.platform === 'linux' && fs.existsSync('/proc/self/fd');
const NO_FOLLOW: number = constants.O_NOFOLLOW ?? 0;
/** Nanoseconds: half of 2^-22 seconds. */
const HALF_RESOLUTION = 120;
const NON_BLOCK: number = constants.O_NONBLOCK ?? 0;

export class NodeFileSystem implements FileSystem {
  readonly readOnly = false;
  /** Real host path of the folder, as a byte string. */
  readonly #root: string;

  /** @param folder host path of an existing folder. @throws the host's error when it is none. */
  constructor(folder: string) {
    const real = byteStringOf(fs.realpathSync.native(Buffer.from(folder), 'buffer'));
    if (!fs.statSync(Buffer.from(real, 'latin1')).isDirectory()) throw new Error(`${folder}: not a directory`);
    this.#root = real === '/' ? '' : real;
  }

  /** Runs `use` with a host path whose last component alone is not verified. */
  #at<T>(path: string, use: (hostPath: Buffer) => T): T {
    const full = path === '' ? this.#root || '/' : `${this.#root}/${path}`;
    const slash = full.lastIndexOf('/');
    const parent = full.slice(0, slash) || '/';
    const name = full.slice(slash + 1);
    return guarded(() => (hasProc ? atOpenDirectory(parent, name, use) : atRealPath(parent, name, use)));
  }

  stat(path: string): Stat {
    return this.#at(path, (hostPath) => convert(fs.lstatSync(hostPath, { bigint: true })));
  }

  readLink(path: string): string {
    return this.#at(path, (hostPath) => byteStringOf(fs.readlinkSync(hostPath, 'buffer')));
  }

  open(path: string, request: OpenRequest): FileContent {
    return this.#at(path, (hostPath) => {
      const descriptor = fs.openSync(hostPath, openFlags(request), request.permissions);
      // O_NONBLOCK keeps the open of a pipe or device from waiting; only regular files go on from here.
      if (fs.fstatSync(descriptor).isFile()) return content(descriptor, request);
      fs.closeSync(descriptor);
      return fail(Errno.ENXIO);
    });
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#at(path, (hostPath) => {
      const flags = (constants.O_DIRECTORY ?? 0) | NO_FOLLOW;
      const descriptor = fs.openSync(hostPath, flags);
      try {
        const opened = hasProc ? `/proc/self/fd/${descriptor}` : hostPath.toString('latin1');
        return listDirectory(opened);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  makeDirectory(path: string, permissions: number): void {
    this.#at(path, (hostPath) => fs.mkdirSync(hostPath, permissions));
  }

  removeDirectory(path: string): void {
    if (path === '') fail(Errno.EBUSY);
    this.#at(path, (hostPath) => fs.rmdirSync(hostPath));
  }

  unlink(path: string): void {
    this.#at(path, (hostPath) => fs.unlinkSync(hostPath));
  }

  rename(from: string, to: string): void {
    if (from === '' || to === '') fail(Errno.EBUSY);
    this.#at(from, (oldPath) => this.#at(to, (newPath) => fs.renameSync(oldPath, newPath)));
  }

  link(from: string, to: string): void {
    this.#at(from, (oldPath) => this.#at(to, (newPath) => fs.linkSync(oldPath, newPath)));
  }

  symbolicLink(path: string, target: string): void {
    this.#at(path, (hostPath) => fs.symlinkSync(Buffer.from(target, 'latin1'), hostPath));
  }

  makePipe(): void {
    fail(Errno.EPERM);
  }

  setPermissions(path: string, permissions: number): void {
    this.#at(path, (hostPath) => {
      const flags = hasProc ? O_PATH | NO_FOLLOW : constants.O_RDONLY | NO_FOLLOW | NON_BLOCK;
      const descriptor = fs.openSync(hostPath, flags);
      try {
        if (fs.fstatSync(descriptor).isSymbolicLink()) fail(Errno.EOPNOTSUPP);
        // A descriptor that only names a place cannot be changed, but the place that it names can.
        if (hasProc) fs.chmodSync(`/proc/self/fd/${descriptor}`, permissions);
        else fs.fchmodSync(descriptor, permissions);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  setOwner(path: string, uid: number, gid: number): void {
    this.#at(path, (hostPath) => fs.lchownSync(hostPath, uid, gid));
  }

  setTimes(path: string, accessed: Time | undefined, modified: Time | undefined): void {
    this.#at(path, (hostPath) => {
      const { atimeNs, mtimeNs } = fs.lstatSync(hostPath, { bigint: true });
      fs.lutimesSync(hostPath, secondsOf(accessed, atimeNs), secondsOf(modified, mtimeNs));
    });
  }

  statFileSystem(): FileSystemStat {
    const { type, bsize, blocks, bfree, files, ffree } = guarded(() => fs.statfsSync(this.#root || '/'));
    return { type, blockSize: bsize, blocks, freeBlocks: bfree, files, freeFiles: ffree };
  }
}

/** Linux: the directory is pinned by a descriptor, whose place the kernel tells. */
function atOpenDirectory<T>(parent: string, name: string, use: (hostPath: Buffer) => T): T {
  const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const descriptor = fs.openSync(Buffer.from(parent, 'latin1'), flags);
  try {
    const pinned = `/proc/self/fd/${descriptor}`;
    if (byteStringOf(fs.readlinkSync(pinned, 'buffer')) !== parent) fail(Errno.ENOENT);
    return use(Buffer.from(name === '' ? `${pinned}/.` : `${pinned}/${name}`, 'latin1'));
  } finally {
    fs.closeSync(descriptor);
  }
}

function atRealPath<T>(parent: string, name: string, use: (hostPath: Buffer) => T): T {
  const real = byteStringOf(fs.realpathSync.native(Buffer.from(parent, 'latin1'), 'buffer'));
  if (real !== parent) fail(Errno.ENOENT);
  return use(Buffer.from(parent === '/' ? `/${name}` : `${parent}/${name}`, 'latin1'));
}

function openFlags(request: OpenRequest): number {
  let flags = NO_FOLLOW | NON_BLOCK;
  flags |= request.write ? (request.read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (request.append) flags |= constants.O_APPEND;
  if (request.create) flags |= constants.O_CREAT;
  if (request.exclusive) flags |= constants.O_EXCL;
  if (request.truncate) flags |= constants.O_TRUNC;
  return flags;
}

function listDirectory(path: string): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  const directory = fs.opendirSync(path, { encoding: 'latin1', bufferSize: 256 });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      try {
        const { ino, mode } = fs.lstatSync(Buffer.from(`${path}/${entry.name}`, 'latin1'));
        entries.push({ name: entry.name, inode: ino, type: mode & TYPE_MASK });
      } catch {
        // It is gone already.
      }
    }
  } finally {
    directory.closeSync();
  }
  return entries;
}

function content(descriptor: number, request: OpenRequest): FileContent {
  return {
    stat: () => guarded(() => convert(fs.fstatSync(descriptor, { bigint: true }))),
    readAt: (into, position) => guarded(() => fs.readSync(descriptor, into, 0, into.length, position)),
    writeAt: (bytes, position) =>
      guarded(() => fs.writeSync(descriptor, bytes, 0, bytes.length, request.append ? null : position)),
    truncate: (size) => guarded(() => fs.ftruncateSync(descriptor, size)),
    sync: () => guarded(() => fs.fsyncSync(descriptor)),
    setPermissions: (permissions) => guarded(() => fs.fchmodSync(descriptor, permissions)),
    setOwner: (uid, gid) => guarded(() => fs.fchownSync(descriptor, uid, gid)),
    setTimes: (accessed, modified) =>
      guarded(() => {
        const { atimeNs, mtimeNs } = fs.fstatSync(descriptor, { bigint: true });
        fs.futimesSync(descriptor, secondsOf(accessed, atimeNs), secondsOf(modified, mtimeNs));
      }),
    close: () => guarded(() => fs.closeSync(descriptor)),
  };
}

/**
 * Seconds for node:fs, which takes a double and cuts off what it cannot hold. Whole microseconds survive, because the
 * value is moved up by half of a double's resolution at today's dates.
 */
function secondsOf(time: Time | undefined, otherwise: bigint): number {
  const { seconds, nanoseconds } = time ?? timeOf(otherwise);
  return seconds + (nanoseconds + HALF_RESOLUTION) / 1e9;
}

function convert(stat: fs.BigIntStats): Stat {
  return {
    device: Number(stat.dev),
    inode: Number(stat.ino),
    mode: Number(stat.mode),
    links: Number(stat.nlink),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    specialDevice: Number(stat.rdev),
    size: Number(stat.size),
    blockSize: Number(stat.blksize),
    blocks: Number(stat.blocks),
    accessed: timeOf(stat.atimeNs),
    modified: timeOf(stat.mtimeNs),
    changed: timeOf(stat.ctimeNs),
  };
}

function timeOf(nanoseconds: bigint): Time {
  const seconds = nanoseconds >= 0n ? nanoseconds / 1000000000n : -((999999999n - nanoseconds) / 1000000000n);
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds - seconds * 1000000000n) };
}

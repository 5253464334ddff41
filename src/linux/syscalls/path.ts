/** Paths in system-call arguments: where they start, and what they lead to. */
import { Errno, fail } from '../errno.ts';
import { DirectoryFile } from '../files/directory-file.ts';
import type { OpenFile } from '../files/open-file.ts';
import { PathFile } from '../files/path-file.ts';
import type { Kernel } from '../kernel.ts';
import { FileType, isType, type Stat } from '../tree/file-system.ts';
import type { Place } from '../tree/tree.ts';

/** Flags of the *at calls. */
export const At = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  EACCESS: 0x200,
  SYMLINK_FOLLOW: 0x400,
  EMPTY_PATH: 0x1000,
} as const;

/** The directory that relative paths start from. */
export function baseOf(kernel: Kernel, directory: number): string {
  if (directory === At.FDCWD) return kernel.current.directory;
  const file = kernel.current.descriptors.get(directory);
  if (!(file instanceof DirectoryFile || file instanceof PathFile)) fail(Errno.ENOTDIR);
  return file.path;
}

/** Walks the path at a guest address. @throws SystemError as `Tree.resolve`. */
export function walk(kernel: Kernel, directory: number, address: number, follow: boolean): Place {
  const path = kernel.memory.readString(address);
  const base = path.startsWith('/') ? '/' : baseOf(kernel, directory);
  return kernel.tree.resolve(base, path, follow);
}

/** As `walk`, for something that must be there. @throws SystemError ENOENT. */
export function walkExisting(kernel: Kernel, directory: number, address: number, follow: boolean): Place {
  const place = walk(kernel, directory, address, follow);
  if (place.stat === undefined) fail(Errno.ENOENT);
  return place;
}

/** As `walk`, for something that is to be made. @throws SystemError EEXIST, EROFS. */
export function walkNew(kernel: Kernel, directory: number, address: number): Place {
  const place = walk(kernel, directory, address, false);
  if (place.stat !== undefined) fail(Errno.EEXIST);
  if (place.fileSystem.readOnly) fail(Errno.EROFS);
  return place;
}

/** The open file that a magic link (/proc/self/fd/N) stands for. */
export function magicFile(kernel: Kernel, place: Place): OpenFile {
  const match = /^(\d+)\/fd\/(\d+)$/.exec(place.path);
  const task = kernel.tasks.get(Number(match?.[1]));
  if (match === null || task === undefined) fail(Errno.ENOENT);
  return task.descriptors.get(Number(match[2]));
}

/** The stat of a place, or of what its magic link stands for. */
export function statOf(kernel: Kernel, place: Place, follow: boolean): Stat {
  if (place.magic && follow) return magicFile(kernel, place).stat();
  return place.stat ?? fail(Errno.ENOENT);
}

/** Bits of access(2). */
export const MayAccess = { Execute: 1, Write: 2, Read: 4 } as const;

/** May the guest's user access a file in these ways? @throws SystemError EACCES, EROFS. */
export function checkAccess(kernel: Kernel, stat: Stat, readOnly: boolean, wanted: number): void {
  const { uid, gid } = kernel.credentials;
  const isDevice = isType(stat, FileType.CharacterDevice) || isType(stat, FileType.Pipe);
  if ((wanted & MayAccess.Write) !== 0 && readOnly && !isDevice) fail(Errno.EROFS);
  if (uid === 0) {
    const executable = (stat.mode & 0o111) !== 0 || isType(stat, FileType.Directory);
    if ((wanted & MayAccess.Execute) !== 0 && !executable) fail(Errno.EACCES);
    return;
  }
  const granted = uid === stat.uid ? stat.mode >> 6 : gid === stat.gid ? stat.mode >> 3 : stat.mode;
  if ((wanted & ~granted) !== 0) fail(Errno.EACCES);
}

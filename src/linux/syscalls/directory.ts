/** The tree's shape: making, removing, renaming and linking names, listing, and the current directory. */
import { Errno, fail } from '../errno.ts';
import { DirectoryFile } from '../files/directory-file.ts';
import type { Kernel } from '../kernel.ts';
import { bytesOf } from '../text.ts';
import { type DirectoryEntry, FileType, isType, TYPE_MASK } from '../tree/file-system.ts';
import type { Place } from '../tree/tree.ts';
import { type CallTable, call } from './call.ts';
import { At, checkAccess, MayAccess, magicFile, walk, walkExisting, walkNew } from './path.ts';

const RENAME_NOREPLACE = 1;

function makeDirectory(kernel: Kernel, directory: number, address: number, mode: number): number {
  const { fileSystem, path } = walkNew(kernel, directory, address);
  fileSystem.makeDirectory(path, mode & ~kernel.current.umask & 0o1777);
  return 0;
}

/** Something that is to be taken away. */
function walkRemovable(kernel: Kernel, directory: number, address: number): Place {
  const place = walkExisting(kernel, directory, address, false);
  if (kernel.tree.isMountPoint(place.full)) fail(Errno.EBUSY);
  if (place.fileSystem.readOnly) fail(Errno.EROFS);
  return place;
}

/** Does the path at this address end in `.` (after slashes)? */
function endsInDot(kernel: Kernel, address: number): boolean {
  return /(^|\/)\.\/*$/.test(kernel.memory.readString(address));
}

function removeDirectory(kernel: Kernel, directory: number, address: number): number {
  if (endsInDot(kernel, address)) fail(Errno.EINVAL);
  const place = walkRemovable(kernel, directory, address);
  if (!isType(place.stat!, FileType.Directory)) fail(Errno.ENOTDIR);
  place.fileSystem.removeDirectory(place.path);
  return 0;
}

function unlink(kernel: Kernel, directory: number, address: number): number {
  const place = walkRemovable(kernel, directory, address);
  if (isType(place.stat!, FileType.Directory)) fail(Errno.EISDIR);
  place.fileSystem.unlink(place.path);
  if (isType(place.stat!, FileType.Pipe)) kernel.namedPipes.delete(place.full);
  return 0;
}

function rename(kernel: Kernel, fromAt: number, from: number, toAt: number, to: number, flags: number): number {
  if ((flags & ~RENAME_NOREPLACE) !== 0) fail(Errno.EINVAL);
  if (endsInDot(kernel, from) || endsInDot(kernel, to)) fail(Errno.EBUSY);
  const source = walkRemovable(kernel, fromAt, from);
  const target = walk(kernel, toAt, to, false);
  if (source.fileSystem !== target.fileSystem) fail(Errno.EXDEV);
  if (kernel.tree.isMountPoint(target.full)) fail(Errno.EBUSY);
  if (target.stat !== undefined && (flags & RENAME_NOREPLACE) !== 0) fail(Errno.EEXIST);
  const movesDirectory = isType(source.stat!, FileType.Directory);
  if ((source.isDirectoryName || target.isDirectoryName) && !movesDirectory) fail(Errno.ENOTDIR);
  if (target.full.startsWith(source.full + '/')) fail(Errno.EINVAL);
  source.fileSystem.rename(source.path, target.path);
  return 0;
}

function link(kernel: Kernel, fromAt: number, from: number, toAt: number, to: number, flags: number): number {
  const source = walkExisting(kernel, fromAt, from, (flags & At.SYMLINK_FOLLOW) !== 0);
  if (isType(source.stat!, FileType.Directory)) fail(Errno.EPERM);
  const target = walkNew(kernel, toAt, to);
  if (target.isDirectoryName) fail(Errno.ENOENT);
  if (source.fileSystem !== target.fileSystem) fail(Errno.EXDEV);
  source.fileSystem.link(source.path, target.path);
  return 0;
}

function symbolicLink(kernel: Kernel, text: number, directory: number, address: number): number {
  const target = kernel.memory.readString(text);
  if (target === '') fail(Errno.ENOENT);
  const place = walkNew(kernel, directory, address);
  if (place.isDirectoryName) fail(Errno.ENOENT);
  place.fileSystem.symbolicLink(place.path, target);
  return 0;
}

function readLink(kernel: Kernel, directory: number, address: number, buffer: number, size: number): number {
  if (size <= 0) fail(Errno.EINVAL);
  const place = walkExisting(kernel, directory, address, false);
  if (!isType(place.stat!, FileType.SymbolicLink)) fail(Errno.EINVAL);
  const target = place.magic ? magicFile(kernel, place).path : place.fileSystem.readLink(place.path);
  const bytes = bytesOf(target).subarray(0, size);
  kernel.memory.write(buffer, bytes);
  return bytes.length;
}

function makeNode(kernel: Kernel, directory: number, address: number, mode: number): number {
  const { fileSystem, path } = walkNew(kernel, directory, address);
  const permissions = mode & ~kernel.current.umask & 0o7777;
  const type = mode & TYPE_MASK;
  if (type === FileType.Pipe) fileSystem.makePipe(path, permissions);
  else if (type === FileType.Regular || type === 0) {
    const request = { read: false, write: true, append: false, create: true, exclusive: true, truncate: false };
    fileSystem.open(path, { ...request, permissions }).close();
  } else fail(Errno.EPERM);
  return 0;
}

/** Lays out one entry at the end of what is there; returns its length without writing when it does not fit. */
type EntryLayout = (kernel: Kernel, at: number, room: number, entry: DirectoryEntry, next: number) => number;

/** struct linux_dirent64. */
const entry64: EntryLayout = (kernel, at, room, { name, inode, type }, next) => {
  const length = (19 + name.length + 1 + 7) & ~7;
  if (length > room) return length;
  const { memory } = kernel;
  memory.write64(at, inode);
  memory.write64(at + 8, next);
  memory.write16(at + 16, length);
  memory.write8(at + 18, type >> 12);
  memory.writeString(at + 19, name);
  return length;
};

/** struct linux_dirent, with the type in its last byte. */
const entry32: EntryLayout = (kernel, at, room, { name, inode, type }, next) => {
  const length = (10 + name.length + 2 + 3) & ~3;
  if (length > room) return length;
  const { memory } = kernel;
  memory.write32(at, inode | 0);
  memory.write32(at + 4, next);
  memory.write16(at + 8, length);
  memory.writeString(at + 10, name);
  memory.write8(at + length - 1, type >> 12);
  return length;
};

function list(kernel: Kernel, number: number, buffer: number, size: number, layout: EntryLayout): number {
  const file = kernel.current.descriptors.get(number);
  if (!(file instanceof DirectoryFile)) fail(Errno.ENOTDIR);
  let used = 0;
  for (let entry = file.entry(); entry !== undefined; entry = file.entry()) {
    const room = (size >>> 0) - used;
    const length = layout(kernel, (buffer + used) | 0, room, entry, file.nextPosition);
    if (length > room) return used > 0 ? used : fail(Errno.EINVAL);
    used += length;
    file.advance();
  }
  return used;
}

function currentDirectory(kernel: Kernel, buffer: number, size: number): number {
  const { directory } = kernel.current;
  kernel.tree.statCanonical(directory);
  if (directory.length + 1 > size >>> 0) fail(Errno.ERANGE);
  kernel.memory.writeString(buffer, directory);
  return directory.length + 1;
}

function changeDirectory(kernel: Kernel, address: number): number {
  const place = walkExisting(kernel, At.FDCWD, address, true);
  if (!isType(place.stat!, FileType.Directory)) fail(Errno.ENOTDIR);
  checkAccess(kernel, place.stat!, false, MayAccess.Execute);
  kernel.current.directory = place.full;
  return 0;
}

function changeToDescriptor(kernel: Kernel, number: number): number {
  const file = kernel.current.descriptors.get(number);
  if (!isType(file.stat(), FileType.Directory)) fail(Errno.ENOTDIR);
  kernel.current.directory = file.path;
  return 0;
}

const { FDCWD } = At;

export const directoryCalls: CallTable = {
  9: call('link', 'ss', (kernel, from, to) => link(kernel, FDCWD, from, FDCWD, to, 0)),
  10: call('unlink', 's', (kernel, path) => unlink(kernel, FDCWD, path)),
  12: call('chdir', 's', changeDirectory),
  14: call('mknod', 'sox', (kernel, path, mode) => makeNode(kernel, FDCWD, path, mode)),
  38: call('rename', 'ss', (kernel, from, to) => rename(kernel, FDCWD, from, FDCWD, to, 0)),
  39: call('mkdir', 'so', (kernel, path, mode) => makeDirectory(kernel, FDCWD, path, mode)),
  40: call('rmdir', 's', (kernel, path) => removeDirectory(kernel, FDCWD, path)),
  83: call('symlink', 'ss', (kernel, text, path) => symbolicLink(kernel, text, FDCWD, path)),
  85: call('readlink', 'sBu', (kernel, path, buffer, size) => readLink(kernel, FDCWD, path, buffer, size)),
  133: call('fchdir', 'i', changeToDescriptor),
  141: call('getdents', 'ixu', (kernel, fd, buffer, size) => list(kernel, fd, buffer, size, entry32)),
  183: call('getcwd', 'Bu', currentDirectory),
  220: call('getdents64', 'ixu', (kernel, fd, buffer, size) => list(kernel, fd, buffer, size, entry64)),
  296: call('mkdirat', 'dso', makeDirectory),
  297: call('mknodat', 'dsox', makeNode),
  301: call('unlinkat', 'dsx', (kernel, directory, path, flags) =>
    (flags & At.REMOVEDIR) !== 0 ? removeDirectory(kernel, directory, path) : unlink(kernel, directory, path),
  ),
  302: call('renameat', 'dsds', (kernel, fromAt, from, toAt, to) => rename(kernel, fromAt, from, toAt, to, 0)),
  303: call('linkat', 'dsdsx', link),
  304: call('symlinkat', 'sds', symbolicLink),
  305: call('readlinkat', 'dsBu', readLink),
  353: call('renameat2', 'dsdsx', rename),
};

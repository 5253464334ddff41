/** Making, sharing and dropping descriptors: open, close, dup, pipe, fcntl. */
import { Errno, fail, Wait } from '../errno.ts';
import { Device, openDevice } from '../files/device.ts';
import { DirectoryFile } from '../files/directory-file.ts';
import { type OpenFile, OpenFlag, RegularFile } from '../files/open-file.ts';
import { PathFile } from '../files/path-file.ts';
import { PipeEnd } from '../files/pipe.ts';
import { StreamFile } from '../files/stream-file.ts';
import type { Kernel } from '../kernel.ts';
import { FileType, isType, type OpenRequest } from '../tree/file-system.ts';
import type { Place } from '../tree/tree.ts';
import { type CallTable, call } from './call.ts';
import { At, magicFile, walk } from './path.ts';

/** Status flags that an open file keeps and that F_SETFL may change. */
const KEPT_FLAGS: number = OpenFlag.ACCMODE | OpenFlag.APPEND | OpenFlag.NONBLOCK | OpenFlag.LARGEFILE | OpenFlag.PATH;
const SETTABLE_FLAGS: number = OpenFlag.APPEND | OpenFlag.NONBLOCK;
/** __O_TMPFILE. */
const TMPFILE = 0o20000000;

function open(kernel: Kernel, directory: number, address: number, flags: number, mode: number): number {
  if ((flags & TMPFILE) !== 0) fail(Errno.EOPNOTSUPP);
  if ((flags & OpenFlag.ACCMODE) === OpenFlag.ACCMODE) fail(Errno.EINVAL);
  const exclusive = (flags & (OpenFlag.CREAT | OpenFlag.EXCL)) === (OpenFlag.CREAT | OpenFlag.EXCL);
  const follow = (flags & OpenFlag.NOFOLLOW) === 0 && !exclusive;
  const place = walk(kernel, directory, address, follow);
  const file = openPlace(kernel, place, flags, mode & ~kernel.current.umask & 0o7777);
  if (file === undefined) return Wait.Restart;
  return kernel.current.descriptors.add(file, (flags & OpenFlag.CLOEXEC) !== 0);
}

/** Opens what a path led to; undefined when the open has to wait for the other end of a pipe. */
function openPlace(kernel: Kernel, place: Place, flags: number, permissions: number): OpenFile | undefined {
  const { fileSystem, path, full, stat } = place;
  const create = (flags & OpenFlag.CREAT) !== 0;
  const writes = (flags & OpenFlag.ACCMODE) !== 0;
  const kept = flags & KEPT_FLAGS;
  if (stat !== undefined && create && (flags & OpenFlag.EXCL) !== 0) fail(Errno.EEXIST);
  if (stat === undefined && !create) fail(Errno.ENOENT);
  if (stat === undefined && place.isDirectoryName) fail(Errno.EISDIR);
  if ((flags & OpenFlag.PATH) !== 0) return new PathFile(full, kept, () => fileSystem.stat(path));
  if (place.magic) return reopen(kernel, magicFile(kernel, place), flags);
  if (stat !== undefined) {
    if (isType(stat, FileType.SymbolicLink)) fail((flags & OpenFlag.DIRECTORY) !== 0 ? Errno.ENOTDIR : Errno.ELOOP);
    if (isType(stat, FileType.Directory)) {
      if (writes || create) fail(Errno.EISDIR);
      return new DirectoryFile(full, kept, kernel.tree);
    }
    if ((flags & OpenFlag.DIRECTORY) !== 0) fail(Errno.ENOTDIR);
    if (isType(stat, FileType.CharacterDevice)) return openCharacterDevice(kernel, stat.specialDevice, full, kept);
    if (isType(stat, FileType.Pipe)) return openNamedPipe(kernel, full, kept);
    if (!isType(stat, FileType.Regular)) fail(Errno.ENXIO);
  }
  const request: OpenRequest = {
    read: (flags & OpenFlag.ACCMODE) !== OpenFlag.WRONLY,
    write: writes,
    append: (flags & OpenFlag.APPEND) !== 0,
    create,
    exclusive: (flags & OpenFlag.EXCL) !== 0,
    truncate: (flags & OpenFlag.TRUNC) !== 0,
    permissions,
  };
  if (fileSystem.readOnly && (writes || request.truncate || stat === undefined)) fail(Errno.EROFS);
  return new RegularFile(full, kept, fileSystem.open(path, request));
}

/** /proc/self/fd/N and /dev/stdin: a regular file is opened anew, anything else is shared. */
function reopen(kernel: Kernel, file: OpenFile, flags: number): OpenFile | undefined {
  if (!(file instanceof RegularFile || file instanceof DirectoryFile)) return file;
  return openPlace(kernel, kernel.tree.resolve('/', file.path, true), flags & ~OpenFlag.CREAT, 0);
}

function openCharacterDevice(kernel: Kernel, device: number, path: string, flags: number): OpenFile {
  if (device !== Device.Tty) return openDevice(device, path, flags, kernel.random.fill);
  for (const [, file] of kernel.current.descriptors.entries()) {
    if (file instanceof StreamFile && file.terminal !== undefined) return file;
  }
  return fail(Errno.ENXIO);
}

/** Each side waits until the other is there (fifo(7)). */
function openNamedPipe(kernel: Kernel, path: string, flags: number): OpenFile | undefined {
  const { current } = kernel;
  let pipe = kernel.namedPipes.get(path);
  if (pipe === undefined) {
    pipe = kernel.createPipe();
    kernel.namedPipes.set(path, pipe);
  }
  const access = flags & OpenFlag.ACCMODE;
  const nonblocking = (flags & OpenFlag.NONBLOCK) !== 0;
  if (access === OpenFlag.RDWR || (nonblocking && access === 0)) return new PipeEnd(pipe, flags, path);
  if (nonblocking && pipe.readers === 0) fail(Errno.ENXIO);
  const reads = access === 0;
  // While the open waits it counts as an end already, so that the other side's open can go on.
  current.opening ??= {
    end: new PipeEnd(pipe, flags, path),
    othersSeen: reads ? pipe.writersSeen : pipe.readersSeen,
  };
  const others = reads ? pipe.writers : pipe.readers;
  const othersSeen = reads ? pipe.writersSeen : pipe.readersSeen;
  if (others === 0 && othersSeen === current.opening.othersSeen) return undefined;
  const { end } = current.opening;
  current.opening = undefined;
  return end;
}

function duplicate(kernel: Kernel, from: number, to: number, flags: number): number {
  const { descriptors } = kernel.current;
  const file = descriptors.get(from);
  if (to < 0 || to >= descriptors.limit) fail(Errno.EBADF);
  if (from !== to) descriptors.replace(to, file, (flags & OpenFlag.CLOEXEC) !== 0);
  return to;
}

function pipe(kernel: Kernel, address: number, flags: number): number {
  if ((flags & ~(OpenFlag.CLOEXEC | OpenFlag.NONBLOCK)) !== 0) fail(Errno.EINVAL);
  const { descriptors } = kernel.current;
  const queue = kernel.createPipe();
  const closeOnExec = (flags & OpenFlag.CLOEXEC) !== 0;
  const status = flags & OpenFlag.NONBLOCK;
  const reader = descriptors.add(new PipeEnd(queue, status), closeOnExec);
  const writer = descriptors.add(new PipeEnd(queue, status | OpenFlag.WRONLY), closeOnExec);
  kernel.memory.write32(address, reader);
  kernel.memory.write32(address + 4, writer);
  return 0;
}

/** Commands of fcntl64. */
const Command = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  SETOWN: 8,
  GETOWN: 9,
  GETLK64: 12,
  SETLK64: 13,
  SETLKW64: 14,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
} as const;

const F_UNLCK = 2;
const PIPE_SIZE = 65536;

function control(kernel: Kernel, number: number, command: number, argument: number): number {
  const { descriptors } = kernel.current;
  const file = descriptors.get(number);
  switch (command) {
    case Command.DUPFD:
    case Command.DUPFD_CLOEXEC:
      if (argument < 0 || argument >= descriptors.limit) fail(Errno.EINVAL);
      return descriptors.add(file, command === Command.DUPFD_CLOEXEC, argument);
    case Command.GETFD:
      return descriptors.isCloseOnExec(number) ? 1 : 0;
    case Command.SETFD:
      descriptors.setCloseOnExec(number, (argument & 1) !== 0);
      return 0;
    case Command.GETFL:
      return file.flags;
    case Command.SETFL:
      file.flags = (file.flags & ~SETTABLE_FLAGS) | (argument & SETTABLE_FLAGS);
      return 0;
    case Command.GETLK:
    case Command.GETLK64:
      kernel.memory.write16(argument, F_UNLCK);
      return 0;
    // The processes of one tree hardly contend for files; locks always succeed.
    case Command.SETLK:
    case Command.SETLKW:
    case Command.SETLK64:
    case Command.SETLKW64:
    case Command.SETOWN:
    case Command.GETOWN:
      return 0;
    case Command.SETPIPE_SZ:
    case Command.GETPIPE_SZ:
      return file instanceof PipeEnd ? PIPE_SIZE : -Errno.EBADF;
    default:
      return -Errno.EINVAL;
  }
}

function closeRange(kernel: Kernel, first: number, last: number, flags: number): number {
  const { descriptors } = kernel.current;
  for (const [number] of [...descriptors.entries()]) {
    if (number < first >>> 0 || number > last >>> 0) continue;
    if ((flags & 4) !== 0) descriptors.setCloseOnExec(number, true);
    else descriptors.close(number);
  }
  return 0;
}

function close(kernel: Kernel, number: number): number {
  kernel.current.descriptors.close(number);
  return 0;
}

const CREATE: number = OpenFlag.CREAT | OpenFlag.WRONLY | OpenFlag.TRUNC;

export const openCalls: CallTable = {
  5: call('open', 'sOo', (kernel, path, flags, mode) => open(kernel, At.FDCWD, path, flags, mode)),
  6: call('close', 'i', close),
  8: call('creat', 'so', (kernel, path, mode) => open(kernel, At.FDCWD, path, CREATE, mode)),
  41: call('dup', 'i', ({ current: { descriptors } }, from) => descriptors.add(descriptors.get(from))),
  42: call('pipe', 'x', (kernel, address) => pipe(kernel, address, 0)),
  55: call('fcntl', 'iix', control),
  63: call('dup2', 'ii', (kernel, from, to) => duplicate(kernel, from, to, 0)),
  143: call('flock', 'ii', ({ current }, number) => {
    current.descriptors.get(number);
    return 0;
  }),
  221: call('fcntl64', 'iix', control),
  295: call('openat', 'dsOo', open),
  330: call('dup3', 'iiO', (kernel, from, to, flags) => {
    if (from === to || (flags & ~OpenFlag.CLOEXEC) !== 0) fail(Errno.EINVAL);
    return duplicate(kernel, from, to, flags);
  }),
  331: call('pipe2', 'xO', pipe),
  436: call('close_range', 'uuu', closeRange),
};

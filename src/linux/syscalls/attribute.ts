/** What can be changed of a file: permissions, owner, times, size; and the file-creation mask. */
import { Errno, fail } from '../errno.ts';
import { RegularFile } from '../files/open-file.ts';
import type { Kernel } from '../kernel.ts';
import { FileType, isType, type Time, timeOfMilliseconds } from '../tree/file-system.ts';
import type { Place } from '../tree/tree.ts';
import { type CallTable, call } from './call.ts';
import { At, walkExisting } from './path.ts';
import { wide } from './transfer.ts';

const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;
/** FALLOC_FL_KEEP_SIZE. */
const KEEP_SIZE = 1;

function walkChangeable(kernel: Kernel, directory: number, address: number, flags: number): Place {
  const place = walkExisting(kernel, directory, address, (flags & At.SYMLINK_NOFOLLOW) === 0);
  if (place.fileSystem.readOnly) fail(Errno.EROFS);
  return place;
}

function setPermissions(kernel: Kernel, directory: number, address: number, mode: number): number {
  const { fileSystem, path } = walkChangeable(kernel, directory, address, 0);
  fileSystem.setPermissions(path, mode & 0o7777);
  return 0;
}

function setOwner(kernel: Kernel, directory: number, address: number, uid: number, gid: number, flags: number): number {
  if ((flags & At.EMPTY_PATH) !== 0 && kernel.memory.read8(address) === 0) {
    kernel.current.descriptors.get(directory).setOwner(uid, gid);
    return 0;
  }
  const { fileSystem, path } = walkChangeable(kernel, directory, address, flags);
  fileSystem.setOwner(path, uid, gid);
  return 0;
}

/** A 16-bit user or group number, where -1 means no change. */
function wideId(id: number): number {
  return (id & 0xffff) === 0xffff ? -1 : id & 0xffff;
}

/** Access and modification time; undefined leaves one as it is. */
type Times = readonly [Time | undefined, Time | undefined];

function setTimes(kernel: Kernel, directory: number, address: number, times: Times, flags: number): number {
  if (address === 0 || ((flags & At.EMPTY_PATH) !== 0 && kernel.memory.read8(address) === 0)) {
    kernel.current.descriptors.get(directory).setTimes(...times);
    return 0;
  }
  const { fileSystem, path } = walkChangeable(kernel, directory, address, flags);
  fileSystem.setTimes(path, ...times);
  return 0;
}

/** Two times read with `read` at `address` and `size` bytes after it; now when the address is null. */
function timesAt(
  kernel: Kernel,
  address: number,
  size: number,
  read: (at: number) => { seconds: number; nanoseconds: number },
): Times {
  const now = timeOfMilliseconds(kernel.clock.realtime());
  if (address === 0) return [now, now];
  const [accessed, modified] = [address, address + size].map((at) => {
    const time = read(at);
    if (time.nanoseconds === UTIME_NOW) return now;
    if (time.nanoseconds === UTIME_OMIT) return undefined;
    return time.nanoseconds >= 0 && time.nanoseconds < 1e9 ? time : fail(Errno.EINVAL);
  });
  return [accessed, modified];
}

/** struct timespec with 32-bit seconds. */
function specTimes(kernel: Kernel, address: number): Times {
  const { memory } = kernel;
  return timesAt(kernel, address, 8, (at) => ({ seconds: memory.read32(at), nanoseconds: memory.read32(at + 4) }));
}

/** struct __kernel_timespec, with 64-bit seconds. */
function spec64Times(kernel: Kernel, address: number): Times {
  const { memory } = kernel;
  return timesAt(kernel, address, 16, (at) => ({ seconds: memory.read64(at), nanoseconds: memory.read32(at + 8) }));
}

/** struct timeval. */
function valTimes(kernel: Kernel, address: number): Times {
  const { memory } = kernel;
  return timesAt(kernel, address, 8, (at) => {
    const microseconds = memory.read32(at + 4);
    if (microseconds < 0 || microseconds >= 1e6) fail(Errno.EINVAL);
    return { seconds: memory.read32(at), nanoseconds: microseconds * 1000 };
  });
}

/** struct utimbuf: whole seconds. */
function bufTimes(kernel: Kernel, address: number): Times {
  const { memory } = kernel;
  return timesAt(kernel, address, 4, (at) => ({ seconds: memory.read32(at), nanoseconds: 0 }));
}

function truncate(kernel: Kernel, address: number, size: number): number {
  if (size < 0) fail(Errno.EINVAL);
  const { fileSystem, path, stat } = walkChangeable(kernel, At.FDCWD, address, 0);
  if (isType(stat!, FileType.Directory)) fail(Errno.EISDIR);
  if (!isType(stat!, FileType.Regular)) fail(Errno.EINVAL);
  const request = { read: false, write: true, append: false, create: false, exclusive: false, truncate: false };
  const content = fileSystem.open(path, { ...request, permissions: 0 });
  try {
    content.truncate(size);
  } finally {
    content.close();
  }
  return 0;
}

function truncateOpen(kernel: Kernel, number: number, size: number): number {
  const file = kernel.current.descriptors.get(number);
  if (size < 0 || !file.writable) fail(Errno.EINVAL);
  file.truncate(size);
  return 0;
}

function allocate(kernel: Kernel, number: number, mode: number, offset: number, length: number): number {
  const file = kernel.current.descriptors.get(number);
  if ((mode & ~KEEP_SIZE) !== 0) fail(Errno.EOPNOTSUPP);
  if (!file.writable || !(file instanceof RegularFile)) fail(Errno.EBADF);
  if (offset < 0 || length <= 0) fail(Errno.EINVAL);
  if ((mode & KEEP_SIZE) === 0 && offset + length > file.stat().size) file.truncate(offset + length);
  return 0;
}

function sync(kernel: Kernel, number: number): number {
  kernel.current.descriptors.get(number).sync();
  return 0;
}

function setMask(kernel: Kernel, mask: number): number {
  const { current } = kernel;
  const old = current.umask;
  current.umask = mask & 0o777;
  return old;
}

const { FDCWD, SYMLINK_NOFOLLOW } = At;

export const attributeCalls: CallTable = {
  15: call('chmod', 'so', (kernel, path, mode) => setPermissions(kernel, FDCWD, path, mode)),
  16: call('lchown', 'sii', (kernel, path, uid, gid) =>
    setOwner(kernel, FDCWD, path, wideId(uid), wideId(gid), SYMLINK_NOFOLLOW),
  ),
  30: call('utime', 'sx', (kernel, path, at) => setTimes(kernel, FDCWD, path, bufTimes(kernel, at), 0)),
  36: call('sync', '', () => 0),
  60: call('umask', 'o', setMask),
  92: call('truncate', 'si', truncate),
  93: call('ftruncate', 'ii', truncateOpen),
  94: call('fchmod', 'io', (kernel, number, mode) => {
    kernel.current.descriptors.get(number).setPermissions(mode & 0o7777);
    return 0;
  }),
  95: call('fchown', 'iii', (kernel, number, uid, gid) => {
    kernel.current.descriptors.get(number).setOwner(wideId(uid), wideId(gid));
    return 0;
  }),
  118: call('fsync', 'i', sync),
  148: call('fdatasync', 'i', sync),
  182: call('chown', 'sii', (kernel, path, uid, gid) => setOwner(kernel, FDCWD, path, wideId(uid), wideId(gid), 0)),
  193: call('truncate64', 'sii', (kernel, path, low, high) => truncate(kernel, path, wide(low, high))),
  194: call('ftruncate64', 'iii', (kernel, number, low, high) => truncateOpen(kernel, number, wide(low, high))),
  198: call('lchown32', 'sii', (kernel, path, uid, gid) => setOwner(kernel, FDCWD, path, uid, gid, SYMLINK_NOFOLLOW)),
  207: call('fchown32', 'iii', (kernel, number, uid, gid) => {
    kernel.current.descriptors.get(number).setOwner(uid, gid);
    return 0;
  }),
  212: call('chown32', 'sii', (kernel, path, uid, gid) => setOwner(kernel, FDCWD, path, uid, gid, 0)),
  225: call('readahead', 'iiiu', () => 0),
  250: call('fadvise64', 'iiiui', () => 0),
  271: call('utimes', 'sx', (kernel, path, at) => setTimes(kernel, FDCWD, path, valTimes(kernel, at), 0)),
  272: call('fadvise64_64', 'iiiiii', () => 0),
  298: call('fchownat', 'dsiix', setOwner),
  299: call('futimesat', 'dsx', (kernel, directory, path, at) =>
    setTimes(kernel, directory, path, valTimes(kernel, at), 0),
  ),
  306: call('fchmodat', 'dso', setPermissions),
  320: call('utimensat', 'dsxx', (kernel, directory, path, at, flags) =>
    setTimes(kernel, directory, path, specTimes(kernel, at), flags),
  ),
  324: call('fallocate', 'ioiiii', (kernel, number, mode, low, high, lengthLow, lengthHigh) =>
    allocate(kernel, number, mode, wide(low, high), wide(lengthLow, lengthHigh)),
  ),
  344: call('syncfs', 'i', (kernel, number) => {
    kernel.current.descriptors.get(number);
    return 0;
  }),
  412: call('utimensat_time64', 'dsxx', (kernel, directory, path, at, flags) =>
    setTimes(kernel, directory, path, spec64Times(kernel, at), flags),
  ),
};

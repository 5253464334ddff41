/**
 * What files are: the stat family, access, statfs. The structures are those of i386: struct stat and stat64
 * (arch/x86/include/uapi/asm/stat.h), statx (uapi/linux/stat.h), statfs (uapi/asm-generic/statfs.h).
 */
import { Errno, fail } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import type { FileSystemStat, Stat, Time } from '../tree/file-system.ts';
import { type CallTable, call } from './call.ts';
import { At, baseOf, checkAccess, statOf, walk, walkExisting } from './path.ts';

const STAT_SIZE = 64;
const STAT64_SIZE = 96;
const STATX_SIZE = 256;
const STATFS64_SIZE = 84;
/** STATX_BASIC_STATS: everything but the birth time. */
const STATX_FIELDS = 0x7ff;

/** Writes one of the structures. */
type WriteStat = (kernel: Kernel, at: number, stat: Stat) => void;

function writeTime(kernel: Kernel, at: number, time: Time): void {
  kernel.memory.write32(at, time.seconds | 0);
  kernel.memory.write32(at + 4, time.nanoseconds);
}

/** struct stat: what newstat fills. @throws SystemError EOVERFLOW for files of 2 GiB and more. */
const writeStat: WriteStat = (kernel, at, stat) => {
  const { memory } = kernel;
  if (stat.size > 0x7fffffff) fail(Errno.EOVERFLOW);
  memory.clear(at, STAT_SIZE);
  memory.write32(at, stat.device);
  memory.write32(at + 4, stat.inode | 0);
  memory.write16(at + 8, stat.mode);
  memory.write16(at + 10, stat.links);
  memory.write16(at + 12, stat.uid);
  memory.write16(at + 14, stat.gid);
  memory.write32(at + 16, stat.specialDevice);
  memory.write32(at + 20, stat.size);
  memory.write32(at + 24, stat.blockSize);
  memory.write32(at + 28, stat.blocks | 0);
  writeTime(kernel, at + 32, stat.accessed);
  writeTime(kernel, at + 40, stat.modified);
  writeTime(kernel, at + 48, stat.changed);
};

const writeStat64: WriteStat = (kernel, at, stat) => {
  const { memory } = kernel;
  memory.clear(at, STAT64_SIZE);
  memory.write64(at, stat.device);
  memory.write32(at + 12, stat.inode | 0);
  memory.write32(at + 16, stat.mode);
  memory.write32(at + 20, stat.links);
  memory.write32(at + 24, stat.uid);
  memory.write32(at + 28, stat.gid);
  memory.write64(at + 32, stat.specialDevice);
  memory.write64(at + 44, stat.size);
  memory.write32(at + 52, stat.blockSize);
  memory.write64(at + 56, stat.blocks);
  writeTime(kernel, at + 64, stat.accessed);
  writeTime(kernel, at + 72, stat.modified);
  writeTime(kernel, at + 80, stat.changed);
  memory.write64(at + 88, stat.inode);
};

const writeStatx: WriteStat = (kernel, at, stat) => {
  const { memory } = kernel;
  memory.clear(at, STATX_SIZE);
  memory.write32(at, STATX_FIELDS);
  memory.write32(at + 4, stat.blockSize);
  memory.write32(at + 16, stat.links);
  memory.write32(at + 20, stat.uid);
  memory.write32(at + 24, stat.gid);
  memory.write16(at + 28, stat.mode);
  memory.write64(at + 32, stat.inode);
  memory.write64(at + 40, stat.size);
  memory.write64(at + 48, stat.blocks);
  for (const [offset, time] of [
    [64, stat.accessed],
    [96, stat.changed],
    [112, stat.modified],
  ] as const) {
    memory.write64(at + offset, time.seconds);
    memory.write32(at + offset + 8, time.nanoseconds);
  }
  memory.write32(at + 128, major(stat.specialDevice));
  memory.write32(at + 132, minor(stat.specialDevice));
  memory.write32(at + 136, major(stat.device));
  memory.write32(at + 140, minor(stat.device));
};

/** Parts of a device number (new_encode_dev). */
function major(device: number): number {
  return (device >>> 8) & 0xfff;
}

function minor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}

function byPath(write: WriteStat, follow: boolean): (kernel: Kernel, path: number, at: number) => number {
  return (kernel, path, at) => {
    write(kernel, at, statOf(kernel, walk(kernel, At.FDCWD, path, follow), follow));
    return 0;
  };
}

function byDescriptor(write: WriteStat): (kernel: Kernel, number: number, at: number) => number {
  return (kernel, number, at) => {
    write(kernel, at, kernel.current.descriptors.get(number).stat());
    return 0;
  };
}

/** What the *at calls name: a path, or with AT_EMPTY_PATH the descriptor itself. */
function statAt(kernel: Kernel, directory: number, path: number, flags: number): Stat {
  if ((flags & At.EMPTY_PATH) !== 0 && (path === 0 || kernel.memory.read8(path) === 0)) {
    if (directory === At.FDCWD) return kernel.tree.statCanonical(baseOf(kernel, directory));
    return kernel.current.descriptors.get(directory).stat();
  }
  const follow = (flags & At.SYMLINK_NOFOLLOW) === 0;
  return statOf(kernel, walk(kernel, directory, path, follow), follow);
}

function access(kernel: Kernel, directory: number, path: number, wanted: number, flags: number): number {
  if ((wanted & ~7) !== 0) fail(Errno.EINVAL);
  const follow = (flags & At.SYMLINK_NOFOLLOW) === 0;
  const place = walkExisting(kernel, directory, path, follow);
  checkAccess(kernel, statOf(kernel, place, follow), place.fileSystem.readOnly, wanted);
  return 0;
}

function writeStatfs(kernel: Kernel, at: number, stat: FileSystemStat): number {
  const { memory } = kernel;
  const clip = (count: number): number => Math.min(count, 0xffffffff) | 0;
  const words = [stat.blocks, stat.freeBlocks, stat.freeBlocks, stat.files, stat.freeFiles].map(clip);
  [stat.type, stat.blockSize, ...words, 0, 0, 255, stat.blockSize, 0, 0, 0, 0, 0].forEach((word, index) => {
    memory.write32(at + index * 4, word);
  });
  return 0;
}

function writeStatfs64(kernel: Kernel, at: number, size: number, stat: FileSystemStat): number {
  if (size !== STATFS64_SIZE && size !== STATFS64_SIZE + 4) fail(Errno.EINVAL);
  const { memory } = kernel;
  memory.clear(at, STATFS64_SIZE);
  memory.write32(at, stat.type);
  memory.write32(at + 4, stat.blockSize);
  [stat.blocks, stat.freeBlocks, stat.freeBlocks, stat.files, stat.freeFiles].forEach((count, index) => {
    memory.write64(at + 8 + index * 8, count);
  });
  memory.write32(at + 56, 255);
  memory.write32(at + 60, stat.blockSize);
  return 0;
}

function fileSystemAt(kernel: Kernel, path: number): FileSystemStat {
  return walkExisting(kernel, At.FDCWD, path, true).fileSystem.statFileSystem();
}

function fileSystemOf(kernel: Kernel, number: number): FileSystemStat {
  const { path } = kernel.current.descriptors.get(number);
  if (!path.startsWith('/'))
    return { type: 0x50495045, blockSize: 4096, blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 };
  return kernel.tree.resolve('/', path, true).fileSystem.statFileSystem();
}

export const statusCalls: CallTable = {
  33: call('access', 'so', (kernel, path, wanted) => access(kernel, At.FDCWD, path, wanted, 0)),
  99: call('statfs', 'sx', (kernel, path, at) => writeStatfs(kernel, at, fileSystemAt(kernel, path))),
  100: call('fstatfs', 'ix', (kernel, number, at) => writeStatfs(kernel, at, fileSystemOf(kernel, number))),
  106: call('stat', 'sx', byPath(writeStat, true)),
  107: call('lstat', 'sx', byPath(writeStat, false)),
  108: call('fstat', 'ix', byDescriptor(writeStat)),
  195: call('stat64', 'sx', byPath(writeStat64, true)),
  196: call('lstat64', 'sx', byPath(writeStat64, false)),
  197: call('fstat64', 'ix', byDescriptor(writeStat64)),
  268: call('statfs64', 'sux', (kernel, path, size, at) => writeStatfs64(kernel, at, size, fileSystemAt(kernel, path))),
  269: call('fstatfs64', 'iux', (kernel, number, size, at) =>
    writeStatfs64(kernel, at, size, fileSystemOf(kernel, number)),
  ),
  300: call('fstatat64', 'dsxx', (kernel, directory, path, at, flags) => {
    writeStat64(kernel, at, statAt(kernel, directory, path, flags));
    return 0;
  }),
  307: call('faccessat', 'dso', (kernel, directory, path, wanted) => access(kernel, directory, path, wanted, 0)),
  383: call('statx', 'dsxxx', (kernel, directory, path, flags, _mask, at) => {
    writeStatx(kernel, at, statAt(kernel, directory, path, flags));
    return 0;
  }),
  439: call('faccessat2', 'dsox', access),
};

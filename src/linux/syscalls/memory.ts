/** Mapping memory: brk, mmap, munmap, mprotect, mremap, madvise. */
import { LOWEST_PAGE, TASK_END } from '../address-space.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../area.ts';
import { Errno, fail } from '../errno.ts';
import { RegularFile } from '../files/open-file.ts';
import { PathFile } from '../files/path-file.ts';
import { PAGE_SIZE } from '../frames.ts';
import type { Kernel } from '../kernel.ts';
import { type CallTable, call } from './call.ts';

/** Flags of mmap. */
const MAP_PRIVATE = 2;
const MAP_TYPE = 0xf;
const MAP_SHARED_VALIDATE = 3;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_GROWSDOWN = 0x100;
const MAP_FIXED_NOREPLACE = 0x100000;

/** Flags of mremap. */
const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;

/** Advice that changes something: the contents are dropped. */
const MADV_DONTNEED = 4;
const MADV_REMOVE = 9;
const MADV_HIGHEST = 25;

const PROTECTION: number = PROT_READ | PROT_WRITE | PROT_EXEC;
/** PROT_GROWSDOWN and PROT_GROWSUP. */
const PROT_GROWS = 0x03000000;

const CHUNK = 1 << 16;

function pagesOf(bytes: number): number {
  return Math.ceil((bytes >>> 0) / PAGE_SIZE);
}

/** The page of an aligned address. @throws SystemError EINVAL. */
function pageAt(address: number): number {
  if ((address & (PAGE_SIZE - 1)) !== 0) fail(Errno.EINVAL);
  return address >>> 12;
}

/** A range that lies in user space. @throws SystemError. */
function checkRange(start: number, count: number, errno: Errno): void {
  if (start + count > TASK_END) fail(errno);
}

/** Where a new mapping goes. */
function place(kernel: Kernel, address: number, count: number, flags: number): number {
  const { space } = kernel.memory;
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) === 0) {
    return space.findRoom(count, Math.ceil((address >>> 0) / PAGE_SIZE));
  }
  const start = pageAt(address);
  checkRange(start, count, Errno.ENOMEM);
  if (start < LOWEST_PAGE) fail(Errno.EPERM);
  if ((flags & MAP_FIXED_NOREPLACE) !== 0 && !space.isFree(start, count)) fail(Errno.EEXIST);
  return start;
}

/** mmap2: the offset is in pages. */
function map(
  kernel: Kernel,
  address: number,
  length: number,
  protection: number,
  flags: number,
  number: number,
  offset: number,
): number {
  const count = pagesOf(length);
  if (count === 0) fail(Errno.EINVAL);
  if (count > TASK_END) fail(Errno.ENOMEM);
  const type = flags & MAP_TYPE;
  if (type === 0 || type > MAP_SHARED_VALIDATE) fail(Errno.EINVAL);
  const isShared = type !== MAP_PRIVATE;
  const prot = protection & PROTECTION;
  const { space } = kernel.memory;
  if ((flags & MAP_ANONYMOUS) !== 0) {
    const start = place(kernel, address, count, flags);
    space.map(start, count, { prot, shared: isShared, growsDown: (flags & MAP_GROWSDOWN) !== 0 });
    return start * PAGE_SIZE;
  }
  const file = kernel.current.descriptors.get(number);
  if (file instanceof PathFile) fail(Errno.EBADF);
  if (!(file instanceof RegularFile)) fail(Errno.ENODEV);
  if (!file.readable) fail(Errno.EACCES);
  // Writes to a shared mapping would have to reach the file: not served.
  if (isShared && (prot & PROT_WRITE) !== 0) fail(Errno.ENODEV);
  const start = place(kernel, address, count, flags);
  mapFile(kernel, start, count, prot, file, (offset >>> 0) * PAGE_SIZE);
  return start * PAGE_SIZE;
}

/** A private copy of the file, read at once. */
function mapFile(kernel: Kernel, start: number, count: number, prot: number, file: RegularFile, offset: number): void {
  const { space } = kernel.memory;
  space.map(start, count, { prot: PROT_READ | PROT_WRITE, name: file.path });
  const chunk = new Uint8Array(Math.min(CHUNK, count * PAGE_SIZE));
  for (let done = 0; done < count * PAGE_SIZE; ) {
    const got = file.readAt(chunk.subarray(0, Math.min(CHUNK, count * PAGE_SIZE - done)), offset + done);
    if (got === 0) break;
    kernel.memory.write((start * PAGE_SIZE + done) | 0, chunk.subarray(0, got));
    done += got;
  }
  if (prot !== (PROT_READ | PROT_WRITE)) space.protect(start, count, prot);
}

/** The old mmap takes a pointer to its arguments, with the offset in bytes. */
function oldMap(kernel: Kernel, at: number): number {
  const [address, length, prot, flags, number, offset] = [0, 4, 8, 12, 16, 20].map((step) =>
    kernel.memory.read32(at + step),
  ) as [number, number, number, number, number, number];
  if ((offset & (PAGE_SIZE - 1)) !== 0) fail(Errno.EINVAL);
  return map(kernel, address, length, prot, flags, number, offset >>> 12);
}

function unmap(kernel: Kernel, address: number, length: number): number {
  const start = pageAt(address);
  const count = pagesOf(length);
  if (count === 0) fail(Errno.EINVAL);
  checkRange(start, count, Errno.EINVAL);
  kernel.memory.space.unmap(start, count);
  return 0;
}

function protect(kernel: Kernel, address: number, length: number, protection: number): number {
  const start = pageAt(address);
  const count = pagesOf(length);
  if ((protection & ~(PROTECTION | PROT_GROWS)) !== 0) fail(Errno.EINVAL);
  if (count === 0) return 0;
  checkRange(start, count, Errno.ENOMEM);
  kernel.memory.space.protect(start, count, protection & PROTECTION);
  return 0;
}

function remap(
  kernel: Kernel,
  address: number,
  oldLength: number,
  newLength: number,
  flags: number,
  target: number,
): number {
  const from = pageAt(address);
  const oldCount = pagesOf(oldLength);
  const newCount = pagesOf(newLength);
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  const known = MREMAP_MAYMOVE | MREMAP_FIXED;
  if (newCount === 0 || (flags & ~known) !== 0 || (isFixed && (flags & MREMAP_MAYMOVE) === 0)) fail(Errno.EINVAL);
  checkRange(from, oldCount, Errno.EINVAL);
  const { space } = kernel.memory;
  const area = space.areaAt(address);
  if (area === undefined || area.end < from + oldCount || oldCount === 0) fail(Errno.EFAULT);
  const { end, prot, shared, growsDown, backing, name } = area;
  const backingPage = area.backingPage + (from - area.start);

  let start = from;
  if (isFixed) {
    start = pageAt(target);
    checkRange(start, newCount, Errno.EINVAL);
    if (start < from + oldCount && from < start + newCount) fail(Errno.EINVAL);
    space.unmap(start, newCount);
  } else if (newCount > oldCount) {
    const fits = end === from + oldCount && from + newCount <= TASK_END;
    const canGrow = fits && space.isFree(from + oldCount, newCount - oldCount);
    if (!canGrow && (flags & MREMAP_MAYMOVE) === 0) fail(Errno.ENOMEM);
    if (!canGrow) start = space.findRoom(newCount);
  }
  if (newCount < oldCount) space.unmap(from + newCount, oldCount - newCount);
  const kept = Math.min(oldCount, newCount);
  if (start !== from) space.move(from, start, kept);
  if (newCount > oldCount) {
    space.map(start + oldCount, newCount - oldCount, {
      prot,
      shared,
      growsDown,
      ...(backing === undefined ? {} : { backing, backingPage: backingPage + oldCount }),
      name,
    });
  }
  return start * PAGE_SIZE;
}

function advise(kernel: Kernel, address: number, length: number, advice: number): number {
  const start = pageAt(address);
  const count = pagesOf(length);
  if (advice < 0 || (advice > MADV_HIGHEST && advice !== 100 && advice !== 101)) fail(Errno.EINVAL);
  if (advice === MADV_REMOVE) fail(Errno.EINVAL);
  if (count === 0) return 0;
  checkRange(start, count, Errno.EINVAL);
  const { space } = kernel.memory;
  if (!space.isMapped(start, count)) fail(Errno.ENOMEM);
  if (advice === MADV_DONTNEED) space.discard(start, count);
  return 0;
}

/** mincore: pages that are there; all mapped pages count as in memory. */
function inCore(kernel: Kernel, address: number, length: number, vector: number): number {
  const start = pageAt(address);
  const count = pagesOf(length);
  const { space } = kernel.memory;
  if (!space.isMapped(start, count)) fail(Errno.ENOMEM);
  kernel.memory.write(vector, new Uint8Array(count).fill(1));
  return 0;
}

/** msync, mlock and their like on a mapped range do nothing. */
function onMapped(kernel: Kernel, address: number, length: number): number {
  const count = pagesOf((address & (PAGE_SIZE - 1)) + length);
  if (!kernel.memory.space.isMapped(address >>> 12, count)) fail(Errno.ENOMEM);
  return 0;
}

export const memoryCalls: CallTable = {
  45: call('brk', 'x', ({ memory }, address) => memory.space.setBreak(address >>> 0)),
  90: call('mmap', 'x', oldMap),
  91: call('munmap', 'xu', unmap),
  125: call('mprotect', 'xuP', protect),
  144: call('msync', 'xux', onMapped),
  150: call('mlock', 'xu', onMapped),
  151: call('munlock', 'xu', onMapped),
  152: call('mlockall', 'x', () => 0),
  153: call('munlockall', '', () => 0),
  163: call('mremap', 'xuuxx', remap),
  192: call('mmap2', 'xuPxiu', map),
  218: call('mincore', 'xux', inCore),
  219: call('madvise', 'xui', advise),
};

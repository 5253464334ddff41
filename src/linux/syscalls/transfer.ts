/** Moving bytes between descriptors and memory: read, write and their vectored and positioned forms, seek, sendfile. */
import { Access } from '../../../runtime/memory/walker.ts';
import { Errno, fail, SystemError, Wait } from '../errno.ts';
import { type OpenFile, OpenFlag, WOULD_BLOCK } from '../files/open-file.ts';
import type { Kernel } from '../kernel.ts';
import { Signal, SignalCode } from '../signals.ts';
import { type CallTable, call } from './call.ts';

/** Bytes that one step moves through the kernel's buffer. */
const STEP = 1 << 18;
/** MAX_RW_COUNT. */
const TRANSFER_LIMIT = 0x7ffff000;
/** UIO_MAXIOV. */
const VECTOR_LIMIT = 1024;

/** A piece of guest memory. */
interface Piece {
  readonly base: number;
  readonly length: number;
}

const buffer: Uint8Array = new Uint8Array(STEP);

/** One step of a transfer: how many bytes, or WOULD_BLOCK. */
type Step = (bytes: Uint8Array, done: number) => number;

/** Fills the pieces until a step gives less than asked for. */
function fill(kernel: Kernel, file: OpenFile, pieces: readonly Piece[], step: Step): number {
  if (!file.readable) fail(Errno.EBADF);
  let done = 0;
  for (const { base, length } of pieces) {
    for (let at = 0; at < length; ) {
      const chunk = buffer.subarray(0, Math.min(STEP, length - at));
      const count = guarded(done, () => {
        kernel.memory.probe((base + at) | 0, chunk.length, Access.Write);
        return step(chunk, done);
      });
      if (count === WOULD_BLOCK) return done > 0 ? done : blocked(file);
      kernel.memory.write((base + at) | 0, chunk.subarray(0, count));
      done += count;
      at += count;
      if (count < chunk.length) return done;
    }
  }
  return done;
}

/** Takes the pieces up to the end, or until a step takes nothing more; continues where a call that waited stopped. */
function drain(kernel: Kernel, file: OpenFile, pieces: readonly Piece[], step: Step): number {
  if (!file.writable) fail(Errno.EBADF);
  const { current } = kernel;
  let skipped = current.progress;
  let done = current.progress;
  for (const { base, length } of pieces) {
    let at = Math.min(skipped, length);
    skipped -= at;
    while (at < length) {
      const chunk = buffer.subarray(0, Math.min(STEP, length - at));
      const count = guarded(done, () => {
        kernel.memory.read((base + at) | 0, chunk);
        return writeOrSignal(kernel, () => step(chunk, done));
      });
      if (count === WOULD_BLOCK) {
        if ((file.flags & OpenFlag.NONBLOCK) !== 0) return done > 0 ? done : -Errno.EAGAIN;
        current.progress = done;
        return Wait.Restart;
      }
      done += count;
      at += count;
      if (count === 0) return done;
    }
  }
  return done;
}

/** A failure after some bytes have moved is reported by the next call. */
function guarded(done: number, run: () => number): number {
  try {
    return run();
  } catch (error) {
    if (done > 0 && error instanceof SystemError) return 0;
    throw error;
  }
}

/** Writing to a pipe that nobody reads also sends SIGPIPE. */
function writeOrSignal(kernel: Kernel, write: () => number): number {
  try {
    return write();
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.EPIPE) {
      kernel.send(kernel.current, { signal: Signal.PIPE, code: SignalCode.User, pid: kernel.current.pid });
    }
    throw error;
  }
}

function blocked(file: OpenFile): number {
  return (file.flags & OpenFlag.NONBLOCK) !== 0 ? -Errno.EAGAIN : Wait.Restart;
}

function piece(base: number, length: number): Piece[] {
  if (length < 0) fail(Errno.EINVAL);
  return [{ base, length: Math.min(length, TRANSFER_LIMIT) }];
}

/** The pieces of an iovec array. */
function vector(kernel: Kernel, address: number, count: number): Piece[] {
  if (count < 0 || count > VECTOR_LIMIT) fail(Errno.EINVAL);
  const pieces: Piece[] = [];
  let total = 0;
  for (let index = 0; index < count; index++) {
    const base = kernel.memory.read32(address + index * 8);
    const wanted = kernel.memory.read32(address + index * 8 + 4);
    if (wanted < 0) fail(Errno.EINVAL);
    const length = Math.min(wanted, TRANSFER_LIMIT - total);
    total += length;
    pieces.push({ base, length });
  }
  return pieces;
}

function read(kernel: Kernel, number: number, pieces: readonly Piece[]): number {
  const file = kernel.current.descriptors.get(number);
  return fill(kernel, file, pieces, (bytes) => file.read(bytes));
}

function write(kernel: Kernel, number: number, pieces: readonly Piece[]): number {
  const file = kernel.current.descriptors.get(number);
  if (!file.writable) fail(Errno.EBADF);
  if (pieces.every(({ length }) => length === 0)) return file.write(buffer.subarray(0, 0));
  return drain(kernel, file, pieces, (bytes) => file.write(bytes));
}

function readAt(kernel: Kernel, number: number, pieces: readonly Piece[], position: number): number {
  const file = kernel.current.descriptors.get(number);
  if (position < 0) fail(Errno.EINVAL);
  return fill(kernel, file, pieces, (bytes, done) => file.readAt(bytes, position + done));
}

function writeAt(kernel: Kernel, number: number, pieces: readonly Piece[], position: number): number {
  const file = kernel.current.descriptors.get(number);
  if (position < 0) fail(Errno.EINVAL);
  return drain(kernel, file, pieces, (bytes, done) => file.writeAt(bytes, position + done));
}

/** A 64-bit number from two registers. */
export function wide(low: number, high: number): number {
  return (low >>> 0) + high * 2 ** 32;
}

function seek(kernel: Kernel, number: number, offset: number, whence: number): number {
  const position = kernel.current.descriptors.get(number).seek(offset, whence);
  if (position > 0x7fffffff) fail(Errno.EOVERFLOW);
  return position;
}

function longSeek(kernel: Kernel, number: number, high: number, low: number, result: number, whence: number): number {
  kernel.memory.write64(result, kernel.current.descriptors.get(number).seek(wide(low, high), whence));
  return 0;
}

/** Copies within the kernel, as far as both sides go without waiting. */
function sendFile(kernel: Kernel, to: number, from: number, offset: number, count: number, isWide: boolean): number {
  const { descriptors } = kernel.current;
  const source = descriptors.get(from);
  const target = descriptors.get(to);
  if (!source.readable || !target.writable) fail(Errno.EBADF);
  const { memory } = kernel;
  const start = offset === 0 ? source.seek(0, 1) : isWide ? memory.read64(offset) : memory.read32(offset);
  if (count < 0 || start < 0) fail(Errno.EINVAL);
  let done = 0;
  while (done < count) {
    const chunk = buffer.subarray(0, Math.min(STEP, count - done));
    const got = source.readAt(chunk, start + done);
    if (got === 0) break;
    const put = guarded(done, () => writeOrSignal(kernel, () => target.write(chunk.subarray(0, got))));
    if (put === WOULD_BLOCK && done === 0) return blocked(target);
    if (put <= 0) break;
    done += put;
  }
  if (offset === 0) source.seek(start + done, 0);
  else if (isWide) memory.write64(offset, start + done);
  else memory.write32(offset, start + done);
  return done;
}

export const transferCalls: CallTable = {
  3: call('read', 'iBu', (kernel, fd, base, length) => read(kernel, fd, piece(base, length))),
  4: call('write', 'ibu', (kernel, fd, base, length) => write(kernel, fd, piece(base, length))),
  19: call('lseek', 'iii', seek),
  140: call('_llseek', 'iixxi', longSeek),
  145: call('readv', 'ixu', (kernel, fd, address, count) => read(kernel, fd, vector(kernel, address, count))),
  146: call('writev', 'ixu', (kernel, fd, address, count) => write(kernel, fd, vector(kernel, address, count))),
  180: call('pread64', 'iBuii', (kernel, fd, base, length, low, high) =>
    readAt(kernel, fd, piece(base, length), wide(low, high)),
  ),
  181: call('pwrite64', 'ibuii', (kernel, fd, base, length, low, high) =>
    writeAt(kernel, fd, piece(base, length), wide(low, high)),
  ),
  187: call('sendfile', 'iixu', (kernel, to, from, offset, count) => sendFile(kernel, to, from, offset, count, false)),
  239: call('sendfile64', 'iixu', (kernel, to, from, offset, count) => sendFile(kernel, to, from, offset, count, true)),
  333: call('preadv', 'ixuii', (kernel, fd, address, count, low, high) =>
    readAt(kernel, fd, vector(kernel, address, count), wide(low, high)),
  ),
  334: call('pwritev', 'ixuii', (kernel, fd, address, count, low, high) =>
    writeAt(kernel, fd, vector(kernel, address, count), wide(low, high)),
  ),
};

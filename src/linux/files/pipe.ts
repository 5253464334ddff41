/**
 * Pipes: a bounded queue of bytes between two open files (pipe(7)). Named pipes share it by name.
 *
 * Whoever changes the queue calls `changed`, so that processes that wait on it run again.
 */
import { Errno, fail } from '../errno.ts';
import { FileType, type Stat } from '../tree/file-system.ts';
import { OpenFile, Poll, WOULD_BLOCK } from './open-file.ts';
import { plainStat } from './plain-stat.ts';

/** Bytes that a pipe holds, and the size up to which a write is never split. */
const CAPACITY = 65536;
const ATOMIC = 4096;

export class Pipe {
  readonly inode: number;
  readers = 0;
  writers = 0;
  /** Ends that were ever opened: an open of a named pipe waits for the other side. */
  readersSeen = 0;
  writersSeen = 0;
  readonly changed: () => void;
  readonly #buffer = new Uint8Array(CAPACITY);
  #start = 0;
  #length = 0;

  constructor(inode: number, changed: () => void) {
    this.inode = inode;
    this.changed = changed;
  }

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that fit. */
  get room(): number {
    return CAPACITY - this.#length;
  }

  /** Takes up to `into.length` bytes. */
  take(into: Uint8Array): number {
    const count = Math.min(into.length, this.#length);
    const first = Math.min(count, CAPACITY - this.#start);
    into.set(this.#buffer.subarray(this.#start, this.#start + first));
    into.set(this.#buffer.subarray(0, count - first), first);
    this.#start = (this.#start + count) % CAPACITY;
    this.#length -= count;
    if (count > 0) this.changed();
    return count;
  }

  /** Puts as many of `bytes` as fit. */
  put(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    const end = (this.#start + this.#length) % CAPACITY;
    const first = Math.min(count, CAPACITY - end);
    this.#buffer.set(bytes.subarray(0, first), end);
    this.#buffer.set(bytes.subarray(first, count), 0);
    this.#length += count;
    if (count > 0) this.changed();
    return count;
  }
}

/** One end, or both for a named pipe opened to read and write. */
export class PipeEnd extends OpenFile {
  readonly pipe: Pipe;

  constructor(pipe: Pipe, flags: number, path: string = `pipe:[${pipe.inode}]`) {
    super(path, flags);
    this.pipe = pipe;
    if (this.readable) {
      pipe.readers++;
      pipe.readersSeen++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writersSeen++;
    }
    pipe.changed();
  }

  stat(): Stat {
    return plainStat(FileType.Pipe | 0o600, this.pipe.inode);
  }

  override read(into: Uint8Array): number {
    if (this.pipe.length === 0) return this.pipe.writers === 0 || into.length === 0 ? 0 : WOULD_BLOCK;
    return this.pipe.take(into);
  }

  /** EPIPE when nobody reads: the caller also gets SIGPIPE. */
  override write(bytes: Uint8Array): number {
    if (this.pipe.readers === 0) fail(Errno.EPIPE);
    if (bytes.length === 0) return 0;
    const { room } = this.pipe;
    if (room === 0 || (bytes.length <= ATOMIC && room < bytes.length)) return WOULD_BLOCK;
    return this.pipe.put(bytes);
  }

  override poll(): number {
    let events = 0;
    if (this.readable) {
      if (this.pipe.length > 0) events |= Poll.IN;
      if (this.pipe.writers === 0) events |= Poll.HUP;
    }
    if (this.writable) {
      if (this.pipe.room >= ATOMIC) events |= Poll.OUT;
      if (this.pipe.readers === 0) events |= Poll.ERR;
    }
    return events;
  }

  override available(): number {
    return this.pipe.length;
  }

  override close(): void {
    if (this.readable) this.pipe.readers--;
    if (this.writable) this.pipe.writers--;
    this.pipe.changed();
  }
}

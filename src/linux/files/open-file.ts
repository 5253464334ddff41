/**
 * An open file description: what file descriptors refer to, shared by dup and fork.
 *
 * One subclass a kind: regular files and directories here beside it, pipes, streams, devices. System calls see this
 * class alone.
 */
import { Errno, fail } from '../errno.ts';
import type { FileContent, Stat, Time } from '../tree/file-system.ts';

/** Flags of open(2) on i386. */
export const OpenFlag = {
  ACCMODE: 0o3,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  LARGEFILE: 0o100000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** Result of a transfer that has to wait. */
export const WOULD_BLOCK = -1;

/** Events of poll(2). */
export const Poll = {
  IN: 1,
  OUT: 4,
  ERR: 8,
  HUP: 16,
  NVAL: 32,
} as const;

export abstract class OpenFile {
  /** Status flags: access mode, APPEND, NONBLOCK. */
  flags: number;
  /** Descriptors that refer to it. */
  references = 0;
  /** Canonical guest path, or a name such as `pipe:[3]` where there is none. */
  readonly path: string;

  constructor(path: string, flags: number) {
    this.path = path;
    this.flags = flags;
  }

  get readable(): boolean {
    return (this.flags & (OpenFlag.ACCMODE | OpenFlag.PATH)) !== OpenFlag.WRONLY && (this.flags & OpenFlag.PATH) === 0;
  }

  get writable(): boolean {
    return (this.flags & OpenFlag.ACCMODE) !== 0 && (this.flags & OpenFlag.PATH) === 0;
  }

  abstract stat(): Stat;

  /** Bytes read, 0 at the end, or WOULD_BLOCK. */
  read(_into: Uint8Array): number {
    return fail(Errno.EINVAL);
  }

  /** Bytes written, or WOULD_BLOCK. */
  write(_bytes: Uint8Array): number {
    return fail(Errno.EINVAL);
  }

  readAt(_into: Uint8Array, _position: number): number {
    return fail(Errno.ESPIPE);
  }

  writeAt(_bytes: Uint8Array, _position: number): number {
    return fail(Errno.ESPIPE);
  }

  /** lseek: the new position. */
  seek(_offset: number, _whence: number): number {
    return fail(Errno.ESPIPE);
  }

  /** Which of the Poll events hold now. */
  poll(): number {
    return Poll.IN | Poll.OUT;
  }

  /** Bytes that can be read without waiting (FIONREAD). */
  available(): number {
    return fail(Errno.ENOTTY);
  }

  truncate(_size: number): void {
    fail(Errno.EINVAL);
  }

  sync(): void {
    fail(Errno.EINVAL);
  }

  setPermissions(_permissions: number): void {
    fail(Errno.EPERM);
  }

  setOwner(_uid: number, _gid: number): void {
    fail(Errno.EPERM);
  }

  setTimes(_accessed: Time | undefined, _modified: Time | undefined): void {
    fail(Errno.EPERM);
  }

  /** The last descriptor is gone. */
  close(): void {}
}

/** A regular file: contents of some file system, and a position. */
export class RegularFile extends OpenFile {
  readonly #content: FileContent;
  #position = 0;

  constructor(path: string, flags: number, content: FileContent) {
    super(path, flags);
    this.#content = content;
  }

  stat(): Stat {
    return this.#content.stat();
  }

  override read(into: Uint8Array): number {
    const count = this.#content.readAt(into, this.#position);
    this.#position += count;
    return count;
  }

  override write(bytes: Uint8Array): number {
    if ((this.flags & OpenFlag.APPEND) !== 0) this.#position = this.#content.stat().size;
    const count = this.#content.writeAt(bytes, this.#position);
    this.#position += count;
    return count;
  }

  override readAt(into: Uint8Array, position: number): number {
    return this.#content.readAt(into, position);
  }

  override writeAt(bytes: Uint8Array, position: number): number {
    return this.#content.writeAt(bytes, position);
  }

  override seek(offset: number, whence: number): number {
    const position = this.#origin(offset, whence) + offset;
    if (position < 0) fail(Errno.EINVAL);
    this.#position = position;
    return position;
  }

  #origin(offset: number, whence: number): number {
    if (whence === 0) return 0;
    if (whence === 1) return this.#position;
    const { size } = this.#content.stat();
    if (whence === 2) return size;
    // SEEK_DATA and SEEK_HOLE: the whole file is data, with a hole at its end.
    if (whence !== 3 && whence !== 4) fail(Errno.EINVAL);
    if (offset < 0 || offset >= size) fail(Errno.ENXIO);
    return whence === 3 ? 0 : size - offset;
  }

  override available(): number {
    return Math.max(0, this.#content.stat().size - this.#position);
  }

  override truncate(size: number): void {
    this.#content.truncate(size);
  }

  override sync(): void {
    this.#content.sync();
  }

  override setPermissions(permissions: number): void {
    this.#content.setPermissions(permissions);
  }

  override setOwner(uid: number, gid: number): void {
    this.#content.setOwner(uid, gid);
  }

  override setTimes(accessed: Time | undefined, modified: Time | undefined): void {
    this.#content.setTimes(accessed, modified);
  }

  override close(): void {
    this.#content.close();
  }
}

/**
 * How the kernel side reads and writes a process's memory (what copy_from_user and copy_to_user are in Linux).
 *
 * It goes through the address space, not through the CPU: no guest exception can come of it. A bad address is EFAULT.
 * Writes tell the code watch first, because a system call may well fill a buffer that held translated code.
 */
import type { Ram } from '../../runtime/bus/ram.ts';
import { Access } from '../../runtime/memory/walker.ts';
import type { AddressSpace } from './address-space.ts';
import { Errno, fail } from './errno.ts';
import { PAGE_SIZE } from './frames.ts';
import { byteStringOf, bytesOf } from './text.ts';

const OFFSET = PAGE_SIZE - 1;

export class UserMemory {
  /** The space that addresses mean. */
  space: AddressSpace;
  readonly #ram: Ram;
  readonly #invalidate: (address: number, length: number) => void;

  constructor(ram: Ram, space: AddressSpace, invalidate: (address: number, length: number) => void) {
    this.#ram = ram;
    this.space = space;
    this.#invalidate = invalidate;
  }

  /** Physical address of `la`. @throws SystemError EFAULT. */
  #physical(la: number, access: Access): number {
    const page = this.space.resolve(la, access);
    if (page < 0) fail(Errno.EFAULT);
    return (page & -PAGE_SIZE) | (la & OFFSET);
  }

  /** Physical address for a write of `length` bytes within one page. */
  #target(la: number, length: number): number {
    const address = this.#physical(la, Access.Write);
    this.#invalidate(address, length);
    return address;
  }

  /** Makes sure that the whole buffer may be read or written. @throws SystemError EFAULT. */
  probe(la: number, length: number, access: Access): void {
    const end = (la >>> 0) + length;
    if (end > 2 ** 32) fail(Errno.EFAULT);
    for (let at = la >>> 0; at < end; at += PAGE_SIZE - (at & OFFSET)) this.#physical(at | 0, access);
  }

  /** Copies guest bytes into `into`. */
  read(la: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      const at = (la + done) | 0;
      const count = Math.min(PAGE_SIZE - (at & OFFSET), into.length - done);
      const from = this.#physical(at, Access.Read);
      into.set(this.#ram.u8.subarray(from, from + count), done);
      done += count;
    }
  }

  /** A copy of `length` guest bytes. */
  readBytes(la: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.read(la, bytes);
    return bytes;
  }

  /** Copies `bytes` to the guest. */
  write(la: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const at = (la + done) | 0;
      const count = Math.min(PAGE_SIZE - (at & OFFSET), bytes.length - done);
      this.#ram.u8.set(bytes.subarray(done, done + count), this.#target(at, count));
      done += count;
    }
  }

  /** Clears `length` guest bytes. */
  clear(la: number, length: number): void {
    let done = 0;
    while (done < length) {
      const at = (la + done) | 0;
      const count = Math.min(PAGE_SIZE - (at & OFFSET), length - done);
      const target = this.#target(at, count);
      this.#ram.u8.fill(0, target, target + count);
      done += count;
    }
  }

  /**
   * The NUL-terminated byte string at `la`.
   * @throws SystemError EFAULT; ENAMETOOLONG when no NUL comes within `limit` bytes.
   */
  readString(la: number, limit = 4096): string {
    let text = '';
    let at = la;
    while (text.length < limit) {
      const count = Math.min(PAGE_SIZE - (at & OFFSET), limit - text.length);
      const from = this.#physical(at, Access.Read);
      const chunk = this.#ram.u8.subarray(from, from + count);
      const end = chunk.indexOf(0);
      if (end >= 0) return text + byteStringOf(chunk.subarray(0, end));
      text += byteStringOf(chunk);
      at = (at + count) | 0;
    }
    return fail(Errno.ENAMETOOLONG);
  }

  /** Writes a byte string and its NUL. */
  writeString(la: number, text: string): void {
    this.write(la, bytesOf(text + '\0'));
  }

  /** Unsigned byte. */
  read8(la: number): number {
    return this.#ram.u8[this.#physical(la, Access.Read)]!;
  }

  write8(la: number, value: number): void {
    this.#ram.u8[this.#target(la, 1)] = value;
  }

  /** Unsigned 16 bits. */
  read16(la: number): number {
    return this.read8(la) | (this.read8((la + 1) | 0) << 8);
  }

  write16(la: number, value: number): void {
    this.write8(la, value);
    this.write8((la + 1) | 0, value >> 8);
  }

  /** Signed 32 bits. */
  read32(la: number): number {
    if ((la & 3) === 0) return this.#ram.i32[this.#physical(la, Access.Read) >> 2]!;
    return this.read16(la) | (this.read16((la + 2) | 0) << 16);
  }

  write32(la: number, value: number): void {
    if ((la & 3) === 0) this.#ram.i32[this.#target(la, 4) >> 2] = value;
    else {
      this.write16(la, value);
      this.write16((la + 2) | 0, value >> 16);
    }
  }

  /** Signed 64 bits as a number; exact up to 2^53. */
  read64(la: number): number {
    return (this.read32(la) >>> 0) + this.read32((la + 4) | 0) * 2 ** 32;
  }

  /** Writes an integer of up to 2^53 as 64 bits. */
  write64(la: number, value: number): void {
    this.write32(la, value | 0);
    this.write32((la + 4) | 0, Math.floor(value / 2 ** 32) | 0);
  }
}

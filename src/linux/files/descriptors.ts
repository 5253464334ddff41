/** The descriptor table of a process: small numbers that refer to open files. */
import { Errno, fail } from '../errno.ts';
import type { OpenFile } from './open-file.ts';

/** RLIMIT_NOFILE's usual hard limit. */
export const DESCRIPTOR_LIMIT = 4096;

export class Descriptors {
  /** RLIMIT_NOFILE: numbers below it may be given out. */
  limit = 1024;
  readonly #files: (OpenFile | undefined)[] = [];
  readonly #closeOnExec = new Set<number>();

  /** The open file behind a number. @throws SystemError EBADF. */
  get(number: number): OpenFile {
    return this.#files[number] ?? fail(Errno.EBADF);
  }

  /** Is the number open? */
  has(number: number): boolean {
    return this.#files[number] !== undefined;
  }

  /** Gives the file the lowest free number that is at least `lowest`. @throws SystemError EMFILE. */
  add(file: OpenFile, closeOnExec = false, lowest = 0): number {
    let number = lowest;
    while (this.#files[number] !== undefined) number++;
    if (number >= this.limit) {
      if (file.references === 0) file.close();
      fail(Errno.EMFILE);
    }
    this.#put(number, file, closeOnExec);
    return number;
  }

  /** Makes `number` refer to the file, closing what it was. */
  replace(number: number, file: OpenFile, closeOnExec: boolean): void {
    file.references++;
    if (this.has(number)) this.close(number);
    file.references--;
    this.#put(number, file, closeOnExec);
  }

  #put(number: number, file: OpenFile, closeOnExec: boolean): void {
    while (this.#files.length < number) this.#files.push(undefined);
    this.#files[number] = file;
    file.references++;
    this.setCloseOnExec(number, closeOnExec);
  }

  /** @throws SystemError EBADF. */
  close(number: number): void {
    const file = this.get(number);
    this.#files[number] = undefined;
    this.#closeOnExec.delete(number);
    if (--file.references === 0) file.close();
  }

  isCloseOnExec(number: number): boolean {
    return this.#closeOnExec.has(number);
  }

  setCloseOnExec(number: number, on: boolean): void {
    if (on) this.#closeOnExec.add(number);
    else this.#closeOnExec.delete(number);
  }

  /** The numbers in use and their files. */
  *entries(): IterableIterator<readonly [number, OpenFile]> {
    for (const [number, file] of this.#files.entries()) if (file !== undefined) yield [number, file];
  }

  /** fork: the same open files under the same numbers. */
  clone(): Descriptors {
    const copy = new Descriptors();
    copy.limit = this.limit;
    for (const [number, file] of this.entries()) copy.#put(number, file, this.isCloseOnExec(number));
    return copy;
  }

  /** execve: closes what is marked so. */
  closeForExec(): void {
    for (const number of [...this.#closeOnExec]) this.close(number);
  }

  /** The process has ended. */
  closeAll(): void {
    for (const [number] of this.entries()) this.close(number);
  }
}

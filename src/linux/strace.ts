/**
 * Prints system calls as strace(1) does: `read(0, "abc", 4096) = 3`, `openat(AT_FDCWD, "x", O_RDONLY) = -1 ENOENT`.
 *
 * A row's format has one letter an argument:
 *   i signed, u unsigned, x address, o octal, s string, S signal, d directory descriptor, O open flags, P protection,
 *   b input buffer (its length is the next argument), B output buffer (its length is the result).
 */
import { errnoName, SystemError } from './errno.ts';
import { OpenFlag } from './files/open-file.ts';
import type { Kernel } from './kernel.ts';
import { signalName } from './signals.ts';
import type { Call } from './syscalls/call.ts';
import { byteStringOf, escapeBytes } from './text.ts';

/** Bytes of a string that are shown. */
const SHOWN = 32;
const AT_FDCWD = -100;

/** A call's text up to the result, made in two steps because buffers are filled in between. */
export class CallTrace {
  readonly #kernel: Kernel;
  readonly #row: Call;
  readonly #args: readonly number[];
  /** Text of each argument; undefined where it is an output buffer. */
  readonly #texts: readonly (string | undefined)[];

  /** Reads what is input, so it must be made before the call runs. */
  constructor(kernel: Kernel, row: Call, args: readonly number[]) {
    this.#kernel = kernel;
    this.#row = row;
    this.#args = args;
    this.#texts = [...row.format].map((letter, index) => this.#input(letter, index));
  }

  #input(letter: string, index: number): string | undefined {
    const value = this.#args[index]!;
    switch (letter) {
      case 'B':
        return undefined;
      case 'b':
        return this.#buffer(value, this.#args[index + 1]!);
      case 's':
        return this.#string(value);
      case 'u':
        return String(value >>> 0);
      case 'x':
        return hex(value);
      case 'o':
        return '0' + (value >>> 0).toString(8);
      case 'S':
        return signalName(value);
      case 'd':
        return value === AT_FDCWD ? 'AT_FDCWD' : String(value);
      case 'O':
        return openFlags(value);
      case 'P':
        return protection(value);
      default:
        return String(value);
    }
  }

  #string(address: number): string {
    if (address === 0) return 'NULL';
    try {
      return '"' + escapeBytes(this.#kernel.memory.readString(address)) + '"';
    } catch (error) {
      if (error instanceof SystemError) return hex(address);
      throw error;
    }
  }

  #buffer(address: number, length: number): string {
    if (address === 0) return 'NULL';
    try {
      const bytes = this.#kernel.memory.readBytes(address, Math.min(length >>> 0, SHOWN));
      return '"' + escapeBytes(byteStringOf(bytes)) + '"' + (length > SHOWN ? '...' : '');
    } catch (error) {
      if (error instanceof SystemError) return hex(address);
      throw error;
    }
  }

  /** The whole line. `result` is undefined for a call that does not return. */
  finish(result: number | undefined): string {
    const texts = this.#texts.map((text, index) => text ?? this.#output(this.#args[index]!, result));
    return `${this.#row.name}(${texts.join(', ')}) = ${this.#result(result)}`;
  }

  /** What a call has put into a buffer; its address when it has put nothing there. */
  #output(address: number, result: number | undefined): string {
    return result === undefined || result < 0 ? hex(address) : this.#buffer(address, result);
  }

  #result(result: number | undefined): string {
    if (result === undefined) return '?';
    if (result < 0 && result > -4096) return `-1 ${errnoName(-result)}`;
    return addressResults.has(this.#row.name) ? hex(result) : String(result);
  }
}

const addressResults = new Set(['brk', 'mmap', 'mmap2', 'mremap']);

function hex(value: number): string {
  return value === 0 ? 'NULL' : '0x' + (value >>> 0).toString(16);
}

function openFlags(flags: number): string {
  const names = [['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'][flags & OpenFlag.ACCMODE]!];
  let rest = flags & ~OpenFlag.ACCMODE;
  for (const [name, bit] of Object.entries(OpenFlag)) {
    if (bit > OpenFlag.ACCMODE && (rest & bit) !== 0) {
      names.push('O_' + name);
      rest &= ~bit;
    }
  }
  if (rest !== 0) names.push(hex(rest));
  return names.join('|');
}

function protection(prot: number): string {
  const names = ['PROT_READ', 'PROT_WRITE', 'PROT_EXEC'].filter((_, bit) => (prot & (1 << bit)) !== 0);
  return names.length === 0 ? 'PROT_NONE' : names.join('|');
}

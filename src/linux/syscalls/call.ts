/** What a row of the system-call table is. */
import { Errno } from '../errno.ts';
import type { Kernel } from '../kernel.ts';

/**
 * Runs a call for `kernel.current`. Arguments are the six registers, i32. Returns the result, which may be a negative
 * error number or one of `Wait`; may throw SystemError.
 */
export type Handler = (kernel: Kernel, a: number, b: number, c: number, d: number, e: number, f: number) => number;

export interface Call {
  readonly name: string;
  /** How `--strace` prints the arguments: one letter each, see strace.ts. */
  readonly format: string;
  readonly run: Handler;
}

/** Rows by number (arch/x86/entry/syscalls/syscall_32.tbl). */
export type CallTable = Readonly<Record<number, Call>>;

export function call(name: string, format: string, run: Handler): Call {
  return { name, format, run };
}

/** Stands for a number that nobody serves. */
export function unservedCall(number: number): Call {
  return call(`syscall_${number}`, 'xxxxxx', () => -Errno.ENOSYS);
}

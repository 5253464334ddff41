/**
 * The initial stack of a program, laid out as Linux does it (fs/binfmt_elf.c create_elf_tables, i386 psABI §2.3.1).
 *
 * From the top down: four zero bytes, the program's file name, environment strings, argument strings; then, aligned,
 * the platform name and 16 random bytes; then at a 16-byte boundary argc, argv, NULL, envp, NULL, auxiliary vector.
 */
import { Errno, fail } from './errno.ts';
import type { UserMemory } from './user-memory.ts';

/** Keys of the auxiliary vector (include/uapi/linux/auxvec.h). */
export const Auxiliary = {
  NULL: 0,
  PHDR: 3,
  PHENT: 4,
  PHNUM: 5,
  PAGESZ: 6,
  BASE: 7,
  FLAGS: 8,
  ENTRY: 9,
  UID: 11,
  EUID: 12,
  GID: 13,
  EGID: 14,
  PLATFORM: 15,
  HWCAP: 16,
  CLKTCK: 17,
  SECURE: 23,
  RANDOM: 25,
  HWCAP2: 26,
  EXECFN: 31,
} as const;

/** What goes onto the stack. Strings are byte strings. */
export interface StackContents {
  /** First address above the stack, unsigned, page aligned. */
  readonly top: number;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** The name that the program was started by. */
  readonly fileName: string;
  /** 16 bytes for AT_RANDOM. */
  readonly random: Uint8Array;
  readonly platform: string;
  /** Values known before: PHDR, ENTRY, UID … ; PLATFORM, RANDOM and EXECFN are added in their places. */
  readonly auxiliary: { readonly [K in Exclude<keyof typeof Auxiliary, 'NULL' | Placed>]: number };
}

type Placed = 'PLATFORM' | 'RANDOM' | 'EXECFN';

/** The kernel's order. */
const order = [
  'HWCAP',
  'PAGESZ',
  'CLKTCK',
  'PHDR',
  'PHENT',
  'PHNUM',
  'BASE',
  'FLAGS',
  'ENTRY',
  'UID',
  'EUID',
  'GID',
  'EGID',
  'SECURE',
  'RANDOM',
  'HWCAP2',
  'EXECFN',
  'PLATFORM',
] as const;

/** Longest single argument or environment string (MAX_ARG_STRLEN). */
const STRING_LIMIT = 128 << 10;
/** All of them together: a quarter of the default stack. */
const TOTAL_LIMIT = 2 << 20;

/** Writes the stack and returns the initial stack pointer, unsigned. @throws SystemError E2BIG. */
export function writeStack(memory: UserMemory, contents: StackContents): number {
  const { args, env } = contents;
  let total = 0;
  for (const text of [...args, ...env]) {
    if (text.length >= STRING_LIMIT) fail(Errno.E2BIG);
    total += text.length + 5;
  }
  if (total > TOTAL_LIMIT) fail(Errno.E2BIG);

  let at = contents.top - 4;
  const push = (text: string): number => {
    at -= text.length + 1;
    memory.writeString(at, text);
    return at;
  };
  const fileName = push(contents.fileName);
  const envAddresses = env.toReversed().map(push).reverse();
  const argAddresses = args.toReversed().map(push).reverse();
  at = (at & ~15) >>> 0;
  const platform = push(contents.platform);
  at -= contents.random.length;
  const random = at;
  memory.write(random, contents.random);
  at = (at & ~15) >>> 0;

  const values = { ...contents.auxiliary, PLATFORM: platform, RANDOM: random, EXECFN: fileName };
  const words = [args.length, ...argAddresses, 0, ...envAddresses, 0];
  for (const key of order) words.push(Auxiliary[key], values[key]);
  words.push(Auxiliary.NULL, 0);
  const pointer = ((at - words.length * 4) & ~15) >>> 0;
  words.forEach((word, index) => {
    memory.write32(pointer + index * 4, word);
  });
  return pointer;
}

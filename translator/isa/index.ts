/**
 * All opcode rows, family by family. The decoder's opcode map is built from `rows`; the README's table of instruction
 * families comes from `families`.
 */
import { arithmetic } from './arithmetic.ts';
import { bcd } from './bcd.ts';
import { bit } from './bit.ts';
import { branch } from './branch.ts';
import { far } from './far.ts';
import { flag } from './flag.ts';
import { logic } from './logic.ts';
import { misc } from './misc.ts';
import { move } from './move.ts';
import { multiply } from './multiply.ts';
import { port } from './port.ts';
import type { Row } from './row.ts';
import { segment } from './segment.ts';
import { shift } from './shift.ts';
import { stack } from './stack.ts';
import { string } from './string.ts';
import { system } from './system.ts';

/** Rows by family, in the order of the README's table. */
export const families: Readonly<Record<string, readonly Row[]>> = {
  arithmetic,
  logic,
  shift,
  multiply,
  bit,
  bcd,
  move,
  stack,
  branch,
  string,
  flag,
  segment,
  far,
  port,
  system,
  misc,
};

/** Every row. */
export const rows: readonly Row[] = Object.values(families).flat();

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
import { mmx } from './mmx.ts';
import { move } from './move.ts';
import { multiply } from './multiply.ts';
import { port } from './port.ts';
import type { Row } from './row.ts';
import { segment } from './segment.ts';
import { shift } from './shift.ts';
import { sseConvert } from './sse-convert.ts';
import { sseCrypto } from './sse-crypto.ts';
import { sseFloat } from './sse-float.ts';
import { sseInteger } from './sse-integer.ts';
import { sseMove } from './sse-move.ts';
import { sseShuffle } from './sse-shuffle.ts';
import { sseState } from './sse-state.ts';
import { sseText } from './sse-text.ts';
import { stack } from './stack.ts';
import { string } from './string.ts';
import { system } from './system.ts';
import { vmx } from './vmx.ts';
import { x87 } from './x87.ts';

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
  x87,
  mmx,
  'sse moves': sseMove,
  'sse floating point': sseFloat,
  'sse conversions': sseConvert,
  'sse shuffles': sseShuffle,
  'sse integers': sseInteger,
  'sse text': sseText,
  'sse cryptography': sseCrypto,
  'sse state and fences': sseState,
  vmx,
};

/** Every row. */
export const rows: readonly Row[] = Object.values(families).flat();

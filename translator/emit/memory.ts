/**
 * Memory accesses as JavaScript, in two forms.
 *
 * TLB words, for page tables: `(p = R[a >>> 12] ^ a, (p & mask) === 0) ? i32[p >> 2] : r32(a)`, where the slow arm may throw.
 * Line tests, for identity-mapped code: `if ((T[a >>> 6] & 1) === 0) { leave }`, then `V.getInt32(a >>> 0, true)`.
 */
import { LINE_REACH, LINE_READABLE, LINE_SHIFT, LINE_TAIL_READABLE, LINE_WRITABLE } from '../../runtime/abi/lines.ts';
import { FAST_MASK_8, FAST_MASK_16, FAST_MASK_32 } from '../../runtime/abi/tlb.ts';
import type { MemorySize } from '../ir/node.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';

const masks: Readonly<Record<MemorySize, number>> = { 8: FAST_MASK_8, 16: FAST_MASK_16, 32: FAST_MASK_32 };
const shifts: Readonly<Record<MemorySize, number>> = { 8: 0, 16: 1, 32: 2 };

/** (p = T[a >>> 12] ^ a, p is direct) */
export function tlbTest(table: 'R' | 'W', local: string, address: Expression, size: MemorySize): Expression {
  const word = js.at(table, js.binary('>>>', address, js.num(12)));
  return js.sequence(js.assign(js.id(local), js.binary('^', word, address)), isDirect(local, size));
}

/** T[a >>> 12] ^ a */
export function tlbPlace(table: 'R' | 'W', address: Expression): Expression {
  return js.binary('^', js.at(table, js.binary('>>>', address, js.num(12))), address);
}

/** Is `place`, what the TLB gives for `address`, not one of `bytes` aligned bytes of RAM on one page? Both are atoms. */
export function pageRefuses(place: Expression, address: Expression, bytes: number, align: number): Expression {
  const mask = FAST_MASK_8 | (align - 1);
  const isOutside = js.binary('!==', js.binary('&', place, js.num(mask)), js.num(0));
  if (bytes <= align) return isOutside;
  return js.or(isOutside, js.binary('>', js.binary('&', address, js.num(4095)), js.num(4096 - bytes)));
}

/** The element `offset` bytes after a place that a page test has let through. */
export function placedCell(size: MemorySize, zero: boolean, place: Expression, offset: number): Expression {
  const array = size === 32 ? 'i32' : `${zero ? 'u' : 'i'}${size}`;
  const at = offset === 0 ? place : js.binary('+', place, js.num(offset));
  return js.at(array, size === 8 ? at : js.binary('>>', at, js.num(shifts[size])));
}

/** Is what `local` got from the TLB a place in RAM, aligned for the access? */
export function isDirect(local: string, size: MemorySize): Expression {
  if (size === 8) return js.binary('>=', js.id(local), js.num(0));
  return js.binary('===', js.binary('&', js.id(local), js.num(masks[size])), js.num(0));
}

/** The element at a tested place. */
export function directCell(size: MemorySize, zero: boolean, local: string): Expression {
  const array = size === 32 ? 'i32' : `${zero ? 'u' : 'i'}${size}`;
  return js.at(array, size === 8 ? js.id(local) : js.binary('>>', js.id(local), js.num(shifts[size])));
}

/** Does the line table forbid direct access to `bytes` bytes from an address on? `address` is an atom. */
export function lineRefuses(address: Expression, bytes: number, writes: boolean): Expression {
  const bit = writes ? LINE_WRITABLE : LINE_READABLE;
  const lacks = (mask: number): Expression => {
    const bits = js.at('T', js.binary('>>>', address, js.num(LINE_SHIFT)));
    return js.binary('===', js.binary('&', bits, js.num(mask)), js.num(0));
  };
  const left = js.binary('&', address, js.num(LINE_REACH - 1));
  const isTooLong = js.binary('>', left, js.num(LINE_REACH - bytes));
  return js.and(lacks(bit), js.or(lacks(bit * LINE_TAIL_READABLE), isTooLong));
}

/** A load from an address that a line test has let through. */
export function lineLoad(size: MemorySize, zero: boolean, address: Expression): Expression {
  const unsigned = js.binary('>>>', address, js.num(0));
  if (size === 8) return js.at(zero ? 'u8' : 'i8', unsigned);
  return js.method('V', `get${zero ? 'Uint' : 'Int'}${size}`, unsigned, js.literal(true));
}

/** A store to such an address. */
export function lineStore(size: MemorySize, address: Expression, value: Expression): Statement {
  const unsigned = js.binary('>>>', address, js.num(0));
  if (size === 8) return js.statement(js.assign(js.at('i8', unsigned), value));
  return js.statement(js.method('V', `setInt${size}`, unsigned, value, js.literal(true)));
}

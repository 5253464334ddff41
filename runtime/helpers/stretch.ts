/** Work on a stretch of RAM, given by physical addresses that have been checked: the inner loops of string.ts. */
import type { Ram } from '../bus/ram.ts';

/** Below this a loop over bytes is quicker than the array's own copying. */
const SHORT = 48;

/** Element of `size` bytes at `p`, sign-extended. */
export function loadElement({ u8, i8, i32 }: Ram, p: number, size: number): number {
  if (size === 1) return i8[p]!;
  if (size === 2) return (i8[p + 1]! << 8) | u8[p]!;
  return (p & 3) === 0 ? i32[p >> 2]! : u8[p]! | (u8[p + 1]! << 8) | (u8[p + 2]! << 16) | (u8[p + 3]! << 24);
}

/** Store the low `size` bytes of `value`. */
function storeElement(u8: Uint8Array, p: number, size: number, value: number): void {
  for (let i = 0; i < size; i++) u8[p + i] = value >> (8 * i);
}

/**
 * Copy `count` elements one after another, as MOVS does: from the lowest up when `step` (the element's bytes) is
 * positive, else from the highest down. `from` and `to` are the lowest bytes. Where the stretches overlap, elements
 * that have been written are read again.
 */
export function copy(ram: Ram, from: number, to: number, count: number, step: number): void {
  const { u8 } = ram;
  const size = Math.abs(step);
  const bytes = count * size;
  // How far ahead of reading, in the direction of copying, writing is.
  const lead = step > 0 ? to - from : from - to;
  if (lead > 0 && lead < size) copyElements(ram, from, to, count, step);
  else if (bytes >= SHORT && (lead <= 0 || lead >= bytes)) u8.copyWithin(to, from, from + bytes);
  // From here on an element is read whole before any of its bytes could be written, so bytes may go one by one.
  else if (step < 0) for (let i = bytes - 1; i >= 0; i--) u8[to + i] = u8[from + i]!;
  else if (lead >= SHORT) {
    for (let done = 0; done < bytes; done += lead) {
      u8.copyWithin(to + done, from + done, from + Math.min(done + lead, bytes));
    }
  } else for (let i = 0; i < bytes; i++) u8[to + i] = u8[from + i]!;
}

/** The plain meaning of MOVS, for a lead smaller than an element. */
function copyElements(ram: Ram, from: number, to: number, count: number, step: number): void {
  const size = Math.abs(step);
  const first = step > 0 ? 0 : (count - 1) * size;
  for (let i = 0, at = first; i < count; i++, at += step) {
    storeElement(ram.u8, to + at, size, loadElement(ram, from + at, size));
  }
}

/** Fill `count` elements from `p` with the low `size` bytes of `value`. */
export function fill({ u8, i32 }: Ram, p: number, count: number, size: number, value: number): void {
  const low = value & 255;
  const uniform = size === 1 || ((value >> 8) & 255) === low;
  const bytes = count * size;
  if (uniform && (size < 4 || value >>> 16 === (value & 0xffff))) u8.fill(value, p, p + bytes);
  else if (size === 4 && (p & 3) === 0) i32.fill(value, p >> 2, (p + bytes) >> 2);
  else for (let at = p; at < p + bytes; at += size) storeElement(u8, at, size, value);
}

/**
 * Compare pairs of elements from `p` and `q` on, `step` bytes further each (negative: downwards).
 * @returns number of pairs before the first whose equality is not `equal`; `count` when there is none.
 */
export function runOfPairs(ram: Ram, p: number, q: number, count: number, step: number, equal: boolean): number {
  const size = Math.abs(step);
  if (size === 1) {
    const { u8 } = ram;
    for (let i = 0; i < count; i++, p += step, q += step) if ((u8[p] === u8[q]) !== equal) return i;
    return count;
  }
  for (let i = 0; i < count; i++, p += step, q += step) {
    if ((loadElement(ram, p, size) === loadElement(ram, q, size)) !== equal) return i;
  }
  return count;
}

/** The same for elements against one value, sign-extended. */
export function runOfValue(ram: Ram, p: number, value: number, count: number, step: number, equal: boolean): number {
  const size = Math.abs(step);
  if (size === 1) {
    const { i8 } = ram;
    for (let i = 0; i < count; i++, p += step) if ((i8[p] === value) !== equal) return i;
    return count;
  }
  for (let i = 0; i < count; i++, p += step) if ((loadElement(ram, p, size) === value) !== equal) return i;
  return count;
}

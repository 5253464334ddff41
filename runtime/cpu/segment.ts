/**
 * Segment registers with their hidden parts: what loading one writes, and the mode bits that follow from it.
 *
 * The checks that come before a load depend on the instruction and stand in vmm/.
 */
import { MODE_CODE32, MODE_FLAT_CS, MODE_FLAT_DS, MODE_FLAT_ES, MODE_FLAT_SS, MODE_STACK32 } from '../abi/mode.ts';
import { CS, DS, ES, MODE, SEGMENT_ACCESS, SEGMENT_BASE, SEGMENT_LIMIT, SELECTOR, SS } from '../abi/state.ts';

/** A segment: linear base (i32), last offset (u32 as i32, byte granular), bits 40..55 of the descriptor. */
export interface Descriptor {
  readonly base: number;
  readonly limit: number;
  readonly access: number;
}

/** The segments that selectors name: a process's fixed ones, or the descriptor tables. */
export interface DescriptorSource {
  /** @returns undefined when the selector names none; null selectors are not asked for. */
  describe(selector: number): Descriptor | undefined;
}

/** Bits of `access` (SDM vol. 3A §3.4.5): type, S (code or data), P, D/B. */
export const ACCESS_WRITABLE = 1 << 1;
export const ACCESS_READABLE_CODE = 1 << 1;
export const ACCESS_CONFORMING = 1 << 2;
const ACCESS_EXPAND_DOWN = 1 << 2;
export const ACCESS_CODE = 1 << 3;
export const ACCESS_S = 1 << 4;
export const ACCESS_PRESENT = 1 << 7;
const ACCESS_BIG = 1 << 14;

/** Descriptor privilege level, 0..3. */
export function privilegeOf(access: number): number {
  return (access >> 5) & 3;
}

/** What a null selector leaves in the hidden parts: no segment. */
export const nullDescriptor: Descriptor = { base: 0, limit: 0, access: 0 };

/** Load segment register `segment` (0..5), hidden parts and mode bits included. */
export function loadSegmentRegister(S: Int32Array, segment: number, selector: number, descriptor: Descriptor): void {
  S[SELECTOR + segment] = selector;
  S[SEGMENT_BASE + segment] = descriptor.base;
  S[SEGMENT_LIMIT + segment] = descriptor.limit;
  S[SEGMENT_ACCESS + segment] = descriptor.access;
  refreshSegmentMode(S);
}

const SEGMENT_MODE = MODE_CODE32 | MODE_STACK32 | MODE_FLAT_ES | MODE_FLAT_CS | MODE_FLAT_SS | MODE_FLAT_DS;

/** Recompute the mode bits that segment registers decide: code and stack size, and which segments are flat. */
function refreshSegmentMode(S: Int32Array): void {
  let mode = S[MODE]! & ~SEGMENT_MODE;
  if (S[SEGMENT_ACCESS + CS]! & ACCESS_BIG) mode |= MODE_CODE32;
  if (S[SEGMENT_ACCESS + SS]! & ACCESS_BIG) mode |= MODE_STACK32;
  for (let segment = ES; segment <= DS; segment++) if (isFlat(S, segment)) mode |= MODE_FLAT_ES << segment;
  S[MODE] = mode;
}

/** Base 0 and the whole 4 GiB, with the rights that its register is used with. */
function isFlat(S: Int32Array, segment: number): boolean {
  if (S[SEGMENT_BASE + segment] !== 0 || S[SEGMENT_LIMIT + segment] !== -1) return false;
  const access = S[SEGMENT_ACCESS + segment]!;
  const fit = ACCESS_S | ACCESS_PRESENT | ACCESS_WRITABLE;
  if ((access & fit) !== fit) return false;
  if (segment === CS) return (access & ACCESS_CODE) !== 0;
  return (access & (ACCESS_CODE | ACCESS_EXPAND_DOWN)) === 0;
}

/**
 * Segment registers with their hidden parts: what loading one writes, and the mode bits that follow from it.
 *
 * The checks that come before a load depend on the instruction and stand in vmm/.
 */
import {
  MODE_CHECK_ES,
  MODE_CODE_LIMIT,
  MODE_CODE_LIMIT_64K,
  MODE_CODE32,
  MODE_FLAT_ES,
  MODE_STACK32,
  MODE_USER,
} from '../abi/mode.ts';
import { CS, DS, ES, GS, MODE, SEGMENT_ACCESS, SEGMENT_BASE, SEGMENT_LIMIT, SELECTOR, SS } from '../abi/state.ts';

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
export const ACCESS_BIG = 1 << 14;

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
  refreshMode(S, segment);
}

/** Recompute the mode bits that segment registers decide: code and stack size, which segments are flat, what is checked. */
export function refreshSegmentMode(S: Int32Array): void {
  for (let segment = ES; segment <= GS; segment++) refreshMode(S, segment);
}

/** The same for one register that has been loaded; with CS the privilege level may have changed too. */
function refreshMode(S: Int32Array, segment: number): void {
  let mode = S[MODE]! & ~(MODE_CHECK_ES << segment);
  if (segment <= DS) mode &= ~(MODE_FLAT_ES << segment);
  if (!isWhole(S, segment)) mode |= MODE_CHECK_ES << segment;
  else if (segment <= DS && S[SEGMENT_BASE + segment] === 0) mode |= MODE_FLAT_ES << segment;
  if (segment === SS) {
    mode = S[SEGMENT_ACCESS + SS]! & ACCESS_BIG ? mode | MODE_STACK32 : mode & ~MODE_STACK32;
  } else if (segment === CS) {
    mode &= ~(MODE_CODE32 | MODE_CODE_LIMIT | MODE_CODE_LIMIT_64K | (MODE_CHECK_ES << GS));
    if (S[SEGMENT_ACCESS + CS]! & ACCESS_BIG) mode |= MODE_CODE32;
    const limit = S[SEGMENT_LIMIT + CS]!;
    if (limit !== -1) mode |= limit >>> 0 < 0xffff ? MODE_CODE_LIMIT | MODE_CODE_LIMIT_64K : MODE_CODE_LIMIT;
    if (!isWhole(S, GS)) mode |= MODE_CHECK_ES << GS;
  }
  // A kernel runs with whatever GS its user left there: so that its code needs only one translation, GS is always checked.
  if ((mode & MODE_USER) === 0) mode |= MODE_CHECK_ES << GS;
  S[MODE] = mode;
}

/** The whole 4 GiB from its base on, with the rights that its register is used with. */
function isWhole(S: Int32Array, segment: number): boolean {
  if (S[SEGMENT_LIMIT + segment] !== -1) return false;
  const access = S[SEGMENT_ACCESS + segment]!;
  const fit = ACCESS_S | ACCESS_PRESENT | ACCESS_WRITABLE;
  if ((access & fit) !== fit) return false;
  if (segment === CS) return (access & ACCESS_CODE) !== 0;
  return (access & (ACCESS_CODE | ACCESS_EXPAND_DOWN)) === 0;
}

/**
 * May `bytes` bytes from `offset` on (i32, read as unsigned) be read or written in a segment with these hidden parts?
 * Source: SDM vol. 3A §5.3 (limits, expand-down segments), §5.5 (types); a null selector's segment is not present.
 */
export function permits(access: number, limit: number, offset: number, bytes: number, write: boolean): boolean {
  if ((access & (ACCESS_PRESENT | ACCESS_S)) !== (ACCESS_PRESENT | ACCESS_S)) return false;
  const first = offset >>> 0;
  const last = first + bytes - 1;
  if ((access & ACCESS_CODE) !== 0) {
    if (write || (access & ACCESS_READABLE_CODE) === 0) return false;
  } else {
    if (write && (access & ACCESS_WRITABLE) === 0) return false;
    if ((access & ACCESS_EXPAND_DOWN) !== 0) {
      return first > limit >>> 0 && last <= (access & ACCESS_BIG ? 0xffffffff : 0xffff);
    }
  }
  return last <= limit >>> 0;
}

/** Real-address mode: a load changes the base alone, so that limits from protected mode stay ("unreal mode"). */
const LEGACY_ACCESS = ACCESS_PRESENT | ACCESS_S | ACCESS_WRITABLE | 1;
/** Virtual-8086 mode: 64 KiB of writable data at DPL 3. */
const VM86_ACCESS: number = LEGACY_ACCESS | (3 << 5);

/** Load a segment register in real-address or virtual-8086 mode: there are no checks. Source: SDM vol. 3A §20.1.1. */
export function loadLegacySegment(S: Int32Array, segment: number, selector: number, vm86: boolean): void {
  S[SELECTOR + segment] = selector;
  S[SEGMENT_BASE + segment] = selector << 4;
  if (vm86) {
    S[SEGMENT_LIMIT + segment] = 0xffff;
    S[SEGMENT_ACCESS + segment] = VM86_ACCESS;
  } else S[SEGMENT_ACCESS + segment] = (S[SEGMENT_ACCESS + segment]! & 0xff00) | LEGACY_ACCESS;
  refreshMode(S, segment);
}

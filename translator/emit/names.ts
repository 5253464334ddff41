/** Names in generated code: what a region's function closes over, its locals, and the state slots that live in them. */
import { DF, FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, registerNames, SEGMENT_BASE } from '../../runtime/abi/state.ts';

const flagNames: Readonly<Record<number, string>> = {
  [FLAG_RES]: 'fr',
  [FLAG_AUX]: 'fa',
  [FLAG_CF]: 'fc',
  [FLAG_OF]: 'fo',
  [DF]: 'df',
};

/** Local variable of a state slot. */
export function slotName(slot: number): string {
  const name = registerNames[slot] ?? flagNames[slot];
  if (name !== undefined) return name;
  return slot >= SEGMENT_BASE && slot < SEGMENT_BASE + 6 ? `base${slot - SEGMENT_BASE}` : `slot${slot}`;
}

/** Local of a 64-bit lane of a vector register, by its index in the state seen as doubles. */
export const laneName = (lane: number): string => `d${lane}`;
/** Least magnitude of a result that plain double arithmetic gives right (emit/vector.ts). */
export const FLOOR_LOCAL = 'lo';
/** FLOAT_FAST, or 0 once a block has met a number that is neither zero nor normal (emit/simd/). */
export const FAST_LOCAL = 'xm';
/** What an address's low bits are compared with. */
export const ZERO_LOCAL = 'tz';
/** Variable around the function that counts runs of a block. */
export const trainingName = (i: number): string => `n${i}`;

/** Label around everything; `break` to it leaves the region. */
export const LEAVE = 'leave';
/** Locals: budget, exit, physical address, fault site, "state is written back". */
export const BUDGET_LOCAL = 'b';
export const EXIT_LOCAL = 'x';
export const ADDRESS_LOCAL = 'p';
export const SITE_LOCAL = 's';
export const SAVED_LOCAL = 'w';
/** Which of its targets the switch at a place in the region's order goes to. */
export const selectorName = (order: number): string => `q${order}`;
/** Parameter: EIP of the entry; then where a computed jump inside the region goes. */
export const ENTRY_PARAMETER = 'j';
/** Parameter: how many regions are called one inside the other. */
export const DEPTH_PARAMETER = 'k';
/** Local with the address of an indirect exit. */
export const EIP_LOCAL = 'e';
/** Local with argument number `i` of a VMM call. */
export const vmmArgument = (i: number): string => `a${i}`;

/**
 * Why translated code returned to the dispatcher. Exits with a number >= 0 are ordinals of the region's own exit
 * table (a link to follow); the negative ones below carry no link. EIP and all state are exact on each.
 */
export const Exit = {
  /** Control left for an address that is only known at run time; EIP holds it. */
  Indirect: -1,
  /** The budget does not cover the next stretch. */
  Budget: -2,
  /** A VMM call stands at EIP; the block's terminator names it. */
  Vmm: -3,
  /** A guest fault or an abort was raised; it is pending in the execution context. */
  Fault: -4,
  /** Tier 0 found the block hot. */
  Hot: -5,
  /** The next block is not linked; EIP holds its address. */
  Lookup: -6,
  /** A region that was called from this one was left otherwise than by returning; how is noted in the runtime. */
  Unwound: -7,
} as const;

/** One of the reasons above, or an exit ordinal. */
export type Exit = number;

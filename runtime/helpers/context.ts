/**
 * What helpers work on. Each helper file exports a factory over this context, so that several machines live side by
 * side; helpers/index.ts puts their results together into the one table that back ends call.
 */
import type { HelperName } from '../abi/calls.ts';
import type { GuestFault } from '../cpu/fault.ts';
import type { Memory } from '../memory/memory.ts';

/** The machine as helpers see it. */
export interface HelperContext {
  /** Slots of abi/state.ts. */
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
  /**
   * The time-stamp counter: a whole number below 2^53 that grows with every instruction. Left out, it is what has
   * retired before the current slice.
   */
  readonly timestamp?: (() => number) | undefined;
  /** FERR#: an x87 exception is pending while CR0.NE is clear. Left out, it is #MF whatever CR0 says. */
  readonly floatError?: (() => void) | undefined;
  /** Do all x87 arithmetic in the general path; for comparing it with the fast one. */
  readonly generalX87?: boolean;
}

/** Every helper by name, with the arguments and result that abi/calls.ts gives it (i32; 0 where there is no result). */
export type HelperTable = Readonly<Record<HelperName, (...args: number[]) => number>>;

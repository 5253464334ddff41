/** Thresholds of the translation cache; src/machine.ts has the usual ones. */

import { MODE_USER } from '../abi/mode.ts';

/** Host clock in milliseconds, for statistics only. */
export type Stopwatch = () => number;

export interface CacheThresholds {
  /** Executions of a block in tier 0 before its region is compiled; 2147483647 never compiles. */
  readonly hotThreshold: number;
  /** Times the threshold that a block of CPL 0 to 2 has to run. */
  readonly supervisorFactor: number;
  /** Times the threshold that a block has to run in tier 0, being part of a region already, before it heads one. */
  readonly innerFactor: number;
  /** Blocks that one region can be entered at. */
  readonly maxEntries: number;
  /** Characters of JavaScript or bytes of WebAssembly kept; the oldest regions go first. */
  readonly maxCode: number;
  /** Characters, or bytes, of generated code that a program may have at once, whatever it does. */
  readonly compileAllowance: number;
  /** Instructions that must have retired for each character or byte beyond that. */
  readonly compileInterval: number;
  /**
   * Instructions that a run from the dispatcher must have on average, or else it was better off in tier 0. A region that
   * fails is dropped, and its block has to become hot sixteen times as long as before.
   */
  readonly shortestRun: number;
  /** Rewrites of a code page after which its code is no longer compiled, unless they come seldom. */
  readonly maxRewrites: number;
  /** Instructions that must have retired for each rewrite beyond that. */
  readonly rewriteInterval: number;
  /** Times that one exit of a region is taken before the region is compiled anew; four times more each time. */
  readonly growthExits: number;
  /** Times that a region is left for tier 0 because memory could not be accessed directly, before it is compiled anew. */
  readonly maxSlowExits: number;
  /** Times that a region is compiled anew. */
  readonly maxGrowth: number;
}

/** Executions in tier 0 before a block in a mode is hot. */
export function thresholdOf({ hotThreshold, supervisorFactor }: CacheThresholds, mode: number): number {
  if (mode & MODE_USER) return hotThreshold;
  return Math.min(hotThreshold * supervisorFactor, 0x7fffffff);
}

export interface CacheOptions extends CacheThresholds {
  readonly stopwatch: Stopwatch;
}

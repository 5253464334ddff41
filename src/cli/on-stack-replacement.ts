/** A setting of V8 that every subcommand which compiles guest code makes. */
import { setFlagsFromString } from 'node:v8';

/**
 * Switch V8's on-stack replacement off. A region with a loop that is entered often would enter V8's replacement code at the
 * loop, through its runtime, each time, and for seconds not be optimised as a whole: 5 s instead of 1 s in the recursion
 * kernel. Regions are left and entered often enough to get at optimised code without it.
 */
export function avoidOnStackReplacement(): void {
  setFlagsFromString('--no-use-osr');
}

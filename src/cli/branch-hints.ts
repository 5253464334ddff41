/** A setting of V8 that every subcommand which compiles guest code to WebAssembly makes. */
import { setFlagsFromString } from 'node:v8';

/**
 * Let V8 heed hints on branches, which Node 20's does not by itself. Without them it keeps values in memory around calls that
 * hardly ever happen: the SSE2 kernel linpack went from 2.9 to 4.0 times QEMU's speed; integer kernels did not change.
 */
export function heedBranchHints(): void {
  setFlagsFromString('--experimental-wasm-branch-hinting');
}

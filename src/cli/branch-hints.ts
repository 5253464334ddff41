/** A setting of V8 that every subcommand which compiles guest code to WebAssembly makes. */
import { setFlagsFromString } from 'node:v8';

/**
 * Let V8 heed hints on branches, which it does by itself from version 13 on. Without them it keeps values in memory around
 * calls that hardly ever happen.
 */
export function heedBranchHints(): void {
  setFlagsFromString('--experimental-wasm-branch-hinting');
}

/** All helpers of one machine: what abi/calls.ts promises, put together from the files beside this one. */
import type { HelperContext, HelperTable } from './context.ts';
import { crc32Helpers } from './crc32.ts';
import { divideHelpers } from './divide.ts';
import { raiseHelpers } from './raise.ts';

export type { HelperContext, HelperTable } from './context.ts';

/** The helpers that stand so far. */
type Standing = Omit<HelperTable, 'rdtsc' | 'repMovs' | 'repStos' | 'repLods' | 'repCmps' | 'repScas'>;

/** Make the helpers that work on `context`. */
export function createHelpers(context: HelperContext): Standing {
  return { ...divideHelpers(context), ...crc32Helpers, ...raiseHelpers(context) } satisfies Standing;
}

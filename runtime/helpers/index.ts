/** All helpers of one machine: what abi/calls.ts promises, put together from the files beside this one. */
import { arplHelpers } from './arpl.ts';
import type { HelperContext, HelperTable } from './context.ts';
import { crc32Helpers } from './crc32.ts';
import { divideHelpers } from './divide.ts';
import { limitHelpers } from './limit.ts';
import { packedHelpers } from './packed/index.ts';
import { raiseHelpers } from './raise.ts';
import { sseHelpers } from './sse/index.ts';
import { stringHelpers } from './string.ts';
import { timestampHelpers } from './timestamp.ts';
import { x87Helpers } from './x87/index.ts';

export type { HelperContext, HelperTable } from './context.ts';

/** Make the helpers that work on `context`. */
export function createHelpers(context: HelperContext): HelperTable {
  return {
    ...divideHelpers(context),
    ...crc32Helpers,
    ...raiseHelpers(context),
    ...limitHelpers(context),
    ...timestampHelpers(context),
    ...stringHelpers(context),
    ...arplHelpers(context),
    ...x87Helpers(context),
    ...sseHelpers(context),
    ...packedHelpers(context),
  };
}

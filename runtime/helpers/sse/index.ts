/** The helpers that work on XMM registers (abi/sse.ts), put together. */
import type { sseSignatures } from '../../abi/sse.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { approximationHelpers } from './approximation.ts';
import { compareHelpers } from './compare.ts';
import { convertHelpers } from './convert.ts';
import { horizontalHelpers } from './horizontal.ts';
import { sseMoveHelpers } from './move.ts';
import { sseStateHelpers } from './state.ts';
import { FloatUnit } from './unit.ts';
import { verticalHelpers } from './vertical.ts';

/** Make the SSE helpers. */
export function sseHelpers(context: HelperContext): Pick<HelperTable, keyof typeof sseSignatures> {
  const unit = new FloatUnit(context);
  return {
    ...sseMoveHelpers(context),
    ...sseStateHelpers(context),
    ...verticalHelpers(unit),
    ...horizontalHelpers(unit),
    ...compareHelpers(unit),
    ...convertHelpers(unit),
    ...approximationHelpers(unit),
  };
}

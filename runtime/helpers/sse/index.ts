/** The helpers that work on XMM registers (abi/sse.ts), put together. */
import type { sseSignatures } from '../../abi/sse.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { sseMoveHelpers } from './move.ts';

/** Make the SSE helpers. */
export function sseHelpers(context: HelperContext): Pick<HelperTable, keyof typeof sseSignatures> {
  return { ...sseMoveHelpers(context) };
}

/** Exceptions that an instruction raises by itself: BOUND's check of an array index, and any other by number. */
import { Vector } from '../abi/vector.ts';
import type { HelperContext, HelperTable } from './context.ts';

/**
 * `raise` and `bound` of abi/calls.ts; the latter raises #BR unless lower <= index <= upper, signed. Source: SDM
 * vol. 2A, BOUND.
 */
export function raiseHelpers({ fault }: HelperContext): Pick<HelperTable, 'raise' | 'bound'> {
  return {
    raise: (vector, errorCode) => fault.raise(vector, errorCode),
    bound(index, lower, upper) {
      if (index < lower || index > upper) fault.raise(Vector.BR);
      return 0;
    },
  };
}

/** BOUND's check of an array index. */
import { Vector } from '../abi/vector.ts';
import type { HelperContext, HelperTable } from './context.ts';

/** `bound` of abi/calls.ts: raises #BR unless lower <= index <= upper, signed. Source: SDM vol. 2A, BOUND. */
export function boundHelpers({ fault }: HelperContext): Pick<HelperTable, 'bound'> {
  return {
    bound(index, lower, upper) {
      if (index < lower || index > upper) fault.raise(Vector.BR);
      return 0;
    },
  };
}

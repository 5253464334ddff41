/** ARPL with its destination in memory: a store that takes place or not, which IR cannot say. */
import type { HelperContext, HelperTable } from './context.ts';

/** `arpl` of abi/calls.ts. Source: SDM vol. 2A, ARPL; that nothing is written without need was seen on an AMD CPU. */
export function arplHelpers({ memory }: HelperContext): Pick<HelperTable, 'arpl'> {
  return {
    arpl(la, source) {
      const selector = memory.read16(la);
      if ((selector & 3) >= (source & 3)) return 0;
      memory.write16(la, (selector & ~3) | (source & 3));
      return 1;
    },
  };
}

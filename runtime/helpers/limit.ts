/**
 * Segment limits and access rights, for the segments that are not flat, and alignment where that is checked: lifts call these where a mode bit says that an
 * access or a jump must be checked.
 */
import { alignmentOf } from '../abi/mode.ts';
import { CS, SEGMENT_ACCESS, SEGMENT_LIMIT, SS } from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import { permits } from '../cpu/segment.ts';
import type { HelperContext, HelperTable } from './context.ts';

type LimitHelperName = 'checkSegment' | 'checkAlignment' | 'checkCode' | 'checkBlock';

/** Make the checks of abi/calls.ts. Source: SDM vol. 3A §5.3 to §5.5. */
export function limitHelpers({ state: S, memory, fault }: HelperContext): Pick<HelperTable, LimitHelperName> {
  const beyond = (offset: number): boolean => offset >>> 0 > S[SEGMENT_LIMIT + CS]! >>> 0;
  return {
    checkSegment(key, offset) {
      const segment = key & 7;
      const allowed = permits(
        S[SEGMENT_ACCESS + segment]!,
        S[SEGMENT_LIMIT + segment]!,
        offset,
        key >> 4,
        (key & 8) !== 0,
      );
      if (!allowed) fault.raise(segment === SS ? Vector.SS : Vector.GP);
      return 0;
    },
    checkAlignment(la, key) {
      const bytes = key & 255;
      if ((la & (alignmentOf(bytes) - 1)) === 0) return 0;
      // A page fault comes first.
      const write = key > 255;
      memory.stretch(la, 1, write);
      memory.stretch((la + bytes - 1) | 0, 1, write);
      return fault.raise(Vector.AC);
    },
    checkCode(taken, offset) {
      if (taken !== 0 && beyond(offset)) fault.raise(Vector.GP);
      return 0;
    },
    checkBlock(last, instructions) {
      if (beyond(last)) {
        if (instructions === 1) fault.raise(Vector.GP);
        fault.abort();
      }
      return 0;
    },
  };
}

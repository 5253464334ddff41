/** RDTSC's helper: the virtual time-stamp counter, which counts retired instructions and not the host's time. */
import { MODE_USER } from '../abi/mode.ts';
import { CR4, MODE, RETIRED_HIGH, RETIRED_LOW, SCRATCH } from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import type { HelperContext, HelperTable } from './context.ts';

/** CR4.TSD: RDTSC at CPL 0 only. */
const CR4_TSD = 4;

/** `rdtsc` of abi/calls.ts; raises #GP(0) as CR4.TSD says. Source: SDM vol. 2B, RDTSC; vol. 3B §18.17. */
export function timestampHelpers({ state: S, fault, timestamp }: HelperContext): Pick<HelperTable, 'rdtsc'> {
  const retired = (): number => (S[RETIRED_HIGH]! >>> 0) * 0x1_0000_0000 + (S[RETIRED_LOW]! >>> 0);
  const counter = timestamp ?? retired;
  return {
    rdtsc() {
      if ((S[CR4]! & CR4_TSD) !== 0 && (S[MODE]! & MODE_USER) !== 0) fault.raise(Vector.GP);
      const ticks = counter();
      S[SCRATCH] = Math.floor(ticks / 0x1_0000_0000) | 0;
      return ticks | 0;
    },
  };
}

/**
 * ADDSD, SUBSD, MULSD and DIVSD with a zero in them: what tier 1 leaves to helpers most often in programs. A zero among
 * the operands or as a result is exact, in all modes but for the sign of a zero sum, so nothing can be raised; each has
 * a function of its own, because V8 compiles what it finds in one.
 */
import { MXCSR } from '../../abi/state.ts';
import { MXCSR_RC_SHIFT } from '../../cpu/sse.ts';
import type { FloatUnit } from './unit.ts';

type Binary = (to: number, from: number) => number;

const LEAST = 2 ** -1022;
const MODE = 3 << MXCSR_RC_SHIFT;

/** A number that is neither a denormal, nor infinite, nor a NaN; zero is one. */
function isTame(x: number): boolean {
  const magnitude = Math.abs(x);
  return (magnitude >= LEAST && magnitude < Infinity) || x === 0;
}

/** Put quick cases in front of the helpers that do it all. */
export function withZeros(
  { S, D }: FloatUnit,
  full: { readonly addsd: Binary; readonly subsd: Binary; readonly mulsd: Binary; readonly divsd: Binary },
): { addsd: Binary; subsd: Binary; mulsd: Binary; divsd: Binary } {
  const { addsd, subsd, mulsd, divsd } = full;
  return {
    addsd(to, from) {
      const a = D[to >> 1]!;
      const b = D[from >> 1]!;
      const sum = a + b;
      if ((a !== 0 && b !== 0 && sum !== 0) || !isTame(a) || !isTame(b) || (S[MXCSR]! & MODE) !== 0)
        return addsd(to, from);
      D[to >> 1] = sum;
      return 0;
    },
    subsd(to, from) {
      const a = D[to >> 1]!;
      const b = D[from >> 1]!;
      const difference = a - b;
      if ((a !== 0 && b !== 0 && difference !== 0) || !isTame(a) || !isTame(b) || (S[MXCSR]! & MODE) !== 0) {
        return subsd(to, from);
      }
      D[to >> 1] = difference;
      return 0;
    },
    mulsd(to, from) {
      const a = D[to >> 1]!;
      const b = D[from >> 1]!;
      if ((a !== 0 && b !== 0) || !isTame(a) || !isTame(b)) return mulsd(to, from);
      D[to >> 1] = a * b;
      return 0;
    },
    divsd(to, from) {
      const a = D[to >> 1]!;
      const b = D[from >> 1]!;
      if (a !== 0 || b === 0 || !isTame(b)) return divsd(to, from);
      D[to >> 1] = a / b;
      return 0;
    },
  };
}

/** RCP and RSQRT. Source: SDM vol. 2B, RCPPS, RSQRTPS. */
import type { HelperTable } from '../context.ts';
import type { FloatUnit } from './unit.ts';

/** Make the helpers. */
export function approximationHelpers(unit: FloatUnit): Pick<HelperTable, 'rcpps' | 'rcpss' | 'rsqrtps' | 'rsqrtss'> {
  const each =
    (approximate: (x: number) => number, lanes: number) =>
    (to: number, from: number): number => {
      for (let i = 0; i < lanes; i++) unit.F[to + i] = approximate(unit.F[from + i]!);
      return 0;
    };
  const reciprocal = (x: number): number => 1 / x;
  const root = (x: number): number => 1 / Math.sqrt(x);
  return { rcpps: each(reciprocal, 4), rcpss: each(reciprocal, 1), rsqrtps: each(root, 4), rsqrtss: each(root, 1) };
}

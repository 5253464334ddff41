/** Flag components with their mask bit, state slot and name in a kind's row (ir/flags.ts). */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES } from '../../runtime/abi/state.ts';
import { AUX, CF, OF, RES } from '../ir/flags.ts';

export const componentSlots: readonly (readonly [bit: number, slot: number, name: 'cf' | 'of' | 'res' | 'aux'])[] = [
  [CF, FLAG_CF, 'cf'],
  [OF, FLAG_OF, 'of'],
  [RES, FLAG_RES, 'res'],
  [AUX, FLAG_AUX, 'aux'],
];

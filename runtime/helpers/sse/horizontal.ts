/**
 * Operations across lanes: horizontal addition and subtraction, alternating ones, dot products. Source: SDM vol. 2A,
 * HADDPS, ADDSUBPS, DPPS.
 */
import type { HelperTable } from '../context.ts';
import { add, type LaneOperation, multiply, subtract } from './arithmetic.ts';
import { doubleLane, type LaneType, singleLane } from './lane.ts';
import type { FloatUnit } from './unit.ts';

type Names = 'haddps' | 'haddpd' | 'hsubps' | 'hsubpd' | 'addsubps' | 'addsubpd' | 'dpps' | 'dppd';

/** Make the helpers. */
export function horizontalHelpers(unit: FloatUnit): Pick<HelperTable, Names> {
  const horizontal =
    (operation: LaneOperation, type: LaneType) =>
    (to: number, from: number): number => {
      const { slots } = type;
      const half = 2 / slots;
      unit.begin();
      for (let i = 0; i < 2 * half; i++) {
        const pair = (i < half ? to : from) + 2 * (i % half) * slots;
        operation(unit, type, i, pair, pair + slots);
      }
      unit.commit(to, 4);
      return 0;
    };
  const alternating =
    (type: LaneType) =>
    (to: number, from: number): number => {
      const { slots } = type;
      unit.begin();
      for (let i = 0; i < 4 / slots; i++) {
        (i % 2 === 0 ? subtract : add)(unit, type, i, to + i * slots, from + i * slots);
      }
      unit.commit(to, 4);
      return 0;
    };
  return {
    haddps: horizontal(add, singleLane),
    haddpd: horizontal(add, doubleLane),
    hsubps: horizontal(subtract, singleLane),
    hsubpd: horizontal(subtract, doubleLane),
    addsubps: alternating(singleLane),
    addsubpd: alternating(doubleLane),
    dpps: (to, from, immediate) => dotProduct(unit, singleLane, to, from, immediate),
    dppd: (to, from, immediate) => dotProduct(unit, doubleLane, to, from, immediate),
  };
}

/** Slots of intermediate results: the second scratch register, and the first once the source is used up. */
const PRODUCTS = 228;

/**
 * Products of the lanes that the immediate's high half selects, added in pairs; the sum goes to the lanes that its low
 * half selects, zero to the others. Each step raises its own exceptions.
 */
function dotProduct(unit: FloatUnit, type: LaneType, to: number, from: number, immediate: number): number {
  const { slots } = type;
  const lanes = 4 / slots;
  const { S, words } = unit;
  unit.begin();
  for (let i = 0; i < lanes; i++) {
    if (((immediate >> (4 + i)) & 1) !== 0) multiply(unit, type, i, to + i * slots, from + i * slots);
    else words.fill(0, i * slots, (i + 1) * slots);
  }
  unit.finish();
  for (let width = lanes; width > 1; width >>= 1) {
    for (let i = 0; i < 4; i++) S[PRODUCTS + i] = words[i]!;
    for (let i = 0; i < width / 2; i++) {
      add(unit, type, i, PRODUCTS + 2 * i * slots, PRODUCTS + (2 * i + 1) * slots);
    }
    unit.finish();
  }
  for (let i = 0; i < slots; i++) S[PRODUCTS + i] = words[i]!;
  for (let i = 0; i < 4; i++) {
    const selected = ((immediate >> Math.floor(i / slots)) & 1) !== 0;
    S[to + i] = selected ? S[PRODUCTS + (i % slots)]! : 0;
  }
  return 0;
}

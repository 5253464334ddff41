/**
 * Comparisons: CMPccPS and its kin, which make masks, and UCOMIS and COMIS, which answer with an order that lifts turn
 * into flags. Source: SDM vol. 2A, CMPPD with table 3-1, COMISD.
 */
import { MXCSR_IE } from '../../cpu/sse.ts';
import type { HelperTable } from '../context.ts';
import { doubleLane, type LaneType, operand, singleLane } from './lane.ts';
import type { FloatUnit } from './unit.ts';

type Names = 'cmpps' | 'cmppd' | 'cmpss' | 'cmpsd' | 'ucomiss' | 'ucomisd' | 'comiss' | 'comisd';

/** Orders, as the lifts know them: bit 0 is CF, ZF is set from 2 on. */
const GREATER = 0;
const LESS = 1;
const EQUAL = 2;
const UNORDERED = 3;

/** Compare two lanes. @param quietAllowed only signalling NaNs are invalid. */
function order(unit: FloatUnit, type: LaneType, first: number, second: number, quietAllowed: boolean): number {
  const x = type.read(unit, first);
  const y = type.read(unit, second);
  if (Number.isNaN(x) || Number.isNaN(y)) {
    const signals =
      (Number.isNaN(x) && type.isSignalling(unit, first)) || (Number.isNaN(y) && type.isSignalling(unit, second));
    if (signals || !quietAllowed) unit.raise(MXCSR_IE);
    return UNORDERED;
  }
  const a = operand(unit, x, type.format);
  const b = operand(unit, y, type.format);
  return a > b ? GREATER : a < b ? LESS : EQUAL;
}

/** Orders for which each predicate (immediate, bits 2 to 0) holds, a bit each: EQ LT LE UNORD NEQ NLT NLE ORD. */
const holds = [
  1 << EQUAL,
  1 << LESS,
  (1 << LESS) | (1 << EQUAL),
  1 << UNORDERED,
  15 & ~(1 << EQUAL),
  15 & ~(1 << LESS),
  15 & ~((1 << LESS) | (1 << EQUAL)),
  15 & ~(1 << UNORDERED),
];
/** Predicates that are silent on quiet NaNs: all but LT, LE and their opposites. */
const QUIET_PREDICATES = 0b10011001;

/** Make the helpers. */
export function compareHelpers(unit: FloatUnit): Pick<HelperTable, Names> {
  const masks =
    (type: LaneType, lanes: number) =>
    (to: number, from: number, immediate: number): number => {
      const predicate = immediate & 7;
      const { slots } = type;
      unit.begin();
      for (let i = 0; i < lanes; i++) {
        const quietAllowed = ((QUIET_PREDICATES >> predicate) & 1) !== 0;
        const found = order(unit, type, to + i * slots, from + i * slots, quietAllowed);
        unit.words.fill(-((holds[predicate]! >> found) & 1), i * slots, (i + 1) * slots);
      }
      unit.commit(to, lanes * slots);
      return 0;
    };
  const ordered =
    (type: LaneType, quietAllowed: boolean) =>
    (first: number, second: number): number => {
      unit.begin();
      const found = order(unit, type, first, second, quietAllowed);
      unit.finish();
      return found;
    };
  return {
    cmpps: masks(singleLane, 4),
    cmppd: masks(doubleLane, 2),
    cmpss: masks(singleLane, 1),
    cmpsd: masks(doubleLane, 1),
    ucomiss: ordered(singleLane, true),
    ucomisd: ordered(doubleLane, true),
    comiss: ordered(singleLane, false),
    comisd: ordered(doubleLane, false),
  };
}

/**
 * Conversions between singles, doubles and 32-bit integers, and rounding to integers in place. A value that does not fit
 * becomes the integer indefinite, 80000000H, and is invalid. Source: SDM vol. 1 §11.4.1.6, §4.9.1.1, vol. 2A.
 */
import { MXCSR_IE, MXCSR_PE, Rounding } from '../../cpu/sse.ts';
import type { HelperTable } from '../context.ts';
import { doubleLane, flushed, type LaneType, operand, singleLane } from './lane.ts';
import { binary32, round } from './round.ts';
import type { FloatUnit } from './unit.ts';

type Names =
  | 'cvtsi2ss'
  | 'cvtsi2sd'
  | 'cvtss2si'
  | 'cvtsd2si'
  | 'cvttss2si'
  | 'cvttsd2si'
  | 'cvtss2sd'
  | 'cvtsd2ss'
  | 'cvtps2pd'
  | 'cvtpd2ps'
  | 'cvtdq2ps'
  | 'cvtdq2pd'
  | 'cvtps2dq'
  | 'cvttps2dq'
  | 'cvtpd2dq'
  | 'cvttpd2dq'
  | 'roundps'
  | 'roundpd'
  | 'roundss'
  | 'roundsd';

const INDEFINITE = 0x80000000 | 0;

/** The integer nearest to x in a rounding mode (0 to 3); -0 for what rounds to zero from below. */
function roundToInteger(x: number, mode: number): number {
  switch (mode) {
    case Rounding.Down:
      return Math.floor(x);
    case Rounding.Up:
      return Math.ceil(x);
    case Rounding.Zero:
      return Math.trunc(x);
    default: {
      const below = Math.floor(x);
      const rest = x - below;
      const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
      const nearest = up ? below + 1 : below;
      return nearest === 0 && (x < 0 || Object.is(x, -0)) ? -0 : nearest;
    }
  }
}

/** The lane at a slot as a 32-bit integer. A denormal raises nothing but PE. */
function toInteger(unit: FloatUnit, type: LaneType, slot: number, mode: number): number {
  const x = flushed(unit, type.read(unit, slot), type.format);
  const value = roundToInteger(x, mode);
  if (!(value >= -0x80000000 && value <= 0x7fffffff)) {
    unit.raise(MXCSR_IE);
    return INDEFINITE;
  }
  if (value !== x) unit.raise(MXCSR_PE);
  return value | 0;
}

/** An integer as a single. */
function toSingle(unit: FloatUnit, integer: number): number {
  return integer === 0 ? 0 : round(unit, binary32, integer, 0, 0);
}

/** Double lane i of the result from the single at a slot. */
function widen(unit: FloatUnit, i: number, slot: number): void {
  const x = unit.F[slot]!;
  if (!Number.isNaN(x)) {
    unit.doubles[i] = operand(unit, x, binary32);
    return;
  }
  if (singleLane.isSignalling(unit, slot)) unit.raise(MXCSR_IE);
  const word = unit.S[slot]!;
  unit.words[2 * i] = word << 29;
  unit.words[2 * i + 1] = (word & 0x80000000) | 0x7ff80000 | ((word & 0x7fffff) >>> 3);
}

/** Single lane i of the result from the double at a slot. */
function narrow(unit: FloatUnit, i: number, slot: number): void {
  const x = doubleLane.read(unit, slot);
  if (Number.isNaN(x)) {
    if (doubleLane.isSignalling(unit, slot)) unit.raise(MXCSR_IE);
    const [low, high] = [unit.S[slot]!, unit.S[slot + 1]!];
    unit.words[i] = (high & 0x80000000) | 0x7fc00000 | ((high & 0xfffff) << 3) | (low >>> 29);
    return;
  }
  const value = operand(unit, x, doubleLane.format);
  unit.singles[i] = value === 0 || !Number.isFinite(value) ? value : round(unit, binary32, value, 0, 0);
}

/** ROUNDPS and its kin: lane i, by the immediate. Source: SDM vol. 2B, ROUNDPD, table 4-16. */
function roundLane(unit: FloatUnit, type: LaneType, i: number, slot: number, immediate: number): void {
  const x = type.read(unit, slot);
  if (Number.isNaN(x)) {
    if (type.isSignalling(unit, slot)) unit.raise(MXCSR_IE);
    type.writeQuiet(unit, i, slot);
    return;
  }
  const value = flushed(unit, x, type.format);
  const rounded = roundToInteger(value, (immediate & 4) !== 0 ? unit.rounding : immediate & 3);
  if (rounded !== value && (immediate & 8) === 0) unit.raise(MXCSR_PE);
  type.write(unit, i, rounded);
}

/** Make the helpers. */
export function convertHelpers(unit: FloatUnit): Pick<HelperTable, Names> {
  /** A lane to a general register. */
  const scalarToInteger =
    (type: LaneType, truncates: boolean) =>
    (from: number): number => {
      unit.begin();
      const result = toInteger(unit, type, from, truncates ? Rounding.Zero : unit.rounding);
      unit.finish();
      return result;
    };
  /** Lanes to 32-bit lanes; what is above them becomes zero. */
  const toIntegers =
    (type: LaneType, lanes: number, truncates: boolean) =>
    (to: number, from: number): number => {
      unit.begin();
      unit.words.fill(0);
      for (let i = 0; i < lanes; i++) {
        const mode = truncates ? Rounding.Zero : unit.rounding;
        unit.words[i] = toInteger(unit, type, from + i * type.slots, mode);
      }
      unit.commit(to, 4);
      return 0;
    };
  const rounding =
    (type: LaneType, lanes: number) =>
    (to: number, from: number, immediate: number): number => {
      unit.begin();
      for (let i = 0; i < lanes; i++) roundLane(unit, type, i, from + i * type.slots, immediate);
      unit.commit(to, lanes * type.slots);
      return 0;
    };
  /** Result lanes by `lane`; `words` of them are written. */
  const lanewise =
    (lane: (unit: FloatUnit, i: number, slot: number) => void, lanes: number, stride: number, words: number) =>
    (to: number, from: number): number => {
      unit.begin();
      unit.words.fill(0);
      for (let i = 0; i < lanes; i++) lane(unit, i, from + i * stride);
      unit.commit(to, words);
      return 0;
    };
  return {
    cvtsi2ss(to, value) {
      unit.begin();
      unit.singles[0] = toSingle(unit, value);
      unit.commit(to, 1);
      return 0;
    },
    cvtsi2sd(to, value) {
      unit.D[to >> 1] = value;
      return 0;
    },
    cvtss2si: scalarToInteger(singleLane, false),
    cvtsd2si: scalarToInteger(doubleLane, false),
    cvttss2si: scalarToInteger(singleLane, true),
    cvttsd2si: scalarToInteger(doubleLane, true),
    cvtss2sd: lanewise(widen, 1, 1, 2),
    cvtsd2ss: lanewise(narrow, 1, 2, 1),
    cvtps2pd: lanewise(widen, 2, 1, 4),
    cvtpd2ps: lanewise(narrow, 2, 2, 4),
    cvtdq2ps: lanewise(
      (u, i, slot) => {
        u.singles[i] = toSingle(u, u.S[slot]!);
      },
      4,
      1,
      4,
    ),
    cvtdq2pd: lanewise(
      (u, i, slot) => {
        u.doubles[i] = u.S[slot]!;
      },
      2,
      1,
      4,
    ),
    cvtps2dq: toIntegers(singleLane, 4, false),
    cvttps2dq: toIntegers(singleLane, 4, true),
    cvtpd2dq: toIntegers(doubleLane, 2, false),
    cvttpd2dq: toIntegers(doubleLane, 2, true),
    roundps: rounding(singleLane, 4),
    roundpd: rounding(doubleLane, 2),
    roundss: rounding(singleLane, 1),
    roundsd: rounding(doubleLane, 1),
  };
}

/**
 * What is asked of an operand before anything is computed with it: is it a NaN (and which), a denormal; for doubles and
 * singles alike. A lane is an index of the unit's doubles or singles; NaNs are handled as words, because a JavaScript
 * number does not say which NaN it is. Source: SDM vol. 1 §4.8.3, tables 4-7 and 11-1 to 11-3.
 */
import { MXCSR_DE, MXCSR_IE } from '../../cpu/sse.ts';
import { binary32, binary64, type Format } from './round.ts';
import type { FloatUnit } from './unit.ts';

/** Doubles or singles: how their lanes are read and written. */
export interface LaneType {
  readonly format: Format;
  /** State slots of a lane. */
  readonly slots: 1 | 2;
  /** The number in the lane that begins at a slot. */
  read(unit: FloatUnit, slot: number): number;
  /** Set result lane i. */
  write(unit: FloatUnit, i: number, value: number): void;
  /** Set result lane i to the NaN in the lane at a slot, made quiet. */
  writeQuiet(unit: FloatUnit, i: number, slot: number): void;
  /** Set result lane i to the default NaN. */
  writeIndefinite(unit: FloatUnit, i: number): void;
  /** Is the NaN in the lane at a slot a signalling one? */
  isSignalling(unit: FloatUnit, slot: number): boolean;
  /** Set result lane i to the lane at a slot, as it is. */
  copy(unit: FloatUnit, i: number, slot: number): void;
}

const QUIET_DOUBLE = 0x80000;
const QUIET_SINGLE = 0x400000;

export const doubleLane: LaneType = {
  format: binary64,
  slots: 2,
  read: (unit, slot) => unit.D[slot >> 1]!,
  write(unit, i, value) {
    unit.doubles[i] = value;
  },
  writeQuiet(unit, i, slot) {
    unit.words[2 * i] = unit.S[slot]!;
    unit.words[2 * i + 1] = unit.S[slot + 1]! | QUIET_DOUBLE;
  },
  writeIndefinite(unit, i) {
    unit.words[2 * i] = 0;
    unit.words[2 * i + 1] = 0xfff80000 | 0;
  },
  isSignalling: (unit, slot) => (unit.S[slot + 1]! & QUIET_DOUBLE) === 0,
  copy(unit, i, slot) {
    unit.words[2 * i] = unit.S[slot]!;
    unit.words[2 * i + 1] = unit.S[slot + 1]!;
  },
};

export const singleLane: LaneType = {
  format: binary32,
  slots: 1,
  read: (unit, slot) => unit.F[slot]!,
  write(unit, i, value) {
    unit.singles[i] = value;
  },
  writeQuiet(unit, i, slot) {
    unit.words[i] = unit.S[slot]! | QUIET_SINGLE;
  },
  writeIndefinite(unit, i) {
    unit.words[i] = 0xffc00000 | 0;
  },
  isSignalling: (unit, slot) => (unit.S[slot]! & QUIET_SINGLE) === 0,
  copy(unit, i, slot) {
    unit.words[i] = unit.S[slot]!;
  },
};

/** Is x a denormal of this format? */
export function isDenormal(x: number, format: Format): boolean {
  return x !== 0 && Math.abs(x) < format.minimum;
}

/** x, or zero for a denormal where those count as zero. */
export function flushed(unit: FloatUnit, x: number, format: Format): number {
  return unit.denormalsAreZero && isDenormal(x, format) ? (x < 0 ? -0 : 0) : x;
}

/** x as the operation sees it: zero where denormals count as zero; else a denormal raises DE. */
export function operand(unit: FloatUnit, x: number, format: Format): number {
  if (!isDenormal(x, format)) return x;
  if (unit.denormalsAreZero) return x < 0 ? -0 : 0;
  unit.raise(MXCSR_DE);
  return x;
}

/** One or both lanes hold a NaN: result lane i becomes the one that the operation passes on. */
export function propagate(unit: FloatUnit, type: LaneType, i: number, first: number, second: number): void {
  const a = type.read(unit, first);
  const b = type.read(unit, second);
  const signals =
    (Number.isNaN(a) && type.isSignalling(unit, first)) || (Number.isNaN(b) && type.isSignalling(unit, second));
  if (signals) unit.raise(MXCSR_IE);
  type.writeQuiet(unit, i, Number.isNaN(a) ? first : second);
}

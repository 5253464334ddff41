/**
 * What of the state is architectural, and where two states differ in it: for runs of the same code in two tiers
 * (exec/verifier.ts, and the tests that keep processors in lockstep).
 */
import {
  BUDGET,
  EIP,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
  MODE,
  MXCSR,
  REGION_LEFT,
  RETIRED_HIGH,
  RETIRED_LOW,
  registerNames,
  SCRATCH,
  SEGMENT_ACCESS,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
  TEMPORARY,
  VECTOR_SCRATCH,
  VMM_CALL,
  X87_CONTROL,
  X87_END,
  X87_INEXACT,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_RESIDUE,
  X87_SCRATCH,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
  XMM,
} from '../abi/state.ts';
import { readEflags } from '../cpu/eflags.ts';
import { x87Status } from '../cpu/x87.ts';

/** A slot or a word that differs: its name and both values (i32). */
export interface Difference {
  readonly what: string;
  readonly left: number;
  readonly right: number;
}

const segments = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const names: ReadonlyMap<number, string> = new Map([
  ...registerNames.map((name, slot) => [slot, name] as const),
  [EIP, 'eip'],
  [MODE, 'mode'],
  ...segments.flatMap((name, i) => [
    [SELECTOR + i, name] as const,
    [SEGMENT_BASE + i, `${name}.base`] as const,
    [SEGMENT_LIMIT + i, `${name}.limit`] as const,
    [SEGMENT_ACCESS + i, `${name}.access`] as const,
  ]),
  ...lanes('r', X87_REGISTER, X87_REGISTER_SLOTS),
  ...lanes('xmm', XMM, 4),
  [X87_CONTROL, 'fcw'],
  [X87_TAGS, 'ftags'],
  [X87_TOP, 'ftop'],
  [MXCSR, 'mxcsr'],
]);

function lanes(name: string, first: number, slots: number): (readonly [number, string])[] {
  return Array.from({ length: 8 * slots }, (_, i) => [first + i, `${name}${Math.floor(i / slots)}[${i % slots}]`]);
}

/** Slots that are not architectural, or that differ in how they say the same (flags, x87 status, instructions retired). */
const apart: ReadonlySet<number> = new Set([
  ...[FLAG_RES, FLAG_AUX, FLAG_CF, FLAG_OF, BUDGET, SCRATCH, RETIRED_LOW, RETIRED_HIGH],
  ...Array.from({ length: REGION_LEFT - VMM_CALL + 1 }, (_, i) => VMM_CALL + i),
  ...Array.from({ length: MXCSR - VECTOR_SCRATCH }, (_, i) => VECTOR_SCRATCH + i),
  ...[X87_STATUS, X87_INEXACT, X87_RESIDUE, X87_RESIDUE + 1],
  ...Array.from({ length: X87_END - X87_SCRATCH }, (_, i) => X87_SCRATCH + i),
]);
const compared: readonly number[] = Array.from({ length: TEMPORARY }, (_, slot) => slot).filter(
  (slot) => !apart.has(slot),
);

/** Architectural slots in which two states differ, and EFLAGS if they do; empty when nothing does. */
export function compareStates(left: Int32Array, right: Int32Array): Difference[] {
  const found: Difference[] = [];
  for (const slot of compared) {
    if (left[slot] !== right[slot])
      found.push({ what: names.get(slot) ?? `slot ${slot}`, left: left[slot]!, right: right[slot]! });
  }
  for (const [what, read] of [
    ['eflags', readEflags],
    ['fsw', x87Status],
  ] as const) {
    const [of, other] = [read(left), read(right)];
    if (of !== other) found.push({ what, left: of, right: other });
  }
  return found;
}

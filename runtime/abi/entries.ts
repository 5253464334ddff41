/**
 * Where regions that run in one mode and with one CS base begin: two arrays by a hash of EIP, direct-mapped.
 *
 * Compiled code makes its near CALLs through `call`, which enters the callee's region as a host function. A region that
 * another one has displaced, or whose code is gone, is not found; the runtime then finds it the long way (exec/chain.ts).
 */
import { Exit } from './exit.ts';
import { EIP } from './state.ts';

/**
 * A region's code: runs from `eip`, one of its entries, until control leaves it. `depth` counts the regions that are called
 * one inside the other. The slot REGION_LEFT then holds the number of the region that was left. With a budget below zero
 * it leaves at once.
 */
export type RegionRun = (depth: number, eip: number) => Exit;

/**
 * Region `caller` makes the near CALL that is number `ordinal` of its ways out, with all state in its slots; it is itself
 * called at `depth`.
 * @returns Exit.Indirect when control has come back to `returnTo`; else what the region must return at once.
 */
export type RegionCall = (target: number, returnTo: number, depth: number, caller: number, ordinal: number) => Exit;

/** What `call` cannot do alone. */
export interface CallService {
  /** Enter the callee at EIP, which is not among the entries or too deep. @returns as RegionCall. */
  enter(caller: number, ordinal: number, depth: number): Exit;
  /** A callee has been left with `exit`, and control is not at the address after the call. @returns as RegionCall. */
  proceed(caller: number, ordinal: number, depth: number, exit: Exit): Exit;
}

export interface RegionEntries {
  /** EIPs by entryIndex; where nothing stands, an EIP that belongs elsewhere. Then the numbers of their regions. */
  readonly keys: Int32Array;
  readonly numbers: Int32Array;
  readonly runs: RegionRun[];
  readonly call: RegionCall;
}

/** Regions that may be called one inside the other. Each takes some hundred bytes of the host's stack. */
export const MAX_CALL_DEPTH = 200;
export const ENTRY_SHIFT = 12;
export const ENTRIES: number = 1 << ENTRY_SHIFT;
/** Words that keys and numbers take. */
export const ENTRY_WORDS: number = 2 * ENTRIES;

export function entryIndex(eip: number): number {
  return (eip ^ (eip >>> ENTRY_SHIFT)) & (ENTRIES - 1);
}

/** Let no entry be found. */
export function clearKeys(keys: Int32Array): void {
  for (let index = 0; index < ENTRIES; index++) keys[index] = emptyKey(index);
}

/** What stands where nothing does: its index is another one. */
function emptyKey(index: number): number {
  return index ^ 1;
}

/** Different functions that `call` has called before the first region: V8 must not take the first one for the only one. */
const strangers: readonly RegionRun[] = [
  () => Exit.Indirect,
  () => Exit.Indirect,
  () => Exit.Indirect,
  () => Exit.Indirect,
  () => Exit.Indirect,
];

/** @param words ENTRY_WORDS words for keys and numbers. */
export function createEntries(state: Int32Array, service: CallService, words: Int32Array): RegionEntries {
  const S = state;
  const keys = words.subarray(0, ENTRIES);
  const numbers = words.subarray(ENTRIES);
  clearKeys(keys);
  const runs = new Array<RegionRun>(ENTRIES).fill(strangers[0]!);
  /** Where V8 inlines it, it has one feedback for all calls of all regions; theirs would be poor, and make it inline regions. */
  const call: RegionCall = (target, returnTo, depth, caller, ordinal) => {
    const index = entryIndex(target);
    let exit: Exit;
    if (keys[index] === target && depth < MAX_CALL_DEPTH) exit = runs[index]!(depth + 1, target);
    else {
      S[EIP] = target;
      exit = service.enter(caller, ordinal, depth);
    }
    return exit === Exit.Indirect && S[EIP] === returnTo ? exit : service.proceed(caller, ordinal, depth, exit);
  };
  const entries: RegionEntries = { keys, numbers, runs, call };
  const eip = S[EIP]!;
  S[EIP] = 0;
  for (const stranger of strangers) {
    addEntry(entries, 0, stranger, 0);
    call(0, 0, 0, 0, 0);
    removeEntry(entries, 0, stranger);
  }
  S[EIP] = eip;
  return entries;
}

export function addEntry({ keys, numbers, runs }: RegionEntries, eip: number, run: RegionRun, number: number): void {
  const index = entryIndex(eip);
  runs[index] = run;
  numbers[index] = number;
  keys[index] = eip;
}

/** Forget an entry, unless another region has taken its place. */
export function removeEntry({ keys, runs }: RegionEntries, eip: number, run: RegionRun): void {
  const index = entryIndex(eip);
  if (runs[index] === run) keys[index] = emptyKey(index);
}

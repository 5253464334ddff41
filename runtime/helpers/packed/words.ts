/** Helpers of the operators that abi/packed-words.ts states for one word: applied to two or four of them. */
import type { PackedName } from '../../abi/packed.ts';
import {
  type PackedShift,
  type PackedWord,
  packedShifts,
  packedWords,
  type WideWord,
  wideWords,
} from '../../abi/packed-words.ts';

type Names = `${PackedWord | PackedShift}${64 | 128}` | `${WideWord}128`;
type Helper = (a: number, b: number) => number;

/** The helpers that work word by word. */
export function wordHelpers(S: Int32Array): Pick<Readonly<Record<PackedName, Helper>>, Names> {
  const helpers: [string, Helper][] = [];
  for (const [name, operator] of Object.entries({ ...packedWords, ...wideWords })) {
    helpers.push([`${name}64`, onSlots64(S, operator)], [`${name}128`, onSlots128(S, operator)]);
  }
  for (const [name, shift] of Object.entries(packedShifts)) {
    helpers.push([`${name}64`, byCount(S, shift, 2)], [`${name}128`, byCount(S, shift, 4)]);
  }
  return Object.fromEntries(helpers) as Pick<Record<PackedName, Helper>, Names>;
}

function onSlots64(S: Int32Array, operator: Helper): Helper {
  return (to, from) => {
    S[to] = operator(S[to]!, S[from]!);
    S[to + 1] = operator(S[to + 1]!, S[from + 1]!);
    return 0;
  };
}

function onSlots128(S: Int32Array, operator: Helper): Helper {
  return (to, from) => {
    S[to] = operator(S[to]!, S[from]!);
    S[to + 1] = operator(S[to + 1]!, S[from + 1]!);
    S[to + 2] = operator(S[to + 2]!, S[from + 2]!);
    S[to + 3] = operator(S[to + 3]!, S[from + 3]!);
    return 0;
  };
}

function byCount(S: Int32Array, shift: Helper, words: number): Helper {
  return (slot, count) => {
    for (let i = slot; i < slot + words; i++) S[i] = shift(S[i]!, count);
    return 0;
  };
}

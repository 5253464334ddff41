/** POPF at CPL 3 with IOPL 0. */
import { MODE_ALIGNED, MODE_TRAP } from '../../abi/mode.ts';
import {
  EFLAGS_AC,
  EFLAGS_AF,
  EFLAGS_CF,
  EFLAGS_DF,
  EFLAGS_ID,
  EFLAGS_NT,
  EFLAGS_OF,
  EFLAGS_PF,
  EFLAGS_RF,
  EFLAGS_SF,
  EFLAGS_TF,
  EFLAGS_ZF,
  EIP,
  ESP,
  MODE,
} from '../../abi/state.ts';
import { readEflags, writeEflags } from '../../cpu/eflags.ts';
import type { VmmPart } from '../table.ts';
import type { UserVmmContext } from './context.ts';

/** Flags that a process may set and clear (SDM vol. 2B, POPF, table 4-16). */
const CHANGEABLE =
  EFLAGS_CF |
  EFLAGS_PF |
  EFLAGS_AF |
  EFLAGS_ZF |
  EFLAGS_SF |
  EFLAGS_TF |
  EFLAGS_DF |
  EFLAGS_OF |
  EFLAGS_NT |
  EFLAGS_AC |
  EFLAGS_ID;

/** Take from `image` the flags that may change; with `size` 16 only those of the low word. RF ends up clear. */
export function setUserFlags(S: Int32Array, image: number, size: number): void {
  const mask = size === 16 ? CHANGEABLE & 0xffff : CHANGEABLE;
  const flags = (readEflags(S) & ~(mask | EFLAGS_RF)) | (image & mask);
  writeEflags(S, flags);
  let mode = S[MODE]! & ~(MODE_TRAP | MODE_ALIGNED);
  if (flags & EFLAGS_TF) mode |= MODE_TRAP;
  // Linux sets CR0.AM.
  if (flags & EFLAGS_AC) mode |= MODE_ALIGNED;
  S[MODE] = mode;
}

export function flagCalls({ state: S }: UserVmmContext): VmmPart<'popFlags'> {
  return {
    popFlags(_at, next, image, size, esp) {
      setUserFlags(S, image, size);
      S[ESP] = esp;
      S[EIP] = next;
      return undefined;
    },
  };
}

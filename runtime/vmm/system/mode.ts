/** EFLAGS, CPL and the mode bits that follow from them: the writes after which blocks of another mode run. */
import { MODE_ALIGNED, MODE_BREAKPOINT, MODE_TRAP, MODE_USER, MODE_VM86 } from '../../abi/mode.ts';
import {
  CPL,
  CR0,
  CS,
  EFLAGS_AC,
  EFLAGS_DF,
  EFLAGS_ID,
  EFLAGS_IF,
  EFLAGS_IOPL,
  EFLAGS_NT,
  EFLAGS_RF,
  EFLAGS_SYSTEM,
  EFLAGS_TF,
  EFLAGS_VIF,
  EFLAGS_VIP,
  EFLAGS_VM,
  MODE,
} from '../../abi/state.ts';
import { readEflags, writeEflags } from '../../cpu/eflags.ts';
import { type Descriptor, loadSegmentRegister } from '../../cpu/segment.ts';

/** CR0: alignment mask. */
export const CR0_AM: number = 1 << 18;
/** CF PF AF ZF SF OF. */
const STATUS = 0x8d5;
/** Flags that any program may write. */
export const USER_FLAGS: number = STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID;
/** Every defined flag but VM. */
export const ALL_FLAGS: number = USER_FLAGS | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_RF | EFLAGS_VIF | EFLAGS_VIP;

/** I/O privilege level. */
export function ioPrivilege(S: Int32Array): number {
  return (S[EFLAGS_SYSTEM]! >> 12) & 3;
}

/** Take the flags in `mask` from `image`; TF and VM change the mode. */
export function setFlags(S: Int32Array, image: number, mask: number): void {
  writeEflags(S, (readEflags(S) & ~mask) | (image & mask));
  refreshFlagMode(S);
}

/** Change flags that are not status flags. */
export function setSystemFlags(S: Int32Array, image: number, mask: number): void {
  S[EFLAGS_SYSTEM] = (S[EFLAGS_SYSTEM]! & ~mask) | (image & mask);
  refreshFlagMode(S);
}

function refreshFlagMode(S: Int32Array): void {
  // RF matters to breakpoints only, and who honours them clears it again after one instruction.
  if ((S[MODE]! & MODE_BREAKPOINT) === 0) S[EFLAGS_SYSTEM]! &= ~EFLAGS_RF;
  const flags = S[EFLAGS_SYSTEM]!;
  let mode = S[MODE]! & ~(MODE_TRAP | MODE_VM86);
  if (flags & EFLAGS_TF) mode |= MODE_TRAP;
  if (flags & EFLAGS_VM) mode |= MODE_VM86;
  S[MODE] = mode;
  refreshAlignment(S);
}

/** Let the mode say whether alignment is checked: CR0, EFLAGS or the privilege level changed. */
export function refreshAlignment(S: Int32Array): void {
  const checked = S[CPL] === 3 && (S[CR0]! & CR0_AM) !== 0 && (S[EFLAGS_SYSTEM]! & EFLAGS_AC) !== 0;
  S[MODE] = checked ? S[MODE]! | MODE_ALIGNED : S[MODE]! & ~MODE_ALIGNED;
}

/** Set the privilege level; a load of CS follows and completes the mode bits. */
export function setPrivilege(S: Int32Array, cpl: number): void {
  S[CPL] = cpl;
  S[MODE] = cpl === 3 ? S[MODE]! | MODE_USER : S[MODE]! & ~MODE_USER;
  refreshAlignment(S);
}

/** Load CS for a privilege level, which becomes the selector's RPL. */
export function enterCode(S: Int32Array, selector: number, descriptor: Descriptor, cpl: number): void {
  setPrivilege(S, cpl);
  loadSegmentRegister(S, CS, (selector & ~3) | cpl, descriptor);
}

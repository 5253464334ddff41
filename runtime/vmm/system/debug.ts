/**
 * Debug registers: MOV from and to DRn, and what armed breakpoints do to the mode.
 *
 * Source: SDM vol. 3B chapter 18; vol. 2B, MOV. DR4 and DR5 are DR6 and DR7 unless CR4.DE is set.
 */
import { MODE_BREAKPOINT } from '../../abi/mode.ts';
import { CPL, CR4, DR0, DR6, DR7, EIP, MODE } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { CR4_DE } from './control.ts';

/** DR6: an access to a debug register was refused; the fixed bits. */
const DR6_BD = 1 << 13;
export const DR6_FIXED: number = 0xffff0ff0 | 0;
const DR6_WRITABLE = 0xe00f;
/** DR7: enables of the four breakpoints, general detect; the fixed bit. */
const DR7_ENABLES = 0xff;
export const DR7_GD: number = 1 << 13;
export const DR7_FIXED: number = 1 << 10;
const DR7_WRITABLE = 0xffff23ff | 0;

export function debugCalls(processor: Processor): VmmPart<'readDebug' | 'writeDebug'> {
  const { state: S, fault } = processor;
  /** Slot of a debug register. @throws GuestFault #GP, #UD, #DB. */
  const slotOf = (number: number): number => {
    const aliased = number === 4 || number === 5;
    if (aliased && S[CR4]! & CR4_DE) fault.raise(Vector.UD);
    if (S[CPL] !== 0) fault.raise(Vector.GP);
    if (S[DR7]! & DR7_GD) {
      S[DR6]! |= DR6_BD;
      fault.raise(Vector.DB);
    }
    return DR0 + (aliased ? number + 2 : number);
  };
  return {
    readDebug(_at, next, number, register) {
      S[register] = S[slotOf(number)]!;
      S[EIP] = next;
      return undefined;
    },
    writeDebug(_at, next, number, register) {
      const slot = slotOf(number);
      const value = S[register]!;
      if (slot === DR6) S[DR6] = (value & DR6_WRITABLE) | DR6_FIXED;
      else if (slot === DR7) S[DR7] = (value & DR7_WRITABLE) | DR7_FIXED;
      else S[slot] = value;
      refreshBreakpoints(processor);
      S[EIP] = next;
      return undefined;
    },
  };
}

/** Let the mode say whether breakpoints are armed: DR7 or an address changed. */
export function refreshBreakpoints({ state: S, memory }: Processor): void {
  const armed = (S[DR7]! & DR7_ENABLES) !== 0;
  if (armed || S[MODE]! & MODE_BREAKPOINT) memory.flush(false);
  S[MODE] = armed ? S[MODE]! | MODE_BREAKPOINT : S[MODE]! & ~MODE_BREAKPOINT;
}

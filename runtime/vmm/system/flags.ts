/**
 * CLI, STI, POPF, and PUSHF of virtual-8086 mode: what IOPL and the virtual interrupt flag make of them.
 *
 * Source: SDM vol. 2A, 2B (tables under CLI, STI, POPF), vol. 3A §20.3.3 and §20.4 (VME and protected-mode virtual
 * interrupts).
 */
import { MODE_PROTECTED, MODE_SHADOW, MODE_VM86 } from '../../abi/mode.ts';
import {
  CPL,
  CR4,
  EFLAGS_IF,
  EFLAGS_IOPL,
  EFLAGS_RF,
  EFLAGS_SYSTEM,
  EFLAGS_TF,
  EFLAGS_VIF,
  EFLAGS_VIP,
  EFLAGS_VM,
  EIP,
  ESP,
  MODE,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { readEflags } from '../../cpu/eflags.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { CR4_PVI, CR4_VME } from './control.ts';
import { ioPrivilege, setFlags, setSystemFlags, USER_FLAGS } from './mode.ts';

type Calls = 'clearInterruptFlag' | 'setInterruptFlag' | 'popFlags' | 'pushFlags';

/** The image that virtual-8086 programs with virtual interrupts see: IOPL 3, and VIF in the place of IF. */
export function virtualImage(S: Int32Array): number {
  const flags = readEflags(S);
  return (flags & ~EFLAGS_IF) | EFLAGS_IOPL | (flags & EFLAGS_VIF ? EFLAGS_IF : 0);
}

/**
 * Set VIF from the IF of an image that a virtual-8086 program pops while IOPL forbids it IF itself, and what else it
 * may set. @throws GuestFault #GP when that would need the monitor.
 */
export function popVirtualFlags({ state: S, fault }: Processor, image: number): void {
  if (image & EFLAGS_TF || (image & EFLAGS_IF && S[EFLAGS_SYSTEM]! & EFLAGS_VIP)) fault.raise(Vector.GP);
  setFlags(S, image, USER_FLAGS & 0xffff);
  setSystemFlags(S, image & EFLAGS_IF ? EFLAGS_VIF : 0, EFLAGS_VIF);
}

export function flagCalls(processor: Processor): VmmPart<Calls> {
  const { state: S, fault, stack } = processor;
  /** May this program change IF? In real-address mode CPL is 0. */
  const ownsInterrupts = (): boolean => S[CPL]! <= ioPrivilege(S);
  /** Does it have a virtual interrupt flag instead? @throws GuestFault #GP if not. */
  const useVirtual = (): void => {
    const vm86 = (S[MODE]! & MODE_VM86) !== 0;
    if (S[CPL] !== 3 || (S[CR4]! & (vm86 ? CR4_VME : CR4_PVI)) === 0) fault.raise(Vector.GP);
  };
  return {
    clearInterruptFlag(_at, next) {
      if (ownsInterrupts()) S[EFLAGS_SYSTEM]! &= ~EFLAGS_IF;
      else {
        useVirtual();
        S[EFLAGS_SYSTEM]! &= ~EFLAGS_VIF;
      }
      S[EIP] = next;
      return undefined;
    },
    setInterruptFlag(_at, next) {
      if (ownsInterrupts()) {
        // The instruction after STI still runs undisturbed.
        if ((S[EFLAGS_SYSTEM]! & EFLAGS_IF) === 0) S[MODE]! |= MODE_SHADOW;
        S[EFLAGS_SYSTEM]! |= EFLAGS_IF;
      } else {
        useVirtual();
        if (S[EFLAGS_SYSTEM]! & EFLAGS_VIP) fault.raise(Vector.GP);
        S[EFLAGS_SYSTEM]! |= EFLAGS_VIF;
      }
      S[EIP] = next;
      return undefined;
    },
    popFlags(_at, next, image, size, esp) {
      const vm86 = (S[MODE]! & MODE_VM86) !== 0;
      if (vm86 && ioPrivilege(S) < 3) {
        if (size !== 16 || (S[CR4]! & CR4_VME) === 0) fault.raise(Vector.GP);
        popVirtualFlags(processor, image);
      } else {
        let mask = USER_FLAGS;
        if (ownsInterrupts()) mask |= EFLAGS_IF;
        if (S[CPL] === 0 || (S[MODE]! & MODE_PROTECTED) === 0) mask |= EFLAGS_IOPL;
        setFlags(S, image & ~EFLAGS_RF, size === 16 ? mask & 0xffff : mask | EFLAGS_RF);
      }
      S[ESP] = esp;
      S[EIP] = next;
      return undefined;
    },
    pushFlags(_at, next, size) {
      let image = readEflags(S) & ~(EFLAGS_VM | EFLAGS_RF);
      if (ioPrivilege(S) < 3) {
        if (size !== 16 || (S[CR4]! & CR4_VME) === 0) fault.raise(Vector.GP);
        image = virtualImage(S);
      }
      stack.useCurrent();
      stack.push(image, size);
      S[ESP] = stack.pointer;
      S[EIP] = next;
      return undefined;
    },
  };
}

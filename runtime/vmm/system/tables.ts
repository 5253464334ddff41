/**
 * Descriptor table registers, LDTR and TR, and the machine status word: LGDT, LIDT, LLDT, LTR, SGDT, SIDT, SLDT, STR,
 * SMSW.
 *
 * The stores are sensitive but not privileged: every program sees the real registers. Source: SDM vol. 2A, 2B.
 */
import {
  CPL,
  CR0,
  EIP,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  LDTR,
  SYSTEM_ACCESS,
  TR,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { VmmPart, VmmResult } from '../table.ts';
import type { Processor } from './context.ts';
import { FetchedDescriptor, SystemType, selectorError } from './descriptor.ts';
import { setSystemRegister } from './task.ts';

type Calls = 'loadGdt' | 'loadIdt' | 'loadLdt' | 'loadTask' | 'storeGdt' | 'storeIdt' | 'storeSystem';

export function tableCalls({ state: S, memory, fault, descriptors }: Processor): VmmPart<Calls> {
  const found = new FetchedDescriptor();
  const privileged = (): void => {
    if (S[CPL] !== 0) fault.raise(Vector.GP);
  };
  /** With operand size 16 the base has 24 bits. */
  const load = (base: number, limit: number, la: number, size: number, next: number): VmmResult => {
    privileged();
    const newLimit = memory.read16(la) & 0xffff;
    const newBase = memory.read32((la + 2) | 0);
    S[limit] = newLimit;
    S[base] = size === 16 ? newBase & 0xffffff : newBase;
    S[EIP] = next;
    return undefined;
  };
  const store = (base: number, limit: number, la: number, next: number): VmmResult => {
    memory.probeWrite((la + 2) | 0, 32);
    memory.write16(la, S[limit]!);
    memory.write32((la + 2) | 0, S[base]!);
    S[EIP] = next;
    return undefined;
  };
  return {
    loadGdt: (_at, next, la, size) => load(GDTR_BASE, GDTR_LIMIT, la, size, next),
    loadIdt: (_at, next, la, size) => load(IDTR_BASE, IDTR_LIMIT, la, size, next),
    storeGdt: (_at, next, la) => store(GDTR_BASE, GDTR_LIMIT, la, next),
    storeIdt: (_at, next, la) => store(IDTR_BASE, IDTR_LIMIT, la, next),
    loadLdt(_at, next, selector) {
      privileged();
      const error = selectorError(selector);
      if (error === 0) S[LDTR + SYSTEM_ACCESS] = 0;
      else {
        if (selector & 4 || !descriptors.fetch(selector, found)) fault.raise(Vector.GP, error);
        if (found.type !== SystemType.Ldt) fault.raise(Vector.GP, error);
        if (!found.isPresent) fault.raise(Vector.NP, error);
        setSystemRegister(S, LDTR, selector, found);
      }
      S[LDTR] = selector;
      S[EIP] = next;
      return undefined;
    },
    loadTask(_at, next, selector) {
      privileged();
      const error = selectorError(selector);
      if (selector & 4 || !descriptors.fetch(selector, found)) fault.raise(Vector.GP, error);
      if ((found.type & ~8) !== SystemType.AvailableTask16) fault.raise(Vector.GP, error);
      if (!found.isPresent) fault.raise(Vector.NP, error);
      descriptors.markBusy(selector, true);
      setSystemRegister(S, TR, selector, found);
      S[TR + SYSTEM_ACCESS]! |= SystemType.BusyTask16;
      S[EIP] = next;
      return undefined;
    },
    storeSystem(_at, next, which, register, la, size) {
      const value = which === 0 ? S[LDTR]! : which === 1 ? S[TR]! : S[CR0]!;
      if (register < 0) memory.write16(la, value);
      else S[register] = size === 16 ? (S[register]! & ~0xffff) | (value & 0xffff) : value;
      S[EIP] = next;
      return undefined;
    },
  };
}

/** HLT, CPUID, and what no model has: MONITOR and MWAIT, and instructions without a call of their own. */
import { APIC_BASE, CPL, EAX, EBX, ECX, EDX, EIP } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { CPUID_APIC, cpuid } from '../../cpu/cpuid.ts';
import type { VmmPart, VmmStop } from '../table.ts';
import type { Processor } from './context.ts';

type Calls = 'halt' | 'cpuid' | 'monitor' | 'undefined';

const APIC_ENABLED = 1 << 11;
const halted: VmmStop = { kind: 'halt' };

export function queryCalls({ state: S, fault, model }: Processor): VmmPart<Calls> {
  const unknown = (): never => fault.raise(Vector.UD);
  return {
    halt(_at, next) {
      if (S[CPL] !== 0) fault.raise(Vector.GP);
      S[EIP] = next;
      return halted;
    },
    cpuid(_at, next) {
      const leaf = S[EAX]!;
      const [eax, ebx, ecx, edx] = cpuid(model, leaf, S[ECX]!);
      S[EAX] = eax;
      S[EBX] = ebx;
      S[ECX] = ecx;
      // The local APIC is claimed as long as it is enabled.
      S[EDX] = leaf === 1 && (S[APIC_BASE]! & APIC_ENABLED) === 0 ? edx & ~CPUID_APIC : edx;
      S[EIP] = next;
      return undefined;
    },
    monitor: unknown,
    undefined: unknown,
  };
}

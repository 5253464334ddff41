/** Questions that a process may ask of the processor: CPUID, and the system registers that can be read without UMIP. */
import { EAX, EBX, ECX, EDX, EIP } from '../../abi/state.ts';
import { cpuid } from '../../cpu/cpuid.ts';
import { cpuModels } from '../../cpu/model.ts';
import type { VmmPart, VmmResult } from '../table.ts';
import type { UserVmmContext } from './context.ts';

/** What SGDT, SIDT, SLDT, STR and SMSW show of a 32-bit Linux kernel, which maps its tables near the top. */
const GDT = { base: 0xff400000 | 0, limit: 0xff };
const IDT = { base: 0xffbfe000 | 0, limit: 0x7ff };
const LDTR = 0;
const TR = 0x80;
/** PE MP ET NE WP AM PG. */
const MACHINE_STATUS = 0x80050033 | 0;
const systemRegisters: readonly number[] = [LDTR, TR, MACHINE_STATUS];

type Calls = 'cpuid' | 'storeGdt' | 'storeIdt' | 'storeSystem';

export function queryCalls({ state: S, memory, model = cpuModels.max }: UserVmmContext): VmmPart<Calls> {
  const storeTable = (la: number, { base, limit }: typeof GDT, next: number): VmmResult => {
    memory.probeWrite(la + 2, 32);
    memory.write16(la, limit);
    memory.write32(la + 2, base);
    S[EIP] = next;
    return undefined;
  };
  return {
    cpuid(_at, next) {
      const [eax, ebx, ecx, edx] = cpuid(model, S[EAX]!, S[ECX]!);
      S[EAX] = eax;
      S[EBX] = ebx;
      S[ECX] = ecx;
      S[EDX] = edx;
      S[EIP] = next;
      return undefined;
    },
    storeGdt: (_at, next, la) => storeTable(la, GDT, next),
    storeIdt: (_at, next, la) => storeTable(la, IDT, next),
    storeSystem(_at, next, which, register, la, size) {
      const value = systemRegisters[which]!;
      if (register < 0) memory.write16(la, value);
      else S[register] = size === 16 ? (S[register]! & ~0xffff) | (value & 0xffff) : value;
      S[EIP] = next;
      return undefined;
    },
  };
}

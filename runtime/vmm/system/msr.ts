/**
 * Model-specific registers, the time-stamp and performance counters: RDMSR, WRMSR, RDPMC.
 *
 * Those that do something have slots; memory types and the like are stored, checked as the manual says, and have no
 * effect, for there are no caches. Any other number raises #GP(0). Source: SDM vol. 4; vol. 3A §12.11 (MTRRs), §12.12
 * (PAT); vol. 2B RDMSR, WRMSR, RDPMC.
 */
import { APIC_BASE, CPL, EAX, ECX, EDX, EFER, EIP, SYSENTER_CS, SYSENTER_EIP, SYSENTER_ESP } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { CPUID_NX } from '../../cpu/cpuid.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';

const IA32_TSC = 0x10;
const IA32_APIC_BASE = 0x1b;
const IA32_EFER = 0xc0000080 | 0;
const IA32_MTRRCAP = 0xfe;
const IA32_PAT = 0x277;
const IA32_MTRR_DEF_TYPE = 0x2ff;
const MTRR_VARIABLE = 0x200;
const MTRR_VARIABLE_COUNT = 8;
const MTRR_FIXED = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
const EFER_NXE = 1 << 11;
/** Enable, bootstrap processor; the base is a page of 36 bits. */
const APIC_WRITABLE = 0xfffff900 | 0;
/** PAT after reset: WB WT UC- UC twice. */
const PAT_LOW = 0x00070406;

/** Registers that only keep what is written: number, value after reset. */
const stored: readonly (readonly [number: number, low: number, high?: number])[] = [
  [0x8b, 0, 1], // BIOS_SIGN_ID: microcode revision
  [0x17a, 0], // MCG_STATUS
  [0x1d9, 0], // DEBUGCTL
  [0x1a0, 1], // MISC_ENABLE: fast strings
  [IA32_PAT, PAT_LOW, PAT_LOW],
  [IA32_MTRR_DEF_TYPE, 0],
  ...MTRR_FIXED.map((number): [number, number] => [number, 0]),
  ...Array.from({ length: 2 * MTRR_VARIABLE_COUNT }, (_, i): [number, number] => [MTRR_VARIABLE + i, 0]),
];
/** Registers that always read the same and refuse writes: number, value. */
const fixed: ReadonlyMap<number, number> = new Map([
  // Variable ranges, fixed ranges, write combining.
  [IA32_MTRRCAP, MTRR_VARIABLE_COUNT | (1 << 8) | (1 << 10)],
  [0x17, 0], // PLATFORM_ID
  [0x2a, 0], // EBL_CR_POWERON
  [0x179, 0], // MCG_CAP: no banks of machine-check registers
]);

/** Memory types: uncacheable, write combining, write through, write protected, write back; PAT also has UC-. */
const isMemoryType = (type: number): boolean => type === 0 || type === 1 || (type >= 4 && type <= 6);
const isPatType = (type: number): boolean => isMemoryType(type) || type === 7;
const everyByte = (low: number, high: number, test: (type: number) => boolean): boolean => {
  for (let shift = 0; shift < 32; shift += 8) {
    if (!test((low >>> shift) & 0xff) || !test((high >>> shift) & 0xff)) return false;
  }
  return true;
};

/** May a stored register have this value? */
function isValid(number: number, low: number, high: number): boolean {
  if (number === IA32_PAT) return everyByte(low, high, isPatType);
  if (number === IA32_MTRR_DEF_TYPE) return (low & ~0xcff) === 0 && high === 0 && isMemoryType(low & 0xff);
  if (MTRR_FIXED.includes(number)) return everyByte(low, high, isMemoryType);
  if (number >= MTRR_VARIABLE && number < MTRR_VARIABLE + 2 * MTRR_VARIABLE_COUNT) {
    const isMask = (number & 1) !== 0;
    return isMask ? (low & 0x7ff) === 0 : (low & 0xf00) === 0 && isMemoryType(low & 0xff);
  }
  return true;
}

type Calls = 'readMsr' | 'writeMsr' | 'readPmc';

export interface ModelSpecificRegisters {
  readonly calls: VmmPart<Calls>;
  /** Values after reset. */
  reset(): void;
}

export function createMsrs(processor: Processor): ModelSpecificRegisters {
  const { state: S, fault, timestamp, model } = processor;
  const words = new Map<number, Int32Array>();
  const hasNx = (model.features.extendedEdx & CPUID_NX) !== 0;
  const slots: ReadonlyMap<number, number> = new Map([
    [0x174, SYSENTER_CS],
    [0x175, SYSENTER_ESP],
    [0x176, SYSENTER_EIP],
    [IA32_APIC_BASE, APIC_BASE],
    [IA32_EFER, EFER],
  ]);
  const reset = (): void => {
    for (const [number, low, high = 0] of stored) words.set(number, Int32Array.of(low, high));
  };
  reset();

  const give = (low: number, high: number): void => {
    S[EAX] = low;
    S[EDX] = high;
  };
  const read = (number: number): void => {
    const slot = slots.get(number);
    const word = words.get(number);
    if (slot !== undefined) give(S[slot]!, 0);
    else if (word !== undefined) give(word[0]!, word[1]!);
    else if (number === IA32_TSC) {
      const ticks = timestamp.read();
      give(ticks | 0, Math.floor(ticks / 0x1_0000_0000) | 0);
    } else {
      give(fixed.get(number) ?? fault.raise(Vector.GP), 0);
    }
  };
  const write = (number: number, low: number, high: number): void => {
    const slot = slots.get(number);
    const word = words.get(number);
    if (number === IA32_APIC_BASE) {
      if (low & ~APIC_WRITABLE || high & ~0xf) fault.raise(Vector.GP);
      S[APIC_BASE] = low;
      processor.onApicBase?.();
    } else if (number === IA32_EFER) {
      if (!hasNx || low & ~EFER_NXE || high !== 0) fault.raise(Vector.GP);
      S[EFER] = low;
      processor.memory.flush(false);
    } else if (slot !== undefined) S[slot] = low;
    else if (word !== undefined) {
      if (!isValid(number, low, high)) fault.raise(Vector.GP);
      word[0] = low;
      word[1] = high;
    } else if (number === IA32_TSC) timestamp.write((high >>> 0) * 0x1_0000_0000 + (low >>> 0));
    else fault.raise(Vector.GP);
  };

  return {
    reset,
    calls: {
      readMsr(_at, next) {
        if (S[CPL] !== 0) fault.raise(Vector.GP);
        read(S[ECX]!);
        S[EIP] = next;
        return undefined;
      },
      writeMsr(_at, next) {
        if (S[CPL] !== 0) fault.raise(Vector.GP);
        write(S[ECX]!, S[EAX]!, S[EDX]!);
        S[EIP] = next;
        return undefined;
      },
      // No performance counters: their numbers are out of range.
      readPmc: () => fault.raise(Vector.GP),
    },
  };
}

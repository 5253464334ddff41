/**
 * CPUID: what the processor says of itself (SDM vol. 2A, CPUID).
 *
 * A model is a table of facts; the leaves are made from it. A model must claim exactly what the lifts do: a new group of
 * instructions is a new model or a bit more in one.
 */

/** Leaf 1, ECX. */
const CPUID_MOVBE = 1 << 22;
const CPUID_POPCNT = 1 << 23;
/** Leaf 1, EDX. */
const CPUID_FPU = 1 << 0;
export const CPUID_VME: number = 1 << 1;
export const CPUID_DE: number = 1 << 2;
export const CPUID_PSE: number = 1 << 3;
export const CPUID_TSC: number = 1 << 4;
const CPUID_MSR = 1 << 5;
export const CPUID_PAE: number = 1 << 6;
export const CPUID_MCE: number = 1 << 7;
const CPUID_CX8 = 1 << 8;
export const CPUID_APIC: number = 1 << 9;
const CPUID_SEP = 1 << 11;
const CPUID_MTRR = 1 << 12;
export const CPUID_PGE: number = 1 << 13;
const CPUID_MCA = 1 << 14;
const CPUID_CMOV = 1 << 15;
const CPUID_PAT = 1 << 16;
const CPUID_PSE36 = 1 << 17;
export const CPUID_FXSR: number = 1 << 24;
export const CPUID_SSE: number = 1 << 25;
/** Leaf 7, EBX. */
const CPUID_BMI1 = 1 << 3;
const CPUID_BMI2 = 1 << 8;
const CPUID_ERMS = 1 << 9;
const CPUID_ADX = 1 << 19;
/** Leaf 80000001H, ECX. */
const CPUID_LZCNT = 1 << 5;
const CPUID_PREFETCHW = 1 << 8;
/** Leaf 80000001H, EDX. */
export const CPUID_NX: number = 1 << 20;

/** One processor model. */
export interface CpuModel {
  /** Twelve characters. */
  readonly vendor: string;
  /** Signature: family 0..15, model 0..255, stepping 0..15. */
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** At most 47 characters. */
  readonly brand: string;
  /** Feature words: leaf 1 ECX and EDX, leaf 7 EBX, leaf 80000001H ECX and EDX. */
  readonly features: {
    readonly ecx: number;
    readonly edx: number;
    readonly structuredEbx: number;
    readonly extendedEcx: number;
    readonly extendedEdx: number;
  };
}

/** The integer instructions of user mode and the x87; no MMX, no SSE. Numbered as the first model that had all of them. */
export const integerModel: CpuModel = {
  vendor: 'GenuineIntel',
  family: 6,
  model: 0x3d,
  stepping: 4,
  brand: 'xlat86',
  features: {
    ecx: CPUID_MOVBE | CPUID_POPCNT,
    edx: CPUID_FPU | CPUID_TSC | CPUID_CX8 | CPUID_CMOV,
    structuredEbx: CPUID_BMI1 | CPUID_BMI2 | CPUID_ERMS | CPUID_ADX,
    extendedEcx: CPUID_LZCNT | CPUID_PREFETCHW,
    extendedEdx: 0,
  },
};

/** What the system side of every model has: paging with PAE, PSE-36, global pages and NX, VME, debug extensions, MSRs. */
const systemEdx =
  CPUID_VME |
  CPUID_DE |
  CPUID_PSE |
  CPUID_MSR |
  CPUID_PAE |
  CPUID_MCE |
  CPUID_APIC |
  CPUID_SEP |
  CPUID_MTRR |
  CPUID_PGE |
  CPUID_MCA |
  CPUID_PAT |
  CPUID_PSE36;

/** The same model in a machine of its own, where it is more than what runs processes. */
export function systemModel(model: CpuModel): CpuModel {
  const { features } = model;
  return {
    ...model,
    features: {
      ...features,
      edx: features.edx | systemEdx,
      extendedEdx: features.extendedEdx | CPUID_NX,
    },
  };
}

/** EAX, EBX, ECX, EDX. */
export type CpuidResult = readonly [number, number, number, number];

/** Width of physical addresses in bits; what page tables may hold follows from it. */
export const PHYSICAL_BITS = 36;

const HIGHEST_BASIC = 7;
const HIGHEST_EXTENDED = 0x80000008;
const nothing: CpuidResult = [0, 0, 0, 0];

/** The answer to CPUID with `leaf` in EAX and `subleaf` in ECX (both i32). */
export function cpuid(model: CpuModel, leaf: number, subleaf: number): CpuidResult {
  const number = leaf >>> 0;
  if (number >= 0x80000000 && number <= HIGHEST_EXTENDED) return extendedLeaf(model, number);
  // A number beyond the highest is answered like the highest basic one.
  return basicLeaf(model, Math.min(number, HIGHEST_BASIC), subleaf);
}

function basicLeaf(model: CpuModel, leaf: number, subleaf: number): CpuidResult {
  const { features } = model;
  switch (leaf) {
    case 0:
      return [HIGHEST_BASIC, text(model.vendor, 0), text(model.vendor, 8), text(model.vendor, 4)];
    case 1:
      return [signature(model), 0, features.ecx, features.edx];
    case 2:
      // Descriptors (table 3-12): 01 and 03 TLBs, 2C and 30 32 KiB of L1 data and code, 7D 2 MiB of L2.
      return [0x7d030101, 0, 0, 0x302c];
    case 4:
      return caches[subleaf >>> 0] ?? nothing;
    case 7:
      return subleaf === 0 ? [0, features.structuredEbx, 0, 0] : nothing;
    default:
      return nothing;
  }
}

/** Leaf 4, the caches of leaf 2 once more: type and level, ways and line size less one, sets less one. */
const caches: readonly CpuidResult[] = [
  [0x121, (7 << 22) | 63, 63, 0],
  [0x122, (7 << 22) | 63, 63, 0],
  [0x143, (7 << 22) | 63, 4095, 0],
];

function extendedLeaf(model: CpuModel, leaf: number): CpuidResult {
  const { features, brand } = model;
  switch (leaf) {
    case 0x80000000:
      return [HIGHEST_EXTENDED | 0, 0, 0, 0];
    case 0x80000001:
      return [0, 0, features.extendedEcx, features.extendedEdx];
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: {
      const from = (leaf - 0x80000002) * 16;
      return [text(brand, from), text(brand, from + 4), text(brand, from + 8), text(brand, from + 12)];
    }
    case 0x80000006:
      // L2: KiB, eight ways (6), bytes of a line.
      return [0, 0, (2048 << 16) | (6 << 12) | 64, 0];
    case 0x80000008:
      // Widths of physical and linear addresses.
      return [(32 << 8) | PHYSICAL_BITS, 0, 0, 0];
    default:
      return nothing;
  }
}

/** Leaf 1 EAX: the model's high digit stands apart. */
function signature({ family, model, stepping }: CpuModel): number {
  return ((model >> 4) << 16) | (family << 8) | ((model & 15) << 4) | stepping;
}

/** Four characters as a little-endian word, NUL beyond the end. */
function text(string: string, from: number): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | (from + i < string.length ? string.charCodeAt(from + i) : 0);
  return word;
}

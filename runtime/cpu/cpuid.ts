/**
 * CPUID: what the processor says of itself (SDM vol. 2A, CPUID).
 *
 * A model (cpu/model.ts) is a table of facts; the leaves are made from it.
 */
import type { Feature } from '../abi/feature.ts';

/** Leaf 1, EDX: the system side, and what control registers depend on. */
export const CPUID_FPU: number = 1 << 0;
export const CPUID_VME: number = 1 << 1;
export const CPUID_DE: number = 1 << 2;
export const CPUID_PSE: number = 1 << 3;
export const CPUID_TSC: number = 1 << 4;
export const CPUID_MSR: number = 1 << 5;
export const CPUID_PAE: number = 1 << 6;
export const CPUID_MCE: number = 1 << 7;
export const CPUID_APIC: number = 1 << 9;
export const CPUID_SEP: number = 1 << 11;
export const CPUID_MTRR: number = 1 << 12;
export const CPUID_PGE: number = 1 << 13;
export const CPUID_MCA: number = 1 << 14;
export const CPUID_PAT: number = 1 << 16;
export const CPUID_PSE36: number = 1 << 17;
const CPUID_CLFSH = 1 << 19;
export const CPUID_FXSR: number = 1 << 24;
export const CPUID_SSE: number = 1 << 25;
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
  /** Highest leaves; 0 for no extended ones. */
  readonly highestBasic: number;
  readonly highestExtended: number;
  /** The groups of instructions that it has. */
  readonly instructions: ReadonlySet<Feature>;
  /** Feature words: leaf 1 ECX and EDX, leaf 7 EBX, leaf 80000001H ECX and EDX. */
  readonly features: {
    readonly ecx: number;
    readonly edx: number;
    readonly structuredEbx: number;
    readonly extendedEcx: number;
    readonly extendedEdx: number;
  };
  /** Bits of leaf 1 EDX and leaf 80000001H EDX that it has besides in a machine of its own. */
  readonly system: { readonly edx: number; readonly extendedEdx: number };
}

/** EAX, EBX, ECX, EDX. */
export type CpuidResult = readonly [number, number, number, number];

/** Width of physical addresses in bits; what page tables may hold follows from it. */
export const PHYSICAL_BITS = 36;

const nothing: CpuidResult = [0, 0, 0, 0];

/** The answer to CPUID with `leaf` in EAX and `subleaf` in ECX (both i32). */
export function cpuid(model: CpuModel, leaf: number, subleaf: number): CpuidResult {
  const number = leaf >>> 0;
  if (number >= 0x80000000 && number <= model.highestExtended) return extendedLeaf(model, number);
  // A number beyond the highest is answered like the highest basic one.
  return basicLeaf(model, Math.min(number, model.highestBasic), subleaf);
}

function basicLeaf(model: CpuModel, leaf: number, subleaf: number): CpuidResult {
  const { features } = model;
  switch (leaf) {
    case 0:
      return [model.highestBasic, text(model.vendor, 0), text(model.vendor, 8), text(model.vendor, 4)];
    case 1:
      // EBX: bytes that CLFLUSH flushes, in units of 8.
      return [signature(model), features.edx & CPUID_CLFSH ? 8 << 8 : 0, features.ecx, features.edx];
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
      return [model.highestExtended | 0, 0, 0, 0];
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

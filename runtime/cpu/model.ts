/**
 * Processor models by name: which groups of instructions each has, and what CPUID says of it. Both follow from one row,
 * so that a model claims just what it executes.
 */
import type { Feature } from '../abi/feature.ts';
import {
  CPUID_APIC,
  CPUID_DE,
  CPUID_FPU,
  CPUID_MCA,
  CPUID_MCE,
  CPUID_MSR,
  CPUID_MTRR,
  CPUID_NX,
  CPUID_PAE,
  CPUID_PAT,
  CPUID_PGE,
  CPUID_PSE,
  CPUID_PSE36,
  CPUID_SEP,
  CPUID_TSC,
  CPUID_VME,
  type CpuModel,
} from './cpuid.ts';

/** Names that `--cpu` takes. */
export const cpuNames = ['486', 'pentium', 'i686', 'sse2', 'max'] as const;
export type CpuName = (typeof cpuNames)[number];

type FeatureWord = keyof CpuModel['features'];

/** Where CPUID claims each group; those without a bit follow from the family or are part of the system side. */
const featureBits: Readonly<Partial<Record<Feature, readonly [FeatureWord, number]>>> = {
  tsc: ['edx', CPUID_TSC],
  cx8: ['edx', 1 << 8],
  cmov: ['edx', 1 << 15],
  clfsh: ['edx', 1 << 19],
  mmx: ['edx', 1 << 23],
  fxsr: ['edx', 1 << 24],
  sse: ['edx', 1 << 25],
  sse2: ['edx', 1 << 26],
  sse3: ['ecx', 1 << 0],
  ssse3: ['ecx', 1 << 9],
  sse41: ['ecx', 1 << 19],
  sse42: ['ecx', 1 << 20],
  movbe: ['ecx', 1 << 22],
  popcnt: ['ecx', 1 << 23],
  bmi1: ['structuredEbx', 1 << 3],
  bmi2: ['structuredEbx', 1 << 8],
  adx: ['structuredEbx', 1 << 19],
  clflushopt: ['structuredEbx', 1 << 23],
  clwb: ['structuredEbx', 1 << 24],
  lzcnt: ['extendedEcx', 1 << 5],
  prefetchw: ['extendedEcx', 1 << 8],
};
/** Fast REP MOVSB and STOSB: no instruction of its own. */
const CPUID_ERMS = 1 << 9;

const pentium: readonly Feature[] = ['tsc', 'cx8', 'msr'];
const i686: readonly Feature[] = [...pentium, 'cmov', 'pmc', 'sep', 'hints', 'mmx', 'fxsr'];
const sse2: readonly Feature[] = [...i686, 'sse', 'sse2', 'clfsh'];
// biome-ignore format: list
const max: readonly Feature[] = [
  ...sse2, 'sse3', 'ssse3', 'sse41', 'sse42', 'popcnt', 'movbe', 'lzcnt', 'prefetchw', 'bmi1', 'bmi2', 'adx',
  'clflushopt', 'clwb',
];

const pentiumSystem = CPUID_VME | CPUID_DE | CPUID_PSE | CPUID_MSR | CPUID_MCE | CPUID_APIC;
const i686System = pentiumSystem | CPUID_PAE | CPUID_SEP | CPUID_MTRR | CPUID_PGE | CPUID_MCA | CPUID_PAT | CPUID_PSE36;

interface Facts {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly highestBasic: number;
  readonly highestExtended: number;
  readonly instructions: readonly Feature[];
  /** What the system side has besides: leaf 1 EDX, leaf 80000001H EDX. */
  readonly systemEdx: number;
  readonly systemExtendedEdx?: number;
}

function makeModel(name: CpuName, facts: Facts): CpuModel {
  const words = {
    ecx: 0,
    edx: CPUID_FPU,
    structuredEbx: name === 'max' ? CPUID_ERMS : 0,
    extendedEcx: 0,
    extendedEdx: 0,
  };
  for (const feature of facts.instructions) {
    const place = featureBits[feature];
    if (place !== undefined) words[place[0]] |= place[1];
  }
  return {
    vendor: 'GenuineIntel',
    brand: 'xlat86',
    ...facts,
    instructions: new Set(facts.instructions),
    features: words,
    system: { edx: facts.systemEdx, extendedEdx: facts.systemExtendedEdx ?? 0 },
  };
}

/** The models: a DX4, a P54C, a Pentium II, a Pentium 4, and all that there is, numbered as the first that had it. */
// biome-ignore format: table
export const cpuModels: Readonly<Record<CpuName, CpuModel>> = {
  '486':   makeModel('486',     { family: 4,  model: 8,    stepping: 0,  highestBasic: 1, highestExtended: 0,
                                  instructions: [], systemEdx: CPUID_VME }),
  pentium: makeModel('pentium', { family: 5,  model: 2,    stepping: 12, highestBasic: 1, highestExtended: 0,
                                  instructions: pentium, systemEdx: pentiumSystem }),
  i686:    makeModel('i686',    { family: 6,  model: 5,    stepping: 2,  highestBasic: 2, highestExtended: 0,
                                  instructions: i686, systemEdx: i686System }),
  sse2:    makeModel('sse2',    { family: 15, model: 2,    stepping: 9,  highestBasic: 2, highestExtended: 0x80000004,
                                  instructions: sse2, systemEdx: i686System }),
  max:     makeModel('max',     { family: 6,  model: 0x3d, stepping: 4,  highestBasic: 7, highestExtended: 0x80000008,
                                  instructions: max, systemEdx: i686System, systemExtendedEdx: CPUID_NX }),
};

/** The same model in a machine of its own, where it is more than what runs processes. */
export function systemModel(model: CpuModel): CpuModel {
  const { features, system } = model;
  return {
    ...model,
    features: {
      ...features,
      edx: features.edx | system.edx,
      extendedEdx: features.extendedEdx | system.extendedEdx,
    },
  };
}

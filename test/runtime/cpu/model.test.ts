// Models claim what they execute and execute what they claim: CPUID's feature bits against the rows that have lifts, and
// instructions of each group on each model, run on the whole processor.
import { describe, expect, test } from 'vitest';
import { type Feature, featureNames } from '../../../runtime/abi/feature.ts';
import { cpuid } from '../../../runtime/cpu/cpuid.ts';
import { cpuModels, cpuNames, systemModel } from '../../../runtime/cpu/model.ts';
import { Cpu } from '../../../src/index.ts';
import { featureOf } from '../../../translator/isa/feature.ts';
import { families } from '../../../translator/isa/index.ts';

const CODE = 0x1000;
const DATA = 0x2000;

/** One instruction of each group, with EBX at zeroed memory, and what becomes of it where the group is missing. */
const samples: Readonly<Partial<Record<Feature, string>>> = {
  tsc: '0f31',
  cx8: '0fc70b',
  cmov: '0f44c1',
  hints: '0f1f00',
  mmx: '0ffcc1',
  fxsr: '0fae03',
  sse: '0f58c1',
  sse2: '660ffcc1',
  clfsh: '0fae3b',
  sse3: 'f20ff003',
  ssse3: '660f3800c1',
  sse41: '660f3817c1',
  sse42: 'f20f38f0c1',
  popcnt: 'f30fb8c1',
  movbe: '0f38f003',
  bmi2: 'c4e26bf5c1',
  bmi1: 'c4e268f2c1',
  adx: '660f38f6c1',
};

/** Whether these bytes raise #UD. */
async function isUndefined(machine: Cpu, hex: string): Promise<boolean> {
  machine.write(CODE, Buffer.from(`${hex}cc`, 'hex'));
  machine.set('eip', CODE);
  machine.set('ebx', DATA);
  machine.set('eax', DATA);
  const stop = await machine.run({ maxInstructions: 10 });
  expect(stop.kind, hex).toBe('exception');
  return (stop as { vector: number }).vector === 6;
}

test.each(cpuNames)('%s executes what it claims, and nothing more', async (name) => {
  const machine = new Cpu({ memory: 1 << 20, cpu: name });
  machine.map(CODE, 4096);
  machine.map(DATA, 4096);
  for (const [feature, hex] of Object.entries(samples)) {
    const has = cpuModels[name].instructions.has(feature as Feature);
    expect(await isUndefined(machine, hex), feature).toBe(!has);
  }
});

test('max has every group whose instructions all have lifts', () => {
  const missing = new Map<Feature, string>();
  const present = new Set<Feature>();
  for (const [family, members] of Object.entries(families)) {
    for (const row of members) {
      const feature = featureOf(family, row);
      if (feature === undefined) continue;
      if (row.lift === undefined) missing.set(feature, row.mnemonic);
      else present.add(feature);
    }
  }
  expect([...missing]).toEqual([]);
  expect([...present].sort()).toEqual([...featureNames].sort());
  expect([...cpuModels.max.instructions].sort()).toEqual([...featureNames].sort());
});

test('where a group is missing, its opcodes mean what they meant before', async () => {
  // TZCNT and LZCNT of 0x80 are BSF and BSR on older processors: 7 either way, but LZCNT would be 24.
  for (const [name, expected] of [
    ['sse2', 7],
    ['max', 24],
  ] as const) {
    const machine = new Cpu({ memory: 1 << 20, cpu: name });
    machine.map(CODE, 4096);
    machine.write(CODE, Buffer.from('f30fbdc1cc', 'hex'));
    machine.set('eip', CODE);
    machine.set('ecx', 0x80);
    await machine.run({ maxInstructions: 10 });
    expect(machine.get('eax')).toBe(expected);
  }
});

describe('CPUID', () => {
  test.each([
    ['486', 0x480, 1, 0, 0],
    ['pentium', 0x52c, 1 | 0x10 | 0x100, 0, 0],
    ['i686', 0x652, 1 | 0x10 | 0x100 | 0x8000 | 0x1800000, 0, 0],
    ['sse2', 0xf29, 1 | 0x10 | 0x100 | 0x8000 | 0x80000 | 0x7800000, 0, 0],
    ['max', 0x306d4, 1 | 0x10 | 0x100 | 0x8000 | 0x80000 | 0x7800000, 0xd80201, (1 << 3) | (1 << 8) | (1 << 9)],
  ] as const)('of %s', (name, signature, edx, ecx, structured) => {
    const model = cpuModels[name];
    const [highest] = cpuid(model, 0, 0);
    const [eax, , leafEcx, leafEdx] = cpuid(model, 1, 0);
    expect([eax, leafEdx, leafEcx]).toEqual([signature, edx, ecx]);
    if (highest >= 7) expect(cpuid(model, 7, 0)[1]! & 0x308).toBe(structured);
    // A leaf beyond the highest is answered as the highest.
    expect(cpuid(model, 0x55, 0)).toEqual(cpuid(model, highest, 0));
  });

  test('a machine of its own has the system side of its family', () => {
    const PAE = 1 << 6;
    const SEP = 1 << 11;
    expect(systemModel(cpuModels['486']).features.edx & (PAE | SEP)).toBe(0);
    expect(systemModel(cpuModels.i686).features.edx & (PAE | SEP)).toBe(PAE | SEP);
  });
});

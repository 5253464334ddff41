// Both tiers do what the CPU did: every recorded vector through the whole processor, interpreted and compiled.
import { expect, test } from 'vitest';
import { CpuMachine } from '../support/cpu-machine.ts';
import { runFamily } from '../support/vector-report.ts';
import { isSimdFamily, vectorFamilies } from '../support/vectors.ts';

/** MMX and SSE have their own test. */
const integerFamilies = vectorFamilies().filter((family) => !isSimdFamily(family));

test.each(integerFamilies)('tier 0 does what the CPU did: %s', (family) => {
  const { cases, report } = runFamily(family, new CpuMachine('0'));
  expect(cases).toBeGreaterThan(0);
  expect(report).toBe('');
});

test.each(integerFamilies)('tier 1 does what the CPU did: %s', (family) => {
  const { cases, report } = runFamily(family, new CpuMachine('1'));
  expect(cases).toBeGreaterThan(0);
  expect(report).toBe('');
});

// MMX and SSE do what the CPU did: every recorded vector of their families through the lifts alone and through the whole
// processor in both tiers.
import { expect, test } from 'vitest';
import { CpuMachine } from '../support/cpu-machine.ts';
import { LiftMachine } from '../support/lift-machine.ts';
import { runFamily } from '../support/vector-report.ts';
import { isSimdFamily, vectorFamilies } from '../support/vectors.ts';

const families = vectorFamilies().filter(isSimdFamily);

test.each(families)('the lifts do what the CPU did: %s', (family) => {
  expect(runFamily(family, new LiftMachine()).report).toBe('');
});

test.each(families)('tier 0 does what the CPU did: %s', (family) => {
  expect(runFamily(family, new CpuMachine('0')).report).toBe('');
});

test.each(families)('tier 1 does what the CPU did: %s', (family) => {
  expect(runFamily(family, new CpuMachine('1')).report).toBe('');
});

// MMX and SSE do what the CPU did: every recorded vector of their families through the lifts alone and through the whole
// processor in both tiers. Forms whose row has no lift yet are left out.
import { expect, test } from 'vitest';
import { rows } from '../../translator/isa/index.ts';
import { CpuMachine } from '../support/cpu-machine.ts';
import { LiftMachine } from '../support/lift-machine.ts';
import { runFamily } from '../support/vector-report.ts';
import { isSimdFamily, type VectorForm, vectorFamilies } from '../support/vectors.ts';

const families = vectorFamilies().filter(isSimdFamily);
const lifted = new Set(rows.filter(({ lift }) => lift !== undefined).map(({ opcode }) => opcode));
const isLifted = ({ opcode }: VectorForm): boolean => lifted.has(opcode);

test.each(families)('the lifts do what the CPU did: %s', { timeout: 300_000 }, (family) => {
  expect(runFamily(family, new LiftMachine(), isLifted).report).toBe('');
});

test.each(families)('tier 0 does what the CPU did: %s', { timeout: 300_000 }, (family) => {
  expect(runFamily(family, new CpuMachine('0'), isLifted).report).toBe('');
});

test.each(families)('tier 1 does what the CPU did: %s', { timeout: 300_000 }, (family) => {
  expect(runFamily(family, new CpuMachine('1'), isLifted).report).toBe('');
});

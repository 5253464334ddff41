// The lifts say what the CPU does: every vector recorded on a real CPU, through decoder, lifts and the plain evaluator
// of test/support. No back end and no pass takes part, so a failure here is a wrong lift (or decoder, or builder).
import { expect, test } from 'vitest';
import { LiftMachine } from '../../support/lift-machine.ts';
import {
  checkVector,
  describeVector,
  isSimdFamily,
  layOutMemory,
  readVectors,
  strayWrites,
  type VectorCase,
  vectorFamilies,
} from '../../support/vectors.ts';

/** Failing cases that are printed in full for each form. */
const PRINTED = 2;

/** MMX and SSE have a test of their own (test/machine/simd-vectors.test.ts). */
const integerFamilies = vectorFamilies().filter((family) => !isSimdFamily(family));

test.each(integerFamilies)('the lifts do what the CPU did: %s', (family) => {
  const machine = new LiftMachine();
  layOutMemory(machine);
  const failures = new Map<string, { count: number; text: string[] }>();
  const note = (vector: VectorCase, differences: string[]): void => {
    const { mnemonic, operands, opcode, size, variant } = vector.form;
    const name = `${mnemonic} ${operands} ${opcode} ${size} ${variant}`;
    const failure = failures.get(name) ?? { count: 0, text: [] };
    failures.set(name, failure);
    if (failure.count++ < PRINTED) failure.text.push(`${describeVector(vector)}: ${differences.join('; ')}`);
  };
  let cases = 0;
  for (const vector of readVectors(family)) {
    const differences = run(vector, machine);
    if (differences.length > 0) note(vector, differences);
    cases++;
  }
  expect(cases).toBeGreaterThan(0);
  const report = [...failures].map(([name, { count, text }]) => `${name}: ${count} cases\n  ${text.join('\n  ')}`);
  expect(report.join('\n')).toBe('');
  expect(strayWrites(machine)).toEqual([]);
});

/** Differences of one case; an error of ours counts as one. */
function run(vector: VectorCase, machine: LiftMachine): string[] {
  try {
    return checkVector(vector, machine);
  } catch (error) {
    return [String(error)];
  }
}

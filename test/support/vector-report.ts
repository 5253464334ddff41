// Runs a family of recorded vectors on a machine and puts what came out different into words, form by form.
import {
  checkVector,
  describeVector,
  layOutMemory,
  readVectors,
  strayWrites,
  type VectorCase,
  type VectorForm,
  type VectorMachine,
} from './vectors.ts';

/** Failing cases that are printed in full for each form. */
const PRINTED = 2;

/** Run all cases of a family. @returns how many there were, and an empty report when all agree with the CPU. */
export function runFamily(
  family: string,
  machine: VectorMachine,
  takes: (form: VectorForm) => boolean = () => true,
): { cases: number; report: string } {
  layOutMemory(machine);
  const failures = new Map<string, { count: number; text: string[] }>();
  let cases = 0;
  for (const vector of readVectors(family)) {
    if (!takes(vector.form)) continue;
    cases++;
    const differences = run(vector, machine);
    if (differences.length === 0) continue;
    const { mnemonic, operands, opcode, size, variant } = vector.form;
    const name = `${mnemonic} ${operands} ${opcode} ${size} ${variant}`;
    const failure = failures.get(name) ?? { count: 0, text: [] };
    failures.set(name, failure);
    if (failure.count++ < PRINTED) failure.text.push(`${describeVector(vector)}: ${differences.join('; ')}`);
  }
  const lines = [...failures].map(([name, { count, text }]) => `${name}: ${count} cases\n  ${text.join('\n  ')}`);
  const stray = strayWrites(machine);
  if (stray.length > 0) lines.push(`stray writes at ${stray.map((la) => la.toString(16)).join(' ')}`);
  return { cases, report: lines.join('\n') };
}

/** Differences of one case; an error of ours counts as one. */
function run(vector: VectorCase, machine: VectorMachine): string[] {
  try {
    return checkVector(vector, machine);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? String(error)) : String(error)];
  }
}

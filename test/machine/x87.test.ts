// The x87 does what the CPU did: every recorded case (test/support/x87-recorder.c) through the lifts alone and through
// both tiers. Transcendental results are correctly rounded here, which the CPU's are not always; where they differ it is
// by the last place or C1, or for operands outside the manual's range, and the number of such cases is stated.
import { expect, test } from 'vitest';
import { CpuMachine } from '../support/cpu-machine.ts';
import { LiftMachine } from '../support/lift-machine.ts';
import { layOutMemory, type VectorMachine } from '../support/vectors.ts';
import { checkX87Case, describeX87Case, layOutForm, readX87Cases, type X87Form } from '../support/x87-cases.ts';

/** Cases of 400 each that differ from the CPU (an AMD EPYC), by instruction. */
const DIFFERENT: Readonly<Record<string, number>> = {
  f2xm1: 3,
  fyl2x: 1,
  fptan: 22,
  fpatan: 3,
  fyl2xp1: 6,
  fsincos: 1,
  fsin: 2,
  fcos: 1,
};

const machines: readonly [string, () => VectorMachine][] = [
  ['the lifts', () => new LiftMachine()],
  ['tier 0', () => new CpuMachine('0')],
  ['tier 1', () => new CpuMachine('1')],
];

test.each(machines)('x87 as on the CPU: %s', { timeout: 300_000 }, (_, make) => {
  const machine = make();
  layOutMemory(machine);
  const different: Record<string, number> = {};
  const report: string[] = [];
  let form: X87Form | undefined;
  let cases = 0;
  for (const recorded of readX87Cases()) {
    if (recorded.form !== form) layOutForm(machine, recorded.form);
    form = recorded.form;
    cases++;
    const differences = checkX87Case(recorded, machine);
    if (differences.length === 0) continue;
    if (form.name in DIFFERENT) different[form.name] = (different[form.name] ?? 0) + 1;
    else report.push(describeX87Case(recorded), ...differences);
  }
  expect(report.slice(0, 40)).toEqual([]);
  expect(different).toEqual(DIFFERENT);
  expect(cases).toBe(29434);
});

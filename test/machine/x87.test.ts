// The x87 does what the CPU did: every recorded case (test/support/x87-recorder.c) through the lifts alone, where arithmetic
// goes the general way, and through both tiers. Transcendental results are correctly rounded here, which the CPU's are not
// always; where they differ it is by one in the last place or by C1, and the number of such cases is stated.
import { expect, test } from 'vitest';
import { CpuMachine } from '../support/cpu-machine.ts';
import { LiftMachine } from '../support/lift-machine.ts';
import { layOutMemory, type VectorMachine } from '../support/vectors.ts';
import { checkX87Case, describeX87Case, layOutForm, readX87Cases, type X87Form } from '../support/x87-cases.ts';

const C1 = 0x200;

/** Cases of 400 each that differ from the CPU (an AMD EPYC), by instruction. */
const DIFFERENT: Readonly<Record<string, number>> = { f2xm1: 6, fyl2x: 5, fptan: 31, fpatan: 7, fyl2xp1: 2 };

/** Is this difference one of the last place, or of C1? */
function isSmall(difference: string): boolean {
  const [, what, cpu, here] = /^(\w+): CPU (\w+), here (\w+)$/.exec(difference) ?? [];
  if (cpu === undefined || here === undefined) return false;
  if (what === 'status') return (Number.parseInt(cpu, 16) ^ Number.parseInt(here, 16)) === C1;
  const distance = BigInt(`0x${cpu}`) - BigInt(`0x${here}`);
  return /^R[0-7]$/.test(what!) && distance >= -1n && distance <= 1n;
}

const machines: readonly [string, () => VectorMachine][] = [
  ['the lifts', () => new LiftMachine()],
  ['tier 0', () => new CpuMachine('0')],
  ['tier 1', () => new CpuMachine('1')],
];

test.each(machines)('x87 as on the CPU: %s', (_, make) => {
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
    if (form.name in DIFFERENT && differences.every(isSmall)) different[form.name] = (different[form.name] ?? 0) + 1;
    else report.push(describeX87Case(recorded), ...differences);
  }
  expect(report.slice(0, 40)).toEqual([]);
  expect(different).toEqual(DIFFERENT);
  expect(cases).toBe(54670);
});

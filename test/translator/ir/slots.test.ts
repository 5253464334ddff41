// State forwarding never changes a value: random sequences of reads and writes of whole and partial registers, once
// through the builder (which answers most reads from what it knows) and once on an array. A failure names the seed.
import { expect, it } from 'vitest';
import { MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { TEMPORARY } from '../../../runtime/abi/state.ts';
import { IrBuilder } from '../../../translator/ir/builder.ts';
import type { Part } from '../../../translator/ir/node.ts';
import { evaluate } from '../../support/evaluate.ts';
import { LiftMachine } from '../../support/lift-machine.ts';
import { operandValue, Xorshift32 } from '../../support/recorder/memory-map.ts';

const PROGRAMS = 2500;
const STEPS = 24;
const REGISTERS = 2;

/** Bits of each part: lowest and width. */
const parts: Readonly<Record<Part, readonly [low: number, width: number]>> = {
  r32: [0, 32],
  r16: [0, 16],
  r8: [0, 8],
  r8h: [8, 8],
};

function readPart(word: number, part: Part): number {
  const [low, width] = parts[part];
  return (word << (32 - low - width)) >> (32 - width);
}

function writePart(word: number, part: Part, value: number): number {
  const [low, width] = parts[part];
  const mask = (width === 32 ? -1 : (1 << width) - 1) << low;
  return (word & ~mask) | ((value << low) & mask);
}

it('reads give what was written, whole and in parts', () => {
  const machine = new LiftMachine();
  let answered = 0;
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const random = new Xorshift32(seed * 0x9e3779b1);
    const model = Int32Array.from({ length: REGISTERS }, () => operandValue(random));
    machine.state.set(model);
    const ir = new IrBuilder(MODE_FLAT_USER32);
    const expected: number[] = [];
    const steps: string[] = [];
    for (let i = 0; i < STEPS; i++) {
      const slot = random.below(REGISTERS);
      const part = (['r32', 'r16', 'r8', 'r8h'] as const)[random.below(4)]!;
      const value = ir.get(slot, part);
      expected.push(readPart(model[slot]!, part));
      ir.set(TEMPORARY + i, value);
      steps.push(`get ${slot} ${part}`);
      if (random.below(2) === 0) continue;
      // Write a value that is not cut to the part, or one read before: its upper bits must not count.
      const to = random.below(REGISTERS);
      const into = (['r32', 'r16', 'r8', 'r8h'] as const)[random.below(4)]!;
      const constant = operandValue(random);
      const copies = random.below(2) === 0;
      ir.set(to, copies ? value : ir.const(constant), into);
      model[to] = writePart(model[to]!, into, copies ? expected.at(-1)! : constant);
      steps.push(`set ${to} ${into} ${copies ? 'that' : constant}`);
    }
    evaluate({ nodes: ir.nodes, terminator: { kind: 'jump', target: 0, call: undefined } }, machine);
    const actual = Array.from(machine.state.subarray(TEMPORARY, TEMPORARY + STEPS));
    expect(actual, `seed ${seed}: ${steps.join('; ')}`).toEqual(expected);
    expect(machine.state.subarray(0, REGISTERS), `seed ${seed}`).toEqual(model);
    answered += STEPS - ir.nodes.filter(({ op }) => op === 'get').length;
  }
  // Or else nothing was forwarded.
  expect(answered).toBeGreaterThan((PROGRAMS * STEPS) / 2);
});

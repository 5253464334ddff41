// Proves the theorems of translator/ir/condition.ts: a condition or flag taken from setters in the same block (fused into
// comparisons of their operands) equals the same one read from the four flag slots after the setters have run, and both
// equal what runtime/abi/state.ts and the manual say of those slots. All kinds, one after another and conditional too,
// all condition codes, all sizes, edge and random operands.
import { describe, expect, it } from 'vitest';
import { MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, TEMPORARY } from '../../../runtime/abi/state.ts';
import { IrBuilder } from '../../../translator/ir/builder.ts';
import type { FlagName } from '../../../translator/ir/condition.ts';
import { type FlagKindName, flagKinds } from '../../../translator/ir/flags.ts';
import type { Value } from '../../../translator/ir/node.ts';
import { type EvaluationMachine, evaluate } from '../../support/evaluate.ts';
import { LiftMachine } from '../../support/lift-machine.ts';
import { operandValue, Xorshift32 } from '../../support/recorder/memory-map.ts';

const kinds = Object.keys(flagKinds) as FlagKindName[];
const flagNames: readonly FlagName[] = ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'];
const SIZES = [8, 16, 32] as const;
/** Bits that AUX may have: the corrections to SF and PF, and AF. */
const AUX_BITS = 0x8000ff10 | 0;
/** Slots where a test puts the operands of its setters: a, b, r and the condition of each. */
const INPUT = TEMPORARY;
/** Slots for results: 16 conditions, 6 flags, the image. */
const OUTPUT = TEMPORARY + 100;
const OUTPUTS = 16 + flagNames.length + 1;

const sext = (size: number, value: number): number => (value << (32 - size)) >> (32 - size);

/** Operands as lifts give them to a setter of this kind: sign-extended, the result belonging to them. */
function operandsFor(kind: FlagKindName, size: number, random: Xorshift32): [number, number, number] {
  const a = sext(size, operandValue(random));
  const b = random.below(6) === 0 ? a : sext(size, operandValue(random));
  const carry = random.below(2);
  switch (kind) {
    case 'add':
      return [a, b, sext(size, a + b)];
    case 'adc':
      return [a, b, sext(size, a + b + carry)];
    case 'sub':
      return [a, b, sext(size, a - b)];
    case 'sbb':
      return [a, b, sext(size, a - b - carry)];
    case 'logic':
      return [a, b, a & b];
    case 'inc':
      return [a, a, sext(size, a + 1)];
    case 'dec':
      return [a, a, sext(size, a - 1)];
    case 'given':
    case 'rotate':
    case 'carry':
      return [carry, operandValue(random), a];
    case 'words':
      return [operandValue(random), random.next() & AUX_BITS, a];
    case 'overflow':
      return [operandValue(random), b, b];
  }
}

/** A setter over the input slots of its ordinal. */
interface Setter {
  readonly kind: FlagKindName;
  /** Whether it is conditional. */
  readonly when: boolean;
}

function appendSetter(ir: IrBuilder, { kind, when }: Setter, ordinal: number): void {
  const input = (i: number): Value => ir.get(INPUT + ordinal * 4 + i);
  ir.flags(kind, input(0), input(1), input(2), when ? input(3) : undefined);
}

function appendOutputs(ir: IrBuilder): void {
  for (let cc = 0; cc < 16; cc++) ir.set(OUTPUT + cc, ir.condition(cc));
  for (const [i, name] of flagNames.entries()) ir.set(OUTPUT + 16 + i, ir.flag(name));
  ir.set(OUTPUT + 16 + flagNames.length, ir.statusFlags());
}

function block(fill: (ir: IrBuilder) => void): Parameters<typeof evaluate>[0] {
  const ir = new IrBuilder(MODE_FLAT_USER32);
  fill(ir);
  return { nodes: ir.nodes, terminator: { kind: 'jump', target: 0, call: undefined } };
}

/** All outputs, from the flag slots alone: runtime/abi/state.ts for the flags, SDM vol. 1 appendix B for the codes. */
function expected(state: Int32Array): number[] {
  const result = state[FLAG_RES]!;
  const aux = state[FLAG_AUX]!;
  let ones = 0;
  for (let low = (result ^ (aux >> 8)) & 255; low !== 0; low >>= 1) ones += low & 1;
  const cf = state[FLAG_CF]!;
  const pf = (ones & 1) ^ 1;
  const af = (aux >> 4) & 1;
  const zf = Number(result === 0);
  const sf = Number((result ^ aux) < 0);
  const of = Number(state[FLAG_OF]! < 0);
  const positive = [of, cf, zf, cf | zf, sf, pf, sf ^ of, (sf ^ of) | zf];
  const image = cf | (pf << 2) | (af << 4) | (zf << 6) | (sf << 7) | (of << 11);
  return [...positive.flatMap((truth) => [truth, truth ^ 1]), cf, pf, af, zf, sf, of, image];
}

/** Check one sequence of setters on `rounds` operands of each size. */
function check(setters: readonly Setter[], seed: number, rounds: number, machine: EvaluationMachine): void {
  const { state } = machine;
  const fused = block((ir) => {
    setters.forEach((setter, ordinal) => {
      appendSetter(ir, setter, ordinal);
    });
    appendOutputs(ir);
  });
  const apart = setters.map((setter, ordinal) => block((ir) => appendSetter(ir, setter, ordinal)));
  const fromSlots = block(appendOutputs);
  const outputs = (): number[] => Array.from(state.subarray(OUTPUT, OUTPUT + OUTPUTS));
  const random = new Xorshift32(seed);
  for (let round = 0; round < rounds * SIZES.length; round++) {
    const size = SIZES[round % SIZES.length]!;
    state[FLAG_RES] = operandValue(random);
    state[FLAG_AUX] = random.next() & AUX_BITS;
    state[FLAG_CF] = random.below(2);
    state[FLAG_OF] = operandValue(random);
    setters.forEach(({ kind }, i) => {
      state.set([...operandsFor(kind, size, random), random.below(3)], INPUT + i * 4);
    });
    const before = state.slice();
    for (const setter of apart) evaluate(setter, machine);
    const truth = expected(state);
    evaluate(fromSlots, machine);
    const read = outputs();
    state.set(before);
    evaluate(fused, machine);
    const compare = (how: string, actual: readonly number[]): void => {
      if (actual.every((value, i) => value === truth[i])) return;
      const names = setters.map(({ kind, when }) => (when ? `${kind}?` : kind)).join(' ');
      const inputs = before.subarray(INPUT, INPUT + setters.length * 4);
      expect(actual, `${how}: ${names}, ${size} bits, seed ${seed}, round ${round}: ${inputs}`).toEqual(truth);
    };
    compare('read from slots', read);
    compare('fused', outputs());
  }
}

describe('conditions and flags from setters in the same block', () => {
  const machine: EvaluationMachine = new LiftMachine();

  it.each(kinds)('%s alone', (kind) => {
    check([{ kind, when: false }], 1, 200, machine);
    check([{ kind, when: true }], 2, 100, machine);
  });

  it.each(kinds)('%s after each other kind', (kind) => {
    kinds.forEach((earlier, i) => {
      check([{ kind: earlier, when: false }, { kind, when: false }], 3 + i, 16, machine); // biome-ignore format: pair
      check([{ kind: earlier, when: false }, { kind, when: true }], 103 + i, 10, machine); // biome-ignore format: pair
    });
  });

  it('three in a row', () => {
    const random = new Xorshift32(7);
    for (let i = 0; i < 150; i++) {
      const setters = Array.from({ length: 3 }, () => ({
        kind: kinds[random.below(kinds.length)]!,
        when: random.below(4) === 0,
      }));
      check(setters, 200 + i, 10, machine);
    }
  });

  it.each(['sub', 'logic'] as const)('ordering and equality after %s read no flag slot', (kind) => {
    for (const cc of [2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15]) {
      const { nodes } = block((ir) => {
        appendSetter(ir, { kind, when: false }, 0);
        ir.set(OUTPUT, ir.condition(cc));
      });
      expect(
        nodes.filter((node) => node.op === 'get' && node.slot < INPUT),
        `condition ${cc}`,
      ).toEqual([]);
    }
  });
});

// Folding never changes a value: random programs of pure operators, once through the folding builder and the evaluator,
// once computed as they are written. Constants, equal operands, narrow parts and loads are frequent, since those are what
// the rules of translator/ir/fold.ts look at. A failure names the seed and the expression.
import { expect, it } from 'vitest';
import { MODE_FLAT_USER32 } from '../../../runtime/abi/mode.ts';
import { TEMPORARY } from '../../../runtime/abi/state.ts';
import { IrBuilder } from '../../../translator/ir/builder.ts';
import type { Load, MemorySize, Part, Value } from '../../../translator/ir/node.ts';
import { type PureName, pure, pureOperator } from '../../../translator/ir/pure.ts';
import { evaluate } from '../../support/evaluate.ts';
import { LiftMachine } from '../../support/lift-machine.ts';
import { operandValue, Xorshift32 } from '../../support/recorder/memory-map.ts';
import { layOutMemory } from '../../support/vectors.ts';

const PROGRAMS = 4000;
const OPERATIONS = 24;
/** Memory that loads read: anywhere in the recorder's region `scratch`. */
const MEMORY = 0x101000;

const arities: ReadonlyMap<PureName, number> = new Map(
  [pure.unary, pure.binary, { ...pure.tests }, pure.ternary].flatMap((group, i) =>
    Object.keys(group).map((name) => [name as PureName, [1, 2, 2, 3][i]!] as const),
  ),
);
const names: readonly PureName[] = [...arities.keys()];
/** Operators whose identities depend on narrowness and on truth values: drawn more often. */
const favourites: readonly PureName[] = ['sext8', 'sext16', 'zext8', 'zext16', 'and', 'or', 'xor', 'add', 'sub', 'eq', 'ne', 'select']; // biome-ignore format: list
const CONSTANTS: readonly number[] = [
  0, 1, -1, 2, 7, 8, 15, 16, 24, 31, 32, 127, 128, -128, 255, 256, 32767, -32768, 65535,
];

/** One value of a program: as the builder made it, as it should come out for given state, and as text. */
interface Term {
  readonly value: Value;
  readonly expected: () => number;
  readonly text: () => string;
}

/** An operator, and the constant on its right if it is binary. */
type Step = readonly [name: PureName, constant?: number];

function append(ir: IrBuilder, value: Value, [name, constant]: Step): Value {
  return constant === undefined ? ir.pure(name, value) : ir.pure(name, value, ir.const(constant));
}

function compute(word: number, [name, constant]: Step): number {
  return Number(pureOperator(name)(word, constant ?? 0)) | 0;
}

/** Write a random program into `ir`; `state` and memory give its leaves their values when `expected` is called. */
function randomProgram(ir: IrBuilder, random: Xorshift32, machine: LiftMachine): Term[] {
  const { state, memory } = machine;
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const leaf = (): Term => {
    const kind = random.below(8);
    if (kind < 4) {
      const value = random.below(4) === 0 ? operandValue(random) : pick(CONSTANTS);
      return { value: ir.const(value), expected: () => value, text: () => String(value) };
    }
    const slot = random.below(4);
    if (kind < 7) {
      const part = pick<Part>(['r32', 'r16', 'r8', 'r8h']);
      const cut = { r32: [0, 0], r16: [16, 16], r8: [24, 24], r8h: [16, 24] }[part] as [number, number];
      return {
        value: ir.get(slot, part),
        expected: () => (state[slot]! << cut[0]) >> cut[1],
        text: () => `slot ${slot} ${part}`,
      };
    }
    const size = pick<MemorySize>([8, 16, 32]);
    const address = MEMORY + random.below(0x1000);
    const load: Load = ir.loadLinear(size, ir.const(address));
    // As the pass does that turns a load and its zero extension into one.
    load.zero = random.below(2) === 0 && size < 32;
    const expected = (): number => {
      if (size === 32) return memory.read32(address);
      const word = size === 8 ? memory.read8(address) : memory.read16(address);
      return load.zero ? word & (size === 8 ? 255 : 65535) : word;
    };
    return { value: load, expected, text: () => `load${size}${load.zero ? 'z' : ''}` };
  };
  const terms: Term[] = Array.from({ length: 6 }, leaf);
  for (let i = 0; i < OPERATIONS; i++) {
    const name = random.below(2) === 0 ? pick(favourites) : pick(names);
    // Chains of operations with constants on the right are where most rules apply.
    const operands = Array.from({ length: arities.get(name)! }, (_, place) => {
      if (place === 0 && random.below(2) === 0) return terms.at(-1)!;
      return random.below(place === 0 ? 8 : 2) === 0 ? leaf() : pick(terms);
    });
    const operator = pureOperator(name);
    let known: number | undefined;
    terms.push({
      value: ir.pure(name, ...operands.map(({ value }) => value)),
      expected: () => (known ??= Number(operator(...operands.map(({ expected }) => expected())))),
      text: () => `${name}(${operands.map(({ text }) => text()).join(', ')})`,
    });
  }
  return terms;
}

it('folded chains of three operators have the values of the unfolded ones', () => {
  const machine = new LiftMachine();
  const narrowing: readonly PureName[] = ['sext8', 'sext16', 'zext8', 'zext16', 'not'];
  const binary: readonly PureName[] = ['and', 'or', 'xor', 'add', 'sub', 'mul', 'shl', 'shr', 'sar', 'ror', 'eq', 'ne'];
  const ends: readonly number[] = [0, 1, -1, 7, 16, 31, 255];
  for (const first of [...narrowing, 'eq'] as PureName[]) {
    for (const second of binary) {
      for (const constant of CONSTANTS) {
        const ir = new IrBuilder(MODE_FLAT_USER32);
        const one: Step = first === 'eq' ? [first, 0] : [first];
        const inner = append(ir, append(ir, ir.get(0), one), [second, constant]);
        const last = [
          ...narrowing.map((name): Step => [name]),
          ...binary.flatMap((name) => ends.map((c): Step => [name, c])),
        ];
        for (const [i, step] of last.entries()) ir.set(TEMPORARY + i, append(ir, inner, step));
        for (const word of [0, 1, 0x7fff80ff, -0x7f01, 0x12345678]) {
          machine.state[0] = word;
          evaluate({ nodes: ir.nodes, terminator: { kind: 'jump', target: 0, call: undefined } }, machine);
          const middle = compute(compute(word, one), [second, constant]);
          for (const [i, step] of last.entries()) {
            const actual = machine.state[TEMPORARY + i]!;
            const expected = compute(middle, step);
            if (actual !== expected) {
              expect.fail(`${word}: ${one}, ${second} ${constant}, ${step} is ${expected}, folded ${actual}`);
            }
          }
        }
      }
    }
  }
});

it('folded expressions have the values of the unfolded ones', () => {
  const machine = new LiftMachine();
  layOutMemory(machine);
  let folded = 0;
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const random = new Xorshift32(seed * 0x9e3779b1);
    const ir = new IrBuilder(MODE_FLAT_USER32);
    const terms = randomProgram(ir, random, machine);
    for (const [i, { value }] of terms.entries()) ir.set(TEMPORARY + i, value);
    for (let slot = 0; slot < 4; slot++) machine.state[slot] = operandValue(random);
    evaluate({ nodes: ir.nodes, terminator: { kind: 'jump', target: 0, call: undefined } }, machine);
    for (const [i, { expected, text }] of terms.entries()) {
      const actual = machine.state[TEMPORARY + i]!;
      if (actual !== (expected() | 0)) expect.fail(`seed ${seed}: ${text()} is ${expected()}, folded ${actual}`);
    }
    folded += OPERATIONS - ir.nodes.filter(({ op }) => op === 'pure').length;
  }
  // Or else the programs do not exercise what they are for.
  expect(folded).toBeGreaterThan((PROGRAMS * OPERATIONS) / 5);
});

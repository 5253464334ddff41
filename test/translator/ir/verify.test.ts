// Every block that the lifts make obeys the rules of the IR, the commit rule first of all, after the lift and after
// each pass; and the verifier sees each kind of mistake.
import { describe, expect, test } from 'vitest';
import {
  MODE_CHECK_ES,
  MODE_CODE_LIMIT,
  MODE_CODE_LIMIT_64K,
  MODE_CODE32,
  MODE_FLAT_USER32,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_TRAP,
  MODE_USER,
  MODE_VM86,
} from '../../../runtime/abi/mode.ts';
import { createDecoder, printInstruction } from '../../../translator/decode/index.ts';
import type { IrBlock } from '../../../translator/ir/block.ts';
import { IrBuilder } from '../../../translator/ir/builder.ts';
import { type Const, type Load, makeCall, makeConst, makePure, type Node } from '../../../translator/ir/node.ts';
import { verify } from '../../../translator/ir/verify.ts';
import { rows } from '../../../translator/isa/index.ts';
import type { Row } from '../../../translator/isa/row.ts';
import { lift } from '../../../translator/lift.ts';
import { optimise } from '../../../translator/passes/index.ts';
import { randomSequence, randomWords } from '../../support/objdump-sample.ts';
import { readVectors, vectorFamilies } from '../../support/vectors.ts';
import { readX87Cases } from '../../support/x87-cases.ts';

const decoder = createDecoder(rows);

/** Cases of each recorded form: they differ in values more than in bytes. */
const CASES = 12;

/** Lift and optimise what stands in `bytes` and collect every breach. @returns the rows that were lifted. */
function check(bytes: Uint8Array, mode: number, breaches: string[]): readonly Row[] {
  const code = { bytes, offset: 0, end: bytes.length, mapping: 0, crossing: () => bytes };
  const { block, instructions } = lift(decoder, code, 0x1000, mode);
  const text = (): string => `${Buffer.from(bytes).toString('hex')}: ${instructions.map(printInstruction).join('; ')}`;
  const note = (stage: string): void => {
    for (const problem of verify(block)) breaches.push(`${text()}\n  ${stage}: ${problem}`);
  };
  note('lift');
  optimise(block, { observe: note });
  return instructions.map(({ row }) => row as Row);
}

/** Every access and every jump is checked against limits. */
const LIMITED = (63 * MODE_CHECK_ES) | MODE_CODE_LIMIT | MODE_CODE_LIMIT_64K;

/** 80,000 instructions in all. */
const modes: readonly (readonly [string, number])[] = [
  ['32-bit flat user', MODE_FLAT_USER32],
  ['16-bit user with segment bases', MODE_PROTECTED | MODE_USER],
  ['16-bit code on a 32-bit stack', MODE_PROTECTED | MODE_USER | MODE_STACK32],
  ['real-address mode', 0],
  ['16-bit segments with limits', LIMITED | MODE_PROTECTED],
  ['32-bit segments with limits', LIMITED | MODE_PROTECTED | MODE_CODE32 | MODE_STACK32],
  ['virtual-8086 mode', MODE_PROTECTED | MODE_VM86 | MODE_USER],
  ['single steps', MODE_FLAT_USER32 | MODE_TRAP],
];

test.each(modes)('blocks of random instructions obey the rules: %s', (_name, mode) => {
  const next = randomWords(0x1e57 + mode);
  const breaches: string[] = [];
  let lifted = 0;
  while (lifted < 10_000) {
    const bytes = Buffer.concat(Array.from({ length: 8 }, () => randomSequence(next).subarray(0, 1 + (next() % 12))));
    lifted += Math.max(1, check(bytes, mode, breaches).length);
    if (breaches.length > 10) break;
  }
  expect(breaches).toEqual([]);
});

test('blocks of recorded instructions obey the rules, and they reach all rows but a few', () => {
  const breaches: string[] = [];
  const seen = new Set<Row>();
  const known = new Set<string>();
  for (const family of vectorFamilies()) {
    for (const { bytes, index } of readVectors(family)) {
      if (index >= CASES) continue;
      const key = Buffer.from(bytes).toString('hex');
      if (known.has(key)) continue;
      known.add(key);
      for (const row of check(bytes, MODE_FLAT_USER32, breaches)) seen.add(row);
    }
  }
  const forms = new Set([...readX87Cases()].map(({ form }) => form));
  for (const { bytes } of forms) for (const row of check(bytes, MODE_FLAT_USER32, breaches)) seen.add(row);
  const next = randomWords(77);
  for (let i = 0; i < 40_000; i++) for (const row of check(randomSequence(next), LIMITED, breaches)) seen.add(row);
  expect(breaches).toEqual([]);
  const lifted = rows.filter((row) => row.lift !== undefined);
  const missed = lifted.filter((row) => !seen.has(row)).map(({ opcode, mnemonic }) => `${opcode} ${mnemonic}`);
  expect(missed.length, missed.join(', ')).toBeLessThan(lifted.length / 50);
});

describe('the verifier finds', () => {
  const ir = (): IrBuilder => {
    const builder = new IrBuilder(MODE_FLAT_USER32);
    const bytes = Uint8Array.of(0x03, 0x03);
    const insn = decoder.decode(bytes, 0, 0, true);
    if ('fault' in insn) throw new Error('no instruction');
    builder.begin(insn);
    return builder;
  };
  const problems = (builder: IrBuilder, change?: (nodes: Node[]) => void): string[] => {
    if (builder.terminator === undefined) builder.jump(0);
    const block: IrBlock = {
      eip: 0,
      length: 2,
      instructions: builder.instructions,
      mode: builder.mode,
      nodes: builder.nodes,
      terminator: builder.terminator!,
    };
    change?.(block.nodes);
    return verify(block);
  };
  const one: Const = makeConst(1);

  test('nothing in a good block', () => {
    const builder = ir();
    const address = builder.get(3);
    const load = builder.loadLinear(32, address, true);
    const sum = builder.add(load, builder.get(0));
    builder.storeLinear(32, address, sum, load);
    builder.flags('add', load, builder.get(0), sum);
    expect(problems(builder)).toEqual([]);
  });

  test('a register written before a load', () => {
    const builder = ir();
    builder.set(0, builder.const(1));
    builder.loadLinear(32, builder.get(3));
    expect(problems(builder)).toEqual(['4 (load) can fault after 2 (set) in the same instruction']);
  });

  test('flags written before a store', () => {
    const builder = ir();
    const zero = builder.const(0);
    builder.flags('carry', zero, zero, zero);
    builder.storeLinear(32, zero, zero);
    expect(problems(builder)).toEqual(['3 (store) can fault after 2 (flags) in the same instruction']);
  });

  test('a register written before a VMM call', () => {
    const builder = ir();
    builder.set(0, builder.const(1));
    builder.vmm('cpuid');
    expect(problems(builder)).toEqual(['the VMM call cpuid can fault after 2 (set) in the same instruction']);
  });

  test('uses without a definition, in nodes and in the terminator', () => {
    const builder = ir();
    builder.set(0, one);
    builder.branch(one, 5);
    expect(problems(builder)).toEqual([
      '1 (set) uses a value that is not defined before it',
      'the branch uses a value that is not defined before it',
    ]);
  });

  test('wrong numbers of arguments', () => {
    const builder = ir();
    const zero = builder.const(0);
    builder.nodes.push(makePure('add', [zero]));
    builder.nodes.push(makeCall('div8', [zero]));
    builder.vmm('raise', zero);
    expect(problems(builder)).toEqual([
      '2 (pure) add has 1 arguments',
      '3 (call) div8 has 1 arguments',
      'the VMM call raise has 1 arguments',
    ]);
  });

  test('parts that a slot does not have', () => {
    const builder = ir();
    builder.get(9, 'r8');
    builder.get(5, 'r8h');
    builder.set(8, builder.const(0));
    expect(problems(builder)).toEqual([
      '1 (get) takes part r8 of slot 9',
      '2 (get) takes part r8h of slot 5',
      "4 (set) writes EIP, which is the terminator's",
    ]);
  });

  test('a store that relies on the wrong load', () => {
    const builder = ir();
    const zero = builder.const(0);
    const load: Load = builder.loadLinear(16, zero);
    builder.storeLinear(32, zero, zero, load);
    expect(problems(builder)).toEqual([
      '3 (store) relies on a load that checked nothing in this instruction',
      '3 (store) relies on a load of something else',
    ]);
  });

  test('setters that write nothing, and counts that do not fit', () => {
    const builder = ir();
    const zero = builder.const(0);
    builder.flags('carry', zero, zero, zero);
    expect(
      problems(builder, (nodes) => {
        const flags = nodes.at(-1)!;
        if (flags.op === 'flags') flags.mask = 4;
        nodes.shift();
      }),
    ).toEqual(['1 (flags) carry cannot write components 4', 'the block says 1 instructions and has 0']);
  });
});

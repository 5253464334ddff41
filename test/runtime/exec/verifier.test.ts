// --verify finds a mistake of tier 1 and names the block that it is in. Mistakes are put into the IR of regions after
// the passes, as a wrong pass would leave it; what is emitted from that is what runs.
import { expect, test } from 'vitest';
import { EDI } from '../../../runtime/abi/state.ts';
import { Divergence, type DivergenceFacts } from '../../../runtime/exec/divergence.ts';
import { printDivergence } from '../../../src/debug/divergence.ts';
import type { IrBlock } from '../../../translator/ir/block.ts';
import { CODE, LockstepMachine, type Program } from '../../support/lockstep.ts';

const DATA = 0x102100;
const image = new Uint8Array(10 << 12).fill(0xcc);

/** A program of three blocks in a loop; `middle` stands in the second. ECX counts 40,000 turns, EBX points at DATA. */
function loopAround(middle: readonly number[]): { program: Program; middleAt: number } {
  const head = [0x05, 0, 0, 1, 0, 0x75, 0x01, 0x42]; // add eax, 10000h; jnz $+3; inc edx
  const tail = [0x49, 0x0f, 0x85, 0, 0, 0, 0, 0xcc]; // dec ecx; jnz back; int3
  const over = [0x84, 0xc0, 0x78, 0x01, 0x90]; // test al, al; js $+3; nop
  const bytes = Uint8Array.from([...head, ...middle, ...over, ...tail]);
  new DataView(bytes.buffer).setInt32(bytes.length - 5, -(bytes.length - 1), true);
  const regs = Int32Array.of(0, 40_000, 0, DATA, 0x109f00, 0, 0, 0);
  const slices = [10_000, 100_000, 400_000];
  return { program: { bytes, offset: 0, regs, eflags: 0x202, bits: 32, slices }, middleAt: CODE + head.length };
}

interface Found {
  readonly facts: DivergenceFacts | undefined;
  readonly verified: number;
  readonly retired: number;
}

/** Run it with a mistake in the block at `at`. */
function runWith(program: Program, at: number, mistake: (block: IrBlock) => void, ownPlaces: boolean): Found {
  const observe = {
    lifted: () => {},
    optimised: (block: IrBlock) => {
      if (block.eip === at) mistake(block);
    },
  };
  const policy = { hotThreshold: 100 };
  const machine = new LockstepMachine('auto', 'auto', image, policy, ownPlaces, { verify: true, observe });
  machine.load(program);
  let facts: DivergenceFacts | undefined;
  try {
    for (const slice of program.slices) machine.run(slice);
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    facts = error.facts;
  }
  return { facts, verified: machine.cpu.cache.statistics.verifiedInstructions, retired: machine.cpu.retired };
}

/** Let each pure operator of one name be another one. */
const operator =
  (from: string, to: string) =>
  ({ nodes }: IrBlock): void => {
    for (const node of nodes) if (node.op === 'pure' && node.name === from) Object.assign(node, { name: to });
  };

interface Mistake {
  readonly what: string;
  readonly middle: readonly number[];
  readonly make: (block: IrBlock) => void;
  /** In the report. */
  readonly shows: RegExp;
}

const mistakes: readonly Mistake[] = [
  {
    what: 'a wrong operator',
    middle: [0x29, 0xc6], // sub esi, eax
    make: operator('sub', 'add'),
    shows: /sub esi, eax[\s\S]*%2 = sub[\s\S]*^esi .*<<<$/m,
  },
  {
    what: 'a wrong value stored',
    middle: [0x89, 0x03], // mov [ebx], eax
    make: ({ nodes }) => {
      const store = nodes.find(({ op }) => op === 'store');
      const address = nodes.findLast(({ op }) => op === 'get');
      if (store !== undefined) Object.assign(store, { value: address });
    },
    shows: /mov dword \[ebx\], eax[\s\S]*^memory [\s\S]*<<<$/m,
  },
  {
    what: 'a store left out',
    middle: [0x01, 0x03], // add [ebx], eax
    make: (block) => {
      block.nodes = block.nodes.filter(({ op }) => op !== 'store');
    },
    shows: /add dword \[ebx\], eax[\s\S]*^memory [\s\S]*<<<$/m,
  },
  {
    what: 'flags left out',
    middle: [0x39, 0xc6, 0x72, 0x00, 0x0f, 0x92, 0xc7], // cmp esi, eax; jb $+2; setc bh
    make: (block) => {
      block.nodes = block.nodes.filter(({ op }) => op !== 'flags');
    },
    shows: /cmp esi, eax[\s\S]*^(ebx|eflags) .*<<<$/m,
  },
  {
    what: 'a branch the wrong way',
    middle: [0xa9, 0, 0, 1, 0, 0x74, 0x01, 0x46], // test eax, 10000h; jz $+3; inc esi
    make: ({ terminator }) => {
      if (terminator.kind === 'branch') Object.assign(terminator, { taken: terminator.next, next: terminator.taken });
    },
    shows: /test eax, 0x10000[\s\S]*branch/,
  },
];

for (const ownPlaces of [false, true]) {
  const where = ownPlaces ? 'pages at their own addresses' : 'pages through the TLB';
  test.each(mistakes)(`finds $what in its very block, ${where}`, ({ middle, make, shows }) => {
    const { program, middleAt } = loopAround(middle);
    // Block boundaries are where jumps go: the middle begins at the target of the first one.
    const { facts } = runWith(program, middleAt, make, ownPlaces);
    expect(facts).toBeDefined();
    expect(facts!.path.map(({ eip }) => eip)).toContain(middleAt);
    expect(facts!.path.length).toBeLessThanOrEqual(5);
    expect(printDivergence(facts!)).toMatch(shows);
  });

  test(`without a mistake all that is compiled is repeated, ${where}`, () => {
    for (const { middle } of mistakes) {
      const { facts, verified, retired } = runWith(loopAround(middle).program, -1, () => {}, ownPlaces);
      expect(facts).toBeUndefined();
      expect(verified).toBeGreaterThan(0.9 * retired);
    }
  });
}

test('a mistake that matters once in 32,768 turns is narrowed down to that turn', () => {
  // mov edi, eax; sar edi, 1: the wrong shift differs when EAX has become negative.
  const { program, middleAt } = loopAround([0x89, 0xc7, 0xd1, 0xff]);
  const { facts } = runWith(program, middleAt, operator('sar', 'shr'), true);
  expect(facts!.instructions).toBeLessThan(20);
  expect(facts!.compiled[EDI]).toBe(0x40000000);
  expect(facts!.interpreted[EDI]).toBe(0xc0000000 | 0);
  expect(facts!.path.map(({ eip }) => eip)).toContain(middleAt);
});

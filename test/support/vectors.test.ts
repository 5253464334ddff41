// The vector fixtures and their reader: present, within the size budget, at least 100 cases a form, no form twice, read
// back as written; and `checkVector` accepts what the CPU did and nothing else.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formName, printCase, type VectorCase } from './recorder/case-format.ts';
import { copySimd } from './recorder/simd-state.ts';
import {
  checkVector,
  isSimdFamily,
  layOutMemory,
  readVectors,
  strayWrites,
  VECTORS,
  type VectorMachine,
  type VectorOutcome,
  vectorFamilies,
} from './vectors.ts';

const BUDGET_BYTES = 8 << 20;

/** A machine that does what the current vector says and then, if told to, something else as well. */
class Replay implements VectorMachine {
  private readonly memory = new Uint8Array(0x300000);
  private readonly vector: VectorCase;
  private readonly spoil: (outcome: { -readonly [key in keyof VectorOutcome]: VectorOutcome[key] }) => void;

  constructor(vector: VectorCase, spoil: Replay['spoil'] = () => {}) {
    this.vector = vector;
    this.spoil = spoil;
    layOutMemory(this);
  }

  writeMemory(la: number, bytes: Uint8Array): void {
    this.memory.set(bytes, la);
  }

  readMemory(la: number, length: number): Uint8Array {
    return this.memory.subarray(la, la + length);
  }

  run(): VectorOutcome {
    const { after, fault } = this.vector;
    for (const { la, bytes } of after.memory) this.writeMemory(la, bytes);
    const outcome = {
      regs: after.regs.slice(),
      eflags: after.eflags,
      eip: fault ? after.eip : after.eip + 1,
      vector: fault ? fault.vector : 3,
      errorCode: fault?.errorCode ?? 0,
      cr2: fault?.cr2 ?? 0,
      ...(after.simd && { simd: copySimd(after.simd) }),
    };
    this.spoil(outcome);
    return outcome;
  }
}

function firstVector(family: string, wanted: (vector: VectorCase) => boolean): VectorCase {
  for (const vector of readVectors(family)) if (wanted(vector)) return vector;
  throw new Error(`no such vector in ${family}`);
}

describe('recorded vectors', () => {
  it('are there for each family and stay within their size budget', () => {
    expect(vectorFamilies()).toEqual([
      ...'arithmetic bit bmi branch fault mmx move multiply sequence shift'.split(' '),
      ...'sse-convert sse-float sse-integer sse-move sse-shuffle sse-state sse-text stack string'.split(' '),
    ]);
    const bytes = readdirSync(VECTORS).reduce((sum, name) => sum + statSync(new URL(name, VECTORS)).size, 0);
    expect(bytes).toBeLessThan(BUDGET_BYTES);
  });

  it.each(vectorFamilies())('%s: read back as written, enough cases for each form', (family) => {
    const text = gunzipSync(readFileSync(new URL(`${family}.vec.gz`, VECTORS))).toString('latin1');
    const lines = text.split('\n').slice(1, -1);
    const counts = new Map<string, number>();
    let at = 0;
    for (const vector of readVectors(family)) {
      const name = formName(vector.form);
      if (vector.index === 0) {
        expect(counts.has(name), name).toBe(false);
        expect(lines[at++]).toBe(`# ${name}`);
      }
      const printed = printCase(vector);
      if (printed !== lines[at]) expect.fail(`${printed}\nis not\n${lines[at]}`);
      at++;
      counts.set(name, vector.index + 1);
    }
    expect(at).toBe(lines.length);
    const least = isSimdFamily(family) ? 200 : 100;
    expect([...counts].filter(([, count]) => count < least)).toEqual([]);
  });
});

describe('checkVector', () => {
  const adds = firstVector('arithmetic', ({ form, after }) => form.opcode === '00' && after.memory.length > 0);
  const faults = firstVector('arithmetic', ({ fault }) => fault?.vector === 14);

  it('accepts what the CPU did and leaves memory as it was', () => {
    for (const vector of [adds, faults]) {
      const machine = new Replay(vector);
      expect(checkVector(vector, machine)).toEqual([]);
      expect(strayWrites(machine)).toEqual([]);
    }
  });

  it('reports each kind of difference', () => {
    const spoils: [RegExp, VectorCase, ConstructorParameters<typeof Replay>[1]][] = [
      [/^ebp: /, adds, (outcome) => (outcome.regs[5]! ^= 1)],
      [/^eflags: /, adds, (outcome) => (outcome.eflags ^= 0x800)],
      [/^eip: /, adds, (outcome) => outcome.eip++],
      [/^vector: CPU 3, here 6/, adds, (outcome) => (outcome.vector = 6)],
      [/^vector: CPU e, here 3/, faults, (outcome) => (outcome.vector = 3)],
      [/^error code: /, faults, (outcome) => (outcome.errorCode ^= 2)],
      [/^cr2: /, faults, (outcome) => outcome.cr2++],
    ];
    for (const [message, vector, spoil] of spoils) {
      const differences = checkVector(vector, new Replay(vector, spoil));
      expect(
        differences.some((line) => message.test(line)),
        String(message),
      ).toBe(true);
    }
    const packed = firstVector('mmx', ({ form, fault }) => form.mnemonic === 'PADDB' && fault === undefined);
    const [xmm, x87, mxcsr, used] = [
      new Replay(packed, ({ simd }) => (simd!.xmm[5]! ^= 1)),
      new Replay(packed, ({ simd }) => (simd!.x87[9]! ^= 1)),
      new Replay(packed, ({ simd }) => (simd!.mxcsr ^= 1)),
      new Replay(packed, ({ simd }) => (simd!.used ^= 0x80)),
    ].map((machine) => checkVector(packed, machine));
    expect(xmm).toEqual([expect.stringMatching(/^xmm1: /)]);
    expect(x87).toEqual([expect.stringMatching(/^R0: /)]);
    expect(mxcsr).toEqual([expect.stringMatching(/^mxcsr: /)]);
    expect(used).toEqual([expect.stringMatching(/^used: CPU ff, here 7f/)]);
    const la = adds.after.memory[0]!.la;
    const machine: Replay = new Replay(adds, () =>
      machine.writeMemory(
        la,
        machine.readMemory(la, 1).map((byte) => ~byte),
      ),
    );
    expect(checkVector(adds, machine)).toEqual([expect.stringMatching(/^byte at /)]);
  });

  it('ignores what the manual leaves undefined', () => {
    const and = firstVector('arithmetic', ({ form }) => form.mnemonic === 'AND');
    expect(checkVector(and, new Replay(and, (outcome) => (outcome.eflags ^= 0x10)))).toEqual([]);
  });

  it('shows writes that the CPU did not do', () => {
    const machine: Replay = new Replay(adds, () => machine.writeMemory(0x108123, Uint8Array.of(1, 2)));
    checkVector(adds, machine);
    expect(strayWrites(machine)).toEqual([0x108123, 0x108124]);
  });
});

// What cannot be recorded in a user program: availability by CR0, FERR# instead of #MF, and the formats of the environment
// outside protected mode. Expectations are the manual's: SDM vol. 3A §2.5 and table 9-3, vol. 1 figures 8-9 to 8-12.
import { beforeEach, describe, expect, test } from 'vitest';
import { MODE_PROTECTED, MODE_USER, MODE_VM86 } from '../../../runtime/abi/mode.ts';
import {
  CR0,
  MODE,
  STATE_SLOTS,
  X87_IGNORED,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
} from '../../../runtime/abi/state.ts';
import { Vector } from '../../../runtime/abi/vector.ts';
import { X87Control, X87Format } from '../../../runtime/abi/x87.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { GuestFault, WAIT } from '../../../runtime/cpu/fault.ts';
import { initializeX87, setX87Environment, setX87Status, x87Environment } from '../../../runtime/cpu/x87.ts';
import { createHelpers, type HelperTable } from '../../../runtime/helpers/index.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { WALK_WRITABLE } from '../../../runtime/memory/walker.ts';
import { refreshVectorMode } from '../../../runtime/vmm/system/control.ts';

const [MP, EM, TS, NE] = [2, 4, 8, 32];
/** IE, and the control word that leaves it unmasked. */
const IE = 1;
const UNMASKED = 0x37e;

const state = new Int32Array(new ArrayBuffer(4 * STATE_SLOTS));
const fault = new GuestFault();
const memory = new Memory(new Ram(1 << 16), state, fault, { walk: (la) => (la & ~4095) | WALK_WRITABLE }, true);

function vectorOf(run: () => void): number | undefined {
  try {
    run();
  } catch (thrown) {
    if (thrown !== fault) throw thrown;
    return fault.vector;
  }
  return undefined;
}

function makeHelpers(floatError?: () => void): HelperTable {
  return createHelpers({ state, memory, fault, floatError });
}

function makePending(helpers: HelperTable): void {
  helpers.x87LoadControl(UNMASKED);
  setX87Status(state, IE);
}

beforeEach(() => {
  state.fill(0);
  state[MODE] = MODE_PROTECTED | MODE_USER;
  state[CR0] = NE;
  initializeX87(state);
});

describe('#NM', () => {
  test.each([
    { bits: 0, waiting: undefined, fwait: undefined },
    { bits: MP, waiting: undefined, fwait: undefined },
    { bits: TS, waiting: Vector.NM, fwait: undefined },
    { bits: TS | MP, waiting: Vector.NM, fwait: Vector.NM },
    { bits: EM, waiting: Vector.NM, fwait: undefined },
    { bits: EM | MP, waiting: Vector.NM, fwait: undefined },
    { bits: EM | TS | MP, waiting: Vector.NM, fwait: Vector.NM },
  ])('CR0 bits $bits', ({ bits, waiting, fwait }) => {
    const helpers = makeHelpers();
    state[CR0] = NE | bits;
    expect(vectorOf(() => helpers.x87Begin())).toBe(waiting);
    expect(vectorOf(() => helpers.x87Available())).toBe(waiting);
    expect(vectorOf(() => helpers.x87Wait())).toBe(fwait);
  });
});

const instructions: readonly [string, (helpers: HelperTable) => void][] = [
  ['FWAIT', (helpers) => helpers.x87Wait()],
  ['FLD of a double', (helpers) => helpers.x87LoadDouble(0)],
  ['FILD', (helpers) => helpers.x87LoadWord(X87Format.Integer32, 1)],
  ['FADDP', (helpers) => helpers.x87Sum(1, 0, 1, 0)],
  ['FCHS', (helpers) => helpers.x87Operation(0)],
  ['FSTP of a double', (helpers) => helpers.x87StoreDouble(0, 1)],
  ['FISTP', (helpers) => helpers.x87StoreWord(X87Format.Integer32, 0, 1)],
  ['FLDCW', (helpers) => helpers.x87LoadControl(0x37f)],
];

describe('a kernel that switches the x87 lazily', () => {
  test.each(instructions)('%s raises #NM after CR0.TS was set, and runs after CLTS', (_, run) => {
    const helpers = makeHelpers();
    for (const word of [1, 2]) helpers.x87LoadWord(X87Format.Integer32, word);
    const set = (bits: number): void => {
      state[CR0] = NE | MP | bits;
      refreshVectorMode(state);
    };
    set(TS);
    expect(vectorOf(() => run(helpers))).toBe(Vector.NM);
    set(0);
    expect(vectorOf(() => run(helpers))).toBe(undefined);
  });
});

describe('a pending exception', () => {
  test.each(instructions)('%s raises #MF with CR0.NE', (_, run) => {
    const helpers = makeHelpers();
    makePending(helpers);
    expect(vectorOf(() => run(helpers))).toBe(Vector.MF);
  });

  test.each(instructions)('%s asserts FERR# without CR0.NE and waits, unless IGNNE# holds', (_, run) => {
    let asserted = 0;
    const helpers = makeHelpers(() => asserted++);
    makePending(helpers);
    state[CR0] = 0;
    expect(vectorOf(() => run(helpers))).toBe(WAIT);
    expect(asserted).toBe(1);
    state[X87_IGNORED] = 1;
    expect(vectorOf(() => run(helpers))).toBeUndefined();
    expect(asserted).toBe(1);
    helpers.x87Control(X87Control.ClearExceptions, 0, 32);
    expect(state[X87_IGNORED]).toBe(0);
  });

  test('FNSTSW, FNSTCW and FNCLEX do not wait', () => {
    const helpers = makeHelpers();
    makePending(helpers);
    expect(vectorOf(() => helpers.x87ReadStatus())).toBeUndefined();
    expect(vectorOf(() => helpers.x87ReadControl())).toBeUndefined();
    expect(vectorOf(() => helpers.x87Control(X87Control.ClearExceptions, 0, 32))).toBeUndefined();
    expect(vectorOf(() => helpers.x87Wait())).toBeUndefined();
  });
});

describe('the environment', () => {
  /** CS:IP 1234:5678 and DS:offset abcd:ef01; as linear addresses 179b8 and babd1. */
  function point(): void {
    state[X87_INSTRUCTION] = 0x5678;
    state[X87_INSTRUCTION_SELECTOR] = 0x1234;
    state[X87_OPERAND] = 0xef01;
    state[X87_OPERAND_SELECTOR] = 0xabcd;
    state[X87_OPCODE] = 0x6c9;
  }
  const words = (size: number): number[] => {
    point();
    return x87Environment(state, size).map((word) => word >>> 0);
  };

  test('protected mode, 32 bits', () => {
    expect(words(32)).toEqual([0xffff037f, 0xffff0000, 0xffffffff, 0x5678, 0x06c91234, 0xef01, 0xffffabcd]);
  });

  test('protected mode, 16 bits', () => {
    expect(words(16)).toEqual([0x37f, 0, 0xffff, 0x5678, 0x1234, 0xef01, 0xabcd]);
  });

  test.each([0, MODE_PROTECTED | MODE_VM86])('mode %i has linear addresses, 32 bits', (mode) => {
    state[MODE] = mode;
    expect(words(32)).toEqual([0xffff037f, 0xffff0000, 0xffffffff, 0xffff79b8, 0x000016c9, 0xffffabd1, 0x0000b000]);
  });

  test.each([0, MODE_PROTECTED | MODE_VM86])('mode %i has linear addresses, 16 bits', (mode) => {
    state[MODE] = mode;
    expect(words(16)).toEqual([0x37f, 0, 0xffff, 0x79b8, 0x16c9, 0xabd1, 0xb000]);
  });

  test.each([16, 32])('is loaded as it was stored, in real mode, %i bits', (size) => {
    state[MODE] = 0;
    const stored = words(size);
    initializeX87(state);
    setX87Environment(state, stored, size);
    expect(x87Environment(state, size).map((word) => word >>> 0)).toEqual(stored);
  });
});

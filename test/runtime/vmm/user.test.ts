// The user-mode VMM. What is expected of selectors, gates, flags and far transfers was seen on an AMD EPYC in a 32-bit
// process under Linux for x86-64, whose selectors the test has: 23 code, 2b data, 63 and 7b in the TLS and CPU slots.
import { beforeEach, describe, expect, it } from 'vitest';
import { vmmCallNames } from '../../../runtime/abi/calls.ts';
import {
  MODE_CHECK_ES,
  MODE_CODE32,
  MODE_FLAT_DS,
  MODE_FLAT_ES,
  MODE_FLAT_USER32,
  MODE_STACK32,
  MODE_TRAP,
} from '../../../runtime/abi/mode.ts';
import {
  CS,
  DF,
  DS,
  EAX,
  EBX,
  ECX,
  EDX,
  EFLAGS_NT,
  EFLAGS_TF,
  EFLAGS_ZF,
  EIP,
  ES,
  ESP,
  FLAG_OF,
  FS,
  GS,
  MODE,
  SEGMENT_BASE,
  SELECTOR,
  SS,
  STATE_SLOTS,
} from '../../../runtime/abi/state.ts';
import { Vector } from '../../../runtime/abi/vector.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { readEflags, writeEflags } from '../../../runtime/cpu/eflags.ts';
import { GuestFault } from '../../../runtime/cpu/fault.ts';
import type { Descriptor } from '../../../runtime/cpu/segment.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { Access, WALK_WRITABLE } from '../../../runtime/memory/walker.ts';
import type { VmmResult } from '../../../runtime/vmm/table.ts';
import { createUserVmm } from '../../../runtime/vmm/user/index.ts';

const TLS_BASE = 0xf7dfe100 | 0;
/** GDT index to segment: kernel code (DPL 0), the process's segments, and two made up: absent data, 16-bit code. */
const segments: ReadonlyMap<number, Descriptor> = new Map([
  [2, { base: 0, limit: -1, access: 0xaf9b }],
  [4, { base: 0, limit: -1, access: 0xcffb }],
  [5, { base: 0, limit: -1, access: 0xcff3 }],
  [12, { base: TLS_BASE, limit: -1, access: 0xdff3 }],
  [15, { base: 0, limit: 1, access: 0x40f5 }],
  [16, { base: 0, limit: -1, access: 0xcf73 }],
  [17, { base: 0x1000, limit: 0xffff, access: 0x00fb }],
  [18, { base: 0, limit: 0xffff, access: 0x00f3 }],
]);

const AT = 0x8048000;
const NEXT = 0x8048002;
const STACK = 0xa000;
const state = new Int32Array(STATE_SLOTS);
const fault = new GuestFault();
const ram = new Ram(0x10000);
const memory = new Memory(
  ram,
  state,
  fault,
  {
    // Linear addresses are physical; the page at 8000 may not be written, and above RAM there is nothing.
    walk(la, access) {
      if (la >>> 0 >= ram.size || (access === Access.Write && la >>> 12 === 8)) return fault.raise(Vector.PF, 6, la);
      return (la & ~4095) | (la >>> 12 === 8 ? 0 : WALK_WRITABLE);
    },
  },
  true,
);
const descriptors = { describe: (selector: number) => (selector & 4 ? undefined : segments.get(selector >> 3)) };
const vmm = createUserVmm({ state, memory, fault, descriptors });

/** Run a call; a fault comes back as [vector, error code], and must not have changed anything. */
function attempt(call: () => VmmResult): VmmResult | [number, number] {
  const before = state.slice(0, 64);
  try {
    return call();
  } catch (error) {
    if (error !== fault) throw error;
    expect([...state.subarray(0, 64)]).toEqual([...before]);
    return [fault.vector, fault.errorCode];
  }
}

const load = (segment: number, selector: number): VmmResult | [number, number] =>
  attempt(() => vmm.loadSegment(AT, NEXT, segment, selector, -1, 0));

beforeEach(() => {
  state.fill(0);
  ram.u8.fill(0);
  state.set([0x2b, 0x23, 0x2b, 0x2b, 0, 0x63], SELECTOR);
  for (const segment of [ES, CS, SS, DS, FS, GS]) vmm.loadSegment(0, 0, segment === CS ? ES : segment, 0x2b, -1, 0);
  state.set([0, 0x63], SELECTOR + FS);
  vmm.farJump(0, 0, 0x23, AT, 32);
  state[MODE] = MODE_FLAT_USER32;
  state[EIP] = AT;
  state[ESP] = STACK;
  writeEflags(state, 0x202);
});

describe('loads of segment registers', () => {
  it.each([
    ['null into SS', SS, 0, [Vector.GP, 0]],
    ['null into DS', DS, 3, undefined],
    ['nothing', DS, 0x5003, [Vector.GP, 0x5000]],
    ['nothing in the LDT', DS, 0x5007, [Vector.GP, 0x5004]],
    ['readable code into DS', DS, 0x23, undefined],
    ['code into SS', SS, 0x23, [Vector.GP, 0x20]],
    ['RPL 0 into SS', SS, 0x28, [Vector.GP, 0x28]],
    ['RPL 0 into DS', DS, 0x28, undefined],
    ['DPL 0', ES, 0x13, [Vector.GP, 0x10]],
    ['read-only into SS', SS, 0x7b, [Vector.GP, 0x78]],
    ['absent into DS', DS, 0x83, [Vector.NP, 0x80]],
    ['absent into SS', SS, 0x83, [Vector.SS, 0x80]],
  ])('%s', (_what, segment, selector, expected) => {
    expect(load(segment, selector)).toEqual(expected);
    if (expected !== undefined) return;
    expect(state[SELECTOR + segment]).toBe(selector);
    expect(state[EIP]).toBe(NEXT);
  });

  it('keep the mode bits in step', () => {
    expect(state[MODE]).toBe(MODE_FLAT_USER32);
    load(ES, 0);
    expect(state[MODE]).toBe((MODE_FLAT_USER32 & ~MODE_FLAT_ES) | (MODE_CHECK_ES << ES));
    load(DS, 0x63);
    expect(state[SEGMENT_BASE + DS]).toBe(TLS_BASE);
    expect(state[MODE]).toBe((MODE_FLAT_USER32 & ~MODE_FLAT_ES & ~MODE_FLAT_DS) | (MODE_CHECK_ES << ES));
    load(ES, 0x2b);
    load(DS, 0x2b);
    load(FS, 0x2b);
    expect(state[MODE]).toBe(MODE_FLAT_USER32);
    load(SS, 0x93);
    expect(state[MODE]! & MODE_STACK32).toBe(0);
    load(SS, 0x2b);
    // Code may be read, but not written: DS is flat for neither.
    load(DS, 0x23);
    expect(state[MODE]).toBe((MODE_FLAT_USER32 & ~MODE_FLAT_DS) | (MODE_CHECK_ES << DS));
  });

  it('write the other register only when the load succeeds', () => {
    expect(attempt(() => vmm.loadSegment(AT, NEXT, DS, 0x5003, ESP, STACK + 4))).toEqual([Vector.GP, 0x5000]);
    expect(state[ESP]).toBe(STACK);
    vmm.loadSegment(AT, NEXT, DS, 0x2b, ESP, STACK + 4);
    expect(state[ESP]).toBe(STACK + 4);
  });
});

describe('questions about selectors', () => {
  it.each([
    // selector, LAR, LSL, VERR, VERW
    [0x20, 0xcffb00, -1, true, false],
    [0x23, 0xcffb00, -1, true, false],
    [0x2b, 0xcff300, -1, true, true],
    [0x63, 0xdff300, -1, true, true],
    [0x7b, 0x40f500, 1, true, false],
    [0x00, undefined, undefined, false, false],
    [0x13, undefined, undefined, false, false],
    [0x53, undefined, undefined, false, false],
  ])('selector %i', (selector, access, limit, readable, writable) => {
    const zero = (): boolean => (readEflags(state) & EFLAGS_ZF) !== 0;
    state[EBX] = 0x1234;
    vmm.loadAccessRights(AT, NEXT, 0, selector, EBX, 32);
    expect([zero(), state[EBX]]).toEqual([access !== undefined, access ?? 0x1234]);
    state[EBX] = 0x1234;
    vmm.loadAccessRights(AT, NEXT, 1, selector, EBX, 32);
    expect([zero(), state[EBX]]).toEqual([limit !== undefined, limit ?? 0x1234]);
    vmm.verifySegment(AT, NEXT, 0, selector);
    expect(zero()).toBe(readable);
    vmm.verifySegment(AT, NEXT, 1, selector);
    expect(zero()).toBe(writable);
  });

  it('keep the upper half of a 16-bit destination', () => {
    state[EBX] = 0x1234_5678;
    vmm.loadAccessRights(AT, NEXT, 0, 0x2b, EBX, 16);
    expect(state[EBX]).toBe(0x1234_f300);
  });
});

describe('interrupts', () => {
  it('stop at system calls, behind the instruction', () => {
    expect(vmm.interrupt(AT, NEXT, 0x80)).toEqual({ kind: 'interrupt', vector: 0x80 });
    expect(state[EIP]).toBe(NEXT);
  });

  it('trap on INT 3, INT 4, INT3 and INT1', () => {
    const trap = (vector: number): VmmResult => ({ kind: 'fault', vector, errorCode: 0, address: 0 });
    expect(vmm.interrupt(AT, NEXT, 3)).toEqual(trap(Vector.BP));
    expect(vmm.interrupt(AT, NEXT, 4)).toEqual(trap(Vector.OF));
    expect(vmm.trap(AT, NEXT, 3)).toEqual(trap(Vector.BP));
    expect(vmm.trap(AT, NEXT, 1)).toEqual(trap(Vector.DB));
    expect(state[EIP]).toBe(NEXT);
  });

  it('refuse the other gates with an IDT error code', () => {
    expect(attempt(() => vmm.interrupt(AT, NEXT, 0x81))).toEqual([Vector.GP, 0x40a]);
    expect(attempt(() => vmm.interrupt(AT, NEXT, 14))).toEqual([Vector.GP, 14 * 8 + 2]);
  });

  it('INTO looks at OF', () => {
    expect(vmm.overflowTrap(AT, NEXT)).toBeUndefined();
    expect(state[EIP]).toBe(NEXT);
    state[FLAG_OF] = -1;
    expect(vmm.overflowTrap(AT, NEXT)).toMatchObject({ kind: 'fault', vector: Vector.OF });
  });

  it('raises what instructions raise by themselves', () => {
    expect(attempt(() => vmm.raise(AT, NEXT, Vector.UD, 0))).toEqual([Vector.UD, 0]);
  });
});

describe('POPF', () => {
  it('changes what a process may change', () => {
    // Everything set but TF, NT, AC and VM: seen on the CPU, with bits 12, 13, 19 and 20 refused.
    vmm.popFlags(AT, NEXT, (0x3fff00 ^ (0x100 | 0x4000 | 0x40000 | 0x20000)) | 0x86, 32, STACK + 4);
    expect(readEflags(state)).toBe(0x200e86);
    expect([state[ESP], state[EIP], state[DF]]).toEqual([STACK + 4, NEXT, -1]);
  });

  it('leaves the upper half at operand size 16, and IF', () => {
    writeEflags(state, 0x240202);
    vmm.popFlags(AT, NEXT, 0, 16, STACK + 2);
    expect(readEflags(state)).toBe(0x240202);
  });

  it('switches the trap mode with TF', () => {
    vmm.popFlags(AT, NEXT, EFLAGS_TF, 32, STACK);
    expect(state[MODE]).toBe(MODE_FLAT_USER32 | MODE_TRAP);
    vmm.popFlags(AT, NEXT, 0, 32, STACK);
    expect(state[MODE]).toBe(MODE_FLAT_USER32);
  });
});

describe('far transfers', () => {
  const jump = (selector: number, eip = 0x100): VmmResult | [number, number] =>
    attempt(() => vmm.farJump(AT, NEXT, selector, eip, 32));
  const push = (...words: number[]): void => {
    words.forEach((word, i) => {
      memory.write32(STACK + 4 * i, word);
    });
  };

  it.each([
    ['null', 0, [Vector.GP, 0]],
    ['data', 0x2b, [Vector.GP, 0x28]],
    ['nothing', 0x5003, [Vector.GP, 0x5000]],
    ['DPL 0', 0x10, [Vector.GP, 0x10]],
    ['beyond the limit', 0x8b, [Vector.GP, 0]],
    ['own code', 0x23, undefined],
    ['own code with RPL 0', 0x20, undefined],
  ])('JMP to %s', (_what, selector, expected) => {
    expect(jump(selector, 0x10000)).toEqual(expected);
    if (expected === undefined) expect([state[SELECTOR + CS], state[EIP]]).toEqual([0x23, 0x10000]);
  });

  it('go to 16-bit code and back', () => {
    jump(0x8b);
    expect(state[MODE]! & MODE_CODE32).toBe(0);
    expect(state[SEGMENT_BASE + CS]).toBe(0x1000);
    jump(0x23);
    expect(state[MODE]).toBe(MODE_FLAT_USER32);
  });

  it('CALL pushes CS and EIP at the operand size', () => {
    expect(vmm.farCall(AT, NEXT, 0x20, 0x5678, 32)).toBeUndefined();
    expect([state[ESP], memory.read32(STACK - 8), memory.read32(STACK - 4)]).toEqual([STACK - 8, NEXT, 0x23]);
    expect([state[SELECTOR + CS], state[EIP]]).toEqual([0x23, 0x5678]);
    vmm.farCall(AT, NEXT, 0x23, 0x100, 16);
    expect([state[ESP], memory.read16(STACK - 12), memory.read16(STACK - 10)]).toEqual([
      STACK - 12,
      (NEXT << 16) >> 16,
      0x23,
    ]);
  });

  it('CALL leaves everything when the stack cannot be written', () => {
    state[ESP] = 0x9004;
    expect(attempt(() => vmm.farCall(AT, NEXT, 0x23, 0x100, 32))).toEqual([Vector.PF, 6]);
  });

  it('RET goes back to CPL 3 only and releases bytes', () => {
    push(0x1234, 0x23);
    expect(vmm.farReturn(AT, NEXT, 32, 12)).toBeUndefined();
    expect([state[EIP], state[ESP]]).toEqual([0x1234, STACK + 20]);
    state[ESP] = STACK;
    push(0, 0);
    expect(attempt(() => vmm.farReturn(AT, NEXT, 32, 0))).toEqual([Vector.GP, 0]);
    push(0, 0x20);
    expect(attempt(() => vmm.farReturn(AT, NEXT, 32, 0))).toEqual([Vector.GP, 0x20]);
    push(0, 0x2b);
    expect(attempt(() => vmm.farReturn(AT, NEXT, 32, 0))).toEqual([Vector.GP, 0x28]);
  });

  it('IRET takes flags too, and refuses nested tasks', () => {
    push(0x4321, 0x23, 0x8d7);
    expect(vmm.interruptReturn(AT, NEXT, 32)).toBeUndefined();
    expect([state[EIP], state[ESP], readEflags(state)]).toEqual([0x4321, STACK + 12, 0xad7]);
    push(0x4321, 0, 0x202);
    state[ESP] = STACK;
    expect(attempt(() => vmm.interruptReturn(AT, NEXT, 32))).toEqual([Vector.GP, 0]);
    push(0x4321, 0x23, 0x202);
    writeEflags(state, 0x202 | EFLAGS_NT);
    expect(attempt(() => vmm.interruptReturn(AT, NEXT, 32))).toEqual([Vector.GP, 0]);
  });
});

describe('the rest', () => {
  it('refuses what is privileged with #GP(0), what is missing with #UD', () => {
    const served = new Set([
      'raise',
      'interrupt',
      'trap',
      'overflowTrap',
      'interruptReturn',
      'loadSegment',
      'loadPointer',
      'cpuid',
    ]);
    for (const name of ['popFlags', 'farCall', 'farJump', 'farReturn', 'loadAccessRights', 'verifySegment']) {
      served.add(name);
    }
    for (const name of vmmCallNames) {
      if (served.has(name) || name.startsWith('store')) continue;
      const vector = name === 'monitor' || name === 'undefined' ? Vector.UD : Vector.GP;
      expect(
        attempt(() => vmm[name](AT, NEXT, 0, 0, 0, 0)),
        name,
      ).toEqual([vector, 0]);
    }
  });

  it('stores system registers', () => {
    vmm.storeSystem(AT, NEXT, 2, EBX, 0, 32);
    expect(state[EBX]! >>> 0).toBe(0x80050033);
    state[ECX] = -1;
    vmm.storeSystem(AT, NEXT, 2, ECX, 0, 16);
    expect(state[ECX]! >>> 0).toBe(0xffff0033);
    vmm.storeSystem(AT, NEXT, 2, -1, STACK, 16);
    expect(memory.read32(STACK)).toBe(0x33);
    vmm.storeGdt(AT, NEXT, STACK);
    expect(memory.read16(STACK)).toBe(0xff);
    expect(memory.read32(STACK + 2)).toBeLessThan(0);
    // The table's base would reach into a page that cannot be written: nothing is.
    expect(attempt(() => vmm.storeIdt(AT, NEXT, 0x7ffc))).toEqual([Vector.PF, 6]);
    expect(memory.read32(0x7ffc)).toBe(0);
  });

  it('CPUID claims what stands', () => {
    const ask = (leaf: number, subleaf = 0): number[] => {
      state[EAX] = leaf;
      state[ECX] = subleaf;
      vmm.cpuid(AT, NEXT);
      return [EAX, EBX, ECX, EDX].map((register) => state[register]! >>> 0);
    };
    const characters = (words: number[]): string =>
      Buffer.from(new Uint32Array(words).buffer).toString('latin1').replaceAll('\0', '');
    const [highest, b, c, d] = ask(0) as [number, number, number, number];
    expect(highest).toBeGreaterThanOrEqual(7);
    expect(characters([b, d, c])).toBe('GenuineIntel');
    const [signature, , ecx, edx] = ask(1) as [number, number, number, number];
    expect((signature >> 8) & 15).toBe(6);
    // FPU TSC CX8 CMOV CLFSH MMX FXSR SSE SSE2; SSE3 SSSE3 SSE4.1 SSE4.2 MOVBE POPCNT.
    expect([edx, ecx]).toEqual([0x7888111, 0xd80201]);
    expect(ask(7)[1]).toBe((1 << 3) | (1 << 8) | (1 << 9) | (1 << 19) | (3 << 23));
    expect(ask(7, 1)).toEqual([0, 0, 0, 0]);
    expect(characters([0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => ask(leaf)))).toBe('xlat86');
    expect(ask(0x80000000)[0]).toBe(0x80000008);
    // Beyond the highest leaf comes the highest basic one.
    expect(ask(0x12345)).toEqual(ask(highest));
    // Leaf 4 ends with a cache of type 0.
    expect([0, 1, 2, 3].map((subleaf) => ask(4, subleaf)[0]! & 31)).toEqual([1, 2, 3, 0]);
  });
});

// Repeated string instructions against their definition, one element after another and one byte after another: random
// overlaps, directions and address sizes, across page ends, into faults, through two mappings of one page.
import { beforeEach, describe, expect, it } from 'vitest';
import { MODE_FLAT_USER32, MODE_TRAP } from '../../../runtime/abi/mode.ts';
import {
  DF,
  DS,
  EAX,
  ECX,
  EDI,
  ES,
  ESI,
  FLAG_RES,
  MODE,
  SEGMENT_BASE,
  STATE_SLOTS,
} from '../../../runtime/abi/state.ts';
import { Vector } from '../../../runtime/abi/vector.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { readEflags, writeStatusFlags } from '../../../runtime/cpu/eflags.ts';
import { ABORT, GuestFault } from '../../../runtime/cpu/fault.ts';
import { stringHelpers } from '../../../runtime/helpers/string.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { Access, WALK_WRITABLE } from '../../../runtime/memory/walker.ts';
import { Xorshift32 } from '../../support/recorder/memory-map.ts';

const CASES = 3000;
const PAGE = 4096;
/** Linear pages 16.. of the test: RAM page, and whether it may be written. Page 19 is missing, 21 is page 16 again. */
const FIRST_PAGE = 16;
const pages: readonly ({ readonly frame: number; readonly writable: boolean } | undefined)[] = [
  { frame: 0, writable: true },
  { frame: 1, writable: true },
  { frame: 2, writable: true },
  undefined,
  { frame: 3, writable: true },
  { frame: 0, writable: true },
  { frame: 4, writable: false },
  { frame: 5, writable: true },
];
const STATUS = 0x8d5;

const state = new Int32Array(STATE_SLOTS);
const fault = new GuestFault();
const ram = new Ram(6 * PAGE);
const pageOf = (la: number): (typeof pages)[number] => pages[(la >>> 12) - FIRST_PAGE];
const memory = new Memory(
  ram,
  state,
  fault,
  {
    walk(la, access) {
      const page = pageOf(la);
      if (!page || (access === Access.Write && !page.writable)) return fault.raise(Vector.PF, 0, la);
      return (page.frame * PAGE) | (page.writable ? WALK_WRITABLE : 0);
    },
  },
  true,
);
const helpers = stringHelpers({ state, memory, fault });

type Operation = 'repMovs' | 'repStos' | 'repLods' | 'repCmps' | 'repScas';

/** The definition, on its own copy of RAM and registers. */
class Model {
  readonly bytes: Uint8Array = ram.u8.slice();
  readonly regs: Int32Array = state.slice(0, 8);
  flags: number = readEflags(state) & STATUS;
  faultAt: number | undefined;
  private readonly size: number;
  private readonly mask: number;

  constructor(size: number, addressSize: number) {
    this.size = size;
    this.mask = addressSize === 16 ? 0xffff : -1;
  }

  run(operation: Operation, equal: boolean): void {
    const accumulator = this.cut(this.regs[EAX]!);
    let last: [number, number] | undefined;
    while ((this.regs[ECX]! & this.mask) !== 0) {
      const from = state[SEGMENT_BASE + DS]! + (this.regs[ESI]! & this.mask);
      const to = state[SEGMENT_BASE + ES]! + (this.regs[EDI]! & this.mask);
      const left = operation === 'repScas' || operation === 'repStos' ? accumulator : this.read(from);
      const right = operation === 'repCmps' || operation === 'repScas' ? this.read(to) : 0;
      if (this.faultAt !== undefined) return;
      if (operation === 'repMovs' || operation === 'repStos') this.write(to, left);
      if (this.faultAt !== undefined) return;
      if (operation === 'repLods')
        this.regs[EAX] = this.merge(this.regs[EAX]!, left, [0, 0xff, 0xffff, 0, -1][this.size]!);
      if (operation !== 'repScas' && operation !== 'repStos') this.step(ESI);
      if (operation !== 'repLods') this.step(EDI);
      this.regs[ECX] = this.merge(this.regs[ECX]!, this.regs[ECX]! - 1, this.mask);
      if (operation === 'repCmps' || operation === 'repScas') {
        last = [left, right];
        if ((left === right) !== equal) break;
      }
    }
    if (last) this.flags = this.compare(...last);
  }

  private merge(old: number, value: number, mask: number): number {
    return (old & ~mask) | (value & mask);
  }

  private step(register: number): void {
    this.regs[register] = this.merge(this.regs[register]!, this.regs[register]! + state[DF]! * this.size, this.mask);
  }

  private cut(value: number): number {
    return Number(BigInt.asIntN(this.size * 8, BigInt(value)));
  }

  /** RAM index of each byte, or the fault. */
  private frames(la: number, write: boolean): number[] {
    const indices: number[] = [];
    for (let i = 0; i < this.size; i++) {
      const page = pageOf(la + i);
      if (this.faultAt !== undefined || !page || (write && !page.writable)) {
        this.faultAt ??= la + i;
        return [];
      }
      indices.push(page.frame * PAGE + ((la + i) & 4095));
    }
    return indices;
  }

  private read(la: number): number {
    return this.cut(this.frames(la, false).reduce((word, p, i) => word | (this.bytes[p]! << (8 * i)), 0));
  }

  private write(la: number, value: number): void {
    this.frames(la, true).forEach((p, i) => {
      this.bytes[p] = value >> (8 * i);
    });
  }

  /** CMP by wide arithmetic. */
  private compare(left: number, right: number): number {
    const bits = BigInt(this.size * 8);
    const a = BigInt.asUintN(Number(bits), BigInt(left));
    const b = BigInt.asUintN(Number(bits), BigInt(right));
    const r = BigInt.asUintN(Number(bits), a - b);
    const signed = (value: bigint): bigint => BigInt.asIntN(Number(bits), value);
    const ones = (r & 255n).toString(2).replaceAll('0', '').length;
    return (
      (a < b ? 1 : 0) |
      (ones % 2 === 0 ? 4 : 0) |
      ((a & 15n) < (b & 15n) ? 16 : 0) |
      (r === 0n ? 64 : 0) |
      (signed(r) < 0n ? 128 : 0) |
      (signed(r) !== signed(a) - signed(b) ? 2048 : 0)
    );
  }
}

beforeEach(() => {
  state.fill(0);
  state[MODE] = MODE_FLAT_USER32;
  state[DF] = 1;
});

describe('REP string instructions', () => {
  it('do what their definition says', () => {
    const random = new Xorshift32(0x57121);
    const operations: readonly Operation[] = ['repMovs', 'repMovs', 'repStos', 'repLods', 'repCmps', 'repScas'];
    let faults = 0;
    for (let n = 0; n < CASES; n++) {
      const operation = operations[random.below(operations.length)]!;
      const size = [1, 2, 4][random.below(3)]!;
      const addressSize = random.below(4) === 0 ? 16 : 32;
      // Few different bytes, so that comparisons run on for a while.
      for (let i = 0; i < ram.size; i += 1 + random.below(600)) ram.u8[i] = random.below(3) * 0x7f;
      const base = addressSize === 16 ? FIRST_PAGE * PAGE : 0;
      state[SEGMENT_BASE + DS] = base;
      state[SEGMENT_BASE + ES] = base;
      const place = (): number => (FIRST_PAGE + random.below(8)) * PAGE - base + random.below(24) - 12;
      const garbage = addressSize === 16 ? random.next() & ~0xffff : 0;
      const source = random.below(2) === 0 ? place() : FIRST_PAGE * PAGE - base + random.below(8 * PAGE);
      state[ESI] = garbage | source;
      // Mostly near the source, for overlaps.
      state[EDI] = garbage | (random.below(3) === 0 ? place() : source + random.below(160) - 80);
      if (addressSize === 16) {
        state[ESI] = garbage | (state[ESI]! & 0xffff);
        state[EDI] = garbage | (state[EDI]! & 0xffff);
      }
      state[ECX] = garbage | [random.below(4), random.below(40), random.below(3000)][random.below(3)]!;
      state[EAX] = [0, 0x7f7f7f7f, random.next()][random.below(3)]!;
      state[DF] = random.below(3) === 0 ? -1 : 1;
      writeStatusFlags(state, random.next() & STATUS);
      const equal = random.below(2);
      const model = new Model(size, addressSize);
      model.run(operation, equal === 1);
      const args = {
        repMovs: [size, addressSize, DS],
        repStos: [size, addressSize],
        repLods: [size, addressSize, DS],
        repCmps: [size, addressSize, DS, equal],
        repScas: [size, addressSize, equal],
      }[operation];
      const flagsBefore = readEflags(state) & STATUS;
      const what = `${n}: ${operation} ${args}`;
      let faultAt: number | undefined;
      try {
        expect(helpers[operation](...args), what).toBe(1);
      } catch (error) {
        if (error !== fault) throw error;
        faultAt = fault.address;
        faults++;
      }
      expect(faultAt, what).toBe(model.faultAt);
      expect([...state.subarray(0, 8)], what).toEqual([...model.regs]);
      expect(readEflags(state) & STATUS, what).toBe(faultAt === undefined ? model.flags : flagsBefore);
      expect(Buffer.compare(ram.u8, model.bytes), what).toBe(0);
    }
    expect(faults).toBeGreaterThan(CASES / 20);
  });

  it('touch nothing when the count is zero', () => {
    state[ESI] = state[EDI] = 0x10;
    for (const size of [1, 2, 4]) {
      expect(helpers.repMovs(size, 32, DS)).toBe(1);
      expect(helpers.repCmps(size, 32, DS, 1)).toBe(1);
    }
    // CX is zero, ECX is not.
    state[ECX] = 0x10000;
    expect(helpers.repScas(1, 16, 1)).toBe(1);
    expect(state[ECX]).toBe(0x10000);
  });

  it('return for more after a number of iterations that only the count decides', () => {
    const everywhere = new Memory(ram, state, fault, { walk: () => WALK_WRITABLE }, true);
    const { repStos, repScas } = stringHelpers({ state, memory: everywhere, fault });
    state[ECX] = 150_000;
    const stos = [repStos(1, 32), state[ECX], repStos(1, 32), state[ECX], repStos(1, 32), state[ECX]];
    expect(stos).toEqual([0, 131_072, 0, 65_536, 1, 0]);
    expect(state[EDI]).toBe(150_000);
    state[ECX] = 65_537;
    writeStatusFlags(state, 1);
    expect([repScas(1, 32, 1), state[ECX], readEflags(state) & STATUS]).toEqual([0, 65_536, 1]);
    expect([repScas(1, 32, 1), state[ECX], readEflags(state) & STATUS]).toEqual([1, 0, 0x44]);
  });

  it('do one iteration at a time under TF', () => {
    state[MODE] = MODE_FLAT_USER32 | MODE_TRAP;
    state[EDI] = FIRST_PAGE * PAGE;
    state[ECX] = 2;
    expect(helpers.repStos(4, 32)).toBe(0);
    expect(state[ECX]).toBe(1);
    expect(helpers.repStos(4, 32)).toBe(1);
    expect(state[EDI]).toBe(FIRST_PAGE * PAGE + 8);
  });

  it('abort before a stretch that covers translated code, and go through when told to', () => {
    const dropped: number[][] = [];
    memory.tlb.flush();
    memory.code = {
      hasCode: (page) => page === 1,
      covers: (pa, length) => pa <= PAGE + 100 && pa + length > PAGE + 100,
      invalidate: (pa, length) => dropped.push([pa, length]),
    };
    const at = FIRST_PAGE * PAGE;
    ram.u8.fill(0);
    state[EAX] = 0x11;
    state[EDI] = at + PAGE - 50;
    state[ECX] = 300;
    expect(() => helpers.repStos(1, 32)).toThrow();
    expect(fault.vector).toBe(ABORT);
    // The page before is done, nothing of the code's page is.
    expect(state[ECX]).toBe(250);
    expect(state[EDI]).toBe(at + PAGE);
    expect(ram.u8[PAGE - 1]).toBe(0x11);
    expect(ram.u8[PAGE]).toBe(0);
    memory.single = true;
    expect(helpers.repStos(1, 32)).toBe(1);
    expect(dropped).toEqual([[PAGE, 250]]);
    expect(ram.u8[PAGE + 249]).toBe(0x11);
    expect(state[FLAG_RES]).toBe(0);
  });
});

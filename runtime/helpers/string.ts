/**
 * Repeated string instructions (SDM vol. 2B, REP), on whole stretches of RAM.
 *
 * Each turn takes the elements that stay within one page of source and destination, has the memory check that stretch
 * once, and works on the typed arrays; an element that crosses a page goes through the ordinary accesses. Registers are
 * advanced after every turn, so a fault or an abort leaves them at the element that caused it, with all earlier ones
 * done.
 */
import { isChecked, MODE_ALIGNED, MODE_BREAKPOINT, MODE_TRAP } from '../abi/mode.ts';
import {
  DF,
  EAX,
  ECX,
  EDI,
  ES,
  ESI,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
  MODE,
  SEGMENT_ACCESS,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SS,
} from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import type { Ram } from '../bus/ram.ts';
import { permits } from '../cpu/segment.ts';
import type { HelperContext, HelperTable } from './context.ts';
import { copy, fill, loadElement, runOfPairs, runOfValue } from './stretch.ts';

/**
 * A call does iterations until the count register is a multiple of this, so that calls are bounded and where they stop
 * depends on the guest's state alone, not on how often a store had to be tried again.
 */
const BURST = 1 << 16;

type StringHelperName = 'repMovs' | 'repStos' | 'repLods' | 'repCmps' | 'repScas';

/** Make the helpers that repeat string instructions; abi/calls.ts has their arguments and results. */
export function stringHelpers(context: HelperContext): Pick<HelperTable, StringHelperName> {
  const repeater = new Repeater(context);
  return {
    repMovs: (size, addressSize, segment) => repeater.movs(size, addressSize, segment),
    repStos: (size, addressSize) => repeater.stos(size, addressSize),
    repLods: (size, addressSize, segment) => repeater.lods(size, addressSize, segment),
    repCmps: (size, addressSize, segment, equal) => repeater.cmps(size, addressSize, segment, equal),
    repScas: (size, addressSize, equal) => repeater.scas(size, addressSize, equal),
  };
}

class Repeater {
  private readonly state: Int32Array;
  private readonly memory: HelperContext['memory'];
  private readonly fault: HelperContext['fault'];
  private readonly ram: Ram;
  /** What the current instruction works with: element bytes, address mask, step in bytes (negative when DF is set). */
  private size = 1;
  private mask = -1;
  private step = 1;

  constructor({ state, memory, fault }: HelperContext) {
    this.state = state;
    this.memory = memory;
    this.fault = fault;
    this.ram = memory.ram;
  }

  /** @returns iterations that this call may do; 0 when the count register is zero. */
  private begin(size: number, addressSize: number): number {
    this.size = size;
    this.mask = addressSize === 16 ? 0xffff : -1;
    this.step = this.state[DF]! * size;
    const count = (this.state[ECX]! & this.mask) >>> 0;
    if (count === 0) return 0;
    return this.state[MODE]! & (MODE_TRAP | MODE_BREAKPOINT) ? 1 : ((count - 1) & (BURST - 1)) + 1;
  }

  /** 1 when the count has run out, else 0. */
  private get finished(): number {
    return (this.state[ECX]! & this.mask) === 0 ? 1 : 0;
  }

  /** Linear address of the element that `register` points to. @throws GuestFault when the segment does not permit it. */
  private linear(segment: number, register: number, write = false): number {
    const S = this.state;
    const offset = S[register]! & this.mask;
    if (isChecked(S[MODE]!, segment) && !this.isPermitted(segment, offset, write)) {
      this.fault.raise(segment === SS ? Vector.SS : Vector.GP);
    }
    const la = (S[SEGMENT_BASE + segment]! + offset) | 0;
    if (S[MODE]! & MODE_ALIGNED && la & (this.size - 1)) {
      this.memory.stretch(la, 1, write);
      this.fault.raise(Vector.AC);
    }
    return la;
  }

  private isPermitted(segment: number, offset: number, write: boolean): boolean {
    const S = this.state;
    return permits(S[SEGMENT_ACCESS + segment]!, S[SEGMENT_LIMIT + segment]!, offset, this.size, write);
  }

  /**
   * How many elements, at most `most`, lie on one page from where `register` points; with 16-bit addresses also before
   * the offset wraps (a 32-bit one wraps together with the linear address). Where the segment's limit comes earlier, 1.
   */
  private reach(la: number, segment: number, register: number, most: number): number {
    const { size } = this;
    const shift = size >> 1;
    const inPage = la & 4095;
    const down = this.step < 0;
    if (down && inPage + size > 4096) return 0;
    let count = Math.min(most, down ? (inPage >> shift) + 1 : (4096 - inPage) >> shift);
    const offset = this.state[register]! & this.mask;
    if (this.mask !== -1) count = Math.min(count, down ? (offset >> shift) + 1 : (0x10000 - offset) >> shift);
    if (count > 1 && isChecked(this.state[MODE]!, segment)) {
      const last = offset + Math.imul(count - 1, this.step);
      // Rights have been checked with the first element.
      const wraps = down ? last < 0 : last > 0xffffffff;
      if (wraps || !this.isPermitted(segment, last, false)) return 1;
    }
    return count;
  }

  /**
   * Check a stretch of `count` elements within one page, the first of them at `la`.
   * @returns place of its lowest byte, or -1 where a device answers. @throws GuestFault at the first element, or aborts.
   */
  private stretch(la: number, count: number, write: boolean): number {
    const { memory, size } = this;
    if (this.step > 0) return memory.stretch(la, count * size, write);
    memory.stretch(la, size, write);
    return memory.stretch((la - (count - 1) * size) | 0, count * size, write);
  }

  /** Move a register by `count` elements. */
  private advance(register: number, count: number): void {
    const S = this.state;
    const moved = S[register]! + Math.imul(count, this.step);
    S[register] = (S[register]! & ~this.mask) | (moved & this.mask);
  }

  private countDown(count: number): void {
    const S = this.state;
    S[ECX] = (S[ECX]! & ~this.mask) | ((S[ECX]! - count) & this.mask);
  }

  private read(la: number): number {
    const { memory, size } = this;
    return size === 1 ? memory.read8(la) : size === 2 ? memory.read16(la) : memory.read32(la);
  }

  private write(la: number, value: number): void {
    const { memory, size } = this;
    if (size === 1) memory.write8(la, value);
    else if (size === 2) memory.write16(la, value);
    else memory.write32(la, value);
  }

  movs(size: number, addressSize: number, segment: number): number {
    let left = this.begin(size, addressSize);
    while (left > 0) {
      const from = this.linear(segment, ESI);
      const to = this.linear(ES, EDI, true);
      let count = this.reach(to, ES, EDI, this.reach(from, segment, ESI, left));
      const source = count > 1 ? this.stretch(from, count, false) : -1;
      const target = source >= 0 ? this.stretch(to, count, true) : -1;
      if (target >= 0) copy(this.ram, source, target, count, this.step);
      else {
        this.write(to, this.read(from));
        count = 1;
      }
      this.advance(ESI, count);
      this.advance(EDI, count);
      this.countDown(count);
      left -= count;
    }
    return this.finished;
  }

  stos(size: number, addressSize: number): number {
    let left = this.begin(size, addressSize);
    const value = this.state[EAX]!;
    while (left > 0) {
      const to = this.linear(ES, EDI, true);
      let count = this.reach(to, ES, EDI, left);
      const target = count > 1 ? this.stretch(to, count, true) : -1;
      if (target >= 0) fill(this.ram, target, count, size, value);
      else {
        this.write(to, value);
        count = 1;
      }
      this.advance(EDI, count);
      this.countDown(count);
      left -= count;
    }
    return this.finished;
  }

  /** Only the last element stays in the accumulator, but every page is touched. */
  lods(size: number, addressSize: number, segment: number): number {
    let left = this.begin(size, addressSize);
    const S = this.state;
    const part = size === 4 ? -1 : size === 2 ? 0xffff : 0xff;
    while (left > 0) {
      const from = this.linear(segment, ESI);
      let count = this.reach(from, segment, ESI, left);
      if (count <= 1 || this.stretch(from, count, false) < 0) count = 1;
      const value = this.read((from + (count - 1) * this.step) | 0);
      S[EAX] = (S[EAX]! & ~part) | (value & part);
      this.advance(ESI, count);
      this.countDown(count);
      left -= count;
    }
    return this.finished;
  }

  cmps(size: number, addressSize: number, segment: number, equal: number): number {
    let left = this.begin(size, addressSize);
    if (left === 0) return 1;
    let a = 0;
    let b = 0;
    let ended = false;
    while (left > 0 && !ended) {
      const first = this.linear(segment, ESI);
      const second = this.linear(ES, EDI);
      const reach = this.reach(second, ES, EDI, this.reach(first, segment, ESI, left));
      let count = 1;
      const one = reach > 1 ? this.stretch(first, reach, false) : -1;
      const other = one >= 0 ? this.stretch(second, reach, false) : -1;
      if (other >= 0) {
        const p = this.firstElement(one, reach);
        const q = this.firstElement(other, reach);
        const run = runOfPairs(this.ram, p, q, reach, this.step, equal !== 0);
        ended = run < reach;
        count = ended ? run + 1 : reach;
        a = loadElement(this.ram, p + (count - 1) * this.step, size);
        b = loadElement(this.ram, q + (count - 1) * this.step, size);
      } else {
        a = this.read(first);
        b = this.read(second);
        ended = (a === b ? 1 : 0) !== equal;
      }
      this.advance(ESI, count);
      this.advance(EDI, count);
      this.countDown(count);
      left -= count;
    }
    return this.conclude(ended, a, b);
  }

  scas(size: number, addressSize: number, equal: number): number {
    let left = this.begin(size, addressSize);
    if (left === 0) return 1;
    const shift = 32 - 8 * size;
    const a = (this.state[EAX]! << shift) >> shift;
    let b = 0;
    let ended = false;
    while (left > 0 && !ended) {
      const la = this.linear(ES, EDI);
      const reach = this.reach(la, ES, EDI, left);
      let count = 1;
      const place = reach > 1 ? this.stretch(la, reach, false) : -1;
      if (place >= 0) {
        const p = this.firstElement(place, reach);
        const run = runOfValue(this.ram, p, a, reach, this.step, equal !== 0);
        ended = run < reach;
        count = ended ? run + 1 : reach;
        b = loadElement(this.ram, p + (count - 1) * this.step, size);
      } else {
        b = this.read(la);
        ended = (a === b ? 1 : 0) !== equal;
      }
      this.advance(EDI, count);
      this.countDown(count);
      left -= count;
    }
    return this.conclude(ended, a, b);
  }

  /** Address of the element that comes first, which with DF set is the highest of the stretch. */
  private firstElement(lowest: number, count: number): number {
    return this.step > 0 ? lowest : lowest + (count - 1) * this.size;
  }

  /**
   * Flags of the last comparison, as CMP sets them; they stay as they were until the instruction is finished, which is
   * what a fault in between must find (SDM vol. 2B, REP).
   */
  private conclude(ended: boolean, a: number, b: number): number {
    if (!ended && this.finished === 0) return 0;
    const S = this.state;
    const shift = 32 - 8 * this.size;
    const r = ((a - b) << shift) >> shift;
    S[FLAG_CF] = a >>> 0 < b >>> 0 ? 1 : 0;
    S[FLAG_OF] = (a ^ b) & (a ^ r);
    S[FLAG_RES] = r;
    S[FLAG_AUX] = (a ^ b ^ r) & 16;
    return 1;
  }
}

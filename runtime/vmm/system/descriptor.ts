/**
 * Descriptors in memory: how the processor reads them from the GDT and the LDT and marks them (accessed, busy).
 *
 * All these accesses are the processor's own, with supervisor privilege whatever the CPL. Objects are made once and
 * filled anew; an instruction that looks at two descriptors uses two.
 */
import { GDTR_BASE, GDTR_LIMIT, LDTR, SYSTEM_ACCESS, SYSTEM_BASE, SYSTEM_LIMIT } from '../../abi/state.ts';
import {
  ACCESS_CODE,
  ACCESS_CONFORMING,
  ACCESS_PRESENT,
  ACCESS_READABLE_CODE,
  ACCESS_S,
  ACCESS_WRITABLE,
  type Descriptor,
  privilegeOf,
} from '../../cpu/segment.ts';
import type { Memory } from '../../memory/memory.ts';

/** In `access`: the segment has been used; a task state segment belongs to a running or interrupted task. */
const ACCESS_ACCESSED = 1 << 0;
const ACCESS_BUSY = 1 << 1;

/** Types of system descriptors (SDM vol. 3A §3.5, table 3-2): bits 4..0 of `access`, S = 0. */
export const SystemType = {
  AvailableTask16: 1,
  Ldt: 2,
  BusyTask16: 3,
  CallGate16: 4,
  TaskGate: 5,
  InterruptGate16: 6,
  TrapGate16: 7,
  AvailableTask32: 9,
  BusyTask32: 11,
  CallGate32: 12,
  InterruptGate32: 14,
  TrapGate32: 15,
} as const;

/** A selector without its RPL, as error codes name it; 0 for null selectors. */
export function selectorError(selector: number): number {
  return selector & 0xfffc;
}

/** A descriptor as it was fetched. */
export class FetchedDescriptor implements Descriptor {
  base = 0;
  limit = 0;
  access = 0;
  /** Both words as they stand in memory, and where. */
  low = 0;
  high = 0;
  address = 0;

  decode(low: number, high: number, address: number): void {
    this.low = low;
    this.high = high;
    this.address = address;
    this.access = (high >>> 8) & 0xf0ff;
    this.base = (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000);
    const limit = (low & 0xffff) | (high & 0xf0000);
    this.limit = high & (1 << 23) ? (limit << 12) | 0xfff : limit;
  }

  /** S and type: SystemType when S is 0. */
  get type(): number {
    return this.access & 31;
  }

  get privilege(): number {
    return privilegeOf(this.access);
  }

  get isPresent(): boolean {
    return (this.access & ACCESS_PRESENT) !== 0;
  }

  get isCode(): boolean {
    return (this.access & (ACCESS_S | ACCESS_CODE)) === (ACCESS_S | ACCESS_CODE);
  }

  get isConforming(): boolean {
    return (this.access & ACCESS_CONFORMING) !== 0;
  }

  /** Data, or code that may be read. */
  get isReadable(): boolean {
    return (this.access & ACCESS_S) !== 0 && (this.access & (ACCESS_CODE | ACCESS_READABLE_CODE)) !== ACCESS_CODE;
  }

  get isWritableData(): boolean {
    return (this.access & (ACCESS_S | ACCESS_CODE | ACCESS_WRITABLE)) === (ACCESS_S | ACCESS_WRITABLE);
  }

  /** Of a gate: the selector and offset it leads to, and the words or doublewords that it copies. */
  get gateSelector(): number {
    return this.low >>> 16;
  }

  get gateOffset(): number {
    return this.access & 8 ? (this.low & 0xffff) | (this.high & 0xffff0000) : this.low & 0xffff;
  }

  get gateCount(): number {
    return this.high & 31;
  }
}

/** The descriptor tables that GDTR and LDTR describe. */
export class DescriptorTables {
  private readonly state: Int32Array;
  private readonly memory: Memory;

  constructor(state: Int32Array, memory: Memory) {
    this.state = state;
    this.memory = memory;
  }

  /**
   * Fetch the descriptor that a selector names.
   * @returns false when it lies outside its table or is null. @throws GuestFault #PF.
   */
  fetch(selector: number, into: FetchedDescriptor): boolean {
    const { state: S } = this;
    const offset = selector & 0xfff8;
    let base: number;
    if (selector & 4) {
      if (S[LDTR + SYSTEM_ACCESS] === 0 || offset + 7 > S[LDTR + SYSTEM_LIMIT]! >>> 0) return false;
      base = S[LDTR + SYSTEM_BASE]!;
    } else {
      if (offset === 0 || offset + 7 > S[GDTR_LIMIT]!) return false;
      base = S[GDTR_BASE]!;
    }
    this.read((base + offset) | 0, into);
    return true;
  }

  /** Read the descriptor at a linear address. */
  read(address: number, into: FetchedDescriptor): void {
    const { implicit } = this.memory;
    into.decode(implicit.read32(address), implicit.read32((address + 4) | 0), address);
  }

  /** Set the accessed bit of a code or data segment that is about to be loaded. */
  markAccessed(descriptor: FetchedDescriptor): void {
    if (descriptor.access & ACCESS_ACCESSED) return;
    descriptor.access |= ACCESS_ACCESSED;
    this.memory.implicit.write8((descriptor.address + 5) | 0, descriptor.access);
  }

  /** Set or clear the busy bit of a task state segment's descriptor in the GDT. */
  markBusy(selector: number, busy: boolean): void {
    const { implicit } = this.memory;
    const at = (this.state[GDTR_BASE]! + (selector & 0xfff8) + 5) | 0;
    const access = implicit.read8(at);
    implicit.write8(at, busy ? access | ACCESS_BUSY : access & ~ACCESS_BUSY);
  }
}

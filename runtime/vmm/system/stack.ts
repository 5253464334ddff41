/**
 * The stack as instructions and event delivery use it that push or pop several values before anything is committed:
 * the current one, or the one that a change of privilege leads to.
 */
import { MODE_ALIGNED } from '../../abi/mode.ts';
import { CPL, ESP, MODE, SEGMENT_ACCESS, SEGMENT_BASE, SEGMENT_LIMIT, SS } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { GuestFault } from '../../cpu/fault.ts';
import { ACCESS_BIG, type Descriptor, permits } from '../../cpu/segment.ts';
import type { Memory, PrivilegedAccess } from '../../memory/memory.ts';

type StackMemory = Pick<PrivilegedAccess, 'read16' | 'read32' | 'write16' | 'write32'>;

export class Stack {
  /** The stack pointer; only its low half counts on a 16-bit stack. */
  pointer = 0;
  private readonly state: Int32Array;
  private readonly memory: Memory;
  private readonly fault: GuestFault;
  private base = 0;
  private limit = 0;
  private access = 0;
  private mask = -1;
  private error = 0;
  private through: StackMemory;

  constructor(state: Int32Array, memory: Memory, fault: GuestFault) {
    this.state = state;
    this.memory = memory;
    this.fault = fault;
    this.through = memory;
  }

  /** Work on the current stack. @param error error code of #SS. */
  useCurrent(error = 0): void {
    const { state: S } = this;
    this.use(S[SEGMENT_BASE + SS]!, S[SEGMENT_LIMIT + SS]!, S[SEGMENT_ACCESS + SS]!, S[ESP]!, S[CPL]!, error);
  }

  /** Work on another stack, for privilege level `cpl`. */
  useOther({ base, limit, access }: Descriptor, esp: number, cpl: number, error: number): void {
    this.use(base, limit, access, esp, cpl, error);
  }

  private use(base: number, limit: number, access: number, esp: number, cpl: number, error: number): void {
    this.base = base;
    this.limit = limit;
    this.access = access;
    this.mask = access & ACCESS_BIG ? -1 : 0xffff;
    this.pointer = esp;
    this.error = error;
    this.through = cpl === 3 ? this.memory : this.memory.implicit;
  }

  /** Push the low `size` bits of `value`; the stack pointer register does not change. @throws GuestFault #SS, #PF. */
  push(value: number, size: number): void {
    const bytes = size >> 3;
    const offset = (this.pointer - bytes) & this.mask;
    const la = this.check(offset, bytes, true);
    if (size === 16) this.through.write16(la, value);
    else this.through.write32(la, value);
    this.pointer = (this.pointer & ~this.mask) | offset;
  }

  /** Pop `size` bits, zero-extended. */
  pop(size: number): number {
    const value = this.peek(0, size);
    this.skip(size >> 3);
    return value;
  }

  /** The value `distance` bytes above the stack pointer, zero-extended. */
  peek(distance: number, size: number): number {
    const la = this.check((this.pointer + distance) & this.mask, size >> 3, false);
    return size === 16 ? this.through.read16(la) & 0xffff : this.through.read32(la);
  }

  /** Move the stack pointer up. */
  skip(bytes: number): void {
    this.pointer = (this.pointer & ~this.mask) | ((this.pointer + bytes) & this.mask);
  }

  private check(offset: number, bytes: number, write: boolean): number {
    if (!permits(this.access, this.limit, offset, bytes, write)) this.fault.raise(Vector.SS, this.error);
    const la = (this.base + offset) | 0;
    const isUser = this.through === this.memory;
    if (isUser && this.state[MODE]! & MODE_ALIGNED && la & (bytes - 1)) this.fault.raise(Vector.AC);
    return la;
  }
}

/**
 * What translated code runs against: the parts of the machine that both back ends close over.
 *
 * The runtime makes one; translator/ sees only these shapes.
 */
import type { HelperName } from './calls.ts';
import type { MachineMemory } from './host-memory.ts';

/** TLB words of one privilege level (abi/tlb.ts). */
export interface TlbTables {
  readonly read: Int32Array;
  readonly write: Int32Array;
  readonly execute: Int32Array;
}

/** Slow arms of memory accesses: linear addresses, sign-extended results; they raise guest faults or abort. */
export interface SlowMemory {
  read8(la: number): number;
  read16(la: number): number;
  read32(la: number): number;
  write8(la: number, value: number): void;
  write16(la: number, value: number): void;
  write32(la: number, value: number): void;
  modify8(la: number): number;
  modify16(la: number): number;
  modify32(la: number): number;
}

/** RAM as typed arrays over one buffer. */
export interface RamViews {
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  readonly memory: MachineMemory;
}

export type Helper = (...args: number[]) => number;

export interface ExecutionContext {
  readonly state: Int32Array;
  readonly ram: RamViews;
  /** `all` is both, CPL 3's words first; only those where nothing else runs. */
  readonly tlb: { readonly user: TlbTables; readonly supervisor: TlbTables; readonly all: TlbTables };
  readonly memory: SlowMemory;
  /** The line table (abi/lines.ts), where there is identity-mapped memory. */
  readonly lines: Uint8Array | undefined;
  /** Helpers by name, and in the order of `helperNames`. */
  readonly helpers: Readonly<Record<HelperName, Helper>>;
  readonly helperList: readonly Helper[];
  /** The one object that is thrown through translated code. */
  readonly fault: object;
}

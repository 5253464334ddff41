/**
 * What the VMM of system mode works on: the machine given from outside, and the parts of it that all files here share.
 */
import type { Ports } from '../../bus/ports.ts';
import type { CpuModel } from '../../cpu/cpuid.ts';
import type { GuestFault } from '../../cpu/fault.ts';
import type { Memory } from '../../memory/memory.ts';
import type { DescriptorTables } from './descriptor.ts';
import type { Stack } from './stack.ts';

/** The time-stamp counter: whole numbers below 2^64, exact up to 2^53. */
export interface TimestampCounter {
  read(): number;
  write(value: number): void;
}

/** Page tables, as far as control registers concern them. */
export interface Paging {
  /** CR3, or what says how tables are read, has changed. */
  forget(): void;
  /** May CR3 hold this value in PAE paging? */
  arePointersValid(cr3: number): boolean;
}

/** The machine of a whole PC. */
export interface SystemVmmContext {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
  readonly paging: Paging;
  readonly ports: Ports;
  /** What CPUID answers, and with it which bits of CR4 may be set. */
  readonly model: CpuModel;
  readonly timestamp: TimestampCounter;
  /** The APIC_BASE register was written (its slot has the new value). */
  readonly onApicBase?: (() => void) | undefined;
}

/** The same with what belongs to one processor. */
export interface Processor extends SystemVmmContext {
  readonly descriptors: DescriptorTables;
  readonly stack: Stack;
}

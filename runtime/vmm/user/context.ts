/** What the user-mode VMM works on. */
import type { CpuModel } from '../../cpu/cpuid.ts';
import type { GuestFault } from '../../cpu/fault.ts';
import type { DescriptorSource } from '../../cpu/segment.ts';
import type { Memory } from '../../memory/memory.ts';

/** The machine of one user-mode environment: CPL 3, IOPL 0, protected mode. */
export interface UserVmmContext {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
  /** The process's segments. Those with a DPL other than 3 may be left out: no instruction tells the difference. */
  readonly descriptors: DescriptorSource;
  /** What CPUID answers; the model that has everything when left out. */
  readonly model?: CpuModel | undefined;
}

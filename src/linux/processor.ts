/**
 * What user mode needs of a CPU: the interface between src/linux and runtime/exec.
 *
 * There is one processor for all processes of a tree, as on a machine with one core: a switch saves and loads the
 * registers and flushes the TLB, and translations, which are keyed by physical address, stay.
 */

import type { Ram } from '../../runtime/bus/ram.ts';
import type { CpuModel } from '../../runtime/cpu/cpuid.ts';
import type { GuestFault } from '../../runtime/cpu/fault.ts';
import type { DescriptorSource } from '../../runtime/cpu/segment.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import type { PageWalker } from '../../runtime/memory/walker.ts';
import type { CodeKind } from '../../translator/index.ts';

export interface Processor {
  /** Slots of runtime/abi/state.ts. */
  readonly state: Int32Array;
  readonly memory: {
    readonly ram: Ram;
    readonly fault: GuestFault;
    flushPages(firstLinearPage: number, count: number): void;
    invalidateCode(physicalAddress: number, length: number): void;
  };
  /** Runs up to that many instructions. */
  run(maxInstructions: number): Stop;
  /** Makes `run` return soon. */
  requestStop(): void;
  getEflags(): number;
  setEflags(image: number): void;
}

/** What a processor is made from. */
export interface ProcessorParts {
  /** Bytes of guest RAM. */
  readonly memoryBytes: number;
  readonly walker: PageWalker;
  /** The segments that a selector may name; undefined is #GP(selector). */
  readonly descriptors: DescriptorSource;
  readonly tier: Tier;
  /** What hot code becomes; left out, WebAssembly where the host has it. */
  readonly code?: CodeKind | undefined;
  readonly model: CpuModel;
  /** Let tier 0 repeat all that compiled code does, and compare. */
  readonly verify?: boolean | undefined;
}

/** Interpret only, compile at once, or go by hotness. */
export type Tier = '0' | '1' | 'auto';

export type CreateProcessor = (parts: ProcessorParts) => Processor;

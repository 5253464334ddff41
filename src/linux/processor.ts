/**
 * What user mode needs of a CPU: the interface between src/linux and runtime/exec.
 *
 * There is one processor for all processes of a tree, as on a machine with one core: a switch saves and loads the
 * registers and flushes the TLB, and translations, which are keyed by physical address, stay.
 */
import type { Ram } from '../../runtime/bus/ram.ts';
import type { GuestFault } from '../../runtime/cpu/fault.ts';
import type { PageWalker } from '../../runtime/memory/walker.ts';

/** Why the processor stopped. EIP and all state are exact. */
export type Stop =
  | { readonly kind: 'budget' | 'stopped' | 'halt' }
  /** INT n; EIP is after it. */
  | { readonly kind: 'interrupt'; readonly vector: number }
  /** EIP is at the instruction that faulted; for traps, after it. */
  | { readonly kind: 'fault'; readonly vector: number; readonly errorCode: number; readonly address: number };

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

/** A segment descriptor: linear base, byte-granular limit (u32 as i32), attributes as bits 40..55 of the descriptor. */
export interface Descriptor {
  readonly base: number;
  readonly limit: number;
  readonly access: number;
}

/** What a processor is made from. */
export interface ProcessorParts {
  /** Bytes of guest RAM. */
  readonly memoryBytes: number;
  readonly walker: PageWalker;
  /** The segments that a selector may name; undefined is #GP(selector). */
  readonly descriptors: { describe(selector: number): Descriptor | undefined };
  readonly tier: Tier;
}

/** Interpret only, compile at once, or go by hotness. */
export type Tier = '0' | '1' | 'auto';

export type CreateProcessor = (parts: ProcessorParts) => Processor;

/**
 * Puts a processor together: RAM, memory, helpers, translator and cache, with the environment (user mode or a PC's
 * VMM) given from outside. The one place where runtime/ and translator/ meet.
 */

import { helperNames, type VmmCallName, vmmCallNames } from '../runtime/abi/calls.ts';
import type { ExecutionContext } from '../runtime/abi/context.ts';
import { DF, MODE, STATE_SLOTS } from '../runtime/abi/state.ts';
import type { AddressSpace } from '../runtime/bus/address-space.ts';
import { Ram } from '../runtime/bus/ram.ts';
import { CodeCache } from '../runtime/cache/code-cache.ts';
import type { CacheThresholds } from '../runtime/cache/options.ts';
import type { CpuModel } from '../runtime/cpu/cpuid.ts';
import { GuestFault } from '../runtime/cpu/fault.ts';
import { initializeSse } from '../runtime/cpu/sse.ts';
import { Cpu, type VmmCall } from '../runtime/exec/cpu.ts';
import { createHelpers } from '../runtime/helpers/index.ts';
import { Memory } from '../runtime/memory/memory.ts';
import type { PageWalker } from '../runtime/memory/walker.ts';
import { type CodeKind, createTranslator, type RegionObserver } from '../translator/index.ts';

/** Interpret only, compile at once, or go by hotness. */
export type Tier = '0' | '1' | 'auto';

/** The parts that the environment's VMM works on. */
export interface MachineParts {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
}

export interface CpuOptions {
  /** Bytes of guest RAM, or the physical address space of a whole machine with its own. */
  readonly memoryBytes: number | AddressSpace;
  /** Let pages lie at their linear addresses in RAM, where the host has the room (runtime/abi/lines.ts). */
  readonly ownPlaces?: boolean;
  readonly walker: (fault: GuestFault, ram: Ram, state: Int32Array) => PageWalker;
  readonly vmm: (parts: MachineParts) => Readonly<Record<VmmCallName, VmmCall>>;
  /** Mode bits at the start (runtime/abi/mode.ts). */
  readonly mode: number;
  readonly tier: Tier;
  /** What regions become; WebAssembly where the host has it when left out. */
  readonly code?: CodeKind | undefined;
  /** Host clock in milliseconds, for statistics. */
  readonly stopwatch?: () => number;
  /** Only CPL 3 will run: one set of TLB tables is enough. */
  readonly userOnly: boolean;
  readonly policy?: Partial<Policy>;
  /** What RDTSC reads; left out, instructions retired. */
  readonly timestamp?: () => number;
  /** FERR#: an x87 exception is pending while CR0.NE is clear; a PC raises IRQ 13. Left out, it is #MF whatever CR0 says. */
  readonly floatError?: () => void;
  /** Sees what goes into each region (TranslatorOptions.observe). */
  readonly observe?: RegionObserver | undefined;
  /** CpuParts.verify. */
  readonly verify?: boolean | undefined;
  /** CpuParts.mustLeave. */
  readonly mustLeave?: () => boolean;
  /** Decides which instructions there are; all that are implemented when left out. */
  readonly model?: CpuModel | undefined;
}

/** What is translated when, and how much of it is kept. */
export interface Policy extends CacheThresholds {
  /** Guest instructions in regions of CPL 0 to 2; left out, as many as in programs. */
  readonly supervisorInstructions?: number;
  /** Words (4 bytes) of tier-0 code kept. */
  readonly arenaWords: number;
}

const defaultPolicy: Policy = {
  hotThreshold: 300,
  supervisorFactor: 1,
  innerFactor: 20,
  maxEntries: 24,
  arenaWords: 1 << 22,
  maxCode: 64 << 20,
  // V8 takes about half a microsecond for a character; tier 0 runs some twenty instructions in that time.
  compileAllowance: 1 << 20,
  // With 10 the hostile guest `jumps` ran at 0.76 of tier 0's speed, with 20 at 0.90, with more no faster.
  shortestRun: 20,
  compileInterval: 60,
  maxRewrites: 64,
  rewriteInterval: 10_000,
  growthExits: 4_000,
  maxGrowth: 3,
  maxSlowExits: 1000,
};

/** What stands in for hotness and profit where one tier has been chosen. */
function unconditional(tier: '0' | '1'): Partial<CacheThresholds> {
  if (tier === '0') return { hotThreshold: 0x7fffffff };
  return { hotThreshold: 0, compileAllowance: Number.POSITIVE_INFINITY, shortestRun: 0 };
}

/** Make a processor with everything that it runs on. */
export function createCpu(options: CpuOptions): Cpu {
  const policy = { ...defaultPolicy, ...options.policy };
  const given = options.memoryBytes;
  const bus = typeof given === 'number' ? undefined : given;
  const ram = typeof given !== 'number' ? given.ram : options.ownPlaces ? Ram.whole(given) : new Ram(given);
  const state = ram.memory.words(STATE_SLOTS);
  const fault = new GuestFault();
  const memory = new Memory(ram, state, fault, options.walker(fault, ram, state), options.userOnly, bus);
  let cpu: Cpu | undefined;
  const timestamp = options.timestamp ?? ((): number => cpu?.timestamp ?? 0);
  const helpers = createHelpers({ state, memory, fault, timestamp, floatError: options.floatError });
  const context: ExecutionContext = {
    state,
    ram,
    tlb: memory.tlb,
    memory,
    lines: memory.lines?.bytes,
    helpers,
    helperList: helperNames.map((name) => helpers[name]),
    fault,
  };
  const translator = createTranslator(context, {
    arenaWords: policy.arenaWords,
    code: options.code ?? 'wasm',
    calls: () => cpu!.calls,
    interpretsAll: options.tier === '0',
    features: options.model?.instructions,
    supervisorInstructions: policy.supervisorInstructions,
    observe: options.observe,
  });
  const cache = new CodeCache(translator, memory, state, {
    ...policy,
    ...(options.tier === 'auto' ? {} : unconditional(options.tier)),
    stopwatch: options.stopwatch ?? (() => 0),
  });
  state[MODE] = options.mode;
  state[DF] = 1;
  initializeSse(state);
  const calls = options.vmm({ state, memory, fault });
  const vmm = vmmCallNames.map((name) => calls[name]);
  cpu = new Cpu({ state, memory, fault, translator, cache, vmm, mustLeave: options.mustLeave, verify: options.verify });
  return cpu;
}

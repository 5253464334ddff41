/**
 * The processor of a whole machine, put together from the board's buses: page tables, the VMM of system mode, the loop
 * that delivers interrupts, and time.
 */

import { X87_IGNORED } from '../runtime/abi/state.ts';
import type { AddressSpace } from '../runtime/bus/address-space.ts';
import { Clock } from '../runtime/bus/clock.ts';
import type { InterruptController } from '../runtime/bus/line.ts';
import type { Ports } from '../runtime/bus/ports.ts';
import type { CpuModel } from '../runtime/cpu/cpuid.ts';
import { summarizeX87 } from '../runtime/cpu/x87.ts';
import { SystemCpu } from '../runtime/exec/system-cpu.ts';
import { HostTime, type MachineTime, VirtualTime } from '../runtime/exec/time.ts';
import { PageTables } from '../runtime/memory/paging.ts';
import { createSystemVmm, type SystemVmm, type SystemVmmContext } from '../runtime/vmm/system/index.ts';
import type { CodeKind } from '../translator/index.ts';
import { createCpu, type Policy, type Tier } from './machine.ts';

/** Time of a machine: the host's, or that of its instructions, each `perInstruction` nanoseconds long. */
export type TimeChoice = { readonly host: () => number } | { readonly perInstruction: number };

/** Time and clock of a machine; devices take their time from `clock`. */
export interface MachineClock {
  readonly clock: Clock;
  readonly time: MachineTime;
}

/** @param choice `host`: the host's monotonic time in nanoseconds. */
export function createMachineClock(choice: TimeChoice): MachineClock {
  const time = 'host' in choice ? new HostTime(choice.host) : new VirtualTime(choice.perInstruction);
  return { time, clock: new Clock(() => time.now()) };
}

export interface SystemCpuOptions extends MachineClock {
  /** Physical memory; its buffer is the guest's RAM with everything else that code may run from. */
  readonly bus: AddressSpace;
  readonly ports: Ports;
  readonly interrupts: InterruptController;
  readonly model: CpuModel;
  readonly tier: Tier;
  /** What hot code becomes; left out, WebAssembly where the host has it. */
  readonly code?: CodeKind | undefined;
  readonly policy?: Partial<Policy>;
  /** Host clock in milliseconds, for statistics. */
  readonly stopwatch?: () => number;
  /** FERR#: an x87 exception is pending while CR0.NE is clear. Left out, it is #MF whatever CR0 says. */
  readonly floatError?: () => void;
  /** IA32_APIC_BASE was written. */
  readonly onApicBase?: () => void;
}

/** A processor in its state after power-on, and the same again with reset(). */
export interface SystemProcessor {
  readonly cpu: SystemCpu;
  reset(): void;
  /** IGNNE#, until no x87 exception is pending. */
  ignoreFloatError(): void;
}

/** Frequency of the time-stamp counter is 1 GHz: it counts the clock's nanoseconds. */
class TimestampCounter {
  private readonly clock: Clock;
  private offset = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  read(): number {
    return Math.floor(this.clock.now) + this.offset;
  }

  write(value: number): void {
    this.offset = value - Math.floor(this.clock.now);
  }
}

/** Make the processor of a machine. */
export function createSystemCpu(options: SystemCpuOptions): SystemProcessor {
  const { bus, ports, interrupts, model, clock, time, tier, code, policy, stopwatch, floatError, onApicBase } = options;
  const timestamp = new TimestampCounter(clock);
  let paging: PageTables | undefined;
  let vmm: SystemVmm | undefined;
  let system: SystemCpu | undefined;
  const core = createCpu({
    memoryBytes: bus,
    walker: (fault, _ram, state) => {
      paging = new PageTables(state, bus, fault, (la) => core.memory.invalidatePage(la));
      return paging;
    },
    vmm: (parts) => {
      const context: SystemVmmContext = { ...parts, paging: paging!, ports, model, timestamp, onApicBase };
      vmm = createSystemVmm(context);
      return vmm.calls;
    },
    mode: 0,
    tier,
    code,
    userOnly: false,
    timestamp: () => timestamp.read(),
    mustLeave: () => system!.mustLeave(),
    ...(policy && { policy }),
    ...(stopwatch && { stopwatch }),
    ...(floatError && { floatError }),
  });
  if (time instanceof VirtualTime) time.attach(() => core.timestamp);
  const cpu = new SystemCpu({ cpu: core, clock, time, interrupts, deliver: vmm!.deliver });
  system = cpu;
  return {
    cpu,
    reset() {
      vmm!.reset();
      cpu.reset();
    },
    ignoreFloatError() {
      core.state[X87_IGNORED] = 1;
      summarizeX87(core.state);
    },
  };
}

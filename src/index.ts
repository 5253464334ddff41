/**
 * xlat86 as a library.
 *
 * `Process` runs a static i386 Linux program; `Cpu` is a bare processor with mapped memory; `Pc` is a whole machine.
 */
import type { Cpu as Processor } from '../runtime/exec/cpu.ts';
import { BareCpu, type CpuOptions } from './bare-cpu.ts';
import { createSystemClock } from './host/system-clock.ts';
import { LinuxProcess, type ProcessOptions } from './linux/process.ts';
import { Pc as Machine, type PcOptions } from './pc.ts';
import { createUserCpu } from './user-machine.ts';

export type { BlockStore } from '../runtime/bus/block-store.ts';
export type { CpuName } from '../runtime/cpu/model.ts';
export { type BlockBytes, Divergence, type DivergenceFacts } from '../runtime/exec/divergence.ts';
export type { CodeKind } from '../translator/index.ts';
export type { CpuOptions, CpuStatistics, CpuStop, PageRights, RegisterName, RunOptions } from './bare-cpu.ts';
export { BootError } from './boot/boot-error.ts';
export { LoadError } from './linux/elf.ts';
export type { InputStream, OutputStream } from './linux/files/stream-file.ts';
export type { AbortSignalLike, Grant, KillSignal, ProcessOptions, ProcessResult } from './linux/process.ts';
export type { Tier } from './linux/processor.ts';
export type { FileSystem } from './linux/tree/file-system.ts';
export type { Policy } from './machine.ts';
export type { Frame, PcKernel, PcOptions, PcRunOptions, PcStop, TextScreen } from './pc.ts';

/** A Linux program and everything that it runs on. */
export class Process extends LinuxProcess<Processor> {
  /** @throws RangeError when `memory` is out of range. */
  constructor(options: ProcessOptions) {
    super(options, {
      clock: createSystemClock(),
      createProcessor: (parts) => createUserCpu(parts, () => performance.now()),
    });
  }
}

/** One 32-bit x86 processor in user mode with memory of its own. */
export class Cpu extends BareCpu {
  /** @throws RangeError when `memory` is out of range. */
  constructor(options: CpuOptions = {}) {
    super(options, createSystemClock());
  }
}

/** A whole PC, from the reset vector to the power switch. */
export class Pc extends Machine {
  /** @throws BootError when what is to be booted cannot be. */
  constructor(options: PcOptions) {
    super(options, createSystemClock());
  }
}

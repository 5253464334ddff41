/**
 * What all processes of a tree share: processor, frames, files, clock, process table. System calls get it as their
 * first argument, with the calling process as `current`.
 */

import { MODE_IDENTITY } from '../../runtime/abi/mode.ts';
import { MODE } from '../../runtime/abi/state.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../../runtime/abi/vector.ts';
import type { CpuModel } from '../../runtime/cpu/cpuid.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import { Access } from '../../runtime/memory/walker.ts';
import type { CodeKind } from '../../translator/index.ts';
import { AddressSpace, Unresolved } from './address-space.ts';
import type { Clock } from './clock.ts';
import { Pipe } from './files/pipe.ts';
import type { Terminal } from './files/terminal.ts';
import { FrameAllocator } from './frames.ts';
import { ImageCache } from './image.ts';
import type { Credentials } from './load.ts';
import type { CreateProcessor, Processor, Tier } from './processor.ts';
import { RandomSource } from './random.ts';
import { describeSelector } from './registers.ts';
import { ActionFlag, Signal, SignalCode, type SignalInfo } from './signals.ts';
import type { Task } from './task.ts';
import type { Tree } from './tree/tree.ts';
import { UserMemory } from './user-memory.ts';

export interface KernelOptions {
  readonly createProcessor: CreateProcessor;
  readonly tier: Tier;
  readonly code?: CodeKind | undefined;
  readonly model: CpuModel;
  readonly verify: boolean;
  /** Bytes of guest memory for all processes together. */
  readonly memory: number;
  readonly tree: Tree;
  readonly clock: Clock;
  readonly credentials: Credentials;
  /** Makes everything random repeatable. */
  readonly seed?: number;
  readonly hostName: string;
}

/** Pid of the first process. */
const FIRST_PID = 1000;

export class Kernel {
  readonly processor: Processor;
  readonly model: CpuModel;
  readonly frames: FrameAllocator;
  readonly memory: UserMemory;
  readonly images: ImageCache;
  readonly tree: Tree;
  readonly clock: Clock;
  readonly credentials: Credentials;
  readonly random: RandomSource;
  readonly hostName: string;
  readonly bootTime: number;
  /** The terminal of the standard streams, when there is one. */
  terminal: Terminal | undefined;
  /** By pid. */
  readonly tasks: Map<number, Task> = new Map();
  /** Named pipes by path. */
  readonly namedPipes: Map<string, Pipe> = new Map();
  /** Counts what waiting calls might wait for. */
  changes = 0;
  #current: Task | undefined;
  #pid = FIRST_PID;
  #inode = 1;

  constructor(options: KernelOptions) {
    this.tree = options.tree;
    this.model = options.model;
    this.clock = options.clock;
    this.credentials = options.credentials;
    this.hostName = options.hostName;
    this.bootTime = options.clock.monotonic();
    this.random = new RandomSource(options.seed);
    this.processor = options.createProcessor({
      memoryBytes: options.memory,
      tier: options.tier,
      code: options.code,
      model: options.model,
      verify: options.verify,
      walker: { walk: (la, access) => this.#walk(la, access) },
      descriptors: { describe: (selector) => describeSelector(selector, this.current.tls) },
    });
    const { memory } = this.processor;
    const invalidate = (address: number, length: number): void => memory.invalidateCode(address, length);
    this.frames = new FrameAllocator(memory.ram, options.memory, invalidate);
    this.images = new ImageCache(this.frames);
    this.memory = new UserMemory(memory.ram, new AddressSpace(this.frames), invalidate);
  }

  /** The process that runs, or whose system call runs. */
  get current(): Task {
    return this.#current!;
  }

  /** A fresh address space that tells the processor of its changes. */
  createSpace(): AddressSpace {
    return this.#watched(new AddressSpace(this.frames));
  }

  /** A copy of a space, as `createSpace`. */
  forkSpace(space: AddressSpace): AddressSpace {
    return this.#watched(space.fork());
  }

  #watched(space: AddressSpace): AddressSpace {
    space.onChange = (firstPage, count) => {
      if (this.memory.space === space) this.processor.memory.flushPages(firstPage, count);
    };
    return space;
  }

  /** Gives a space back when its last process leaves it. */
  releaseSpace(space: AddressSpace): void {
    if (--space.holders === 0) space.release();
  }

  /** Makes the processor and `memory` mean this space. */
  useSpace(space: AddressSpace): void {
    if (this.memory.space === space) return;
    this.memory.space = space;
    this.processor.memory.flushPages(0, 1 << 20);
  }

  /** Loads a process into the processor. */
  switchTo(task: Task): void {
    const previous = this.#current;
    if (previous === task) return;
    if (previous !== undefined && previous.state !== 'ended') previous.registers.save(this.processor.state);
    this.#current = task;
    task.registers.load(this.processor.state);
    this.useSpace(task.space);
  }

  /** Runs the current process for up to that many instructions. */
  run(maxInstructions: number): Stop {
    const { state } = this.processor;
    state[MODE] = this.memory.space.isInPlace ? state[MODE]! | MODE_IDENTITY : state[MODE]! & ~MODE_IDENTITY;
    return this.processor.run(maxInstructions);
  }

  #walk(la: number, access: Access): number {
    const found = this.memory.space.resolve(la, access);
    if (found >= 0) return found;
    if (found === Unresolved.OutOfMemory) this.send(this.current, { signal: Signal.KILL, code: SignalCode.Kernel });
    const present = found === Unresolved.Forbidden && this.memory.space.isPresent(la) ? PF_PRESENT : 0;
    const errorCode = PF_USER | present | (access === Access.Write ? PF_WRITE : 0);
    return this.processor.memory.fault.raise(Vector.PF, errorCode, la);
  }

  /** A pid that no process has, and no process group either. */
  nextPid(): number {
    do this.#pid = this.#pid >= 32767 ? FIRST_PID : this.#pid + 1;
    while ([...this.tasks.values()].some(({ pid, group, session }) => [pid, group, session].includes(this.#pid)));
    return this.#pid;
  }

  /** A number for a thing that has no file. */
  nextInode(): number {
    return this.#inode++;
  }

  createPipe(): Pipe {
    return new Pipe(this.nextInode(), this.changed);
  }

  /** Something that a call may wait for has changed. */
  readonly changed: () => void = () => {
    this.changes++;
  };

  /** Queues a signal for a process. */
  send(task: Task, info: SignalInfo): void {
    if (task.state === 'ended') return;
    if (task.state === 'stopped' && (info.signal === Signal.CONT || info.signal === Signal.KILL)) {
      task.state = task.call === undefined ? 'ready' : 'waiting';
      task.report = 'continued';
    }
    task.signals.send(info);
    this.changed();
  }

  /** Stops a process (SIGSTOP and its like) and tells its parent. */
  stop(task: Task, signal: number): void {
    task.state = 'stopped';
    task.report = 'stopped';
    task.stopSignal = signal;
    const { parent } = task;
    if (parent === undefined || (parent.signals.action(Signal.CHLD).flags & ActionFlag.NOCLDSTOP) !== 0) this.changed();
    else this.send(parent, { signal: Signal.CHLD, code: SignalCode.ChildStopped, pid: task.pid, status: signal });
  }

  /** The processes of a group. */
  group(group: number): Task[] {
    return [...this.tasks.values()].filter((task) => task.group === group && task.state !== 'ended');
  }

  /** When the current call gives up waiting, counted from its first attempt. Monotonic milliseconds. */
  deadlineAfter(milliseconds: number): number {
    this.current.deadline ??= this.clock.monotonic() + milliseconds;
    return this.current.deadline;
  }
}

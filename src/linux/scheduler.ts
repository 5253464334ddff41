/**
 * Runs the processes of a tree in turn on the one processor: slices, system calls, signals, waiting.
 *
 * A call that has to wait returns one of `Wait` and is run again when something has changed; so every handler is a
 * plain function and no call is ever suspended half-way. Between slices the host's event loop gets its turn.
 */
import { EAX, EBP, EBX, ECX, EDI, EDX, EIP, ESI } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { Stop } from '../../runtime/exec/stop.ts';
import { Errno, SystemError, Wait } from './errno.ts';
import { type Disassemble, describeDeath, raiseException } from './exception.ts';
import { endTask, killedStatus } from './exit.ts';
import type { Kernel } from './kernel.ts';
import { enterHandler } from './signal-frame.ts';
import {
  ActionFlag,
  defaultDisposition,
  SIG_DFL,
  SIG_IGN,
  Signal,
  type SignalAction,
  SignalCode,
  type SignalInfo,
} from './signals.ts';
import { CallTrace } from './strace.ts';
import type { Call, CallTable } from './syscalls/call.ts';
import { unservedCall } from './syscalls/call.ts';
import type { PendingCall, Task } from './task.ts';

/** Instructions in one run of the processor: few, since fresh code stays in V8's baseline tier until it is entered anew. */
const RUN_INSTRUCTIONS = 200_000;
/** Milliseconds that a process keeps the processor while others want it. */
const SLICE = 10;
/** Milliseconds after which the host's event loop gets its turn. */
const HOST_TURN = 50;

/** Bytes of INT n. */
const INTERRUPT_LENGTH = 2;

export interface SchedulerOptions {
  readonly calls: CallTable;
  /** Takes a line for each system call. */
  readonly trace?: (line: string) => void;
  /** Takes a line for each process that a signal ends through its own fault. */
  readonly report?: (line: string) => void;
  readonly disassemble?: Disassemble;
}

export class Scheduler {
  readonly #kernel: Kernel;
  readonly #options: SchedulerOptions;
  readonly #traces = new Map<Task, CallTrace>();
  #lastPid = 0;
  #aborted = false;

  constructor(kernel: Kernel, options: SchedulerOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  /** Makes `run` return soon. */
  abort(): void {
    this.#aborted = true;
    this.#kernel.processor.requestStop();
    this.#kernel.clock.wake();
  }

  /** Runs until `main` has ended or `abort` is called. */
  async run(main: Task): Promise<void> {
    const { clock } = this.#kernel;
    let turn = clock.monotonic();
    while (main.state !== 'ended' && !this.#aborted) {
      const now = clock.monotonic();
      const next = this.#fireTimers(now);
      const task = this.#pick(now);
      if (task !== undefined) this.#runSlice(task, now);
      if (task === undefined) await clock.sleep(Math.max(0, this.#nextDeadline(next) - now));
      else if (now - turn < HOST_TURN) continue;
      else await clock.pause();
      turn = clock.monotonic();
    }
  }

  /** Sends SIGALRM where it is due; returns when the next is. */
  #fireTimers(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const task of this.#kernel.tasks.values()) {
      const { timer } = task;
      if (timer.deadline === 0) continue;
      if (timer.deadline <= now) {
        this.#kernel.send(task, { signal: Signal.ALRM, code: SignalCode.Kernel });
        timer.deadline = timer.interval > 0 ? Math.max(now, timer.deadline) + timer.interval : 0;
      }
      if (timer.deadline > 0) next = Math.min(next, timer.deadline);
    }
    return next;
  }

  #nextDeadline(timers: number): number {
    let next = timers;
    for (const { state, deadline } of this.#kernel.tasks.values()) {
      if (state === 'waiting' && deadline !== undefined) next = Math.min(next, deadline);
    }
    return next;
  }

  /** The next process after the one that ran last that can do something. */
  #pick(now: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#kernel.tasks.values()) {
      if (!this.#canRun(task, now)) continue;
      if (task.pid > this.#lastPid) {
        this.#lastPid = task.pid;
        return task;
      }
      first ??= task;
    }
    if (first !== undefined) this.#lastPid = first.pid;
    return first;
  }

  #canRun(task: Task, now: number): boolean {
    if (task.state === 'ready') return true;
    if (task.state !== 'waiting') return false;
    return task.seen !== this.#kernel.changes || (task.deadline !== undefined && task.deadline <= now);
  }

  #runSlice(task: Task, started: number): void {
    const { clock } = this.#kernel;
    this.#kernel.switchTo(task);
    let now = started;
    if (task.call !== undefined) this.#attempt(task, task.call);
    this.#deliver(task);
    while (task.state === 'ready' && !this.#aborted) {
      this.#handle(task, this.#kernel.run(RUN_INSTRUCTIONS));
      this.#deliver(task);
      now = clock.monotonic();
      if (now - started > SLICE) break;
    }
    task.cpuTime += now - started;
  }

  #handle(task: Task, stop: Stop): void {
    switch (stop.kind) {
      case 'interrupt':
        this.#systemCall(task);
        break;
      case 'fault':
        raiseException(this.#kernel, stop);
        break;
      case 'halt':
        raiseException(this.#kernel, { vector: Vector.GP, errorCode: 0, address: 0 });
        break;
      case 'budget':
      case 'stopped':
        break;
    }
  }

  /** INT 80H: the only interrupt that the processor leaves to us. */
  #systemCall(task: Task): void {
    const { state } = this.#kernel.processor;
    const args = [state[EBX]!, state[ECX]!, state[EDX]!, state[ESI]!, state[EDI]!, state[EBP]!] as const;
    this.#attempt(task, { number: state[EAX]!, args });
  }

  /** Runs a call, for the first time or again. */
  #attempt(task: Task, pending: PendingCall): void {
    const kernel = this.#kernel;
    const row = this.#options.calls[pending.number] ?? unservedCall(pending.number);
    if (task.call === undefined && this.#options.trace !== undefined) {
      this.#traces.set(task, new CallTrace(kernel, row, pending.args));
    }
    task.seen = kernel.changes;
    const result = invoke(kernel, row, pending);
    if (result === Wait.Restart || result === Wait.Interrupt || result === Wait.Uninterruptible) {
      task.call = pending;
      task.wait = result;
      if (task.state === 'ready') task.state = 'waiting';
      return;
    }
    this.#traceEnd(task, task.state === 'ended' ? undefined : result);
    if (task.state === 'ended') return;
    kernel.processor.state[EAX] = result;
    task.endCall();
  }

  #traceEnd(task: Task, result: number | undefined): void {
    const trace = this.#traces.get(task);
    if (trace === undefined) return;
    this.#traces.delete(task);
    const prefix = this.#kernel.tasks.size > 1 ? `[pid ${task.pid}] ` : '';
    this.#options.trace!(prefix + trace.finish(result));
  }

  /** Acts on the signals that the process may get now. */
  #deliver(task: Task): void {
    const { signals } = task;
    while (task.state !== 'ended' && task.state !== 'stopped' && signals.hasDeliverable) {
      if (task.call !== undefined && task.wait === Wait.Uninterruptible && !signals.pending.has(Signal.KILL)) return;
      const info = signals.take()!;
      const action = signals.action(info.signal);
      if (action.handler === SIG_IGN) continue;
      if (action.handler === SIG_DFL) this.#byDefault(task, info);
      else this.#enter(task, info, action);
    }
    if (signals.saved !== undefined && task.call === undefined) {
      signals.blocked = signals.saved;
      signals.saved = undefined;
      if (signals.hasDeliverable) this.#deliver(task);
    }
  }

  #byDefault(task: Task, info: SignalInfo): void {
    switch (defaultDisposition(info.signal)) {
      case 'end':
        if (isOwnFault(info)) {
          this.#options.report?.(describeDeath(this.#kernel, info, this.#options.disassemble));
        }
        this.#traceEnd(task, undefined);
        endTask(this.#kernel, task, killedStatus(info.signal));
        break;
      case 'stop':
        this.#kernel.stop(task, info.signal);
        break;
      case 'ignore':
      case 'continue':
        break;
    }
  }

  #enter(task: Task, info: SignalInfo, action: SignalAction): void {
    const { state } = this.#kernel.processor;
    if (task.call !== undefined) {
      const restarts = task.wait === Wait.Restart && (action.flags & ActionFlag.RESTART) !== 0;
      const result = task.progress > 0 ? task.progress : restarts ? task.call.number : -Errno.EINTR;
      if (task.progress === 0 && restarts) state[EIP] = state[EIP]! - INTERRUPT_LENGTH;
      this.#traceEnd(task, restarts ? Wait.Restart : result);
      state[EAX] = result;
      task.endCall();
    }
    try {
      enterHandler(this.#kernel, info, action);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (info.signal === Signal.SEGV) task.signals.setAction(Signal.SEGV, { ...action, handler: SIG_DFL });
      task.signals.force({ signal: Signal.SEGV, code: SignalCode.Kernel, address: 0 });
      return;
    }
    if ((action.flags & ActionFlag.RESETHAND) !== 0) {
      task.signals.setAction(info.signal, { ...action, handler: SIG_DFL });
    }
  }
}

function invoke(kernel: Kernel, row: Call, { args }: PendingCall): number {
  try {
    return row.run(kernel, ...args) | 0;
  } catch (error) {
    if (error instanceof SystemError) return -error.errno;
    throw error;
  }
}

/** Signals that come of what the process did, rather than from outside. */
function isOwnFault({ signal, pid }: SignalInfo): boolean {
  const faults: readonly number[] = [Signal.ILL, Signal.TRAP, Signal.BUS, Signal.FPE, Signal.SEGV];
  return pid === undefined && faults.includes(signal);
}

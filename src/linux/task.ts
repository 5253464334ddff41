/**
 * One guest process: everything that fork copies or shares and exit gives back.
 */
import type { AddressSpace } from './address-space.ts';
import type { Descriptors } from './files/descriptors.ts';
import type { PipeEnd } from './files/pipe.ts';
import { SavedRegisters, TLS_COUNT, type TlsEntries } from './registers.ts';
import { SignalState } from './signals.ts';

/** Whether a process can run. */
export type TaskState = 'ready' | 'waiting' | 'stopped' | 'ended';

/** A system call that has not returned yet. */
export interface PendingCall {
  readonly number: number;
  readonly args: readonly [number, number, number, number, number, number];
}

/** The exception that a signal frame reports (thread.trap_nr, error_code, cr2). */
export interface Trap {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: number;
}

/** A resource limit; -1 is no limit. */
export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** An interval timer: when it fires next on the monotonic clock, and how often after that. Milliseconds; 0 is off. */
export interface IntervalTimer {
  deadline: number;
  interval: number;
}

export class Task {
  readonly pid: number;
  parent: Task | undefined;
  readonly children: Set<Task> = new Set();
  group: number;
  session: number;
  /** First 15 bytes of the program's name (/proc/PID/comm). */
  name = '';
  /** Canonical guest path of the program. */
  program = '';
  args: readonly string[] = [];

  space: AddressSpace;
  descriptors: Descriptors;
  /** Canonical guest path. */
  directory: string;
  umask = 0o022;
  signals: SignalState = new SignalState();
  readonly registers: SavedRegisters = new SavedRegisters();
  tls: TlsEntries = new Array<undefined>(TLS_COUNT).fill(undefined);
  trap: Trap = { vector: 0, errorCode: 0, address: 0 };
  readonly limits: Map<number, Limit> = new Map();
  readonly timer: IntervalTimer = { deadline: 0, interval: 0 };

  state: TaskState = 'ready';
  /** Set while a system call waits. */
  call: PendingCall | undefined;
  /** How the call takes an interruption: one of Wait. */
  wait = 0;
  /** What the waiting call has done so far, and until when it waits (monotonic milliseconds). */
  progress = 0;
  deadline: number | undefined;
  /** The kernel's change count when the call last looked. */
  seen = -1;
  /** The end of a named pipe whose other side the call waits for. */
  opening: { readonly end: PipeEnd; readonly othersSeen: number } | undefined;
  /** The child that runs in this process's memory until it execs or ends. */
  vforkChild: Task | undefined;
  /** This process's parent waits for it (vfork). */
  holdsParent = false;

  /** Wait status: exit code << 8, or the signal. Valid once ended. */
  status = 0;
  /** A stop or continuation that the parent has not been told of. */
  report: 'stopped' | 'continued' | undefined;
  stopSignal = 0;
  /** Milliseconds of CPU time, and of children that were waited for. */
  cpuTime = 0;
  childrenTime = 0;
  readonly started: number;

  constructor(
    pid: number,
    parent: Task | undefined,
    started: number,
    own: { space: AddressSpace; descriptors: Descriptors; directory: string },
  ) {
    this.pid = pid;
    this.parent = parent;
    this.group = parent?.group ?? pid;
    this.session = parent?.session ?? pid;
    this.started = started;
    this.space = own.space;
    this.descriptors = own.descriptors;
    this.directory = own.directory;
    parent?.children.add(this);
  }

  /** The call is over. */
  endCall(): void {
    this.call = undefined;
    this.opening?.end.close();
    this.opening = undefined;
    this.progress = 0;
    this.deadline = undefined;
    this.seen = -1;
    if (this.state === 'waiting') this.state = 'ready';
  }
}

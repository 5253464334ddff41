/**
 * Signals of a process: what is pending, what is blocked, and what is to be done (signal(7)).
 *
 * Sending only queues here; the scheduler asks for the next one when the process is about to run again, and
 * `signal-frame.ts` writes what a handler sees.
 */

/** Signal numbers of i386. */
export const Signal = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

/** Highest signal number. */
export const SIGNAL_MAX = 64;
const FIRST_REALTIME = 32;

const names = new Map<number, string>(Object.entries(Signal).map(([name, number]) => [number, 'SIG' + name]));

/** `SIGSEGV` for 11. */
export function signalName(signal: number): string {
  return names.get(signal) ?? `SIGRT_${signal - FIRST_REALTIME}`;
}

/** What happens by default. */
export function defaultDisposition(signal: number): 'end' | 'ignore' | 'stop' | 'continue' {
  switch (signal) {
    case Signal.CHLD:
    case Signal.URG:
    case Signal.WINCH:
      return 'ignore';
    case Signal.CONT:
      return 'continue';
    case Signal.STOP:
    case Signal.TSTP:
    case Signal.TTIN:
    case Signal.TTOU:
      return 'stop';
    default:
      return 'end';
  }
}

/** si_code values that are used here. */
export const SignalCode = {
  User: 0,
  Kernel: 0x80,
  Tkill: -6,
  DivideByZero: 1,
  IllegalOperand: 2,
  MapError: 1,
  AccessError: 2,
  Trace: 2,
  Alignment: 1,
  ChildExited: 1,
  ChildKilled: 2,
  ChildStopped: 5,
  ChildContinued: 6,
} as const;

/** What is known of one sent signal: siginfo_t. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  /** Sender, or the child for SIGCHLD. */
  readonly pid?: number;
  readonly uid?: number;
  /** Of SIGCHLD. */
  readonly status?: number;
  /** Faulting address. */
  readonly address?: number;
  /** sigval of rt_sigqueueinfo. */
  readonly value?: number;
}

/** A set of signals, 1 to 64, as two words. */
export class SignalSet {
  low: number;
  high: number;

  constructor(low = 0, high = 0) {
    this.low = low;
    this.high = high;
  }

  has(signal: number): boolean {
    return signal <= 32 ? ((this.low >>> (signal - 1)) & 1) !== 0 : ((this.high >>> (signal - 33)) & 1) !== 0;
  }

  add(signal: number): void {
    if (signal <= 32) this.low |= 1 << (signal - 1);
    else this.high |= 1 << (signal - 33);
  }

  delete(signal: number): void {
    if (signal <= 32) this.low &= ~(1 << (signal - 1));
    else this.high &= ~(1 << (signal - 33));
  }

  clone(): SignalSet {
    return new SignalSet(this.low, this.high);
  }

  /** Those of either set. */
  union(other: SignalSet): SignalSet {
    return new SignalSet(this.low | other.low, this.high | other.high);
  }

  /** Those not in the other set. */
  minus(other: SignalSet): SignalSet {
    return new SignalSet(this.low & ~other.low, this.high & ~other.high);
  }
}

/** sa_handler values. */
export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** sa_flags. */
export const ActionFlag = {
  NOCLDSTOP: 1,
  NOCLDWAIT: 2,
  SIGINFO: 4,
  RESTORER: 0x04000000,
  ONSTACK: 0x08000000,
  RESTART: 0x10000000,
  NODEFER: 0x40000000,
  RESETHAND: 0x80000000 | 0,
} as const;

/** struct sigaction. Addresses are i32. */
export interface SignalAction {
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  readonly mask: SignalSet;
}

const byDefault: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: new SignalSet() };

/** Signals that can neither be caught nor blocked. */
export const unblockable: SignalSet = new SignalSet();
unblockable.add(Signal.KILL);
unblockable.add(Signal.STOP);

/** An alternate signal stack; size 0 is none. */
export interface AlternateStack {
  readonly base: number;
  readonly size: number;
  /** As the process set them: SS_DISABLE or 0. */
  readonly flags: number;
}

const noStack: AlternateStack = { base: 0, size: 0, flags: 0 };

export class SignalState {
  readonly #actions = new Map<number, SignalAction>();
  #pending: SignalInfo[] = [];
  blocked: SignalSet = new SignalSet();
  /** The mask to go back to after sigsuspend, ppoll or pselect. */
  saved: SignalSet | undefined;
  alternateStack: AlternateStack = noStack;

  action(signal: number): SignalAction {
    return this.#actions.get(signal) ?? byDefault;
  }

  /** Sets an action; pending signals that are now ignored are dropped. */
  setAction(signal: number, action: SignalAction): void {
    this.#actions.set(signal, action);
    if (this.isIgnored(signal)) this.#pending = this.#pending.filter((info) => info.signal !== signal);
  }

  /** Would delivery do nothing? */
  isIgnored(signal: number): boolean {
    const { handler } = this.action(signal);
    return handler === SIG_IGN || (handler === SIG_DFL && defaultDisposition(signal) === 'ignore');
  }

  /** Queues a signal; a standard signal that is pending already is not queued twice. */
  send(info: SignalInfo): void {
    if (this.isIgnored(info.signal) && !this.blocked.has(info.signal)) return;
    if (info.signal === Signal.CONT) this.#drop(['stop']);
    else if (defaultDisposition(info.signal) === 'stop') this.#drop(['continue']);
    if (info.signal < FIRST_REALTIME && this.#pending.some(({ signal }) => signal === info.signal)) return;
    this.#pending.push(info);
  }

  #drop(dispositions: readonly string[]): void {
    this.#pending = this.#pending.filter(({ signal }) => !dispositions.includes(defaultDisposition(signal)));
  }

  /** Pending signals, blocked or not. */
  get pending(): SignalSet {
    const set = new SignalSet();
    for (const { signal } of this.#pending) set.add(signal);
    return set;
  }

  /** Is there one to deliver? */
  get hasDeliverable(): boolean {
    return this.#pending.some(({ signal }) => !this.blocked.has(signal));
  }

  /** Takes the deliverable signal with the lowest number. */
  take(): SignalInfo | undefined {
    let found: SignalInfo | undefined;
    for (const info of this.#pending) {
      if (!this.blocked.has(info.signal) && (found === undefined || info.signal < found.signal)) found = info;
    }
    if (found !== undefined) this.#pending.splice(this.#pending.indexOf(found), 1);
    return found;
  }

  /** Takes a pending signal of the set, blocked or not (rt_sigtimedwait). */
  takeOf(set: SignalSet): SignalInfo | undefined {
    const index = this.#pending.findIndex(({ signal }) => set.has(signal));
    return index < 0 ? undefined : this.#pending.splice(index, 1)[0];
  }

  /**
   * An exception of the process's own: it cannot be put off. If it is blocked or ignored, it has its default action.
   */
  force(info: SignalInfo): void {
    if (this.blocked.has(info.signal) || this.isIgnored(info.signal)) {
      this.#actions.delete(info.signal);
      this.blocked.delete(info.signal);
    }
    this.#pending.unshift(info);
  }

  /** fork: actions and mask, nothing pending. */
  fork(): SignalState {
    const copy = new SignalState();
    for (const [signal, action] of this.#actions) copy.#actions.set(signal, action);
    copy.blocked = this.blocked.clone();
    copy.alternateStack = this.alternateStack;
    return copy;
  }

  /** execve: handlers are gone, ignored stays ignored. */
  resetForExec(): void {
    for (const [signal, { handler }] of this.#actions) if (handler !== SIG_IGN) this.#actions.delete(signal);
    this.alternateStack = noStack;
  }
}

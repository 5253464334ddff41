/** Sending, catching, blocking and waiting for signals. */
import { ESP } from '../../../runtime/abi/state.ts';
import { Errno, fail, Wait } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import {
  alternateStackFlags,
  MINIMUM_STACK,
  rtSigreturn,
  SS_DISABLE,
  SS_ONSTACK,
  sigreturn,
  writeInfo,
} from '../signal-frame.ts';
import { ActionFlag, SIGNAL_MAX, SignalCode, type SignalInfo, SignalSet, unblockable } from '../signals.ts';
import type { Task } from '../task.ts';
import { type CallTable, call, type Handler } from './call.ts';
import { millisecondsOf, type TimeLayout, time32, time64 } from './time.ts';

/** sizeof(sigset_t) of the kernel. */
const SET_SIZE = 8;

function checkSignal(signal: number): void {
  if (signal < 1 || signal > SIGNAL_MAX) fail(Errno.EINVAL);
}

function readSet(kernel: Kernel, at: number): SignalSet {
  return new SignalSet(kernel.memory.read32(at), kernel.memory.read32(at + 4));
}

function writeSet(kernel: Kernel, at: number, set: SignalSet): void {
  kernel.memory.write32(at, set.low);
  kernel.memory.write32(at + 4, set.high);
}

function checkSize(size: number): void {
  if (size !== SET_SIZE) fail(Errno.EINVAL);
}

function checkCatchable(signal: number): void {
  checkSignal(signal);
  if (unblockable.has(signal)) fail(Errno.EINVAL);
}

/** struct sigaction of rt_sigaction: handler, flags, restorer, 64-bit mask. */
function rtAction(kernel: Kernel, signal: number, action: number, old: number, size: number): number {
  checkSize(size);
  checkSignal(signal);
  const { memory, current } = kernel;
  const before = current.signals.action(signal);
  if (action !== 0) {
    checkCatchable(signal);
    const mask = readSet(kernel, action + 12);
    const [handler, flags, restorer] = [0, 4, 8].map((at) => memory.read32(action + at)) as [number, number, number];
    current.signals.setAction(signal, { handler, flags, restorer, mask: mask.minus(unblockable) });
  }
  if (old !== 0) {
    memory.write32(old, before.handler);
    memory.write32(old + 4, before.flags);
    memory.write32(old + 8, before.restorer);
    writeSet(kernel, old + 12, before.mask);
  }
  return 0;
}

/** struct old_sigaction of sigaction: handler, 32-bit mask, flags, restorer. */
function oldAction(kernel: Kernel, signal: number, action: number, old: number): number {
  checkSignal(signal);
  const { memory, current } = kernel;
  const before = current.signals.action(signal);
  if (action !== 0) {
    checkCatchable(signal);
    const [handler, low, flags, restorer] = [0, 4, 8, 12].map((at) => memory.read32(action + at)) as [
      number,
      number,
      number,
      number,
    ];
    current.signals.setAction(signal, { handler, flags, restorer, mask: new SignalSet(low).minus(unblockable) });
  }
  if (old !== 0) {
    [before.handler, before.mask.low, before.flags, before.restorer].forEach((value, index) => {
      memory.write32(old + index * 4, value);
    });
  }
  return 0;
}

function oneShot(kernel: Kernel, signal: number, handler: number): number {
  checkCatchable(signal);
  const before = kernel.current.signals.action(signal).handler;
  const flags = ActionFlag.RESETHAND | ActionFlag.NODEFER;
  kernel.current.signals.setAction(signal, { handler, flags, restorer: 0, mask: new SignalSet() });
  return before;
}

/** Blocks, unblocks or sets; `how` as SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK. */
function changeMask(kernel: Kernel, how: number, set: SignalSet): void {
  const { signals } = kernel.current;
  if (how === 0) signals.blocked = signals.blocked.union(set);
  else if (how === 1) signals.blocked = signals.blocked.minus(set);
  else if (how === 2) signals.blocked = set;
  else fail(Errno.EINVAL);
  signals.blocked = signals.blocked.minus(unblockable);
}

function rtMask(kernel: Kernel, how: number, set: number, old: number, size: number): number {
  checkSize(size);
  const before = kernel.current.signals.blocked;
  if (set !== 0) changeMask(kernel, how, readSet(kernel, set));
  if (old !== 0) writeSet(kernel, old, before);
  return 0;
}

function oldMask(kernel: Kernel, how: number, set: number, old: number): number {
  const before = kernel.current.signals.blocked;
  if (set !== 0) {
    const low = kernel.memory.read32(set);
    changeMask(kernel, how, new SignalSet(low, how === 2 ? before.high : 0));
  }
  if (old !== 0) kernel.memory.write32(old, before.low);
  return 0;
}

/** Signals that are blocked and pending. */
function pendingOf({ signals }: Task): SignalSet {
  const { pending, blocked } = signals;
  return new SignalSet(pending.low & blocked.low, pending.high & blocked.high);
}

/** Replaces the mask for the time of a call; the scheduler puts the old one back. */
export function replaceMask(task: Task, mask: SignalSet): void {
  const { signals } = task;
  if (task.call !== undefined) return;
  signals.saved = signals.blocked;
  signals.blocked = mask.minus(unblockable);
}

function suspend(kernel: Kernel, mask: SignalSet): number {
  replaceMask(kernel.current, mask);
  return Wait.Interrupt;
}

/** rt_sigtimedwait: takes a signal of the set without running a handler. */
function timedWait(layout: TimeLayout): Handler {
  return (kernel, set, info, timeout, size) => {
    checkSize(size);
    const wanted = readSet(kernel, set).minus(unblockable);
    const milliseconds = timeout === 0 ? undefined : millisecondsOf(layout.read(kernel, timeout));
    const taken = kernel.current.signals.takeOf(wanted);
    if (taken !== undefined) {
      if (info !== 0) writeInfo(kernel, info, taken);
      return taken.signal;
    }
    if (milliseconds !== undefined && kernel.deadlineAfter(milliseconds) <= kernel.clock.monotonic()) {
      return -Errno.EAGAIN;
    }
    return Wait.Interrupt;
  };
}

/** The sender, as receivers see it. */
function fromUser(kernel: Kernel, signal: number, code: number): SignalInfo {
  return { signal, code, pid: kernel.current.pid, uid: kernel.credentials.uid };
}

/** kill: a pid, the own group (0), everybody else (-1), or a group. */
function kill(kernel: Kernel, pid: number, signal: number): number {
  if (signal < 0 || signal > SIGNAL_MAX) fail(Errno.EINVAL);
  const { current, tasks } = kernel;
  let targets: Task[];
  if (pid > 0) targets = tasks.has(pid) ? [tasks.get(pid)!] : [];
  else if (pid === -1) targets = [...tasks.values()].filter((task) => task !== current);
  else targets = kernel.group(pid === 0 ? current.group : -pid);
  if (targets.length === 0) fail(Errno.ESRCH);
  if (signal !== 0) for (const task of targets) kernel.send(task, fromUser(kernel, signal, SignalCode.User));
  return 0;
}

function threadKill(kernel: Kernel, thread: number, signal: number): number {
  if (thread <= 0 || signal < 0 || signal > SIGNAL_MAX) fail(Errno.EINVAL);
  const task = kernel.tasks.get(thread) ?? fail(Errno.ESRCH);
  if (signal !== 0) kernel.send(task, fromUser(kernel, signal, SignalCode.Tkill));
  return 0;
}

/** rt_sigqueueinfo: code and value are the sender's. */
function queueInfo(kernel: Kernel, pid: number, signal: number, info: number): number {
  checkSignal(signal);
  const task = kernel.tasks.get(pid) ?? fail(Errno.ESRCH);
  const code = kernel.memory.read32(info + 8);
  if (code >= 0 && task !== kernel.current) fail(Errno.EPERM);
  kernel.send(task, { ...fromUser(kernel, signal, code), value: kernel.memory.read32(info + 20) });
  return 0;
}

function alternateStack(kernel: Kernel, stack: number, old: number): number {
  const { memory, current, processor } = kernel;
  const before = current.signals.alternateStack;
  const flags = alternateStackFlags(before, processor.state[ESP]!);
  if (stack !== 0) {
    const [base, wanted, size] = [0, 4, 8].map((at) => memory.read32(stack + at)) as [number, number, number];
    if (flags === SS_ONSTACK) fail(Errno.EPERM);
    if ((wanted & ~(SS_DISABLE | SS_ONSTACK)) !== 0) fail(Errno.EINVAL);
    const disabled = (wanted & SS_DISABLE) !== 0;
    if (!disabled && size >>> 0 < MINIMUM_STACK) fail(Errno.ENOMEM);
    current.signals.alternateStack = disabled ? { base: 0, size: 0, flags: SS_DISABLE } : { base, size, flags: 0 };
  }
  if (old !== 0) {
    memory.write32(old, before.base);
    memory.write32(old + 4, flags);
    memory.write32(old + 8, before.size);
  }
  return 0;
}

export const signalCalls: CallTable = {
  29: call('pause', '', () => Wait.Interrupt),
  37: call('kill', 'iS', kill),
  48: call('signal', 'Sx', oneShot),
  67: call('sigaction', 'Sxx', oldAction),
  68: call('sgetmask', '', ({ current }) => current.signals.blocked.low),
  69: call('ssetmask', 'x', (kernel, low) => {
    const { signals } = kernel.current;
    const before = signals.blocked.low;
    changeMask(kernel, 2, new SignalSet(low));
    return before;
  }),
  72: call('sigsuspend', 'xxx', (kernel, _a, _b, low) => suspend(kernel, new SignalSet(low))),
  73: call('sigpending', 'x', (kernel, at) => {
    kernel.memory.write32(at, pendingOf(kernel.current).low);
    return 0;
  }),
  119: call('sigreturn', '', sigreturn),
  126: call('sigprocmask', 'ixx', oldMask),
  173: call('rt_sigreturn', '', rtSigreturn),
  174: call('rt_sigaction', 'Sxxu', rtAction),
  175: call('rt_sigprocmask', 'ixxu', rtMask),
  176: call('rt_sigpending', 'xu', (kernel, at) => {
    writeSet(kernel, at, pendingOf(kernel.current));
    return 0;
  }),
  177: call('rt_sigtimedwait', 'xxxu', timedWait(time32)),
  178: call('rt_sigqueueinfo', 'iSx', queueInfo),
  179: call('rt_sigsuspend', 'xu', (kernel, at, size) => {
    checkSize(size);
    return suspend(kernel, readSet(kernel, at));
  }),
  186: call('sigaltstack', 'xx', alternateStack),
  238: call('tkill', 'iS', threadKill),
  270: call('tgkill', 'iiS', (kernel, _group, thread, signal) => threadKill(kernel, thread, signal)),
  421: call('rt_sigtimedwait_time64', 'xxxu', timedWait(time64)),
};

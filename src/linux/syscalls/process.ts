/** Making, replacing, ending and waiting for processes; thread-local storage; process groups. */
import { EAX, ESP, FS, GS, SELECTOR } from '../../../runtime/abi/state.ts';
import { type Descriptor, loadSegmentRegister } from '../../../runtime/cpu/segment.ts';
import { LoadError } from '../elf.ts';
import { Errno, fail, Wait } from '../errno.ts';
import { execute } from '../exec.ts';
import { childInfo, endTask, exitedStatus, reap } from '../exit.ts';
import type { Kernel } from '../kernel.ts';
import { TLS_COUNT, TLS_FIRST } from '../registers.ts';
import { writeInfo } from '../signal-frame.ts';
import { Signal, SignalCode, type SignalInfo } from '../signals.ts';
import { Task } from '../task.ts';
import { type CallTable, call } from './call.ts';
import { At, baseOf } from './path.ts';
import { rusage } from './resource.ts';

/** Flags of clone. */
const CLONE_VM = 0x100;
const CLONE_VFORK = 0x4000;
const CLONE_SETTLS = 0x80000;
const CLONE_PARENT_SETTID = 0x100000;
const CLONE_CHILD_CLEARTID = 0x200000;
const CLONE_CHILD_SETTID = 0x1000000;
/** What a process of its own can do without: CSIGNAL, DETACHED and the IDs above. */
const CLONE_SERVED: number =
  0xff |
  CLONE_VM |
  CLONE_VFORK |
  CLONE_SETTLS |
  CLONE_PARENT_SETTID |
  CLONE_CHILD_CLEARTID |
  CLONE_CHILD_SETTID |
  0x400000;

/** Options of wait. */
const WNOHANG = 1;
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x1000000;

/** Most processes at a time. */
const TASK_LIMIT = 1024;

/** Arguments of clone that matter here. */
interface CloneRequest {
  readonly flags: number;
  readonly stack: number;
  readonly parentTid: number;
  readonly tls: number;
  readonly childTid: number;
}

function clone(kernel: Kernel, request: CloneRequest): number {
  const { current: parent, processor, memory } = kernel;
  const { flags } = request;
  if (parent.vforkChild !== undefined) return finishVfork(parent);
  if ((flags & ~CLONE_SERVED) !== 0 || ((flags & CLONE_VM) !== 0 && (flags & CLONE_VFORK) === 0)) fail(Errno.EINVAL);
  if (kernel.tasks.size >= TASK_LIMIT) fail(Errno.EAGAIN);
  const shares = (flags & CLONE_VM) !== 0;
  if (shares) parent.space.holders++;
  const space = shares ? parent.space : kernel.forkSpace(parent.space);
  const child = new Task(kernel.nextPid(), parent, kernel.clock.monotonic(), {
    space,
    descriptors: parent.descriptors.clone(),
    directory: parent.directory,
  });
  copyProperties(parent, child);
  child.registers.save(processor.state);
  child.registers.set(EAX, 0);
  if (request.stack !== 0) child.registers.set(ESP, request.stack);
  kernel.tasks.set(child.pid, child);
  if ((flags & CLONE_SETTLS) !== 0) setThreadArea(kernel, child, request.tls);
  if ((flags & CLONE_PARENT_SETTID) !== 0) memory.write32(request.parentTid, child.pid);
  if ((flags & CLONE_CHILD_SETTID) !== 0) {
    kernel.useSpace(space);
    memory.write32(request.childTid, child.pid);
    kernel.useSpace(parent.space);
  }
  kernel.changed();
  if ((flags & CLONE_VFORK) === 0) return child.pid;
  child.holdsParent = true;
  parent.vforkChild = child;
  return Wait.Uninterruptible;
}

/** The parent of a vfork goes on when the child has its own memory or is gone. */
function finishVfork(parent: Task): number {
  const child = parent.vforkChild!;
  if (child.holdsParent) return Wait.Uninterruptible;
  parent.vforkChild = undefined;
  return child.pid;
}

function copyProperties(parent: Task, child: Task): void {
  child.name = parent.name;
  child.program = parent.program;
  child.args = parent.args;
  child.umask = parent.umask;
  child.signals = parent.signals.fork();
  child.tls = [...parent.tls];
  for (const [resource, limit] of parent.limits) child.limits.set(resource, limit);
}

function fork(kernel: Kernel, flags: number): number {
  return clone(kernel, { flags: flags | Signal.CHLD, stack: 0, parentTid: 0, tls: 0, childTid: 0 });
}

/** struct clone_args of clone3. */
function clone3(kernel: Kernel, at: number, size: number): number {
  if (size >>> 0 < 64) fail(Errno.EINVAL);
  const { memory } = kernel;
  const [flags, , childTid, parentTid, , stack, stackSize, tls] = [0, 8, 16, 24, 32, 40, 48, 56].map((offset) =>
    memory.read32(at + offset),
  ) as [number, number, number, number, number, number, number, number];
  return clone(kernel, { flags, stack: stack === 0 ? 0 : stack + stackSize, parentTid, tls, childTid });
}

/** The strings of a NULL-terminated pointer array. */
function strings(kernel: Kernel, at: number): string[] {
  const texts: string[] = [];
  if (at === 0) return texts;
  for (let slot = at; ; slot += 4) {
    const address = kernel.memory.read32(slot);
    if (address === 0) return texts;
    texts.push(kernel.memory.readString(address, 128 << 10));
    if (texts.length > 1 << 16) fail(Errno.E2BIG);
  }
}

function exec(kernel: Kernel, directory: number, path: number, args: number, env: number): number {
  const name = kernel.memory.readString(path);
  const list = strings(kernel, args);
  const base = name.startsWith('/') ? '/' : baseOf(kernel, directory);
  try {
    execute(kernel, base, name, list.length === 0 ? [''] : list, strings(kernel, env));
  } catch (error) {
    if (error instanceof LoadError) fail(Errno.ENOEXEC);
    throw error;
  }
  return 0;
}

function exit(kernel: Kernel, code: number): number {
  endTask(kernel, kernel.current, exitedStatus(code));
  return 0;
}

/** Children that a wait may be about: one, a group (negative), the own group (0), any (-1). */
function candidates({ current }: Kernel, pid: number): Task[] {
  const group = pid === 0 ? current.group : -pid;
  return [...current.children].filter((child) => pid === -1 || (pid > 0 ? child.pid === pid : child.group === group));
}

/** A child with news, and its wait status. */
function findNews(children: readonly Task[], options: number): readonly [Task, number] | undefined {
  for (const child of children) {
    if (child.state === 'ended' && (options & WEXITED) !== 0) return [child, child.status];
    if (child.report === 'stopped' && (options & WUNTRACED) !== 0) return [child, (child.stopSignal << 8) | 0x7f];
    if (child.report === 'continued' && (options & WCONTINUED) !== 0) return [child, 0xffff];
  }
  return undefined;
}

function consume(kernel: Kernel, child: Task): void {
  if (child.state !== 'ended') child.report = undefined;
  else {
    kernel.current.childrenTime += child.cpuTime + child.childrenTime;
    reap(kernel, child);
  }
}

function waitFor(kernel: Kernel, pid: number, statusAt: number, options: number, usageAt: number): number {
  const children = candidates(kernel, pid);
  if (children.length === 0) fail(Errno.ECHILD);
  const news = findNews(children, options | WEXITED);
  if (news === undefined) return (options & WNOHANG) !== 0 ? 0 : Wait.Restart;
  const [child, status] = news;
  if (statusAt !== 0) kernel.memory.write32(statusAt, status);
  if (usageAt !== 0) rusage(kernel, usageAt, child.cpuTime + child.childrenTime);
  consume(kernel, child);
  return child.pid;
}

/** waitid: which children by P_ALL, P_PID, P_PGID; the news as a siginfo. */
function waitById(kernel: Kernel, type: number, id: number, info: number, options: number, usageAt: number): number {
  if (type < 0 || type > 2 || (options & (WEXITED | WUNTRACED | WCONTINUED)) === 0) fail(Errno.EINVAL);
  const children = candidates(kernel, type === 0 ? -1 : type === 1 ? id : -id);
  if (children.length === 0) fail(Errno.ECHILD);
  const news = findNews(children, options);
  if (news === undefined) {
    if ((options & WNOHANG) === 0) return Wait.Restart;
    if (info !== 0) kernel.memory.clear(info, 128);
    return 0;
  }
  const [child] = news;
  if (info !== 0) writeInfo(kernel, info, newsInfo(kernel, child));
  if (usageAt !== 0) rusage(kernel, usageAt, child.cpuTime + child.childrenTime);
  if ((options & WNOWAIT) === 0) consume(kernel, child);
  return 0;
}

function newsInfo(kernel: Kernel, child: Task): SignalInfo {
  if (child.state === 'ended') return childInfo(kernel, child);
  const stopped = child.report === 'stopped';
  const code = stopped ? SignalCode.ChildStopped : SignalCode.ChildContinued;
  const { uid } = kernel.credentials;
  return { signal: Signal.CHLD, code, pid: child.pid, uid, status: stopped ? child.stopSignal : Signal.CONT };
}

/** struct user_desc: entry number, base, limit, flags. Sets a thread-local storage entry of `task`. */
function setThreadArea(kernel: Kernel, task: Task, at: number): number {
  const { memory, processor } = kernel;
  let entry = memory.read32(at);
  if (entry === -1) {
    const free = task.tls.indexOf(undefined);
    if (free < 0) fail(Errno.ESRCH);
    entry = TLS_FIRST + free;
    memory.write32(at, entry);
  }
  if (entry < TLS_FIRST || entry >= TLS_FIRST + TLS_COUNT) fail(Errno.EINVAL);
  const [base, limit, flags] = [4, 8, 12].map((offset) => memory.read32(at + offset)) as [number, number, number];
  const descriptor = tlsDescriptor(base, limit, flags);
  task.tls[entry - TLS_FIRST] = descriptor;
  const selector = (entry << 3) | 3;
  if (task === kernel.current && descriptor !== undefined) {
    for (const segment of [FS, GS]) {
      if (processor.state[SELECTOR + segment] === selector)
        loadSegmentRegister(processor.state, segment, selector, descriptor);
    }
  }
  return 0;
}

/** Flags of user_desc: seg_32bit, contents (2 bits), read_exec_only, limit_in_pages, seg_not_present, useable. */
function tlsDescriptor(base: number, limit: number, flags: number): Descriptor | undefined {
  const isEmpty = base === 0 && limit === 0 && (flags & 0x3f) === 0x28;
  if (isEmpty) return undefined;
  const isBig = (flags & 1) !== 0;
  const contents = (flags >> 1) & 3;
  const isReadOnly = (flags & 8) !== 0;
  const inPages = (flags & 16) !== 0;
  const isPresent = (flags & 32) === 0;
  const type = (isReadOnly ? 0 : 2) | (contents << 2) | 1;
  const access = type | 0x10 | 0x60 | (isPresent ? 0x80 : 0) | (isBig ? 1 << 14 : 0) | (inPages ? 1 << 15 : 0);
  return { base, limit: inPages ? (limit << 12) | 0xfff : limit & 0xfffff, access };
}

function getThreadArea(kernel: Kernel, at: number): number {
  const { memory, current } = kernel;
  const entry = memory.read32(at);
  if (entry < TLS_FIRST || entry >= TLS_FIRST + TLS_COUNT) fail(Errno.EINVAL);
  const descriptor = current.tls[entry - TLS_FIRST];
  const access = descriptor?.access ?? 0;
  const inPages = (access & (1 << 15)) !== 0;
  const bits = [
    (access >> 14) & 1,
    ((access >> 2) & 3) << 1,
    (access & 2) === 0 ? 8 : 0,
    inPages ? 16 : 0,
    (access & 0x80) === 0 ? 32 : 0,
  ];
  memory.write32(at + 4, descriptor?.base ?? 0);
  memory.write32(at + 8, (descriptor?.limit ?? 0) >>> (inPages ? 12 : 0));
  memory.write32(
    at + 12,
    bits.reduce((flags, bit) => flags | bit, 0),
  );
  return 0;
}

/** A process by number, 0 being the caller. @throws SystemError ESRCH. */
function taskOf(kernel: Kernel, pid: number): Task {
  return pid === 0 ? kernel.current : (kernel.tasks.get(pid) ?? fail(Errno.ESRCH));
}

function setGroup(kernel: Kernel, pid: number, group: number): number {
  if (group < 0) fail(Errno.EINVAL);
  const task = taskOf(kernel, pid);
  if (task !== kernel.current && task.parent !== kernel.current) fail(Errno.ESRCH);
  if (task.session === task.pid) fail(Errno.EPERM);
  task.group = group === 0 ? task.pid : group;
  return 0;
}

function startSession({ current, tasks }: Kernel): number {
  if ([...tasks.values()].some(({ group }) => group === current.pid)) fail(Errno.EPERM);
  current.session = current.pid;
  current.group = current.pid;
  return current.pid;
}

export const processCalls: CallTable = {
  1: call('exit', 'i', exit),
  2: call('fork', '', (kernel) => fork(kernel, 0)),
  7: call('waitpid', 'ixx', (kernel, pid, status, options) => waitFor(kernel, pid, status, options, 0)),
  11: call('execve', 'sxx', (kernel, path, args, env) => exec(kernel, At.FDCWD, path, args, env)),
  20: call('getpid', '', ({ current }) => current.pid),
  57: call('setpgid', 'ii', setGroup),
  64: call('getppid', '', ({ current }) => current.parent?.pid ?? 1),
  65: call('getpgrp', '', ({ current }) => current.group),
  66: call('setsid', '', startSession),
  114: call('wait4', 'ixxx', waitFor),
  120: call('clone', 'xxxxx', (kernel, flags, stack, parentTid, tls, childTid) =>
    clone(kernel, { flags, stack, parentTid, tls, childTid }),
  ),
  132: call('getpgid', 'i', (kernel, pid) => taskOf(kernel, pid).group),
  147: call('getsid', 'i', (kernel, pid) => taskOf(kernel, pid).session),
  190: call('vfork', '', (kernel) => fork(kernel, CLONE_VM | CLONE_VFORK)),
  224: call('gettid', '', ({ current }) => current.pid),
  243: call('set_thread_area', 'x', (kernel, at) => setThreadArea(kernel, kernel.current, at)),
  244: call('get_thread_area', 'x', getThreadArea),
  252: call('exit_group', 'i', exit),
  // The word is cleared when a thread ends in memory that others go on using; there are no such threads.
  258: call('set_tid_address', 'x', ({ current }) => current.pid),
  284: call('waitid', 'iixxx', waitById),
  358: call('execveat', 'dsxx', exec),
  435: call('clone3', 'xu', clone3),
};

/** How a process ends, and how its parent learns of it. */
import type { Kernel } from './kernel.ts';
import { ActionFlag, SIG_IGN, Signal, SignalCode, type SignalInfo } from './signals.ts';
import type { Task } from './task.ts';

/** Wait statuses (uapi/linux/wait.h). */
export const exitedStatus = (code: number): number => (code & 0xff) << 8;
export const killedStatus = (signal: number): number => signal;

/** Ends a process: gives back what it holds, hands its children on, and tells its parent. */
export function endTask(kernel: Kernel, task: Task, status: number): void {
  task.status = status;
  task.endCall();
  task.state = 'ended';
  task.timer.deadline = 0;
  task.descriptors.closeAll();
  releaseParent(task);
  kernel.releaseSpace(task.space);
  for (const child of task.children) adopt(kernel, child);
  task.children.clear();
  kernel.changed();
  if (task.parent === undefined || isUnwanted(task.parent)) reap(kernel, task);
  if (task.parent !== undefined) kernel.send(task.parent, childInfo(kernel, task));
}

/** Children of a process that has ended belong to the first one. */
function adopt(kernel: Kernel, child: Task): void {
  const heir = [...kernel.tasks.values()].find(({ state }) => state !== 'ended');
  child.parent = heir === child ? undefined : heir;
  child.parent?.children.add(child);
  if (child.state === 'ended' && child.parent === undefined) kernel.tasks.delete(child.pid);
}

/** Does the parent not want to wait for its children? */
function isUnwanted(parent: Task): boolean {
  const { handler, flags } = parent.signals.action(Signal.CHLD);
  return handler === SIG_IGN || (flags & ActionFlag.NOCLDWAIT) !== 0;
}

/** Forgets a process that has ended. */
export function reap(kernel: Kernel, task: Task): void {
  kernel.tasks.delete(task.pid);
  task.parent?.children.delete(task);
}

/** After vfork: the child no longer runs in its parent's memory. */
export function releaseParent(task: Task): void {
  task.holdsParent = false;
}

/** siginfo of SIGCHLD for a child that has ended. */
export function childInfo(kernel: Kernel, task: Task): SignalInfo {
  const { uid } = kernel.credentials;
  const signal = task.status & 0x7f;
  return signal === 0
    ? { signal: Signal.CHLD, code: SignalCode.ChildExited, pid: task.pid, uid, status: task.status >> 8 }
    : { signal: Signal.CHLD, code: SignalCode.ChildKilled, pid: task.pid, uid, status: signal };
}

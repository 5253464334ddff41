/** Limits, usage and priorities. */

import { Errno, fail } from '../errno.ts';
import { DESCRIPTOR_LIMIT } from '../files/descriptors.ts';
import { PAGE_SIZE } from '../frames.ts';
import type { Kernel } from '../kernel.ts';
import type { Limit, Task } from '../task.ts';
import { type CallTable, call } from './call.ts';

/** Resources of getrlimit. */
const RLIMIT_STACK = 3;
const RLIMIT_NOFILE = 7;
const RESOURCES = 16;
const INFINITY_32 = 0x7fffffff;
/** sizeof(struct rusage). */
const USAGE_SIZE = 72;

function limitOf(task: Task, resource: number): Limit {
  if (resource < 0 || resource >= RESOURCES) fail(Errno.EINVAL);
  const known = task.limits.get(resource);
  if (known !== undefined) return known;
  if (resource === RLIMIT_STACK) return { soft: 8 << 20, hard: -1 };
  if (resource === RLIMIT_NOFILE) return { soft: 1024, hard: DESCRIPTOR_LIMIT };
  if (resource === 4) return { soft: 0, hard: -1 };
  return { soft: -1, hard: -1 };
}

function setLimit(task: Task, resource: number, limit: Limit): void {
  const { hard } = limitOf(task, resource);
  const exceeds = (value: number, bound: number): boolean => bound !== -1 && (value === -1 || value > bound);
  if (exceeds(limit.soft, limit.hard)) fail(Errno.EINVAL);
  if (exceeds(limit.hard, hard)) fail(Errno.EPERM);
  task.limits.set(resource, limit);
  if (resource === RLIMIT_NOFILE) task.descriptors.limit = limit.soft === -1 ? DESCRIPTOR_LIMIT : limit.soft;
  if (resource === RLIMIT_STACK) {
    task.space.stackLimit = limit.soft === -1 ? 0x4000 : Math.ceil(limit.soft / PAGE_SIZE);
  }
}

/** getrlimit; the old one knows no more than 31 bits. */
function getLimit(kernel: Kernel, resource: number, at: number, infinity: number): number {
  const { soft, hard } = limitOf(kernel.current, resource);
  kernel.memory.write32(at, soft === -1 ? infinity : soft);
  kernel.memory.write32(at + 4, hard === -1 ? infinity : hard);
  return 0;
}

function readLimit(value: number): number {
  return value === -1 ? -1 : value >>> 0;
}

function setLimit32(kernel: Kernel, resource: number, at: number): number {
  const { memory } = kernel;
  setLimit(kernel.current, resource, { soft: readLimit(memory.read32(at)), hard: readLimit(memory.read32(at + 4)) });
  return 0;
}

/** prlimit64: RLIM64_INFINITY is all ones. */
function limit64(kernel: Kernel, pid: number, resource: number, next: number, old: number): number {
  const { memory, tasks, current } = kernel;
  const task = pid === 0 ? current : (tasks.get(pid) ?? fail(Errno.ESRCH));
  const before = limitOf(task, resource);
  const read = (at: number): number => (memory.read32(at + 4) === -1 ? -1 : memory.read64(at));
  const write = (at: number, value: number): void => {
    if (value === -1) memory.write(at, new Uint8Array(8).fill(255));
    else memory.write64(at, value);
  };
  if (next !== 0) setLimit(task, resource, { soft: read(next), hard: read(next + 8) });
  if (old !== 0) {
    write(old, before.soft);
    write(old + 8, before.hard);
  }
  return 0;
}

/** Writes a struct rusage: all time is user time. Milliseconds. */
export function rusage(kernel: Kernel, at: number, cpuTime: number): void {
  const { memory } = kernel;
  memory.clear(at, USAGE_SIZE);
  memory.write32(at, Math.floor(cpuTime / 1000));
  memory.write32(at + 4, Math.floor((cpuTime % 1000) * 1000));
  memory.write32(at + 16, (kernel.memory.space.resident * PAGE_SIZE) >> 10);
}

function usage(kernel: Kernel, who: number, at: number): number {
  if (who !== 0 && who !== -1 && who !== 1) fail(Errno.EINVAL);
  rusage(kernel, at, who === -1 ? kernel.current.childrenTime : kernel.current.cpuTime);
  return 0;
}

export const resourceCalls: CallTable = {
  34: call('nice', 'i', () => 0),
  75: call('setrlimit', 'ix', setLimit32),
  76: call('getrlimit', 'ix', (kernel, resource, at) => getLimit(kernel, resource, at, INFINITY_32)),
  77: call('getrusage', 'ix', usage),
  96: call('getpriority', 'ii', () => 20),
  97: call('setpriority', 'iii', () => 0),
  191: call('ugetrlimit', 'ix', (kernel, resource, at) => getLimit(kernel, resource, at, -1)),
  340: call('prlimit64', 'iuxx', limit64),
};

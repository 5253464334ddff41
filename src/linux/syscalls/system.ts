/** The system as a whole, and calls that need little: uname, sysinfo, futex, scheduling, random bytes. */

import { Errno, fail, Wait } from '../errno.ts';
import { PAGE_SIZE } from '../frames.ts';
import type { Kernel } from '../kernel.ts';
import { platformOf } from '../load.ts';
import { bytesOf } from '../text.ts';
import { type CallTable, call, type Handler } from './call.ts';
import { millisecondsOf, type TimeLayout, time32, time64 } from './time.ts';

/** The release that uname claims: system calls of that age are served or refused knowingly. */
export const KERNEL_RELEASE = '6.1.0-xlat86';
const UTS_FIELD = 65;

function uname(kernel: Kernel, at: number): number {
  const fields = ['Linux', kernel.hostName, KERNEL_RELEASE, '#1 SMP xlat86', platformOf(kernel.model), '(none)'];
  const bytes = new Uint8Array(UTS_FIELD * fields.length);
  fields.forEach((field, index) => {
    bytes.set(bytesOf(field.slice(0, UTS_FIELD - 1)), index * UTS_FIELD);
  });
  kernel.memory.write(at, bytes);
  return 0;
}

/** struct sysinfo. */
function sysinfo(kernel: Kernel, at: number): number {
  const { memory, frames, tasks, clock } = kernel;
  memory.clear(at, 64);
  memory.write32(at, Math.floor((clock.monotonic() - kernel.bootTime) / 1000));
  memory.write32(at + 16, frames.total * PAGE_SIZE);
  memory.write32(at + 20, frames.free * PAGE_SIZE);
  memory.write16(at + 40, tasks.size);
  memory.write32(at + 52, 1);
  return 0;
}

const GRND_KNOWN = 7;

function getRandom(kernel: Kernel, at: number, length: number, flags: number): number {
  if ((flags & ~GRND_KNOWN) !== 0) fail(Errno.EINVAL);
  const count = Math.min(length >>> 0, 1 << 20);
  kernel.memory.write(at, kernel.random.bytes(count));
  return count;
}

/** Operations of futex without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_COMMAND = 0x7f;
const FUTEX_CLOCK_REALTIME = 0x100;

/**
 * Without threads nobody wakes a waiter but another process through shared memory. A waiter looks at the word whenever
 * something changes and goes on when it has another value: a wake-up that nobody sent, which callers must expect.
 */
function futex(layout: TimeLayout): Handler {
  return (kernel, word, operation, value, timeout) => {
    const command = operation & FUTEX_COMMAND;
    if (command === FUTEX_WAKE || command === FUTEX_WAKE_BITSET) {
      kernel.memory.read32(word);
      kernel.changed();
      return 0;
    }
    if (command !== FUTEX_WAIT && command !== FUTEX_WAIT_BITSET) return -Errno.ENOSYS;
    const isFirst = kernel.current.call === undefined;
    if (kernel.memory.read32(word) !== value) return isFirst ? -Errno.EAGAIN : 0;
    if (timeout === 0) return Wait.Restart;
    const wanted = millisecondsOf(layout.read(kernel, timeout));
    const { clock } = kernel;
    const isRealtime = (operation & FUTEX_CLOCK_REALTIME) !== 0;
    const passed = command === FUTEX_WAIT ? 0 : isRealtime ? clock.realtime() : clock.monotonic();
    return kernel.deadlineAfter(Math.max(0, wanted - passed)) <= clock.monotonic() ? -Errno.ETIMEDOUT : Wait.Restart;
  };
}

const PR_SET_PDEATHSIG = 1;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_NO_NEW_PRIVS = 39;

function processControl(kernel: Kernel, option: number, argument: number): number {
  const { current, memory } = kernel;
  switch (option) {
    case PR_SET_NAME:
      current.name = memory.readString(argument, 4096).slice(0, 15);
      return 0;
    case PR_GET_NAME:
      memory.write(argument, bytesOf(current.name.padEnd(16, '\0')));
      return 0;
    case PR_GET_DUMPABLE:
    case PR_GET_NO_NEW_PRIVS:
      return 1;
    case PR_SET_PDEATHSIG:
    case PR_SET_DUMPABLE:
    case PR_SET_NO_NEW_PRIVS:
      return 0;
    default:
      return -Errno.EINVAL;
  }
}

/** One processor. */
function getAffinity(kernel: Kernel, _pid: number, size: number, at: number): number {
  if (size < 4) fail(Errno.EINVAL);
  kernel.memory.write32(at, 1);
  return 4;
}

function getCpu(kernel: Kernel, cpu: number, node: number): number {
  if (cpu !== 0) kernel.memory.write32(cpu, 0);
  if (node !== 0) kernel.memory.write32(node, 0);
  return 0;
}

/** The old personality stays: 0, PER_LINUX. */
function personality(_kernel: Kernel, wanted: number): number {
  return wanted === -1 || wanted === 0 ? 0 : -Errno.EINVAL;
}

const unserved: Handler = () => -Errno.ENOSYS;

/** Calls that programs try and can do without: named for `--strace`. */
const refusedCalls: CallTable = {
  102: call('socketcall', 'ix', unserved),
  117: call('ipc', 'uiiuxi', unserved),
  123: call('modify_ldt', 'ixu', unserved),
  254: call('epoll_create', 'i', unserved),
  291: call('inotify_init', '', unserved),
  310: call('unshare', 'x', unserved),
  313: call('splice', 'ixixux', unserved),
  319: call('epoll_pwait', 'ixuixu', unserved),
  328: call('eventfd2', 'ux', unserved),
  329: call('epoll_create1', 'x', unserved),
  356: call('memfd_create', 'sx', unserved),
  375: call('membarrier', 'ixi', unserved),
  377: call('copy_file_range', 'ixixux', unserved),
  384: call('arch_prctl', 'xx', unserved),
  386: call('rseq', 'xuxx', unserved),
  437: call('openat2', 'dsxu', unserved),
};

export const systemCalls: CallTable = {
  ...refusedCalls,
  116: call('sysinfo', 'x', sysinfo),
  122: call('uname', 'x', uname),
  136: call('personality', 'x', personality),
  158: call('sched_yield', '', () => 0),
  159: call('sched_get_priority_max', 'i', () => 0),
  160: call('sched_get_priority_min', 'i', () => 0),
  157: call('sched_getscheduler', 'i', () => 0),
  172: call('prctl', 'ixxxx', processControl),
  240: call('futex', 'xixxxx', futex(time32)),
  241: call('sched_setaffinity', 'iux', () => 0),
  242: call('sched_getaffinity', 'iux', getAffinity),
  311: call('set_robust_list', 'xu', () => 0),
  318: call('getcpu', 'xxx', getCpu),
  355: call('getrandom', 'Bux', getRandom),
  422: call('futex_time64', 'xixxxx', futex(time64)),
};

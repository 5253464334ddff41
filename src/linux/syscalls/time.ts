/** Clocks, sleeping and timers, with 32-bit and 64-bit times. */
import { Errno, fail, Wait } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import type { Time } from '../tree/file-system.ts';
import { timeOfMilliseconds } from '../tree/file-system.ts';
import { type CallTable, call, type Handler } from './call.ts';

const CLOCK_REALTIME = 0;
const TIMER_ABSTIME = 1;
const ITIMER_REAL = 0;
/** Clock ticks of times(2) a second. */
const TICKS = 100;
const RESOLUTION: Time = { seconds: 0, nanoseconds: 1 };

/** How a struct timespec is laid out: with 32-bit or 64-bit seconds. */
export interface TimeLayout {
  readonly size: number;
  read(kernel: Kernel, at: number): Time;
  write(kernel: Kernel, at: number, time: Time): void;
}

export const time32: TimeLayout = {
  size: 8,
  read: ({ memory }, at) => ({ seconds: memory.read32(at), nanoseconds: memory.read32(at + 4) }),
  write: ({ memory }, at, { seconds, nanoseconds }) => {
    memory.write32(at, seconds | 0);
    memory.write32(at + 4, nanoseconds);
  },
};

export const time64: TimeLayout = {
  size: 16,
  read: ({ memory }, at) => ({ seconds: memory.read64(at), nanoseconds: memory.read32(at + 8) }),
  write: ({ memory }, at, { seconds, nanoseconds }) => {
    memory.write64(at, seconds);
    memory.write64(at + 8, nanoseconds);
  },
};

/** Milliseconds of a valid time. @throws SystemError EINVAL. */
export function millisecondsOf({ seconds, nanoseconds }: Time): number {
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= 1e9) fail(Errno.EINVAL);
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Milliseconds on one of the clocks. @throws SystemError EINVAL. */
function clockMilliseconds({ clock, current }: Kernel, id: number): number {
  switch (id) {
    case CLOCK_REALTIME:
    case 5: // CLOCK_REALTIME_COARSE
    case 8: // CLOCK_REALTIME_ALARM
    case 11: // CLOCK_TAI
      return clock.realtime();
    case 1: // CLOCK_MONOTONIC
    case 4: // CLOCK_MONOTONIC_RAW
    case 6: // CLOCK_MONOTONIC_COARSE
    case 7: // CLOCK_BOOTTIME
    case 9: // CLOCK_BOOTTIME_ALARM
      return clock.monotonic();
    case 2: // CLOCK_PROCESS_CPUTIME_ID
    case 3: // CLOCK_THREAD_CPUTIME_ID
      return current.cpuTime;
    default:
      return fail(Errno.EINVAL);
  }
}

function getTime(layout: TimeLayout): Handler {
  return (kernel, id, at) => {
    layout.write(kernel, at, timeOfMilliseconds(clockMilliseconds(kernel, id)));
    return 0;
  };
}

function getResolution(layout: TimeLayout): Handler {
  return (kernel, id, at) => {
    clockMilliseconds(kernel, id);
    if (at !== 0) layout.write(kernel, at, RESOLUTION);
    return 0;
  };
}

/** Waits that long; the rest goes to `remaining` in case a signal comes. */
function sleep(kernel: Kernel, milliseconds: number, remaining: number, layout: TimeLayout): number {
  const deadline = kernel.deadlineAfter(milliseconds);
  const left = deadline - kernel.clock.monotonic();
  if (left <= 0) return 0;
  if (remaining !== 0) layout.write(kernel, remaining, timeOfMilliseconds(left));
  return Wait.Interrupt;
}

function clockSleep(layout: TimeLayout): Handler {
  return (kernel, id, flags, at, remaining) => {
    const wanted = millisecondsOf(layout.read(kernel, at));
    const now = clockMilliseconds(kernel, id);
    if ((flags & TIMER_ABSTIME) === 0) return sleep(kernel, wanted, remaining, layout);
    return sleep(kernel, Math.max(0, wanted - now), 0, layout);
  };
}

function getTimeOfDay(kernel: Kernel, at: number, zone: number): number {
  const { seconds, nanoseconds } = timeOfMilliseconds(kernel.clock.realtime());
  if (at !== 0) time32.write(kernel, at, { seconds, nanoseconds: Math.floor(nanoseconds / 1000) });
  if (zone !== 0) kernel.memory.clear(zone, 8);
  return 0;
}

function seconds(kernel: Kernel, at: number): number {
  const now = Math.floor(kernel.clock.realtime() / 1000);
  if (at !== 0) kernel.memory.write32(at, now);
  return now;
}

function times(kernel: Kernel, at: number): number {
  const ticks = (milliseconds: number): number => Math.floor((milliseconds * TICKS) / 1000);
  const { cpuTime, childrenTime } = kernel.current;
  if (at !== 0) {
    [ticks(cpuTime), 0, ticks(childrenTime), 0].forEach((value, index) => {
      kernel.memory.write32(at + index * 4, value);
    });
  }
  return ticks(kernel.clock.monotonic()) & 0x7fffffff;
}

/** Sets the real-time timer; returns what was left of the old one. Milliseconds. */
function setTimer(kernel: Kernel, first: number, interval: number): { left: number; interval: number } {
  const { timer } = kernel.current;
  const now = kernel.clock.monotonic();
  const old = { left: timer.deadline === 0 ? 0 : Math.max(timer.deadline - now, 0.001), interval: timer.interval };
  timer.deadline = first > 0 ? now + first : 0;
  timer.interval = interval;
  return old;
}

/** Writes a struct itimerval. */
function writeTimer(kernel: Kernel, at: number, { left, interval }: { left: number; interval: number }): void {
  [interval, left].forEach((milliseconds, index) => {
    // Rounded up: a timer that runs never shows 0.
    const { seconds, nanoseconds } = timeOfMilliseconds(Math.ceil(milliseconds * 1000) / 1000);
    time32.write(kernel, at + index * 8, { seconds, nanoseconds: Math.round(nanoseconds / 1000) });
  });
}

/** Milliseconds of a struct timeval. */
function timevalAt(kernel: Kernel, at: number): number {
  const { seconds: whole, nanoseconds: microseconds } = time32.read(kernel, at);
  return millisecondsOf({ seconds: whole, nanoseconds: microseconds * 1000 });
}

function setIntervalTimer(kernel: Kernel, which: number, at: number, old: number): number {
  if (which !== ITIMER_REAL) fail(which === 1 || which === 2 ? Errno.ENOSYS : Errno.EINVAL);
  const interval = at === 0 ? 0 : timevalAt(kernel, at);
  const first = at === 0 ? 0 : timevalAt(kernel, at + 8);
  const before = setTimer(kernel, first, interval);
  if (old !== 0) writeTimer(kernel, old, before);
  return 0;
}

function getIntervalTimer(kernel: Kernel, which: number, at: number): number {
  if (which !== ITIMER_REAL) fail(which === 1 || which === 2 ? Errno.ENOSYS : Errno.EINVAL);
  const { deadline, interval } = kernel.current.timer;
  const left = deadline === 0 ? 0 : Math.max(deadline - kernel.clock.monotonic(), 0.001);
  writeTimer(kernel, at, { left, interval });
  return 0;
}

function alarm(kernel: Kernel, wanted: number): number {
  const { left } = setTimer(kernel, (wanted >>> 0) * 1000, 0);
  return left === 0 ? 0 : Math.max(1, Math.round(left / 1000));
}

function refuse(): number {
  return -Errno.EPERM;
}

export const timeCalls: CallTable = {
  13: call('time', 'x', seconds),
  25: call('stime', 'x', refuse),
  27: call('alarm', 'u', alarm),
  43: call('times', 'x', times),
  78: call('gettimeofday', 'xx', getTimeOfDay),
  79: call('settimeofday', 'xx', refuse),
  104: call('setitimer', 'ixx', setIntervalTimer),
  105: call('getitimer', 'ix', getIntervalTimer),
  162: call('nanosleep', 'xx', (kernel, at, remaining) =>
    sleep(kernel, millisecondsOf(time32.read(kernel, at)), remaining, time32),
  ),
  264: call('clock_settime', 'ix', refuse),
  265: call('clock_gettime', 'ix', getTime(time32)),
  266: call('clock_getres', 'ix', getResolution(time32)),
  267: call('clock_nanosleep', 'ixxx', clockSleep(time32)),
  403: call('clock_gettime64', 'ix', getTime(time64)),
  404: call('clock_settime64', 'ix', refuse),
  406: call('clock_getres_time64', 'ix', getResolution(time64)),
  407: call('clock_nanosleep_time64', 'ixxx', clockSleep(time64)),
};

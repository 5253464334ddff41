/** Waiting for files to become ready: poll, select and their variants. */
import { Errno, fail, Wait } from '../errno.ts';
import { DESCRIPTOR_LIMIT } from '../files/descriptors.ts';
import { Poll } from '../files/open-file.ts';
import type { Kernel } from '../kernel.ts';
import { SignalSet } from '../signals.ts';
import { type CallTable, call, type Handler } from './call.ts';
import { replaceMask } from './signal.ts';
import { millisecondsOf, type TimeLayout, time32, time64 } from './time.ts';

/** Also reported when not asked for. */
const ALWAYS: number = Poll.ERR | Poll.HUP | Poll.NVAL;
/** POLLRDNORM and POLLWRNORM mean the same as POLLIN and POLLOUT. */
const READ_NORMAL = 0x40;
const WRITE_NORMAL = 0x100;
const POLL_SIZE = 8;

/** What is to be waited for: how many files are ready, after noting which. */
type Look = () => number;

/** Looks, and waits until something is ready or the time is over. `milliseconds` below zero waits for ever. */
function waitReady(kernel: Kernel, look: Look, milliseconds: number, note: (ready: number) => void): number {
  const ready = look();
  const isOver = milliseconds >= 0 && kernel.deadlineAfter(milliseconds) <= kernel.clock.monotonic();
  // A signal that the call's mask lets through comes before the end of the time (do_poll, core_sys_select).
  if (ready === 0 && (!isOver || kernel.current.signals.hasDeliverable)) return Wait.Interrupt;
  note(ready);
  return ready;
}

/** Events of a descriptor, with the synonyms. */
function eventsOf(kernel: Kernel, number: number): number {
  const { descriptors } = kernel.current;
  if (!descriptors.has(number)) return Poll.NVAL;
  const events = descriptors.get(number).poll();
  return events | ((events & Poll.IN) !== 0 ? READ_NORMAL : 0) | ((events & Poll.OUT) !== 0 ? WRITE_NORMAL : 0);
}

function poll(kernel: Kernel, at: number, count: number, milliseconds: number): number {
  if (count >>> 0 > DESCRIPTOR_LIMIT) fail(Errno.EINVAL);
  const { memory } = kernel;
  const results = new Int32Array(count);
  const look = (): number => {
    let ready = 0;
    for (let index = 0; index < count; index++) {
      const number = memory.read32(at + index * POLL_SIZE);
      const wanted = memory.read16(at + index * POLL_SIZE + 4);
      results[index] = number < 0 ? 0 : eventsOf(kernel, number) & (wanted | ALWAYS);
      if (results[index] !== 0) ready++;
    }
    return ready;
  };
  return waitReady(kernel, look, milliseconds, () => {
    results.forEach((events, index) => {
      memory.write16(at + index * POLL_SIZE + 6, events);
    });
  });
}

/** Which events make a descriptor count in each of select's three sets. */
const selectEvents: readonly number[] = [Poll.IN | Poll.HUP | Poll.ERR, Poll.OUT | Poll.ERR, 0];

function select(kernel: Kernel, count: number, sets: readonly number[], milliseconds: number): number {
  if (count < 0) fail(Errno.EINVAL);
  const { memory } = kernel;
  const words = Math.ceil(Math.min(count, DESCRIPTOR_LIMIT) / 32);
  const results = sets.map(() => new Int32Array(words));
  const look = (): number => {
    let ready = 0;
    sets.forEach((set, kind) => {
      const result = results[kind]!.fill(0);
      if (set === 0) return;
      for (let number = 0; number < Math.min(count, words * 32); number++) {
        const bit = 1 << (number & 31);
        if ((memory.read32(set + (number >> 5) * 4) & bit) === 0) continue;
        const events = eventsOf(kernel, number);
        if ((events & Poll.NVAL) !== 0) fail(Errno.EBADF);
        if ((events & selectEvents[kind]!) === 0) continue;
        result[number >> 5]! |= bit;
        ready++;
      }
    });
    return ready;
  };
  return waitReady(kernel, look, milliseconds, () => {
    sets.forEach((set, kind) => {
      if (set === 0) return;
      results[kind]!.forEach((word, index) => {
        memory.write32(set + index * 4, word);
      });
    });
  });
}

/** A timeout in guest memory: its layout, and how many nanoseconds the second field counts in. */
interface TimeoutLayout {
  readonly layout: TimeLayout;
  readonly unit: number;
}

const timeval: TimeoutLayout = { layout: time32, unit: 1000 };

/**
 * Runs a wait with the timeout at `at`; a null pointer is for ever. When it is over, Linux leaves the rest of the time
 * there (poll_select_finish), so a call that waits must read it only once.
 */
function withTimeout(
  kernel: Kernel,
  at: number,
  { layout, unit }: TimeoutLayout,
  wait: (milliseconds: number) => number,
): number {
  if (at === 0) return wait(-1);
  const { current } = kernel;
  let milliseconds = 0;
  if (current.deadline === undefined) {
    const { seconds, nanoseconds } = layout.read(kernel, at);
    milliseconds = millisecondsOf({ seconds, nanoseconds: nanoseconds * unit });
    kernel.deadlineAfter(milliseconds);
  }
  const result = wait(milliseconds);
  if (result >= 0) {
    const left = Math.max(0, kernel.deadlineAfter(0) - kernel.clock.monotonic());
    const seconds = Math.floor(left / 1000);
    layout.write(kernel, at, { seconds, nanoseconds: Math.floor(((left - seconds * 1000) * 1e6) / unit) });
  }
  return result;
}

function selectVal(kernel: Kernel, count: number, a: number, b: number, c: number, timeout: number): number {
  return withTimeout(kernel, timeout, timeval, (milliseconds) => select(kernel, count, [a, b, c], milliseconds));
}

/** The old select takes a pointer to its arguments. */
function oldSelect(kernel: Kernel, at: number): number {
  const [count, a, b, c, timeout] = [0, 4, 8, 12, 16].map((offset) => kernel.memory.read32(at + offset)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return selectVal(kernel, count, a, b, c, timeout);
}

/** Takes the mask at this address for the time of the call. */
function takeMask(kernel: Kernel, at: number, size: number): void {
  if (at === 0) return;
  if (size !== 8) fail(Errno.EINVAL);
  replaceMask(kernel.current, new SignalSet(kernel.memory.read32(at), kernel.memory.read32(at + 4)));
}

function maskedPoll(layout: TimeLayout): Handler {
  return (kernel, at, count, timeout, mask, size) => {
    return withTimeout(kernel, timeout, { layout, unit: 1 }, (milliseconds) => {
      takeMask(kernel, mask, size);
      return poll(kernel, at, count, milliseconds);
    });
  };
}

/** The sixth argument points to the mask's address and size. */
function maskedSelect(layout: TimeLayout): Handler {
  return (kernel, count, a, b, c, timeout, mask) => {
    return withTimeout(kernel, timeout, { layout, unit: 1 }, (milliseconds) => {
      if (mask !== 0) takeMask(kernel, kernel.memory.read32(mask), kernel.memory.read32(mask + 4));
      return select(kernel, count, [a, b, c], milliseconds);
    });
  };
}

export const pollCalls: CallTable = {
  82: call('select', 'x', oldSelect),
  142: call('_newselect', 'ixxxx', selectVal),
  168: call('poll', 'xui', poll),
  308: call('pselect6', 'ixxxxx', maskedSelect(time32)),
  309: call('ppoll', 'xuxxu', maskedPoll(time32)),
  413: call('pselect6_time64', 'ixxxxx', maskedSelect(time64)),
  414: call('ppoll_time64', 'xuxxu', maskedPoll(time64)),
};

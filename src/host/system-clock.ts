/** The clock of the machine that we run on: Node or a browser, whatever has timers and `performance`. */
import type { Clock } from '../linux/clock.ts';

/** Longest timeout of setTimeout. */
const LONGEST = 0x7fffffff;

/** Runs a function after the events that are waiting now. */
type Defer = (run: () => void) => void;

interface ImmediateHost {
  readonly setImmediate?: Defer;
}

/** A clock for one process: `wake` ends the `sleep` of that process alone. */
export function createSystemClock(): Clock {
  let wake: (() => void) | undefined;
  const defer: Defer = (globalThis as ImmediateHost).setImmediate ?? ((run) => setTimeout(run, 0));
  return {
    realtime: () => performance.timeOrigin + performance.now(),
    monotonic: () => performance.now(),
    pause: () => new Promise<void>((resolve) => defer(resolve)),
    sleep: (milliseconds) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(() => wake?.(), Math.min(Math.ceil(milliseconds), LONGEST));
        wake = () => {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        };
      }),
    wake: () => wake?.(),
  };
}

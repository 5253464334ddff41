/**
 * Runs a whole machine in the host's event loop: turns of a few milliseconds, so that input, output and signals get
 * theirs, and sleep while the guest is idle.
 */
import type { SystemCpu, SystemStop } from '../runtime/exec/system-cpu.ts';

/** What it needs of its host; src/host/system-clock.ts has it. */
export interface RunHost {
  /** Milliseconds. */
  monotonic(): number;
  /** Lets other tasks of the host run. */
  pause(): Promise<void>;
  /** At most so many milliseconds, ended early by wake(). */
  sleep(milliseconds: number): Promise<void>;
}

export interface RunLimits {
  /** Ends the run between two turns when it is aborted. */
  readonly signal?: { readonly aborted: boolean } | undefined;
  /** Most instructions to run. */
  readonly maxInstructions?: number | undefined;
}

/** Milliseconds that a turn aims at. */
const TURN = 10;
const FIRST_TURN_INSTRUCTIONS = 100_000;
const SHORTEST_TURN_INSTRUCTIONS = 10_000;
const LONGEST_TURN_INSTRUCTIONS = 1 << 30;
/** Idle times below this (ms) are waited for without a timer, which would be late. */
const SHORT_SLEEP = 0.5;

/**
 * Run until something other than idleness stops the machine. Input from outside wakes an idle one when the host's
 * wake() is called after it.
 */
export async function runSystem(
  cpu: SystemCpu,
  host: RunHost,
  { signal, maxInstructions = Number.POSITIVE_INFINITY }: RunLimits = {},
): Promise<SystemStop> {
  let turn = FIRST_TURN_INSTRUCTIONS;
  for (let left = maxInstructions; ; ) {
    if (signal?.aborted) return { kind: 'stopped' };
    const before = cpu.cpu.retired;
    const start = host.monotonic();
    const stop = cpu.run(Math.min(turn, left));
    const ran = cpu.cpu.retired - before;
    left -= ran;
    if (stop.kind === 'idle') {
      const wait = (stop.until - cpu.now) / 1e6;
      await (wait < SHORT_SLEEP ? host.pause() : host.sleep(wait));
    } else if (stop.kind !== 'limit' || left <= 0) return stop;
    else {
      const factor = TURN / Math.max(0.1, host.monotonic() - start);
      const next = turn * Math.max(0.25, Math.min(factor, 4));
      turn = Math.trunc(Math.max(SHORTEST_TURN_INSTRUCTIONS, Math.min(next, LONGEST_TURN_INSTRUCTIONS)));
      await host.pause();
    }
  }
}

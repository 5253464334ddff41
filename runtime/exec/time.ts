/**
 * Where a whole machine's time comes from: the count of retired instructions, which makes runs repeat exactly, or the
 * host's clock. bus/clock.ts asks `now`; the loop of exec/system-cpu.ts asks how many instructions to run before it
 * looks at the deadlines again, and whether an idle machine must wait.
 */

/** Nanoseconds since power-on, and slices of instructions. */
export interface MachineTime {
  /** Every slice ends on the exact instruction. */
  readonly exact: boolean;
  /** Nanoseconds; never goes back. */
  now(): number;
  /** Instructions to run before time `deadline` (ns) is looked at again, at least 1. */
  slice(deadline: number): number;
  /** A slice of that many instructions has run. */
  ran(instructions: number): void;
  /** An idle machine has nothing to do before `deadline`. @returns true when it is that time now; else the host waits. */
  skipTo(deadline: number): boolean;
}

/** Longest slice: `run` of exec/system-cpu.ts looks at its own limits in between. */
const LONGEST_SLICE = 1 << 20;

/** Time that passes with instructions alone, at a fixed rate; idle time passes at once. */
export class VirtualTime implements MachineTime {
  readonly exact = true;
  private readonly perInstruction: number;
  private skipped = 0;
  private retired: () => number = () => 0;

  /** @param perInstruction nanoseconds that each instruction takes. */
  constructor(perInstruction: number) {
    this.perInstruction = perInstruction;
  }

  /** @param retired instructions that have retired, those of a slice under way included. */
  attach(retired: () => number): void {
    this.retired = retired;
  }

  now(): number {
    return this.skipped + this.retired() * this.perInstruction;
  }

  slice(deadline: number): number {
    const instructions = Math.ceil((deadline - this.now()) / this.perInstruction);
    return Math.max(1, Math.min(instructions, LONGEST_SLICE));
  }

  ran(): void {}

  skipTo(deadline: number): boolean {
    if (deadline === Number.POSITIVE_INFINITY) return false;
    this.skipped += Math.max(0, deadline - this.now());
    return true;
  }
}

/** Shortest and longest slice under the host's clock, in instructions: what a look at the clock is worth. */
const SHORTEST_HOST_SLICE = 256;
const LONGEST_HOST_SLICE = 1 << 16;

/** The host's clock; slices are as long as the measured speed makes them. */
export class HostTime implements MachineTime {
  readonly exact = false;
  private readonly clock: () => number;
  private readonly start: number;
  private sliceStart = 0;
  /** Instructions a nanosecond, as measured. */
  private rate = 0.02;

  /** @param clock the host's monotonic time in nanoseconds. */
  constructor(clock: () => number) {
    this.clock = clock;
    this.start = clock();
  }

  now(): number {
    return this.clock() - this.start;
  }

  slice(deadline: number): number {
    this.sliceStart = this.now();
    const instructions = (deadline - this.sliceStart) * this.rate;
    return Math.trunc(Math.max(SHORTEST_HOST_SLICE, Math.min(instructions, LONGEST_HOST_SLICE)));
  }

  ran(instructions: number): void {
    const elapsed = this.now() - this.sliceStart;
    if (instructions >= SHORTEST_HOST_SLICE && elapsed > 0) {
      this.rate += (instructions / elapsed - this.rate) / 4;
    }
  }

  skipTo(deadline: number): boolean {
    return this.now() >= deadline;
  }
}

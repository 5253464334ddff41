/**
 * Time as devices see it: nanoseconds since power-on, and timers with absolute deadlines.
 *
 * Where the time comes from is the board's choice: the host's clock, or the count of retired instructions, which makes
 * runs repeat exactly. The dispatcher runs a slice that ends at the next deadline and then calls runDue().
 */

/** One callback with a deadline. */
export class Timer {
  /** Time at which it fires, in nanoseconds; Infinity while it is not armed. */
  deadline = Number.POSITIVE_INFINITY;
  /** How much later it may fire, in nanoseconds, when the host would have to wake for it alone. */
  slack = 0;
  private readonly clock: Clock;
  /** @internal */
  readonly fire: () => void;

  constructor(clock: Clock, fire: () => void) {
    this.clock = clock;
    this.fire = fire;
  }

  /** Fire once at `deadline` (ns, past or future), instead of when it was going to. */
  arm(deadline: number): void {
    this.deadline = deadline;
    this.clock.changed(deadline);
  }

  disarm(): void {
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

export class Clock {
  /** Called when a deadline earlier than all others appears, so that a slice under way can be cut short. */
  onEarlier: () => void = () => {};
  private readonly source: () => number;
  private readonly timers: Timer[] = [];

  /** @param source nanoseconds since power-on; never goes back. */
  constructor(source: () => number) {
    this.source = source;
  }

  /** Nanoseconds since power-on, exact for the instruction that asks. */
  get now(): number {
    return this.source();
  }

  /** A timer that calls `fire`; it may arm itself again from there. */
  timer(fire: () => void): Timer {
    const timer = new Timer(this, fire);
    this.timers.push(timer);
    return timer;
  }

  /** The earliest deadline, or Infinity. A machine has about a dozen timers, so looking at all is the cheapest order. */
  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const timer of this.timers) if (timer.deadline < next) next = timer.deadline;
    return next;
  }

  /** The time to which all timers can wait that allow for being late. */
  get latestDeadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadline, slack } of this.timers) if (deadline + slack < next) next = deadline + slack;
    return next;
  }

  /** Fire what is due, earliest first. */
  runDue(): void {
    for (;;) {
      let due: Timer | undefined;
      for (const timer of this.timers) if (timer.deadline <= (due?.deadline ?? this.now)) due = timer;
      if (due === undefined) return;
      due.deadline = Number.POSITIVE_INFINITY;
      due.fire();
    }
  }

  /** @internal */
  changed(deadline: number): void {
    if (deadline <= this.nextDeadline) this.onEarlier();
  }
}

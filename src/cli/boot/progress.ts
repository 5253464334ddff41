/**
 * A line on the terminal from the start of a machine until its guest says something: a kernel that unpacks itself and its
 * initial RAM disk is silent for a while.
 */

/** The part of a terminal's stream that is used. */
interface TerminalStream {
  write(text: string): void;
}

/** Milliseconds between two looks. */
const PERIOD = 500;
/** Milliseconds of silence after which there is a hint. */
const SILENCE = 10_000;
/** Back to the start of the line, and clear it. */
const CLEAR = '\r\x1b[K';

export class Progress {
  private readonly retired: () => number;
  private readonly stream: TerminalStream;
  private timer: ReturnType<typeof setInterval> | undefined;
  private started = 0;

  /** @param retired instructions that the guest has run. */
  constructor(retired: () => number, stream: TerminalStream) {
    this.retired = retired;
    this.stream = stream;
  }

  start(): void {
    this.started = Date.now();
    this.timer = setInterval(() => this.draw(), PERIOD);
  }

  /** Take the line away until the next look, for another to be printed. */
  clear(): void {
    if (this.timer !== undefined) this.stream.write(CLEAR);
  }

  /** Take the line away, for good. */
  stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.stream.write(CLEAR);
  }

  private draw(): void {
    const passed = Date.now() - this.started;
    const millions = Math.round(this.retired() / 1e6);
    // Within the width of any terminal: what has wrapped cannot be taken away.
    const hint = passed < SILENCE ? '' : '; --display text shows the screen';
    this.stream.write(`${CLEAR}xlat86: ${Math.round(passed / 1000)} s, ${millions} million instructions${hint}`);
  }
}

/** Time and rest, as the host gives them: the only way in which src/linux touches the event loop. */

export interface Clock {
  /** Milliseconds since 1970, with fractions. */
  realtime(): number;
  /** Milliseconds that never go back, with fractions. */
  monotonic(): number;
  /** Lets the host's event loop run once. */
  pause(): Promise<void>;
  /** Waits that long, or until `wake` is called; Infinity waits for `wake` alone. Milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** Ends the current `sleep`. */
  wake(): void;
}

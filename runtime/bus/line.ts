/** Interrupt lines: how a device asks for attention without knowing which controllers listen. */

/** One level-carrying wire. A board joins it to the inputs of its interrupt controllers. */
export interface Line {
  /** Drive the wire; setting it to the level that it already has changes nothing. */
  set(high: boolean): void;
}

/** `count` ends of one wire, each for a driver of its own: the wire is high while any of them is. */
export function wiredOr(line: Line, count: number): readonly Line[] {
  let drivers = 0;
  return Array.from({ length: count }, (_, end) => ({
    set(high) {
      drivers = high ? drivers | (1 << end) : drivers & ~(1 << end);
      line.set(drivers !== 0);
    },
  }));
}

/** What an interrupt controller offers the processor. */
export interface InterruptController {
  /** Is an unmasked interrupt waiting? */
  readonly requested: boolean;
  /** The processor takes it: the interrupt-acknowledge cycle. @returns its vector, 0 to 255. */
  acknowledge(): number;
}

/** Interrupt lines: how a device asks for attention without knowing which controllers listen. */

/** One level-carrying wire. A board joins it to the inputs of its interrupt controllers. */
export interface Line {
  /** Drive the wire; setting it to the level that it already has changes nothing. */
  set(high: boolean): void;
}

/** What an interrupt controller offers the processor. */
export interface InterruptController {
  /** Is an unmasked interrupt waiting? */
  readonly requested: boolean;
  /** The processor takes it: the interrupt-acknowledge cycle. @returns its vector, 0 to 255. */
  acknowledge(): number;
}

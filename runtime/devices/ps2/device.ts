/** What the 8042 sees of a keyboard or mouse at the end of a PS/2 wire. */

/** Bytes that a device keeps for its controller: a keyboard's own buffer. More from the host are dropped. */
const QUEUE_BYTES = 32;

/** Answers of both kinds of device. */
export const ACKNOWLEDGE = 0xfa;
export const RESEND = 0xfe;
export const TEST_PASSED = 0xaa;

export interface Ps2Device {
  /** Is there a byte for the controller? */
  readonly hasByte: boolean;
  /** Called when there is one. */
  onByte: () => void;
  takeByte(): number;
  /** A byte from the controller: a command or its argument. */
  receive(value: number): void;
  /** Power-on. */
  reset(): void;
}

/** The queue of a device: answers to commands always fit, events only as long as there is room. */
export class Ps2Queue {
  onByte: () => void = () => {};
  private bytes: number[] = [];
  private last = 0;

  get length(): number {
    return this.bytes.length;
  }

  /** Answer a command; what was queued before is of no interest any more. */
  answer(...bytes: readonly number[]): void {
    this.bytes = [...bytes];
    this.onByte();
  }

  /** Queue all of an event, or nothing when there is too little room. @returns whether it was queued. */
  event(...bytes: readonly number[]): boolean {
    if (this.bytes.length + bytes.length > QUEUE_BYTES) return false;
    this.bytes.push(...bytes);
    this.onByte();
    return true;
  }

  take(): number {
    this.last = this.bytes.shift() ?? this.last;
    return this.last;
  }

  /** The byte that was taken last: what RESEND asks for. */
  get previous(): number {
    return this.last;
  }

  clear(): void {
    this.bytes = [];
  }
}

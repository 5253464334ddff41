/**
 * A PS/2 mouse with wheel: the standard three-byte packets, and IntelliMouse's four bytes after the knock that asks for
 * them.
 *
 * Movement of the host adds up until the next packet, which is sent at the sampling rate and only when the one before
 * has left, so a guest that is slow loses no distance.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Mouse"; Microsoft, "Windows and the 5-Button Wheel Mouse".
 */
import type { Clock, Timer } from '../../bus/clock.ts';
import { ACKNOWLEDGE, type Ps2Device, Ps2Queue, RESEND, TEST_PASSED } from './device.ts';

const STANDARD = 0;
const WHEEL = 3;
const FIVE_BUTTONS = 4;
/** Sampling rates that, set one after the other, ask for the other kinds. */
const WHEEL_KNOCK = [200, 100, 80] as const;
const FIVE_BUTTONS_KNOCK = [200, 200, 80] as const;
/** Movement that a packet can hold, as a signed 9-bit number. */
const FARTHEST = 255;
/** More than this is forgotten. */
const BACKLOG = 32_767;
/** What scaling 2:1 makes of the smallest movements. */
const SCALED = [0, 1, 1, 3, 6, 9] as const;

export class Mouse implements Ps2Device {
  private readonly queue = new Ps2Queue();
  private readonly clock: Clock;
  private readonly sample: Timer;
  private dx = 0;
  private dy = 0;
  private wheel = 0;
  private buttons = 0;
  private reported = 0;
  private kind = STANDARD;
  private reporting = false;
  private remote = false;
  private wrap = false;
  private doubles = false;
  private resolution = 2;
  private rate = 100;
  private lastRates: number[] = [];
  private pending = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.sample = clock.timer(() => this.report());
  }

  get hasByte(): boolean {
    return this.queue.length > 0;
  }

  set onByte(callback: () => void) {
    this.queue.onByte = callback;
  }

  takeByte(): number {
    const byte = this.queue.take();
    this.schedule();
    return byte;
  }

  reset(): void {
    this.queue.clear();
    this.kind = STANDARD;
    this.pending = 0;
    this.wrap = false;
    this.lastRates = [];
    this.restoreDefaults();
  }

  private restoreDefaults(): void {
    this.reporting = false;
    this.remote = false;
    this.doubles = false;
    this.resolution = 2;
    this.rate = 100;
    this.forget();
  }

  private forget(): void {
    this.dx = 0;
    this.dy = 0;
    this.wheel = 0;
    this.reported = this.buttons;
    this.sample.disarm();
  }

  /**
   * The mouse moves.
   * @param dx counts to the right  @param dy counts away from the user  @param wheel notches towards the user.
   */
  move(dx: number, dy: number, wheel = 0): void {
    this.dx = bounded(this.dx + Math.trunc(dx));
    this.dy = bounded(this.dy + Math.trunc(dy));
    this.wheel = bounded(this.wheel + Math.trunc(wheel));
    this.schedule();
  }

  /** @param buttons bit 0 left, 1 right, 2 middle, 3 and 4 the side buttons. */
  setButtons(buttons: number): void {
    this.buttons = buttons & 31;
    this.schedule();
  }

  private get hasNews(): boolean {
    return (this.dx | this.dy | this.wheel) !== 0 || this.buttons !== this.reported;
  }

  /** Let the next packet go at the next sample, if there is anything to say. */
  private schedule(): void {
    if (!this.reporting || this.remote || !this.hasNews || this.queue.length > 0) return;
    if (this.sample.deadline === Number.POSITIVE_INFINITY) this.sample.arm(this.clock.now + 1e9 / this.rate);
  }

  private report(): void {
    if (this.reporting && !this.remote && this.hasNews && this.queue.length === 0) this.queue.event(...this.packet());
  }

  /** The next packet; what does not fit stays for the one after. */
  private packet(): readonly number[] {
    const dx = clamp(this.dx, FARTHEST);
    const dy = clamp(this.dy, FARTHEST);
    this.dx -= dx;
    this.dy -= dy;
    this.reported = this.buttons;
    const [x, y] = this.doubles && !this.remote ? [scaled(dx), scaled(dy)] : [dx, dy];
    const first = 0x08 | (this.buttons & 7) | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0);
    const bytes = [first, x & 0xff, y & 0xff];
    const notches = clamp(this.wheel, 7);
    this.wheel = this.kind === STANDARD ? 0 : this.wheel - notches;
    if (this.kind === WHEEL) bytes.push(notches & 0xff);
    if (this.kind === FIVE_BUTTONS) bytes.push((notches & 15) | ((this.buttons & 0x18) << 1));
    return bytes;
  }

  receive(value: number): void {
    const { pending } = this;
    this.pending = 0;
    if (this.wrap && value !== 0xff && value !== 0xec) this.queue.answer(value);
    else if (pending !== 0) this.argument(pending, value);
    else this.command(value);
  }

  private argument(command: number, value: number): void {
    if (command === 0xe8) this.resolution = value & 3;
    else {
      this.rate = Math.max(1, value);
      this.lastRates = [...this.lastRates, value].slice(-3);
    }
    this.queue.answer(ACKNOWLEDGE);
  }

  private command(value: number): void {
    switch (value) {
      case 0xe6:
      case 0xe7:
        this.doubles = value === 0xe7;
        break;
      case 0xe8:
      case 0xf3:
        this.pending = value;
        break;
      case 0xe9:
        this.queue.answer(ACKNOWLEDGE, this.status, this.resolution, this.rate);
        return;
      case 0xea:
      case 0xf0:
        this.remote = value === 0xf0;
        this.forget();
        break;
      case 0xeb:
        this.queue.answer(ACKNOWLEDGE, ...this.packet());
        return;
      case 0xec:
      case 0xee:
        this.wrap = value === 0xee;
        break;
      case 0xf2:
        this.listenForKnock();
        this.queue.answer(ACKNOWLEDGE, this.kind);
        return;
      case 0xf4:
      case 0xf5:
        this.reporting = value === 0xf4;
        this.forget();
        break;
      case 0xf6:
        this.restoreDefaults();
        break;
      case 0xfe:
        this.queue.answer(this.queue.previous);
        return;
      case 0xff:
        this.reset();
        this.queue.answer(ACKNOWLEDGE, TEST_PASSED, STANDARD);
        return;
      default:
        this.queue.answer(RESEND);
        return;
    }
    this.queue.answer(ACKNOWLEDGE);
  }

  private get status(): number {
    const { buttons } = this;
    return (
      (this.remote ? 0x40 : 0) |
      (this.reporting ? 0x20 : 0) |
      (this.doubles ? 0x10 : 0) |
      ((buttons & 1) << 2) |
      ((buttons & 4) >> 1) |
      ((buttons & 2) >> 1)
    );
  }

  private listenForKnock(): void {
    const heard = (knock: readonly number[]): boolean => knock.every((rate, i) => this.lastRates[i] === rate);
    if (heard(WHEEL_KNOCK)) this.kind = WHEEL;
    else if (this.kind === WHEEL && heard(FIVE_BUTTONS_KNOCK)) this.kind = FIVE_BUTTONS;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

function bounded(value: number): number {
  return clamp(Number.isFinite(value) ? value : 0, BACKLOG);
}

function scaled(distance: number): number {
  const size = Math.abs(distance);
  return Math.sign(distance) * Math.min(FARTHEST, size < SCALED.length ? SCALED[size]! : size * 2);
}

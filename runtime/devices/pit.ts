/**
 * The 8254 interval timer: channel 0 drives IRQ 0, channel 1 used to refresh memory, channel 2 sounds the speaker.
 *
 * Nothing counts here: a channel remembers at which tick of its 1.193182 MHz input its count was loaded, and from that
 * works out count and output whenever somebody asks. Channel 0 arms a timer for the next rise of its output. Rises that
 * pass while the host is busy are made up for quickly, because guests keep their time by counting them.
 *
 * Source: Intel 8254 datasheet (231164): modes, gate, read-back.
 */
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';
import type { Ports } from '../bus/ports.ts';

/** The input clock is 14.31818 MHz / 12 = 105/88 MHz. */
const TICKS = 105;
const PER_NANOSECONDS = 88_000;
const MODE3 = 3;
const NEVER = Number.POSITIVE_INFINITY;
/** Half a second. */
const TICKS_OF_LONGEST_DELAY = 596_591;

/** Which bytes of the count an access transfers: bits 5 and 4 of the control word. */
const LOW_BYTE = 1;
const HIGH_BYTE = 2;
const BOTH_BYTES = 3;

class Channel {
  private mode = 0;
  private access = BOTH_BYTES;
  private bcd = false;
  gate: boolean;
  /** The count that runs, 1 to 65,536, and the tick that loaded it; NEVER while the channel waits for one. */
  private count = 65_536;
  private origin = NEVER;
  /** With the gate low in modes 0 and 4: ticks that had been counted. */
  private held = -1;
  /** A count that waits for the end of a period (modes 2, 3) or a trigger (modes 1, 5), and since when. */
  private waiting = 0;
  private waitingSince = 0;
  private firstByte = -1;
  private readsHigh = false;
  private latchedCount = -1;
  private latchedStatus = -1;

  constructor(gate: boolean) {
    this.gate = gate;
  }

  reset(gate: boolean): void {
    this.gate = gate;
    this.control(BOTH_BYTES << 4);
  }

  control(word: number): void {
    this.mode = (word >> 1) & 7;
    if (this.mode > 5) this.mode &= 3;
    this.access = (word >> 4) & 3;
    this.bcd = (word & 1) !== 0;
    this.count = this.modulus;
    this.origin = NEVER;
    this.held = -1;
    this.waiting = 0;
    this.firstByte = -1;
    this.readsHigh = false;
    this.latchedCount = -1;
    this.latchedStatus = -1;
  }

  private get modulus(): number {
    return this.bcd ? 10_000 : 65_536;
  }

  private get isPeriodic(): boolean {
    return this.mode === 2 || this.mode === MODE3;
  }

  private get isTriggered(): boolean {
    return this.mode === 1 || this.mode === 5;
  }

  /** Drives the line's idle level: only these modes start with the output low. */
  get startsLow(): boolean {
    return this.mode === 0;
  }

  /** Ticks counted at `tick`, or -1 when no count was loaded. */
  private elapsed(tick: number): number {
    if (this.origin === NEVER) return -1;
    return this.held >= 0 ? this.held : Math.max(0, tick - this.origin);
  }

  /** End of the period (mode 2) or half period (mode 3) under way at `tick`. */
  private boundary(tick: number): number {
    const { count, origin } = this;
    const start = tick - (this.elapsed(tick) % count);
    if (this.mode !== MODE3) return start + count;
    const high = (count + 1) >> 1;
    return Math.max(tick, origin) - start < high ? start + high : start + count;
  }

  /** Let a waiting count take effect if its time has come. */
  settle(tick: number): void {
    if (this.waiting === 0 || !this.isPeriodic || !this.gate || this.origin === NEVER) return;
    const start = this.boundary(this.waitingSince);
    if (tick < start) return;
    const isLowHalf = this.mode === MODE3 && (start - this.origin) % this.count !== 0;
    this.count = this.waiting;
    this.waiting = 0;
    this.origin = isLowHalf ? start - ((this.count + 1) >> 1) : start;
  }

  private load(count: number, tick: number): void {
    this.count = count;
    this.waiting = 0;
    this.origin = tick + 1;
    this.held = this.gate || this.isTriggered ? -1 : 0;
  }

  write(value: number, tick: number): void {
    if (this.access === BOTH_BYTES && this.firstByte < 0) {
      this.firstByte = value;
      // Mode 0 stops, its output low, until the second byte.
      if (this.mode === 0) this.origin = NEVER;
      return;
    }
    const raw =
      this.access === BOTH_BYTES ? this.firstByte | (value << 8) : this.access === LOW_BYTE ? value : value << 8;
    this.firstByte = -1;
    const count = (this.bcd ? fromBcd(raw) : raw) || this.modulus;
    this.settle(tick);
    if (this.isTriggered || (this.isPeriodic && this.origin !== NEVER)) {
      this.waiting = count;
      this.waitingSince = tick;
    } else this.load(count, tick);
  }

  setGate(high: boolean, tick: number): void {
    if (high === this.gate) return;
    this.settle(tick);
    const counted = this.elapsed(tick);
    this.gate = high;
    if (this.isTriggered) {
      if (high && (this.waiting !== 0 || this.origin !== NEVER)) this.load(this.waiting || this.count, tick);
    } else if (this.isPeriodic) {
      if (high && this.origin !== NEVER) this.load(this.waiting || this.count, tick);
      else this.held = counted;
    } else if (high) {
      if (this.held >= 0) this.origin = tick - this.held;
      this.held = -1;
    } else this.held = counted;
  }

  output(tick: number): boolean {
    this.settle(tick);
    const counted = this.elapsed(tick);
    if (counted < 0) return this.mode !== 0;
    switch (this.mode) {
      case 0:
      case 1:
        return counted >= this.count;
      case 2:
        return !this.gate || counted % this.count !== this.count - 1;
      case MODE3:
        return !this.gate || counted % this.count < (this.count + 1) >> 1;
      default:
        return counted !== this.count;
    }
  }

  /** The next tick after `tick` at which the output rises, or a waiting count takes effect; NEVER if none does. */
  nextEvent(tick: number): number {
    this.settle(tick);
    if (this.origin === NEVER || this.held >= 0) return NEVER;
    if (this.isPeriodic) {
      if (this.waiting !== 0) return this.boundary(this.waitingSince);
      return tick - (this.elapsed(tick) % this.count) + this.count + Math.max(0, this.origin - tick);
    }
    const end = this.origin + this.count + (this.mode > MODE3 ? 1 : 0);
    return end > tick ? end : NEVER;
  }

  /** Whole periods of a periodic mode from the tick of a rise to a later tick. */
  periodsBetween(rise: number, tick: number): number {
    return this.isPeriodic ? Math.floor((tick - rise) / this.count) : 0;
  }

  /** Rises that can be made up for after the host was late: half a second's. */
  get mostOwed(): number {
    return this.isPeriodic ? Math.floor(TICKS_OF_LONGEST_DELAY / this.count) : 0;
  }

  /** Distance of rises that are made up for: a quarter of the period, so that a guest which counts ticks catches up. */
  get catchUpTicks(): number {
    return Math.max(1, this.count >> 2);
  }

  /** Frequency of a square wave in hertz, 0 in any other mode. */
  get hertz(): number {
    return this.mode === MODE3 && this.gate && this.origin !== NEVER ? (TICKS * 1e9) / PER_NANOSECONDS / this.count : 0;
  }

  private value(tick: number): number {
    this.settle(tick);
    const counted = Math.max(0, this.elapsed(tick));
    const { count, modulus } = this;
    let value: number;
    if (this.mode === 2) value = count - (counted % count);
    else if (this.mode === MODE3) {
      // Two a tick, twice a period; an odd count starts one lower and spends its extra tick in the high half.
      const within = counted % count;
      const high = (count + 1) >> 1;
      value = (count & ~1) - 2 * (within < high ? within : within - high);
    } else value = (((count - counted) % modulus) + modulus) % modulus;
    return this.bcd ? toBcd(value % modulus) : value & 0xffff;
  }

  latchCount(tick: number): void {
    if (this.latchedCount < 0) this.latchedCount = this.value(tick);
  }

  latchStatus(tick: number): void {
    if (this.latchedStatus >= 0) return;
    const isNull = this.origin === NEVER || this.waiting !== 0 || tick < this.origin;
    this.latchedStatus =
      (this.output(tick) ? 0x80 : 0) | (isNull ? 0x40 : 0) | (this.access << 4) | (this.mode << 1) | (this.bcd ? 1 : 0);
  }

  read(tick: number): number {
    if (this.latchedStatus >= 0) {
      const status = this.latchedStatus;
      this.latchedStatus = -1;
      return status;
    }
    const value = this.latchedCount >= 0 ? this.latchedCount : this.value(tick);
    const high = this.access === HIGH_BYTE || (this.access === BOTH_BYTES && this.readsHigh);
    if (this.access === BOTH_BYTES) this.readsHigh = !this.readsHigh;
    if (this.access !== BOTH_BYTES || high) this.latchedCount = -1;
    return (high ? value >> 8 : value) & 0xff;
  }
}

/** Four decimal digits; a digit above 9 counts as what it is worth. */
function fromBcd(raw: number): number {
  return (raw >> 12) * 1000 + ((raw >> 8) & 15) * 100 + ((raw >> 4) & 15) * 10 + (raw & 15);
}

function toBcd(value: number): number {
  return (
    (Math.floor(value / 1000) << 12) |
    ((Math.floor(value / 100) % 10) << 8) |
    ((Math.floor(value / 10) % 10) << 4) |
    (value % 10)
  );
}

export interface PitParts {
  readonly ports: Ports;
  readonly clock: Clock;
  /** Output of channel 0: IRQ 0. */
  readonly irq: Line;
}

export class Pit implements Device {
  private readonly clock: Clock;
  private readonly irq: Line;
  private readonly timer: Timer;
  /** Gates of channels 0 and 1 are wired high. */
  private readonly channels: readonly Channel[] = [new Channel(true), new Channel(true), new Channel(false)];
  /** Tick that the timer waits for. */
  private due = NEVER;
  /** Periods that passed while the host was busy elsewhere, and whose interrupts are to be made up for. */
  private owed = 0;

  /** Claims ports 40h to 43h. */
  constructor({ ports, clock, irq }: PitParts) {
    this.clock = clock;
    this.irq = irq;
    this.timer = clock.timer(() => this.fire());
    ports.claim(0x40, 4, {
      read8: (port) => (port === 0x43 ? 0xff : this.channels[port & 3]!.read(this.tick)),
      write8: (port, value) => (port === 0x43 ? this.control(value) : this.writeCount(port & 3, value)),
    });
  }

  reset(): void {
    this.channels.forEach((channel, index) => void channel.reset(index !== 2));
    this.schedule(this.tick);
    this.irq.set(false);
  }

  /** Ticks of the input clock since power-on. */
  private get tick(): number {
    return Math.floor((this.clock.now * TICKS) / PER_NANOSECONDS);
  }

  private control(word: number): void {
    const index = word >> 6;
    const tick = this.tick;
    if (index === 3) {
      for (let i = 0; i < 3; i++) {
        if ((word & (2 << i)) === 0) continue;
        if ((word & 0x20) === 0) this.channels[i]!.latchCount(tick);
        if ((word & 0x10) === 0) this.channels[i]!.latchStatus(tick);
      }
      return;
    }
    if ((word & 0x30) === 0) {
      this.channels[index]!.latchCount(tick);
      return;
    }
    this.channels[index]!.control(word);
    if (index === 0) this.drive(tick);
  }

  private writeCount(index: number, value: number): void {
    const tick = this.tick;
    this.channels[index]!.write(value, tick);
    if (index === 0) this.drive(tick);
  }

  /** Set IRQ 0 after a write. The low parts of modes 2 to 5 are left out of it: only the next rise matters. */
  private drive(tick: number): void {
    const channel = this.channels[0]!;
    this.owed = 0;
    this.irq.set(channel.startsLow ? channel.output(tick) : true);
    this.schedule(tick);
  }

  private schedule(tick: number): void {
    const channel = this.channels[0]!;
    this.due = channel.nextEvent(tick);
    if (this.owed > 0) this.due = Math.min(this.due, tick + channel.catchUpTicks);
    if (this.due === NEVER) this.timer.disarm();
    else this.timer.arm(Math.ceil((this.due * PER_NANOSECONDS) / TICKS));
  }

  private fire(): void {
    const channel = this.channels[0]!;
    const tick = Math.max(this.tick, this.due);
    const isOwed = this.due < channel.nextEvent(this.due - 1);
    channel.settle(tick);
    if (isOwed || channel.output(this.due)) {
      this.irq.set(false);
      this.irq.set(true);
    }
    if (isOwed) this.owed--;
    this.owed = Math.min(this.owed + channel.periodsBetween(this.due, tick), channel.mostOwed);
    this.schedule(tick);
  }

  /** Gate of channel 2 (port 61h, bit 0). */
  setSpeakerGate(high: boolean): void {
    this.channels[2]!.setGate(high, this.tick);
  }

  /** Output of channel 2 (port 61h, bit 5). */
  get speakerOutput(): boolean {
    return this.channels[2]!.output(this.tick);
  }

  /** Frequency that channel 2 generates, in hertz; 0 when it is silent. */
  get speakerHertz(): number {
    return this.channels[2]!.hertz;
  }

  /** The refresh request's toggle (port 61h, bit 4): it changes every 18 ticks, about 15 µs, as the AT's BIOS counts. */
  get refresh(): boolean {
    return Math.floor(this.tick / 18) % 2 === 1;
  }
}

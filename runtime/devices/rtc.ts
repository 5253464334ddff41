/**
 * The real-time clock with its 128 bytes of battery-backed memory (CMOS): MC146818A and the PC's conventions on top.
 *
 * The calendar is worked out from the machine's clock when somebody looks; while the guest sets it (bit SET, or the
 * divider held) the time registers are plain bytes. Timers are armed only for interrupts that are enabled, so an idle
 * guest stays idle.
 *
 * Source: Motorola MC146818A datasheet; IBM PC AT Technical Reference, "Real-Time Clock/CMOS RAM".
 */
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';
import type { Ports } from '../bus/ports.ts';

const SECONDS = 0;
const SECONDS_ALARM = 1;
const MINUTES = 2;
const MINUTES_ALARM = 3;
const HOURS = 4;
const HOURS_ALARM = 5;
const WEEKDAY = 6;
const DAY = 7;
const MONTH = 8;
const YEAR = 9;
const REGISTER_A = 10;
const REGISTER_B = 11;
const REGISTER_C = 12;
const REGISTER_D = 13;
/** Where PC BIOSes keep the century. */
const CENTURY = 0x32;
const BYTES = 128;

/** Register B. */
const SET = 0x80;
const PERIODIC = 0x40;
const ALARM = 0x20;
const UPDATE = 0x10;
const BINARY = 0x04;
const HOURS24 = 0x02;
/** Register C. */
const IRQF = 0x80;
const ANY_ALARM = 0xc0;
const PM = 0x80;

const SECOND = 1_000_000_000;
/** The update cycle takes 1984 µs and is announced 244 µs before. */
const UPDATE_TIME = 2_228_000;
const DAY_SECONDS = 86_400;
/** The oscillator's 32,768 Hz. */
const OSCILLATION = SECOND / 32_768;

export interface RtcParts {
  readonly ports: Ports;
  readonly clock: Clock;
  /** IRQ 8. */
  readonly irq: Line;
  /** What the calendar shows at power-on: seconds since 1970, in the guest's time zone. */
  readonly start: number;
  /** Contents of the battery-backed bytes; the calendar's own are ignored. */
  readonly memory?: ReadonlyMap<number, number>;
}

export class Rtc implements Device {
  private readonly clock: Clock;
  private readonly irq: Line;
  private readonly timer: Timer;
  private readonly cmos: Uint8Array = new Uint8Array(BYTES);
  private index = 0;
  /** Calendar seconds at `base`, which is where a second began (ns); it runs while `running`. */
  private seconds: number;
  private base = 0;
  private running = true;
  /** Days that the weekday is ahead of the date's own: the guest may set it to anything. */
  private weekdayShift = 0;
  /** Up to where register C's flags have been worked out (ns). */
  private settled = 0;

  /** Claims ports 70h and 71h. */
  constructor({ ports, clock, irq, start, memory }: RtcParts) {
    this.clock = clock;
    this.irq = irq;
    this.seconds = Math.floor(start);
    this.timer = clock.timer(() => {
      this.settle();
      this.schedule();
    });
    for (const [at, value] of memory ?? []) if (at > REGISTER_D && at < BYTES) this.cmos[at] = value;
    this.cmos[REGISTER_A] = 0x26;
    this.cmos[REGISTER_B] = HOURS24;
    this.cmos[REGISTER_D] = 0x80;
    ports.claim(0x70, 2, {
      read8: (port) => (port === 0x70 ? 0xff : this.read(this.index)),
      write8: (port, value) => {
        // Bit 7 of the index masks NMI, which nothing here raises.
        if (port === 0x70) this.index = value & (BYTES - 1);
        else this.write(this.index, value);
      },
    });
  }

  /** RESET clears the interrupt enables and flags; time and memory live on their battery. */
  reset(): void {
    this.settle();
    this.cmos[REGISTER_B]! &= ~(PERIODIC | ALARM | UPDATE | 0x08);
    this.cmos[REGISTER_C] = 0;
    this.index = 0;
    this.irq.set(false);
    this.schedule();
  }

  private read(index: number): number {
    switch (index) {
      case REGISTER_A: {
        const cycle = this.running && this.untilSecond() <= UPDATE_TIME;
        return this.cmos[REGISTER_A]! | (cycle ? 0x80 : 0);
      }
      case REGISTER_C: {
        this.settle();
        const flags = this.cmos[REGISTER_C]!;
        this.cmos[REGISTER_C] = 0;
        this.irq.set(false);
        this.schedule();
        return flags;
      }
      default:
        if (this.running && isTime(index)) this.showCalendar(this.current());
        return this.cmos[index]!;
    }
  }

  private write(index: number, value: number): void {
    if (index === REGISTER_C || index === REGISTER_D) return;
    this.settle();
    if (index === REGISTER_A || index === REGISTER_B) this.writeControl(index, value);
    else if (isTime(index) && this.running) {
      this.showCalendar(this.current());
      const phase = (this.clock.now - this.base) % SECOND;
      this.cmos[index] = value;
      this.takeCalendar(phase);
    } else this.cmos[index] = value;
    this.schedule();
  }

  private writeControl(index: number, value: number): void {
    // The registers keep what they show while the calendar stands; if it runs, their format changes with register B.
    if (this.running) this.showCalendar(this.current());
    const wasHeld = (this.cmos[REGISTER_A]! & 0x60) === 0x60;
    this.cmos[index] = index === REGISTER_A ? value & 0x7f : value & SET ? value & ~UPDATE : value;
    const isHeld = (this.cmos[REGISTER_A]! & 0x60) === 0x60;
    const runs = !isHeld && (this.cmos[REGISTER_B]! & SET) === 0;
    if (runs && !this.running) {
      // The first update comes half a second after the divider is let go; SET alone leaves the divider's phase.
      const phase = wasHeld ? SECOND / 2 : (this.clock.now - this.base) % SECOND;
      this.running = true;
      this.takeCalendar(phase);
    } else if (!runs && this.running) {
      this.running = false;
      this.base = this.clock.now - ((this.clock.now - this.base) % SECOND);
    }
    this.update();
  }

  private current(): number {
    return this.timeAt(this.clock.now);
  }

  /** Calendar seconds at a time of the clock. The host's clock never stands still, so each event takes one time. */
  private timeAt(now: number): number {
    return this.seconds + Math.floor((now - this.base) / SECOND);
  }

  /** Nanoseconds until the calendar's next second. */
  private untilSecond(): number {
    return SECOND - ((this.clock.now - this.base) % SECOND);
  }

  private get isBinary(): boolean {
    return (this.cmos[REGISTER_B]! & BINARY) !== 0;
  }

  private encode(value: number): number {
    return this.isBinary ? value : (Math.floor(value / 10) << 4) | (value % 10);
  }

  private decode(byte: number): number {
    return this.isBinary ? byte : (byte >> 4) * 10 + (byte & 15);
  }

  private decodeHours(byte: number): number {
    if (this.cmos[REGISTER_B]! & HOURS24) return this.decode(byte);
    return (this.decode(byte & ~PM) % 12) + (byte & PM ? 12 : 0);
  }

  /** Put a time (seconds since 1970) into the time registers. */
  private showCalendar(time: number): void {
    const { cmos } = this;
    const days = Math.floor(time / DAY_SECONDS);
    const within = time - days * DAY_SECONDS;
    const { year, month, day } = civil(days);
    const hours = Math.floor(within / 3600);
    cmos[SECONDS] = this.encode(within % 60);
    cmos[MINUTES] = this.encode(Math.floor(within / 60) % 60);
    cmos[HOURS] =
      cmos[REGISTER_B]! & HOURS24 ? this.encode(hours) : this.encode(hours % 12 || 12) | (hours >= 12 ? PM : 0);
    cmos[WEEKDAY] = this.encode(((((days + 4 + this.weekdayShift) % 7) + 7) % 7) + 1);
    cmos[DAY] = this.encode(day);
    cmos[MONTH] = this.encode(month);
    cmos[YEAR] = this.encode(year % 100);
    cmos[CENTURY] = this.encode(Math.floor(year / 100) % 100);
  }

  /** Let the calendar go on from the time registers, `phase` nanoseconds into the second. */
  private takeCalendar(phase: number): void {
    const { cmos } = this;
    const year = this.decode(cmos[CENTURY]!) * 100 + this.decode(cmos[YEAR]!);
    const days = dayNumber(year, this.decode(cmos[MONTH]!), this.decode(cmos[DAY]!));
    const hours = this.decodeHours(cmos[HOURS]!);
    this.weekdayShift = (this.decode(cmos[WEEKDAY]!) - 1 - (days + 4)) % 7;
    this.seconds = days * DAY_SECONDS + hours * 3600 + this.decode(cmos[MINUTES]!) * 60 + this.decode(cmos[SECONDS]!);
    this.base = this.clock.now - phase;
  }

  /** Period of the periodic interrupt in ns, 0 for none. Rates 1 and 2 are those of 8 and 9. */
  private get period(): number {
    const rate = this.cmos[REGISTER_A]! & 15;
    if (rate === 0 || (this.cmos[REGISTER_A]! & 0x70) !== 0x20) return 0;
    return OSCILLATION * (1 << ((rate <= 2 ? rate + 7 : rate) - 1));
  }

  /** Raise in register C what has happened since the last time. The flags rise whether or not they may interrupt. */
  private settle(): void {
    const now = this.clock.now;
    const since = this.settled;
    this.settled = now;
    let flags = 0;
    const { period } = this;
    if (period > 0 && Math.floor(now / period) > Math.floor(since / period)) flags |= PERIODIC;
    if (this.running) {
      const from = Math.max(0, Math.floor((since - this.base) / SECOND));
      if (Math.floor((now - this.base) / SECOND) > from) flags |= UPDATE;
      if (flags & UPDATE && this.alarmAfter(this.seconds + from) <= this.timeAt(now)) flags |= ALARM;
    }
    this.cmos[REGISTER_C]! |= flags;
    this.update();
  }

  private update(): void {
    const { cmos } = this;
    const interrupts = (cmos[REGISTER_C]! & cmos[REGISTER_B]! & (PERIODIC | ALARM | UPDATE)) !== 0;
    cmos[REGISTER_C] = (cmos[REGISTER_C]! & ~IRQF) | (interrupts ? IRQF : 0);
    this.irq.set(interrupts);
  }

  /** The next time after `time` that the alarm registers match; Infinity if they never do. */
  private alarmAfter(time: number): number {
    const { cmos } = this;
    const matches = (alarm: number, value: number): boolean =>
      (cmos[alarm]! & ANY_ALARM) === ANY_ALARM ||
      (alarm === HOURS_ALARM ? this.decodeHours(cmos[alarm]!) : this.decode(cmos[alarm]!)) === value;
    const midnight = Math.floor((time + 1) / DAY_SECONDS) * DAY_SECONDS;
    const first = time + 1 - midnight;
    // Only the first hour and minute may have begun already; from then on each field starts at 0.
    for (let hour = Math.floor(first / 3600); hour <= 47; hour++) {
      if (!matches(HOURS_ALARM, hour % 24)) continue;
      for (let minute = hour * 3600 > first ? 0 : Math.floor(first / 60) % 60; minute < 60; minute++) {
        if (!matches(MINUTES_ALARM, minute)) continue;
        for (let second = hour * 3600 + minute * 60 > first ? 0 : first % 60; second < 60; second++) {
          if (matches(SECONDS_ALARM, second)) return midnight + hour * 3600 + minute * 60 + second;
        }
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Arm the timer for the next interrupt whose flag is not up yet. */
  private schedule(): void {
    const now = this.clock.now;
    const wanted = this.cmos[REGISTER_B]! & ~this.cmos[REGISTER_C]!;
    const { period } = this;
    let deadline = Number.POSITIVE_INFINITY;
    if (wanted & PERIODIC && period > 0) deadline = (Math.floor(now / period) + 1) * period;
    if (this.running && wanted & UPDATE)
      deadline = Math.min(deadline, this.base + (this.timeAt(now) + 1 - this.seconds) * SECOND);
    if (this.running && wanted & ALARM) {
      const alarm = this.alarmAfter(this.timeAt(now));
      deadline = Math.min(deadline, this.base + (alarm - this.seconds) * SECOND);
    }
    if (deadline === Number.POSITIVE_INFINITY) this.timer.disarm();
    else this.timer.arm(deadline);
  }
}

function isTime(index: number): boolean {
  return index === CENTURY || (index <= YEAR && (index > HOURS_ALARM || (index & 1) === 0));
}

/** Days from 1970-01-01 to a date of the Gregorian calendar; fields out of range carry over. */
function dayNumber(year: number, month: number, day: number): number {
  const months = year * 12 + month - 3;
  const y = Math.floor(months / 12);
  const sinceMarch = months - y * 12;
  return (
    y * 365 +
    Math.floor(y / 4) -
    Math.floor(y / 100) +
    Math.floor(y / 400) +
    Math.floor((153 * sinceMarch + 2) / 5) +
    day -
    1 -
    719_468
  );
}

function civil(days: number): { year: number; month: number; day: number } {
  // A year that starts in March ends with the leap day; the estimate is at most one year too high.
  let year = Math.floor((days + 719_468) / 365.2425) + 1;
  while (dayNumber(year, 3, 1) > days) year--;
  const inYear = days - dayNumber(year, 3, 1);
  const sinceMarch = Math.floor((5 * inYear + 2) / 153);
  const month = ((sinceMarch + 2) % 12) + 1;
  return {
    year: sinceMarch >= 10 ? year + 1 : year,
    month,
    day: inYear - Math.floor((153 * sinceMarch + 2) / 5) + 1,
  };
}

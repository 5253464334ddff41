/**
 * The high precision event timer: a 64-bit counter of 100 MHz and three comparators, which may take the place of the
 * 8254 and the RTC on their interrupts (legacy replacement).
 *
 * The counter is worked out from the clock when somebody looks. It is kept as two halves of 32 bits, because it can be
 * set to anything and has more bits than a double is exact for.
 *
 * Source: IA-PC HPET specification 1.0a.
 */
import type { AddressSpace, MemoryFunctions } from '../bus/address-space.ts';
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { Line } from '../bus/line.ts';

const BASE = 0xfed00000 | 0;
const TIMERS = 3;
/** Nanoseconds of a tick, and its femtoseconds as the capabilities say. */
const TICK = 10;
const TICK_FEMTOSECONDS = 10_000_000;
const WORD = 2 ** 32;
/** Nanoseconds between two interrupts of a periodic timer, at least. */
const SHORTEST_PERIOD = 1000;

/** Registers; the upper half of each is 4 further. */
const CAPABILITIES = 0x000;
const CONFIGURATION = 0x010;
const STATUS = 0x020;
const COUNTER = 0x0f0;
const FIRST_TIMER = 0x100;
const TIMER_BYTES = 0x20;

/** Revision 1, three timers, 64 bits, legacy replacement, vendor 8086h. */
const CAPABILITIES_VALUE = 0x8086a201 | 0;
const ENABLE = 1;
const LEGACY = 2;

/** Timer configuration. */
const LEVEL = 0x0002;
const INTERRUPTS = 0x0004;
const PERIODIC = 0x0008;
const SETS_VALUE = 0x0040;
const NARROW = 0x0100;
const ROUTE = 0x3e00;
const WRITABLE = LEVEL | INTERRUPTS | PERIODIC | SETS_VALUE | NARROW | ROUTE;
/** It can be periodic and has 64 bits. */
const FIXED = 0x0030;
/** Inputs of the I/O APIC that a timer may use: those that no ISA interrupt has. */
const ROUTES = 0x00f00000;

/** A u64 as two u32. */
interface Wide {
  low: number;
  high: number;
}

interface Comparator {
  readonly timer: Timer;
  configuration: number;
  readonly value: Wide;
  readonly period: Wide;
  /** The low half was set with SETS_VALUE, so the high half that follows is the value's as well. */
  setsHigh: boolean;
}

export interface HpetParts {
  readonly memory: AddressSpace;
  readonly clock: Clock;
  /** Interrupts 0 and 8 of the board, which timers 0 and 1 drive in legacy replacement. */
  readonly irq0: Line;
  readonly irq8: Line;
  /** Inputs of the I/O APIC, by number; 20 to 23 are used. */
  readonly inputs: readonly Line[];
}

export class Hpet implements Device, MemoryFunctions {
  /** What the 8254 and the RTC drive instead of the board's lines: passed on unless timers replace them. */
  readonly pitOutput: Line;
  readonly rtcOutput: Line;
  private readonly clock: Clock;
  private readonly parts: HpetParts;
  private readonly comparators: readonly Comparator[];
  private configuration = 0;
  private status = 0;
  /** The counter when it was last stopped or set, and when it began to run from there. */
  private readonly base: Wide = { low: 0, high: 0 };
  private started = 0;
  private readonly legacyLevels: boolean[] = [false, false];

  constructor(parts: HpetParts) {
    this.parts = parts;
    this.clock = parts.clock;
    this.pitOutput = { set: (high) => this.setLegacy(0, high) };
    this.rtcOutput = { set: (high) => this.setLegacy(1, high) };
    this.comparators = Array.from({ length: TIMERS }, (_, index) => ({
      timer: parts.clock.timer(() => this.expire(index)),
      configuration: FIXED,
      value: { low: WORD - 1, high: WORD - 1 },
      period: { low: 0, high: 0 },
      setsHigh: false,
    }));
    parts.memory.mapDevice(BASE, 4096, this);
  }

  reset(): void {
    this.configuration = 0;
    this.status = 0;
    this.base.low = 0;
    this.base.high = 0;
    for (const comparator of this.comparators) {
      comparator.configuration = FIXED;
      comparator.value.low = comparator.value.high = WORD - 1;
      comparator.period.low = comparator.period.high = 0;
      comparator.setsHigh = false;
      comparator.timer.disarm();
    }
    for (const index of [0, 1, 2]) this.lineOf(index)?.set(false);
  }

  private setLegacy(index: 0 | 1, high: boolean): void {
    this.legacyLevels[index] = high;
    if ((this.configuration & LEGACY) === 0) this.legacyLine(index).set(high);
  }

  private legacyLine(index: number): Line {
    return index === 0 ? this.parts.irq0 : this.parts.irq8;
  }

  /** Where a timer's interrupts go, if anywhere. */
  private lineOf(index: number): Line | undefined {
    if (this.configuration & LEGACY && index < 2) return this.legacyLine(index);
    const route = (this.comparators[index]!.configuration & ROUTE) >> 9;
    return (ROUTES >> route) & 1 ? this.parts.inputs[route] : undefined;
  }

  // The counter.

  private get runs(): boolean {
    return (this.configuration & ENABLE) !== 0;
  }

  private get ticks(): number {
    return this.runs ? Math.floor((this.clock.now - this.started) / TICK) : 0;
  }

  private counter(): Wide {
    return this.counterAt(this.ticks);
  }

  private counterAt(ticks: number): Wide {
    const low = this.base.low + ticks;
    return { low: low % WORD, high: (this.base.high + Math.floor(low / WORD)) % WORD };
  }

  private setCounter(value: Wide): void {
    this.base.low = value.low;
    this.base.high = value.high;
    this.started = this.clock.now;
  }

  /** Ticks from the counter to a comparator's value, which it has just passed when the result is huge. */
  private distance({ value, configuration }: Comparator, counter: Wide): number {
    const low = value.low - counter.low;
    if (configuration & NARROW) return low < 0 ? low + WORD : low;
    const high = value.high - counter.high - (low < 0 ? 1 : 0);
    return (high < 0 ? high + WORD : high) * WORD + (low < 0 ? low + WORD : low);
  }

  private schedule(index: number): void {
    const comparator = this.comparators[index]!;
    if (!this.runs || (comparator.configuration & INTERRUPTS) === 0) {
      comparator.timer.disarm();
      return;
    }
    const ticks = this.ticks;
    const distance = this.distance(comparator, this.counterAt(ticks));
    const deadline = this.started + (ticks + distance) * TICK;
    // A value that equals the counter matches now; one that is centuries away never does.
    if (distance > Number.MAX_SAFE_INTEGER / TICK) comparator.timer.disarm();
    else comparator.timer.arm(deadline);
  }

  private scheduleAll(): void {
    for (let index = 0; index < TIMERS; index++) this.schedule(index);
  }

  /** Let matches happen that were due before this write, although the clock has not run yet. */
  private settle(): void {
    for (let index = 0; index < TIMERS; index++) {
      const { timer } = this.comparators[index]!;
      if (timer.deadline > this.clock.now) continue;
      timer.disarm();
      this.expire(index);
    }
  }

  private expire(index: number): void {
    const comparator = this.comparators[index]!;
    const line = this.lineOf(index);
    if (comparator.configuration & LEVEL) {
      this.status |= 1 << index;
      line?.set(true);
    } else {
      line?.set(false);
      line?.set(true);
    }
    if (comparator.configuration & PERIODIC) this.advance(index);
    else this.awaitWrap(comparator);
  }

  /** Move a periodic comparator past the counter: periods that the host was late for, or too short, are merged. */
  private advance(index: number): void {
    const comparator = this.comparators[index]!;
    const period = comparator.period.low + (comparator.configuration & NARROW ? 0 : comparator.period.high * WORD);
    if (period === 0) {
      this.awaitWrap(comparator);
      return;
    }
    const since = this.counter().low - comparator.value.low;
    const passed = since < 0 ? since + WORD : since;
    const wanted = Math.max(passed + 1, SHORTEST_PERIOD / TICK);
    const step = Math.ceil(wanted / period) * period;
    const low = comparator.value.low + step;
    comparator.value.low = low % WORD;
    comparator.value.high = (comparator.value.high + Math.floor(low / WORD)) % WORD;
    this.schedule(index);
  }

  /** The value has matched, and matches again when the counter has gone all the way round. */
  private awaitWrap(comparator: Comparator): void {
    if (comparator.configuration & NARROW) comparator.timer.arm(this.clock.now + WORD * TICK);
    else comparator.timer.disarm();
  }

  // Registers: 32 bits at multiples of 4; the bus splits wider accesses, and narrower ones read their part.

  read8(pa: number): number {
    return (this.read32(pa & ~3) >>> ((pa & 3) * 8)) & 0xff;
  }

  write8(): void {}

  write16(): void {}

  read32(pa: number): number {
    const offset = pa & 0xfff;
    switch (offset) {
      case CAPABILITIES:
        return CAPABILITIES_VALUE;
      case CAPABILITIES + 4:
        return TICK_FEMTOSECONDS;
      case CONFIGURATION:
        return this.configuration;
      case STATUS:
        return this.status;
      case COUNTER:
        return this.counter().low | 0;
      case COUNTER + 4:
        return this.counter().high | 0;
    }
    const comparator = offset >= FIRST_TIMER ? this.comparators[(offset - FIRST_TIMER) >> 5] : undefined;
    if (comparator === undefined) return 0;
    switch (offset % TIMER_BYTES) {
      case 0x00:
        return comparator.configuration;
      case 0x04:
        return ROUTES;
      case 0x08:
        return comparator.value.low | 0;
      case 0x0c:
        return comparator.value.high | 0;
      default:
        return 0;
    }
  }

  write32(pa: number, value: number): void {
    const offset = pa & 0xfff;
    this.settle();
    switch (offset) {
      case CONFIGURATION:
        this.configure(value);
        return;
      case STATUS:
        this.clearStatus(value);
        return;
      case COUNTER:
        this.setCounter({ low: value >>> 0, high: this.counter().high });
        this.scheduleAll();
        return;
      case COUNTER + 4:
        this.setCounter({ low: this.counter().low, high: value >>> 0 });
        this.scheduleAll();
        return;
    }
    const index = (offset - FIRST_TIMER) >> 5;
    if (offset < FIRST_TIMER || index >= TIMERS) return;
    switch (offset % TIMER_BYTES) {
      case 0x00:
        this.configureTimer(index, value);
        return;
      case 0x08:
        this.writeLow(index, value >>> 0);
        return;
      case 0x0c:
        this.writeHigh(index, value >>> 0);
        return;
    }
  }

  private configure(value: number): void {
    const counter = this.counter();
    const changed = this.configuration ^ value;
    this.configuration = value & (ENABLE | LEGACY);
    this.setCounter(counter);
    // Who drives interrupts 0 and 8 changes hands.
    if (changed & LEGACY)
      for (const index of [0, 1]) this.legacyLine(index).set(value & LEGACY ? false : this.legacyLevels[index]!);
    this.scheduleAll();
  }

  private clearStatus(value: number): void {
    const cleared = this.status & value;
    this.status &= ~value;
    for (let index = 0; index < TIMERS; index++) if ((cleared >> index) & 1) this.lineOf(index)?.set(false);
  }

  private configureTimer(index: number, value: number): void {
    const comparator = this.comparators[index]!;
    // A request that nobody will end does not outlive its route.
    if ((comparator.configuration ^ value) & (LEVEL | INTERRUPTS | ROUTE)) {
      this.lineOf(index)?.set(false);
      this.status &= ~(1 << index);
    }
    comparator.configuration = (value & WRITABLE) | FIXED;
    if (value & NARROW) {
      comparator.value.high = 0;
      comparator.period.high = 0;
    }
    this.schedule(index);
  }

  /** In periodic mode the register sets the period, and only with SETS_VALUE the value too. */
  private writeLow(index: number, value: number): void {
    const comparator = this.comparators[index]!;
    const isPeriodic = (comparator.configuration & PERIODIC) !== 0;
    comparator.setsHigh = (comparator.configuration & SETS_VALUE) !== 0;
    if (isPeriodic) comparator.period.low = value;
    if (!isPeriodic || comparator.setsHigh) comparator.value.low = value;
    comparator.configuration &= ~SETS_VALUE;
    this.schedule(index);
  }

  private writeHigh(index: number, value: number): void {
    const comparator = this.comparators[index]!;
    if (comparator.configuration & NARROW) return;
    const isPeriodic = (comparator.configuration & PERIODIC) !== 0;
    if (isPeriodic) comparator.period.high = value;
    if (!isPeriodic || comparator.setsHigh || comparator.configuration & SETS_VALUE) comparator.value.high = value;
    comparator.setsHigh = false;
    comparator.configuration &= ~SETS_VALUE;
    this.schedule(index);
  }
}

/**
 * The local APIC of the one processor: interrupt requests and their priorities, its timer, commands to itself, and the
 * gate through which the 8259A's interrupts reach the processor (LINT0 in mode ExtINT; Fixed and NMI make it a wire).
 *
 * Commands to other processors find nobody. `requested` is kept up to date, because the dispatcher reads it often.
 *
 * Source: Intel SDM vol. 3A, chapter 11 (Advanced Programmable Interrupt Controller).
 */
import type { AddressSpace, MemoryFunctions } from '../bus/address-space.ts';
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { InterruptController, Line } from '../bus/line.ts';
import { VectorSet } from './vector-set.ts';

/** IA32_APIC_BASE after reset: at FEE00000h, enabled, bootstrap processor. */
const BASE_RESET = 0xfee00900 | 0;
const BASE_ENABLE = 0x800;

/** Registers, as offsets divided by 16. */
const ID = 0x02;
const VERSION = 0x03;
const TPR = 0x08;
const APR = 0x09;
const PPR = 0x0a;
const EOI = 0x0b;
const LDR = 0x0d;
const DFR = 0x0e;
const SVR = 0x0f;
const ISR = 0x10;
const TMR = 0x18;
const IRR = 0x20;
const ESR = 0x28;
const ICR_LOW = 0x30;
const ICR_HIGH = 0x31;
const LVT_TIMER = 0x32;
const LVT_THERMAL = 0x33;
const LVT_PERFORMANCE = 0x34;
const LVT_LINT0 = 0x35;
const LVT_LINT1 = 0x36;
const LVT_ERROR = 0x37;
const INITIAL_COUNT = 0x38;
const CURRENT_COUNT = 0x39;
const DIVIDE = 0x3e;

/** Version 14h with six LVT entries. */
const VERSION_VALUE = 0x00050014;
const SVR_ENABLE = 0x100;
const MASKED = 0x10000;
const MODE = 0x700;
const MODE_FIXED = 0x000;
const MODE_LOWEST = 0x100;
const MODE_NMI = 0x400;
const MODE_EXTINT = 0x700;
const LEVEL_TRIGGERED = 0x8000;
const TIMER_PERIODIC = 0x20000;
const ICR_LOGICAL = 0x800;
/** Error status register. */
const SEND_ILLEGAL_VECTOR = 0x20;
const RECEIVE_ILLEGAL_VECTOR = 0x40;
const ILLEGAL_REGISTER = 0x80;

/** Bits that a write changes in each register of the local vector table. */
const LVT_WRITABLE: ReadonlyMap<number, number> = new Map([
  [LVT_TIMER, 0x300ff],
  [LVT_THERMAL, 0x107ff],
  [LVT_PERFORMANCE, 0x107ff],
  [LVT_LINT0, 0x1a7ff],
  [LVT_LINT1, 0x1a7ff],
  [LVT_ERROR, 0x100ff],
]);
/** Vectors below are the processor's exceptions. */
const FIRST_VECTOR = 16;
const BROADCAST = 0xff;
/** Nanoseconds between two interrupts of the periodic timer, at least. */
const SHORTEST_PERIOD = 1000;
/** Nanoseconds by which a single count may be late while nobody waits for it; Linux makes up for missed ticks. */
const SINGLE_COUNT_SLACK = 32_000_000;
/** The timer's clock: 1 GHz, so that a tick is a nanosecond before it is divided. */
const DIVISORS = [2, 4, 8, 16, 32, 64, 128, 1] as const;

/** Who wants to know that the processor is done with a level-triggered interrupt: the I/O APIC. */
export type EndOfInterrupt = (vector: number) => void;

export interface LocalApicParts {
  readonly memory: AddressSpace;
  readonly clock: Clock;
  /** The 8259A on LINT0. */
  readonly pic: InterruptController;
  /** A non-maskable interrupt for the processor. */
  readonly onNmi: () => void;
}

export class LocalApic implements Device, InterruptController, MemoryFunctions {
  onEndOfInterrupt: EndOfInterrupt = () => {};
  /** The pin that the 8259A drives; the processor asks `pic` itself when it is in mode ExtINT. */
  readonly lint0: Line = { set: (high) => this.driveLint0(high) };
  private readonly parts: LocalApicParts;
  private readonly timer: Timer;
  private readonly requests = new VectorSet();
  private readonly inService = new VectorSet();
  private readonly levels = new VectorSet();
  /** Registers that only keep what was written, by offset divided by 16. */
  private readonly registers: Int32Array = new Int32Array(64);
  private base = 0;
  /** Errors since the last write of ESR. */
  private errors = 0;
  /** When the timer's count began, and whether it still runs. */
  private started = 0;
  private running = false;
  /** An interrupt of its own is ready; LINT0 lets the 8259A through. */
  private ready = false;
  private passesPic = true;
  private lint0High = false;

  constructor(parts: LocalApicParts) {
    this.parts = parts;
    this.timer = parts.clock.timer(() => this.expire());
    this.reset();
  }

  reset(): void {
    this.clear();
    this.setBase(BASE_RESET);
  }

  /** IA32_APIC_BASE was written: the registers move, or the whole APIC is switched off. @param value its low half. */
  setBase(value: number): void {
    const { memory } = this.parts;
    const before = this.base;
    const at = value & ~4095;
    const wasMapped = before & BASE_ENABLE && memory.deviceAt(before & ~4095) === this;
    this.base = value;
    if (wasMapped) memory.mapDevice(before & ~4095, 4096);
    // Registers on top of memory or of another device stay out of reach.
    if (value & BASE_ENABLE && memory.isFree(at, 4096)) memory.mapDevice(at, 4096, this);
    if (before & ~value & BASE_ENABLE) this.clear();
    this.update();
  }

  /** State after reset. LINT0 passes the 8259A's interrupts, as firmware sets it up on every PC. */
  private clear(): void {
    const { registers } = this;
    registers.fill(0);
    for (const lvt of LVT_WRITABLE.keys()) registers[lvt] = MASKED;
    registers[DFR] = -1;
    registers[SVR] = 0xff;
    registers[LVT_LINT0] = MODE_EXTINT;
    for (const set of [this.requests, this.inService, this.levels]) set.clear();
    this.errors = 0;
    this.running = false;
    this.timer.disarm();
    this.update();
  }

  private get isEnabled(): boolean {
    return (this.base & BASE_ENABLE) !== 0 && (this.registers[SVR]! & SVR_ENABLE) !== 0;
  }

  get requested(): boolean {
    return this.ready || (this.passesPic && this.parts.pic.requested);
  }

  acknowledge(): number {
    if (this.ready) {
      const vector = this.requests.highest;
      this.requests.remove(vector);
      this.inService.add(vector);
      this.update();
      return vector;
    }
    if (this.passesPic && this.parts.pic.requested) return this.parts.pic.acknowledge();
    return this.registers[SVR]! & 0xff;
  }

  /** Priority that an interrupt must exceed: the task's or that of the interrupt in service. */
  private get processorPriority(): number {
    const task = this.registers[TPR]! & 0xff;
    const service = Math.max(0, this.inService.highest) & 0xf0;
    return (task & 0xf0) >= service ? task : service;
  }

  private update(): void {
    const lint0 = this.registers[LVT_LINT0]!;
    this.passesPic = (this.base & BASE_ENABLE) === 0 || (lint0 & (MASKED | MODE)) === MODE_EXTINT;
    this.ready = this.isEnabled && this.requests.highest >> 4 > this.processorPriority >> 4;
  }

  /** Is it the one that a message is for? @param logical by LDR and DFR instead of the ID. */
  isDestination(destination: number, logical: boolean): boolean {
    if (destination === BROADCAST) return true;
    if (!logical) return destination === this.registers[ID]! >>> 24;
    const id = this.registers[LDR]! >>> 24;
    if (this.registers[DFR]! >>> 28 === 15) return (id & destination) !== 0;
    return id >> 4 === destination >> 4 && (id & destination & 15) !== 0;
  }

  /** A message from the I/O APIC or from itself. @param mode delivery mode, bits 10:8 as in its register. */
  deliver(mode: number, vector: number, isLevel: boolean): void {
    switch (mode & MODE) {
      case MODE_FIXED:
      case MODE_LOWEST:
        this.request(vector, isLevel);
        return;
      case MODE_NMI:
        this.parts.onNmi();
        return;
      default:
        // SMI, INIT and start-up: there is no system management mode, and the processor does not reset itself this way.
        return;
    }
  }

  private driveLint0(high: boolean): void {
    const rises = high && !this.lint0High;
    this.lint0High = high;
    if (rises) this.takeLint0();
  }

  /** An edge on LINT0, or its level after an end of interrupt, when it is no ExtINT. */
  private takeLint0(): void {
    const lvt = this.registers[LVT_LINT0]!;
    if (lvt & MASKED || (lvt & MODE) === MODE_EXTINT) return;
    this.deliver(lvt & MODE, lvt & 0xff, false);
  }

  private request(vector: number, isLevel: boolean): void {
    if (!this.isEnabled) return;
    if (vector < FIRST_VECTOR) {
      this.fail(RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    this.requests.add(vector);
    if (isLevel) this.levels.add(vector);
    else this.levels.remove(vector);
    this.update();
  }

  private fail(error: number): void {
    const isNew = (this.errors & error) === 0;
    this.errors |= error;
    const lvt = this.registers[LVT_ERROR]!;
    if (isNew && (lvt & MASKED) === 0 && (lvt & 0xff) >= FIRST_VECTOR) this.request(lvt & 0xff, false);
  }

  private endOfInterrupt(): void {
    const vector = this.inService.highest;
    if (vector < 0) return;
    this.inService.remove(vector);
    this.update();
    if (this.levels.has(vector)) this.onEndOfInterrupt(vector);
    const lint0 = this.registers[LVT_LINT0]!;
    const isItsLevel = (lint0 & (LEVEL_TRIGGERED | MODE | 0xff)) === (LEVEL_TRIGGERED | MODE_FIXED | vector);
    if (isItsLevel && this.lint0High) this.takeLint0();
  }

  // Memory: registers are 32 bits wide at multiples of 16; what is narrower reads its part and writes nothing.

  read8(pa: number): number {
    return (this.read32(pa & ~3) >>> ((pa & 3) * 8)) & 0xff;
  }

  write8(): void {}

  write16(): void {}

  read32(pa: number): number {
    return (pa & 15) === 0 ? this.readRegister((pa & 0xfff) >> 4) : 0;
  }

  write32(pa: number, value: number): void {
    if ((pa & 15) === 0) this.writeRegister((pa & 0xfff) >> 4, value);
  }

  private readRegister(register: number): number {
    if (register >= ISR && register < TMR) return this.inService.word(register - ISR);
    if (register >= TMR && register < IRR) return this.levels.word(register - TMR);
    if (register >= IRR && register < ESR) return this.requests.word(register - IRR);
    switch (register) {
      case VERSION:
        return VERSION_VALUE;
      case APR:
      case PPR:
        return this.processorPriority;
      case CURRENT_COUNT:
        return this.currentCount();
      case EOI:
        return 0;
      case ID:
      case TPR:
      case LDR:
      case DFR:
      case SVR:
      case ESR:
      case ICR_LOW:
      case ICR_HIGH:
      case INITIAL_COUNT:
      case DIVIDE:
        return this.registers[register]!;
      default:
        if (LVT_WRITABLE.has(register)) return this.registers[register]!;
        this.fail(ILLEGAL_REGISTER);
        return 0;
    }
  }

  private writeRegister(register: number, value: number): void {
    const { registers } = this;
    switch (register) {
      case ID:
      case LDR:
      case ICR_HIGH:
        registers[register] = value & 0xff000000;
        return;
      case TPR:
        registers[TPR] = value & 0xff;
        this.update();
        return;
      case EOI:
        this.endOfInterrupt();
        return;
      case DFR:
        registers[DFR] = value | 0x0fffffff;
        return;
      case SVR:
        registers[SVR] = value & 0x1ff;
        // Disabled by software, all local sources are masked.
        if ((value & SVR_ENABLE) === 0) for (const lvt of LVT_WRITABLE.keys()) registers[lvt]! |= MASKED;
        this.update();
        return;
      case ESR:
        registers[ESR] = this.errors;
        this.errors = 0;
        return;
      case ICR_LOW:
        registers[ICR_LOW] = value & 0xccfff;
        this.command(value);
        return;
      case INITIAL_COUNT:
        registers[INITIAL_COUNT] = value;
        this.startTimer();
        return;
      case DIVIDE:
        this.redivide(value & 0x0b);
        return;
      case VERSION:
      case CURRENT_COUNT:
        return;
      default:
        this.writeLvt(register, value);
    }
  }

  private writeLvt(register: number, value: number): void {
    const writable = LVT_WRITABLE.get(register);
    if (writable === undefined) {
      this.fail(ILLEGAL_REGISTER);
      return;
    }
    if (register === LVT_TIMER) {
      this.settleTimer();
      // A single count that ran out while it was masked does not start again in another mode.
      if (this.currentCount() === 0) this.running = false;
    }
    this.registers[register] = (value & writable) | (this.registers[SVR]! & SVR_ENABLE ? 0 : MASKED);
    if (register === LVT_TIMER) this.schedule();
    this.update();
  }

  /** The interrupt command register sends a message; here only to the sender itself. */
  private command(value: number): void {
    const shorthand = (value >> 18) & 3;
    const destination = this.registers[ICR_HIGH]! >>> 24;
    const isMine =
      shorthand === 1 ||
      shorthand === 2 ||
      (shorthand === 0 && this.isDestination(destination, (value & ICR_LOGICAL) !== 0));
    const mode = value & MODE;
    if ((mode === MODE_FIXED || mode === MODE_LOWEST) && (value & 0xff) < FIRST_VECTOR) this.fail(SEND_ILLEGAL_VECTOR);
    else if (isMine) this.deliver(mode, value & 0xff, false);
  }

  // The timer. Its interrupt needs no event while it is masked: the count is worked out when it is read.

  private get divisor(): number {
    const code = this.registers[DIVIDE]!;
    return DIVISORS[(code & 3) | ((code >> 1) & 4)]!;
  }

  /** Nanoseconds of a whole count. */
  private get duration(): number {
    return (this.registers[INITIAL_COUNT]! >>> 0) * this.divisor;
  }

  private get isPeriodic(): boolean {
    return (this.registers[LVT_TIMER]! & TIMER_PERIODIC) !== 0;
  }

  /** Let the timer's interrupt happen that was due before this write, although the clock has not run yet. */
  private settleTimer(): void {
    if (this.timer.deadline > this.parts.clock.now) return;
    this.timer.disarm();
    this.expire();
  }

  private startTimer(): void {
    this.settleTimer();
    this.started = this.parts.clock.now;
    this.running = this.registers[INITIAL_COUNT] !== 0;
    this.schedule();
  }

  /** A new divisor: what is left of the count goes on with it. */
  private redivide(code: number): void {
    this.settleTimer();
    const left = this.currentCount() >>> 0;
    this.registers[DIVIDE] = code;
    if (!this.running) return;
    this.started = this.parts.clock.now - ((this.registers[INITIAL_COUNT]! >>> 0) - left) * this.divisor;
    this.schedule();
  }

  /** What is left of the count, i32. */
  private currentCount(): number {
    if (!this.running) return 0;
    const { duration } = this;
    const passed = this.parts.clock.now - this.started;
    if (passed >= duration && !this.isPeriodic) return 0;
    return Math.ceil((duration - (passed % duration)) / this.divisor) | 0;
  }

  private schedule(): void {
    // A guest sets a single count anew from what time it then is, so none is lost by being late.
    this.timer.slack = this.isPeriodic ? 0 : SINGLE_COUNT_SLACK;
    if (!this.running || this.registers[LVT_TIMER]! & MASKED) {
      this.timer.disarm();
      return;
    }
    const { duration } = this;
    if (this.isPeriodic) {
      // Periods that the host was too late for are merged, and so are those too short for any guest to serve.
      const step = duration * Math.ceil(SHORTEST_PERIOD / duration);
      const steps = Math.floor((this.parts.clock.now - this.started) / step);
      this.timer.arm(this.started + (Math.max(0, steps) + 1) * step);
    } else this.timer.arm(this.started + duration);
  }

  private expire(): void {
    const lvt = this.registers[LVT_TIMER]!;
    if (this.isPeriodic) this.schedule();
    else this.running = false;
    if ((lvt & MASKED) === 0) {
      if ((lvt & 0xff) < FIRST_VECTOR) this.fail(RECEIVE_ILLEGAL_VECTOR);
      else this.request(lvt & 0xff, false);
    }
  }
}

/**
 * The processor of a whole PC: what happens between runs of translated code, at instruction boundaries.
 *
 * Each turn fires what the clock has due, delivers a waiting interrupt when nothing forbids it, and runs a slice that
 * ends at the clock's next deadline. A slice also ends early, right after the instruction that made an interrupt
 * deliverable (Cpu asks `mustLeave` after VMM calls and device accesses: nothing else can). Exceptions become deliveries
 * through the IDT; instructions under an interrupt shadow, TF or armed breakpoints run one at a time.
 *
 * Source: Intel SDM vol. 3A chapter 6 (priorities: table 6-2), vol. 3B chapter 18 (debug exceptions).
 */
import { vmmCallNames } from '../abi/calls.ts';
import { MODE_BREAKPOINT, MODE_SHADOW, MODE_TRAP } from '../abi/mode.ts';
import {
  BUDGET,
  CPL,
  CR2,
  CS,
  DR0,
  DR6,
  DR7,
  EFLAGS_IF,
  EFLAGS_RF,
  EFLAGS_SYSTEM,
  EFLAGS_TF,
  EIP,
  MODE,
  SEGMENT_BASE,
  SELECTOR,
  SS,
  VMM_ARGUMENT,
  VMM_CALL,
} from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import type { Clock } from '../bus/clock.ts';
import type { InterruptController } from '../bus/line.ts';
import type { Cpu } from './cpu.ts';
import type { Stop } from './stop.ts';
import type { MachineTime } from './time.ts';

type EventKind = 'exception' | 'trap' | 'external';

/** Deliver an event at EIP, escalating to a double fault if need be. @returns the shutdown that a triple fault is. */
export type DeliverEvent = (vector: number, errorCode: number | undefined, kind: EventKind) => Stop | undefined;

export interface SystemCpuParts {
  readonly cpu: Cpu;
  readonly clock: Clock;
  readonly time: MachineTime;
  readonly interrupts: InterruptController;
  readonly deliver: DeliverEvent;
}

/** Why a machine's processor stopped. */
export type SystemStop =
  /** As many instructions as asked for have run. */
  | { readonly kind: 'limit' }
  /** Somebody asked for it; call again to go on. */
  | { readonly kind: 'stopped' }
  /** HLT; nothing happens before time `until` (ns, or Infinity) unless something comes from outside. */
  | { readonly kind: 'idle'; readonly until: number }
  /** HLT with interrupts off: only an NMI or a reset could wake it. */
  | { readonly kind: 'halted' }
  /** Triple fault: the exception that could not be delivered, and CS:EIP of the instruction that it all began with. */
  | {
      readonly kind: 'shutdown';
      readonly vector: number;
      readonly errorCode: number;
      readonly selector: number;
      readonly eip: number;
    };

const limitStop: SystemStop = { kind: 'limit' };
const stoppedStop: SystemStop = { kind: 'stopped' };
const haltedStop: SystemStop = { kind: 'halted' };

const SPECIAL = MODE_TRAP | MODE_SHADOW | MODE_BREAKPOINT;
/** Nanoseconds without a program after which an idle guest may be woken late. */
const QUIET = 500_000_000;
/** DR6: a single step. */
const DR6_BS = 1 << 14;

const LOAD_SEGMENT = vmmCallNames.indexOf('loadSegment');
const SET_INTERRUPT_FLAG = vmmCallNames.indexOf('setInterruptFlag');
const INTERRUPT_RETURN = vmmCallNames.indexOf('interruptReturn');
const OTHER_PREFIXES: readonly number[] = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67];
/** INS, OUTS, MOVS, CMPS, STOS, LODS, SCAS. */
const STRING_OPCODES: readonly number[] = [
  ...[0x6c, 0x6d, 0x6e, 0x6f, 0xa4, 0xa5, 0xa6, 0xa7],
  ...[0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf],
];
/** Instructions after which TF makes no trap when they have cleared it: software interrupts. */
const SOFTWARE_INTERRUPTS: readonly number[] = (['interrupt', 'trap', 'overflowTrap'] as const).map((name) =>
  vmmCallNames.indexOf(name),
);

export class SystemCpu {
  readonly cpu: Cpu;
  private readonly state: Int32Array;
  private readonly clock: Clock;
  private readonly time: MachineTime;
  private readonly interrupts: InterruptController;
  private readonly deliverEvent: DeliverEvent;
  private halted = false;
  private stopRequested = false;
  /** An earlier deadline has appeared, or a stop was asked for: the slice under way must end. */
  private cut = false;
  private nmiPending = false;
  /** From the delivery of an NMI to the next IRET. */
  private nmiBlocked = false;
  private shutdown: SystemStop | undefined;
  /** Has a program (CPL 3) run since the processor was idle last, and when was that last so? */
  private ranProgram = false;
  private lastProgram = 0;
  /** Breakpoints that a load of SS has hit, as in DR6: their trap comes with the next instruction's. */
  private heldHits = 0;

  constructor({ cpu, clock, time, interrupts, deliver }: SystemCpuParts) {
    this.cpu = cpu;
    this.state = cpu.state;
    this.clock = clock;
    this.time = time;
    this.interrupts = interrupts;
    this.deliverEvent = deliver;
    clock.onEarlier = () => {
      this.cut = true;
    };
  }

  /** The machine's time in nanoseconds. */
  get now(): number {
    return this.clock.now;
  }

  /** After the processor has been reset: nothing is pending. */
  reset(): void {
    this.halted = false;
    this.nmiPending = false;
    this.nmiBlocked = false;
    this.shutdown = undefined;
    this.heldHits = 0;
  }

  /** A non-maskable interrupt. */
  raiseNmi(): void {
    this.nmiPending = true;
  }

  /** Make `run` return 'stopped' before the next instruction. */
  requestStop(): void {
    this.stopRequested = true;
    this.cut = true;
  }

  /** CpuParts.mustLeave of its Cpu. */
  mustLeave(): boolean {
    const S = this.state;
    if (S[CPL] === 3) this.ranProgram = true;
    if (this.nmiBlocked && S[VMM_CALL] === INTERRUPT_RETURN) this.nmiBlocked = false;
    if (this.cut || this.isInterruptDue()) return true;
    const special = S[MODE]! & SPECIAL;
    if (special === 0) return false;
    // A shadow that hides nothing: no interrupt can come before the next instruction, which runs in this slice.
    if (special !== MODE_SHADOW || S[BUDGET]! <= 0) return true;
    S[MODE]! &= ~MODE_SHADOW;
    return false;
  }

  private isInterruptDue(): boolean {
    if (this.nmiPending && !this.nmiBlocked) return true;
    return (this.state[EFLAGS_SYSTEM]! & EFLAGS_IF) !== 0 && this.interrupts.requested;
  }

  /** Run at most `maxInstructions` instructions, exactly that many when the time is exact and nothing else stops. */
  run(maxInstructions: number): SystemStop {
    const { cpu, clock, time } = this;
    const S = this.state;
    for (let left = maxInstructions; ; ) {
      this.cut = false;
      clock.runDue();
      if (this.shutdown !== undefined) return this.shutdown;
      if (this.stopRequested) {
        this.stopRequested = false;
        return stoppedStop;
      }
      if ((S[MODE]! & MODE_SHADOW) === 0 && this.isInterruptDue()) this.takeInterrupt();
      else if (this.halted) {
        if ((S[EFLAGS_SYSTEM]! & EFLAGS_IF) === 0) return haltedStop;
        if (time.skipTo(clock.nextDeadline)) continue;
        return { kind: 'idle', until: this.wakeTime() };
      }
      if (left <= 0) return limitStop;
      const before = cpu.retired;
      if (S[MODE]! & SPECIAL) this.serve(this.step());
      else {
        const slice = time.slice(clock.nextDeadline);
        this.serve(cpu.run(Math.min(slice, left), time.exact));
      }
      const ran = cpu.retired - before;
      time.ran(ran);
      left -= ran;
    }
  }

  /**
   * When an idle guest is to be woken if nothing comes from outside: on time while programs run now and then, and later,
   * where a timer allows it, when for a while only the kernel has looked at its clock.
   */
  private wakeTime(): number {
    const { clock } = this;
    const { now } = clock;
    if (this.ranProgram) this.lastProgram = now;
    this.ranProgram = false;
    return now - this.lastProgram < QUIET ? clock.nextDeadline : clock.latestDeadline;
  }

  private serve(stop: Stop | undefined): void {
    if (stop === undefined) return;
    if (stop.kind === 'halt') this.halted = true;
    else if (stop.kind === 'fault') {
      const { vector, errorCode, address } = stop;
      if (vector === Vector.PF) this.state[CR2] = address;
      this.deliver(vector, errorCode, 'exception');
    }
  }

  private deliver(vector: number, errorCode: number, kind: EventKind): void {
    const S = this.state;
    const eip = S[EIP]!;
    const selector = S[SELECTOR + CS]!;
    const { memory } = this.cpu;
    memory.single = true;
    const stop = this.deliverEvent(vector, errorCode, kind);
    memory.single = false;
    if (stop?.kind === 'shutdown') {
      this.shutdown = { kind: 'shutdown', vector: stop.vector, errorCode: stop.errorCode, selector, eip };
    }
  }

  /** The NMI comes before maskable interrupts. */
  private takeInterrupt(): void {
    this.halted = false;
    if (this.nmiPending && !this.nmiBlocked) {
      this.nmiPending = false;
      this.nmiBlocked = true;
      this.deliver(Vector.NMI, 0, 'external');
    } else this.deliver(this.interrupts.acknowledge(), 0, 'external');
  }

  /** One instruction with what an interrupt shadow, TF and armed breakpoints ask for before and after it. */
  private step(): Stop | undefined {
    const { cpu } = this;
    const S = this.state;
    const flags = S[EFLAGS_SYSTEM]!;
    const mode = S[MODE]!;
    // The call that left the shadow behind was the last one.
    const shadowedByStack = (mode & MODE_SHADOW) !== 0 && S[VMM_CALL] === LOAD_SEGMENT;
    if (mode & MODE_BREAKPOINT) {
      // Behind a load of SS no breakpoint counts: the stack is half changed. Source: SDM vol. 3A §6.8.3.
      if ((flags & EFLAGS_RF) === 0 && !shadowedByStack && this.hitsBreakpoint()) return undefined;
      S[EFLAGS_SYSTEM] = flags & ~EFLAGS_RF;
    }
    S[VMM_CALL] = -1;
    const { breakpoints } = cpu.memory;
    breakpoints.hits = this.heldHits;
    this.heldHits = 0;
    const eip = S[EIP]!;
    const before = cpu.retired;
    const stop = cpu.run(1, true);
    const call = S[VMM_CALL]!;
    const loadedStack = call === LOAD_SEGMENT && S[VMM_ARGUMENT] === SS;
    // A shadow lasts one instruction; only the other kind begins a new one.
    const renewed = shadowedByStack
      ? call === SET_INTERRUPT_FLAG && (flags & EFLAGS_IF) === 0
      : loadedStack && stop?.kind !== 'fault';
    if (mode & MODE_SHADOW && !renewed) S[MODE]! &= ~MODE_SHADOW;
    if (stop.kind === 'fault' || cpu.retired === before) return stop;
    // TF counts as it was before the instruction; after MOV SS the trap waits for the next one.
    const entered = SOFTWARE_INTERRUPTS.includes(call) && (S[EFLAGS_SYSTEM]! & EFLAGS_TF) === 0;
    const traced = (flags & EFLAGS_TF) !== 0 && !entered;
    const { hits } = breakpoints;
    if (loadedStack) {
      this.heldHits = hits;
      return stop;
    }
    // Further iterations of a repeated instruction are no new start of it. Source: SDM vol. 3B §18.3.1.1.
    if (S[EIP] === eip && mode & (MODE_BREAKPOINT | MODE_TRAP) && this.isRepeating()) S[EFLAGS_SYSTEM]! |= EFLAGS_RF;
    const reasons = hits | (traced ? DR6_BS : 0);
    if (reasons !== 0) {
      this.serve(stop);
      this.halted = false;
      S[DR6]! |= reasons;
      this.deliver(Vector.DB, 0, 'trap');
      return undefined;
    }
    return stop;
  }

  /** Is the instruction at EIP, which has just run and not moved on, a repeated string instruction? */
  private isRepeating(): boolean {
    const { implicit } = this.cpu.memory;
    const la = this.state[SEGMENT_BASE + CS]! + this.state[EIP]!;
    let repeated = false;
    for (let i = 0; ; i++) {
      const byte = implicit.read8((la + i) | 0) & 0xff;
      if (byte === 0xf2 || byte === 0xf3) repeated = true;
      else if (!OTHER_PREFIXES.includes(byte)) return repeated && STRING_OPCODES.includes(byte);
    }
  }

  /**
   * Does an instruction breakpoint stand at EIP? Then its #DB is delivered, the one fault that leaves RF alone: its
   * handler sets RF if it wants to go on. Source: SDM vol. 3B §18.3.1.1.
   */
  private hitsBreakpoint(): boolean {
    const S = this.state;
    const la = (S[SEGMENT_BASE + CS]! + S[EIP]!) | 0;
    let hits = 0;
    for (let i = 0; i < 4; i++) {
      const enabled = (S[DR7]! >> (2 * i)) & 3;
      const condition = (S[DR7]! >> (16 + 4 * i)) & 15;
      if (enabled !== 0 && condition === 0 && S[DR0 + i] === la) hits |= 1 << i;
    }
    if (hits === 0) return false;
    S[DR6] = (S[DR6]! & ~15) | hits;
    this.deliver(Vector.DB, 0, 'trap');
    return true;
  }
}

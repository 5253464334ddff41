/**
 * `--verify`: each run of compiled code is undone and repeated by tier 0, and both must come to the same state, memory
 * and end.
 *
 * A run is what the chain does until it comes back to the dispatcher: regions, links between them, nested calls. So system
 * calls, devices and faults never come twice. What regions store is undone through the page journal; the code of the
 * regions is what runs without verification too. A difference is narrowed down to the region, the fewest instructions
 * and the blocks that they are in.
 */
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP, TEMPORARY, VMM_ARGUMENT, VMM_CALL, VMM_NEXT } from '../abi/state.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Region } from '../cache/translation.ts';
import { ABORT, type GuestFault } from '../cpu/fault.ts';
import type { Memory } from '../memory/memory.ts';
import { PageJournal } from '../memory/page-journal.ts';
import type { Chain } from './chain.ts';
import { type BlockBytes, Divergence } from './divergence.ts';
import type { Replay } from './replay.ts';
import { compareStates, type Difference } from './state-difference.ts';

/** Arguments that a VMM call has at most. */
const VMM_ARGUMENTS = 4;
/** Words of memory and blocks that a report names at most. */
const MOST_WORDS = 16;
const MOST_BLOCKS = 8;

export interface VerifierParts {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
  readonly cache: CodeCache;
  readonly chain: Chain;
  readonly replay: Replay;
}

type Start = (region: Region) => Exit;

/** How a run of compiled code ended. */
interface End {
  readonly exit: Exit;
  /** Instructions that retired; a VMM call counts, and is the last of them. */
  readonly executed: number;
  readonly isVmm: boolean;
  /** The next instruction was begun and left to tier 0. */
  readonly isSlow: boolean;
}

/** What both runs came to, in words that are compared. */
interface Outcome {
  readonly end: End;
  readonly ends: string[];
  readonly registers: Difference[];
  readonly isSame: boolean;
}

export class Verifier {
  private readonly parts: VerifierParts;
  private readonly journal: PageJournal;
  /** State before a run, and as compiled code left it. */
  private readonly before: Int32Array = new Int32Array(TEMPORARY);
  private readonly after: Int32Array = new Int32Array(TEMPORARY);
  private readonly runChain: Start;
  private readonly runAlone: Start;

  constructor(parts: VerifierParts) {
    this.parts = parts;
    const { memory, chain } = parts;
    this.journal = new PageJournal(memory.ram, memory.tlb, memory.lines);
    memory.journal = this.journal;
    this.runChain = (region) => chain.run(region);
    this.runAlone = (region) => chain.runAlone(region);
  }

  /** Chain.run, checked; all is as the chain left it. @throws Divergence. */
  run(region: Region): Exit {
    const { state, fault, cache } = this.parts;
    this.begin();
    const { end, isSame } = this.compare(this.runChain, region);
    if (!isSame) throw this.narrow(region, end.executed);
    const { vector, errorCode, address } = fault;
    state.set(this.after);
    Object.assign(fault, { vector, errorCode, address });
    cache.statistics.verifiedInstructions += end.executed;
    return end.exit;
  }

  private begin(): void {
    this.journal.begin();
    this.before.set(this.parts.state.subarray(0, TEMPORARY));
  }

  private undo(): void {
    this.journal.undo();
    this.parts.state.set(this.before);
  }

  /** Run compiled code, undo it, run tier 0 as far, and compare. The state is tier 0's then. */
  private compare(start: Start, region: Region): Outcome {
    const { state, fault } = this.parts;
    const end = this.settle(start(region));
    const { vector, errorCode, address } = fault;
    this.after.set(state.subarray(0, TEMPORARY));
    this.journal.rewind();
    state.set(this.before);
    const ends = end.executed < 0 ? [`compiled code took back ${-end.executed} instructions`] : this.repeat(end);
    if (end.exit === Exit.Fault && ends.length === 0) {
      // An abort says nothing but that it is one.
      const isAbort = vector === ABORT && fault.vector === ABORT;
      if (fault.vector !== vector || (!isAbort && (fault.errorCode !== errorCode || fault.address !== address))) {
        const compiled = faultText(vector, errorCode, address);
        ends.push(
          `compiled code raised ${compiled}, tier 0 ${faultText(fault.vector, fault.errorCode, fault.address)}`,
        );
      }
    }
    const registers = compareStates(this.after, state);
    const isLike = ends.length === 0 && registers.length === 0;
    const isSame = isLike && (this.journal.differences(1).length === 0 || (end.isSlow && this.agreesLater()));
    return { end, ends, registers, isSame };
  }

  /**
   * An instruction with several stores may have made some of them before it was left to tier 0, which makes them again.
   * Then both ends must come to the same with that instruction. Memory is as compiled code left it after this.
   */
  private agreesLater(): boolean {
    const { state, replay } = this.parts;
    const interpreted = replay.run(1);
    const expected = state.slice(0, TEMPORARY);
    const restore = this.journal.swap();
    state.set(this.after);
    // What is charged for instructions that have not run does not matter here.
    state[BUDGET] = expected[BUDGET]! + 1;
    const compiled = replay.run(1);
    const agrees =
      compiled === interpreted &&
      compareStates(state, expected).length === 0 &&
      this.journal.differences(1).length === 0;
    if (agrees) restore();
    return agrees;
  }

  /** Make EIP exact, as the dispatcher would, and count what has run. */
  private settle(exit: Exit): End {
    const { state: S, chain } = this.parts;
    const left = chain.region!;
    let overcharge = 0;
    let isVmm = false;
    let isSlow = false;
    if (exit >= 0) {
      const { way } = left.links[exit]!;
      S[EIP] = way.eip;
      if (way.kind === 'slow') {
        overcharge = way.remaining;
        isSlow = true;
      } else if (way.kind === 'vmm') {
        isVmm = true;
        S[VMM_CALL] = way.call;
        S[VMM_NEXT] = way.next;
      }
    }
    return { exit, executed: this.before[BUDGET]! - S[BUDGET]! - overcharge, isVmm, isSlow };
  }

  /** The same in tier 0. @returns how it ended otherwise, if it did. */
  private repeat({ exit, executed, isVmm }: End): string[] {
    const { replay } = this.parts;
    const isFault = exit === Exit.Fault;
    // The instruction that faults has not retired.
    const ended = replay.run(isFault ? executed + 1 : executed);
    const expected = isFault ? Exit.Fault : isVmm ? Exit.Vmm : Exit.Budget;
    if (ended === expected && replay.left === (isFault ? 1 : 0)) return isVmm ? this.compareCalls() : [];
    const ran = (isFault ? executed + 1 : executed) - replay.left;
    return [`compiled code ${endText(expected, executed)}, tier 0 ${endText(ended, ran)}`];
  }

  private compareCalls(): string[] {
    const S = this.parts.state;
    for (let slot = VMM_CALL; slot < VMM_ARGUMENT + VMM_ARGUMENTS; slot++) {
      if (S[slot] !== this.after[slot])
        return [`VMM call slot ${slot}: compiled ${this.after[slot]}, tier 0 ${S[slot]}`];
    }
    return [];
  }

  // ---- a difference -----------------------------------------------------------------------------------------------

  /**
   * From the start of a run that went wrong after `executed` instructions: first region by region, without nested calls;
   * if no region goes wrong by itself, the run as a whole. Then as few instructions as still make a difference.
   */
  private narrow(first: Region, executed: number): Divergence {
    const { state, cache } = this.parts;
    const start = this.before.slice();
    this.journal.keep();
    this.undo();
    for (let ran = 0; ran < executed; ) {
      const { region } = cache.current();
      if (region === undefined) break;
      this.begin();
      const { end, isSame } = this.compare(this.runAlone, region);
      if (!isSame) return this.report(this.runAlone, region);
      if (end.executed === 0 || end.isVmm || end.exit === Exit.Fault) break;
      ran += end.executed;
    }
    this.journal.restore();
    state.set(start);
    this.before.set(start);
    return this.report(this.runChain, first);
  }

  /** The run of `region` from the current start goes wrong. */
  private report(start: Start, region: Region): Divergence {
    const { state, replay, chain } = this.parts;
    const whole = this.before[BUDGET]!;
    const attempt = (budget: number): Outcome => {
      this.undo();
      replay.setBudget(budget);
      this.before[BUDGET] = budget;
      const outcome = this.compare(start, region);
      this.before[BUDGET] = whole;
      replay.setBudget(state[BUDGET]! + whole - budget);
      return outcome;
    };
    // The smallest budget with which it goes wrong.
    let bad = whole;
    let good = 0;
    let agreed = 0;
    while (bad - good > 1) {
      const middle = good + Math.floor((bad - good) / 2);
      const { isSame, end } = attempt(middle);
      if (isSame) {
        good = middle;
        agreed = end.executed;
      } else bad = middle;
    }
    const { end, ends, registers } = attempt(bad);
    const interpreted = state.slice(0, TEMPORARY);
    const compiled = this.after.slice();
    const memory = this.journal
      .differences(MOST_WORDS)
      .map(({ place, first, second }) => ({ what: `[${hex(place)}]`, left: first, right: second }));
    const last = chain.region ?? region;
    this.undo();
    const skipped = agreed <= end.executed ? agreed : 0;
    replay.run(skipped);
    const before = state.slice(0, TEMPORARY);
    const path = replay.trace(Math.max(end.executed - skipped, 1), MOST_BLOCKS);
    return new Divergence({
      region: last.head.eip,
      mode: last.head.mode,
      blocks: last.code.blocks.map(({ eip, length }) => this.bytesAt(eip, length, last)),
      path: path.map((eip) => this.bytesAt(eip, undefined, last)),
      instructions: end.executed - skipped,
      before,
      compiled,
      interpreted,
      registers,
      memory,
      ends,
    });
  }

  private bytesAt(eip: number, length: number | undefined, { head: { base } }: Region): BlockBytes {
    const { state, memory, cache } = this.parts;
    state[EIP] = eip;
    const count = length ?? cache.current().code.length;
    const place = memory.fetchAddress((eip + base) | 0);
    return { eip, bytes: memory.ram.u8.slice(place, place + count) };
  }
}

function faultText(vector: number, errorCode: number, address: number): string {
  return vector === ABORT ? 'an abort' : `exception ${vector}, error code ${errorCode}, address ${hex(address)}`;
}

function endText(exit: Exit, executed: number): string {
  const how = exit === Exit.Vmm ? 'left with a VMM call' : exit === Exit.Fault ? 'faulted' : 'went on';
  return `${how} after ${executed} instructions`;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/**
 * Runs an exact number of instructions in tier 0, whatever is compiled, and lets nothing become hot: the second opinion
 * about what a region did (verifier.ts).
 */
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP } from '../abi/state.ts';
import type { Translator } from '../abi/translator.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Block } from '../cache/translation.ts';
import type { GuestFault } from '../cpu/fault.ts';
import type { Tier0 } from './tier0.ts';

const NEVER = 0x7fffffff;

export interface ReplayParts {
  readonly state: Int32Array;
  readonly fault: GuestFault;
  readonly translator: Translator;
  readonly cache: CodeCache;
  readonly tier0: Tier0;
  /** The slice under way gets so many instructions more, so that the time stays what it was when the budget changes. */
  readonly shiftSlice: (instructions: number) => void;
}

export class Replay {
  private readonly parts: ReplayParts;
  /** Blocks that were hot, or have regions, and may run all the same. */
  private held: Block[] = [];
  /** Instructions that `run` was asked for and that have not run. */
  left = 0;

  constructor(parts: ReplayParts) {
    this.parts = parts;
  }

  /** Set the budget without a change of time. */
  setBudget(instructions: number): void {
    const { state, shiftSlice } = this.parts;
    shiftSlice(instructions - state[BUDGET]!);
    state[BUDGET] = instructions;
  }

  /**
   * Run `count` instructions from the current state.
   * @returns Budget when all of them have run, Vmm or Fault when one of these came first or last.
   */
  run(count: number): Exit {
    const S = this.parts.state;
    const others = S[BUDGET]! - count;
    this.setBudget(count);
    try {
      return this.go();
    } catch (thrown) {
      if (thrown !== this.parts.fault) throw thrown;
      return Exit.Fault;
    } finally {
      for (const { dropped, code } of this.held) if (!dropped) this.parts.translator.setHeat(code.start, 0);
      this.held = [];
      this.left = S[BUDGET]!;
      this.setBudget(this.left + others);
    }
  }

  private go(): Exit {
    const { state: S, cache, tier0, translator } = this.parts;
    while (S[BUDGET]! > 0) {
      const block = cache.current();
      const { start, instructions } = block.code;
      const exit = tier0.run(instructions <= S[BUDGET]! ? start : cache.short(block, S[BUDGET]!), block.mode);
      if (exit === Exit.Vmm || exit === Exit.Fault) return exit;
      // Where control goes after the last instruction is not looked at: it may not even be mapped.
      if (S[BUDGET]! <= 0) break;
      if (exit === Exit.Hot) {
        const hot = cache.current();
        translator.setHeat(hot.code.start, NEVER);
        this.held.push(hot);
      } else if (exit === Exit.Lookup) tier0.link();
      else if (exit === Exit.Indirect) cache.linkIndirect(cache.current());
    }
    return Exit.Budget;
  }

  /** EIPs of the blocks that the next `count` instructions run, the last `most` of them. */
  trace(count: number, most: number): number[] {
    const { state: S, cache } = this.parts;
    const eips: number[] = [];
    for (let left = count; left > 0; ) {
      eips.push(S[EIP]!);
      if (eips.length > most) eips.shift();
      const part = Math.min(left, cache.current().code.instructions);
      if (this.run(part) !== Exit.Budget) break;
      left -= part;
    }
    return eips;
  }
}

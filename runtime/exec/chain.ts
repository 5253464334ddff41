/**
 * Runs compiled regions one after another, for as long as one leads to the next: by links and by computed addresses. Calls
 * are host calls that the regions make themselves (emit/structure.ts); what they cannot enter or finish comes here. The
 * chain ends at the dispatcher with the first exit that is something else.
 */
import { type CallService, MAX_CALL_DEPTH } from '../abi/entries.ts';
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP, REGION_LEFT } from '../abi/state.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Region } from '../cache/translation.ts';

/** Times that a call site has its callee compiled; computed calls may have several. */
const CALLEE_TRIES = 8;
/** No address: the first region was not called. */
const NOWHERE = -1;

/** Runs the block at EIP in tier 0, whatever there is compiled for it. @returns tier 0's exit. */
export type SlowStep = () => Exit;

export class Chain implements CallService {
  /** The region that was left last. */
  region: Region | undefined;
  /** How it was left, when that was within a nested call. */
  private pending: Exit = 0;
  private readonly state: Int32Array;
  private readonly cache: CodeCache;
  private readonly slowStep: SlowStep | undefined;

  constructor(state: Int32Array, cache: CodeCache, slowStep: SlowStep | undefined) {
    this.state = state;
    this.cache = cache;
    this.slowStep = slowStep;
    cache.regions.calls = this;
  }

  /** Run a region from EIP, and those that follow. @returns the exit of `this.region`. */
  run(region: Region): Exit {
    this.cache.regions.forgetDropped();
    const exit = this.follow(region.run(0, this.state[EIP]!), NOWHERE, 0);
    return exit === Exit.Unwound ? this.pending : exit;
  }

  /** Run one region and nothing that it calls or leads to. @returns the exit of `this.region`. */
  runAlone(region: Region): Exit {
    const exit = region.run(MAX_CALL_DEPTH, this.state[EIP]!);
    if (exit === Exit.Unwound) return this.pending;
    this.region = region;
    return exit;
  }

  enter(from: number, ordinal: number, depth: number): Exit {
    const S = this.state;
    const link = this.cache.regions.regionNumber(from).links[ordinal]!;
    const { way, caller } = link;
    if (way.kind !== 'call') throw new Error('not a call');
    let callee = this.cache.regions.regionAt(S[EIP]!, caller);
    // What a hot region calls is hot.
    if (callee === undefined && ++link.count <= CALLEE_TRIES) callee = this.cache.regions.compileAt(S[EIP]!, caller);
    if (callee === undefined || depth >= MAX_CALL_DEPTH || S[BUDGET]! <= 0) {
      this.region = caller;
      this.pending = Exit.Indirect;
      return Exit.Unwound;
    }
    return this.comeBack(callee.run(depth + 1, S[EIP]!), way.next, depth + 1, caller);
  }

  proceed(from: number, ordinal: number, depth: number, exit: Exit): Exit {
    if (exit === Exit.Unwound) return exit;
    const { way, caller } = this.cache.regions.regionNumber(from).links[ordinal]!;
    return this.comeBack(exit, way.kind === 'call' ? way.next : NOWHERE, depth + 1, caller);
  }

  /** Go on after a callee's exit until control is back at the address after the call. */
  private comeBack(first: Exit, returnTo: number, depth: number, caller: Region): Exit {
    const exit = this.follow(first, returnTo, depth);
    // The caller's code may have been rewritten meanwhile.
    if (exit === Exit.Indirect && !caller.dropped && this.state[EIP] === returnTo) return exit;
    if (exit !== Exit.Unwound) this.pending = exit;
    return Exit.Unwound;
  }

  /**
   * Go on from a region's exit, until there is none that leads to another region.
   * @param returnTo where the call comes back to, when `depth` is not 0.
   */
  private follow(first: Exit, returnTo: number, depth: number): Exit {
    const S = this.state;
    const { cache, slowStep } = this;
    let exit = first;
    for (;;) {
      if (exit === Exit.Unwound || exit === Exit.Fault) return exit;
      const region = cache.regions.regionNumber(S[REGION_LEFT]!);
      this.region = region;
      let next: Region | undefined;
      let eip = S[EIP]!;
      if (exit >= 0) {
        const link = region.links[exit]!;
        const { way } = link;
        if (way.kind === 'slow' && depth !== 0 && slowStep !== undefined) {
          // Not worth giving up the calls that are under way.
          S[EIP] = way.eip;
          S[BUDGET]! += way.remaining;
          cache.regions.noteSlowExit(region, way.pairs);
          const left = slowStep();
          if (left === Exit.Vmm || left === Exit.Fault) return left;
          exit = Exit.Indirect;
        } else {
          next = link.target?.region;
          eip = way.eip;
          if (++link.count === link.growthCount || next === undefined || S[BUDGET]! <= 0) return exit;
        }
      }
      if (next === undefined) {
        if (exit !== Exit.Indirect || S[BUDGET]! <= 0) return exit;
        eip = S[EIP]!;
        if (depth !== 0 && eip === returnTo) return exit;
        next = cache.regions.regionAt(eip, region);
        if (next === undefined) return exit;
      }
      exit = next.run(depth, eip);
    }
  }
}

/**
 * Runs compiled regions one after another, for as long as one leads to the next: by links, by computed addresses, and by
 * calls that a region makes as nested calls of the host. It comes back to the dispatcher with the first exit that is
 * something else.
 */
import type { ExecutionContext } from '../abi/context.ts';
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP } from '../abi/state.ts';
import type { CallGate } from '../abi/translator.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Region, RegionLink } from '../cache/translation.ts';

/** Nested calls; a guest that recurses deeper goes on in the dispatcher. Each takes some hundred bytes of the host's stack. */
const MAX_DEPTH = 200;
/** Times that a call site has its callee compiled; computed calls may have several. */
const CALLEE_TRIES = 8;
/** No address: the first region was not called. */
const NOWHERE = -1;

export class Chain {
  /** The region that was left last, and how, when `run` came back from within a nested call. */
  region: Region | undefined;
  private pending: Exit = 0;
  private depth = 0;
  private readonly state: Int32Array;
  private readonly cache: CodeCache;

  constructor(state: Int32Array, cache: CodeCache) {
    this.state = state;
    this.cache = cache;
  }

  /** Run a region and those that follow. @returns the exit of `this.region`. */
  run(region: Region): Exit {
    const exit = this.follow(region, NOWHERE, false);
    return exit === Exit.Unwound ? this.pending : exit;
  }

  /** Run one region and nothing that it calls or leads to. @returns the exit of `this.region`. */
  runAlone(region: Region): Exit {
    this.depth = MAX_DEPTH;
    const exit = region.run();
    this.depth = 0;
    if (exit === Exit.Unwound) return this.pending;
    this.region = region;
    return exit;
  }

  /** ExecutionContext.enter. */
  readonly enter: ExecutionContext['enter'] = (gate: CallGate, ordinal: number): Exit => {
    const S = this.state;
    const link = gate.links[ordinal] as RegionLink;
    const { way, caller } = link;
    let callee: Region | undefined;
    if (way.kind === 'call' && way.isIndirect) callee = this.cache.regions.find(S[EIP]!, caller);
    else {
      S[EIP] = way.eip;
      callee = link.target?.region;
      if (callee === undefined || callee.execute[callee.page] !== callee.mapping) {
        callee = this.cache.regions.find(way.eip, caller);
        if (callee !== undefined) this.cache.linkExit(caller, link, callee.head);
      }
    }
    // What a hot region calls is hot.
    if (callee === undefined && ++link.count <= CALLEE_TRIES) callee = this.cache.compileAt(S[EIP]!, caller);
    if (callee === undefined || this.depth === MAX_DEPTH || S[BUDGET]! <= 0) {
      this.region = caller;
      this.pending = Exit.Indirect;
      return Exit.Unwound;
    }
    this.depth++;
    const exit = this.follow(callee, way.kind === 'call' ? way.next : NOWHERE, true);
    this.depth--;
    if (exit === Exit.Returned) return 0;
    if (exit !== Exit.Unwound) this.pending = exit;
    return Exit.Unwound;
  };

  /** @param returnTo where the call comes back to, when `isCalled`. */
  private follow(first: Region, returnTo: number, isCalled: boolean): Exit {
    const S = this.state;
    const { cache } = this;
    let region = first;
    for (;;) {
      const exit = region.run();
      if (exit >= 0) {
        const link = region.links[exit]!;
        const next = link.target?.region;
        if (
          ++link.count !== link.growthCount &&
          next !== undefined &&
          next.execute[next.page] === next.mapping &&
          S[BUDGET]! > 0
        ) {
          region = next;
          continue;
        }
      } else if (exit === Exit.Indirect) {
        const eip = S[EIP]!;
        if (isCalled && eip === returnTo) return Exit.Returned;
        const next = S[BUDGET]! > 0 ? cache.regions.find(eip, region) : undefined;
        if (next !== undefined) {
          region = next;
          continue;
        }
      } else if (exit === Exit.Unwound) return exit;
      this.region = region;
      return exit;
    }
  }
}

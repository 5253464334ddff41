/** Runs of tier 0 as the dispatcher and the verifier need them: faults located, ways to other blocks linked. */
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP, TIER0_BLOCK, TIER0_LINK, TIER0_PC } from '../abi/state.ts';
import type { Translator } from '../abi/translator.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Block } from '../cache/translation.ts';

export class Tier0 {
  private readonly state: Int32Array;
  private readonly translator: Translator;
  private readonly cache: CodeCache;

  constructor(state: Int32Array, translator: Translator, cache: CodeCache) {
    this.state = state;
    this.translator = translator;
    this.cache = cache;
  }

  /** Run from the code at `start` of the arena; a fault leaves EIP and budget at its instruction. */
  run(start: number, mode: number): Exit {
    const S = this.state;
    const exit = this.translator.interpret(start, mode);
    if (exit === Exit.Fault) {
      const { eip, remaining } = this.translator.locate(S[TIER0_BLOCK]!, S[TIER0_PC]!);
      S[EIP] = eip;
      S[BUDGET]! += remaining;
    }
    return exit;
  }

  /** After Exit.Lookup: find the block at EIP and link the way there. @throws GuestFault when code cannot be fetched. */
  link(): Block {
    const S = this.state;
    const position = S[TIER0_LINK]!;
    // Translating the target may evict the very block that the link stands in, and take its place in the arena.
    const from = this.cache.blockAt(S[TIER0_BLOCK]!);
    const block = this.cache.current();
    if (from !== undefined) this.cache.link(position, from, block);
    return block;
  }
}

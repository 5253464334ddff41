/** What --verify stops with: compiled code and tier 0 came to different ends from one state (verifier.ts). */
import type { Difference } from './state-difference.ts';

/** Guest bytes of a block. */
export interface BlockBytes {
  /** EIP of the first (i32). */
  readonly eip: number;
  readonly bytes: Uint8Array;
}

/** A difference between the two ends, in words: register or memory word, as compiled code and as tier 0 left it. */
export interface DivergenceFacts {
  /** EIP of the head of the region that ran last, and mode bits of its code. */
  readonly region: number;
  readonly mode: number;
  /** Blocks of that region. */
  readonly blocks: readonly BlockBytes[];
  /**
   * Blocks that tier 0 ran in the shortest stretch that still goes wrong, at most the last few, in order: with fewer
   * instructions both tiers agree, so the wrong one is among them.
   */
  readonly path: readonly BlockBytes[];
  /** Instructions of that stretch. */
  readonly instructions: number;
  /** State slots at its start; at its end as compiled code left them, and as tier 0 did. */
  readonly before: Int32Array;
  readonly compiled: Int32Array;
  readonly interpreted: Int32Array;
  /** Registers (left: compiled), and words of memory by place in the buffer. */
  readonly registers: readonly Difference[];
  readonly memory: readonly Difference[];
  /** Differences in how it ended, one line each. */
  readonly ends: readonly string[];
}

export class Divergence extends Error {
  readonly facts: DivergenceFacts;

  constructor(facts: DivergenceFacts) {
    const block = facts.path.at(-1)?.eip ?? facts.region;
    const what = [...facts.ends, ...[...facts.registers, ...facts.memory].map(({ what: name }) => name)];
    super(`compiled code differs from tier 0 in the block at ${hex(block)}: ${what.slice(0, 8).join(', ')}`);
    this.facts = facts;
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/**
 * Tier 0 as a whole: the arena that blocks are encoded into, the loop that runs it, links and fault location.
 *
 * The arena is used as a ring: the cache decides where the next block goes and drops what stood there. Its last words
 * are for what runs outside the cache.
 */
import type { ExecutionContext } from '../../runtime/abi/context.ts';
import type { Exit } from '../../runtime/abi/exit.ts';
import { hostMemory } from '../../runtime/abi/host-memory.ts';
import { MODE_USER } from '../../runtime/abi/mode.ts';
import type { IrBlock } from '../ir/block.ts';
import { ConstantSlots } from './constants.ts';
import { encode } from './encode.ts';
import { createTier0Loop, type Tier0Loop } from './loop.ts';
import {
  HEADER_COUNT,
  HEADER_HEAT,
  HEADER_INDIRECT,
  HEADER_MAPPING,
  HEADER_MODE,
  HEADER_SITES,
  JUMP_ENTRIES,
  jumpIndex,
  SEEN_TARGETS,
} from './micro-op.ts';
import { WARM_UP_WORDS, warmUp } from './warm-up.ts';

/** Words kept for what runs outside the cache; no block needs as many. */
const UNCACHED_WORDS = 1 << 16;
/** Entries into the loop after which it is warmed up: more than a program needs that only prints a line. */
const WARM_UP_ENTRIES = 3000;
/** Executions until Hot for code that must never be hot. */
const NEVER = 0x7fffffff;

export class Tier0 {
  /** Words that blocks may use; position 0 is never a block, so that a zero link means none. */
  readonly arenaWords: number;
  /** Where the words for what runs outside the cache begin and end. */
  readonly uncached: { readonly start: number; readonly end: number };
  private readonly code: Int32Array;
  private readonly constants: ConstantSlots;
  private readonly jumps = new Int32Array(2 * JUMP_ENTRIES);
  private readonly loop: Tier0Loop;
  private readonly context: ExecutionContext;
  private entriesUntilWarm: number;

  /** @param interpretsAll nothing is ever compiled, so the loop is left rarely: warm it up at once. */
  constructor(context: ExecutionContext, arenaWords: number, interpretsAll: boolean) {
    this.context = context;
    this.arenaWords = arenaWords;
    this.uncached = { start: arenaWords, end: arenaWords + UNCACHED_WORDS - WARM_UP_WORDS };
    this.code = new Int32Array(hostMemory(4 * (arenaWords + UNCACHED_WORDS)));
    this.constants = new ConstantSlots(context.state);
    this.loop = createTier0Loop(context, this.code, this.jumps);
    this.entriesUntilWarm = interpretsAll ? 1 : WARM_UP_ENTRIES;
  }

  /** Encode a block into the words that `reserve` gives. @returns position and number of words. */
  place(block: IrBlock, mapping: number, reserve: (words: number) => number): { start: number; words: number } {
    const { words, sites, indirect } = encode(block, this.constants);
    const siteTable = words.length;
    words.push(sites.length / 3, ...sites);
    const start = reserve(words.length);
    words[HEADER_COUNT] = block.instructions;
    words[HEADER_HEAT] = NEVER;
    words[HEADER_MAPPING] = mapping;
    words[HEADER_SITES] = siteTable;
    words[HEADER_MODE] = block.mode;
    words[HEADER_INDIRECT] = indirect;
    this.code.set(words, start);
    return { start, words: words.length };
  }

  run(start: number, mode: number): Exit {
    if (this.entriesUntilWarm > 0 && --this.entriesUntilWarm === 0) this.warmUp();
    return this.loop(start, (mode & MODE_USER) !== 0);
  }

  private warmUp(): void {
    const { jumps } = this;
    // It jumps to any EIP, and must not come upon the guest's blocks.
    const known = jumps.slice();
    jumps.fill(0);
    warmUp(this.context, this.code, this.uncached.end, this.loop);
    jumps.set(known);
  }

  /** Far links are stored negated. */
  link(position: number, start: number, far: boolean): void {
    this.code[position] = far ? -start : start;
  }

  setHeat(start: number, executions: number): void {
    this.code[start + HEADER_HEAT] = executions;
  }

  /** Targets noted by the indirect jump or call that ends the block. */
  targets(start: number): number[] {
    const indirect = this.code[start + HEADER_INDIRECT]!;
    if (indirect === 0) return [];
    const seen = this.code.subarray(start + indirect + 2, start + indirect + 2 + SEEN_TARGETS);
    return [...seen].filter((eip) => eip !== 0);
  }

  remember(eip: number, start: number): void {
    const at = jumpIndex(eip);
    this.jumps[at] = eip;
    this.jumps[at + 1] = start;
  }

  forget(eip: number, start: number): void {
    const at = jumpIndex(eip);
    if (this.jumps[at] === eip && this.jumps[at + 1] === start) this.jumps[at + 1] = this.jumps[at] = 0;
  }

  heat(start: number): number {
    return this.code[start + HEADER_HEAT]!;
  }

  locate(start: number, position: number): { eip: number; remaining: number } {
    const { code } = this;
    const table = start + code[start + HEADER_SITES]!;
    for (let i = 0, at = table + 1; i < code[table]!; i++, at += 3) {
      if (start + code[at]! === position)
        return { eip: code[at + 1]!, remaining: code[start + HEADER_COUNT]! - code[at + 2]! };
    }
    throw new Error(`tier 0: no instruction is known at word ${position}`);
  }
}

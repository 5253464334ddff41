/**
 * The contract between runtime and translator: what the dispatcher and the cache ask of the two tiers.
 *
 * runtime/ gets a Translator by injection and never sees how code is made; translator/ gets an ExecutionContext and
 * never sees guest memory management, devices or the clock.
 */
import type { RegionEntries, RegionRun } from './entries.ts';
import type { Exit } from './exit.ts';

/** Guest code bytes for one block. */
export interface CodeBytes {
  readonly bytes: Uint8Array;
  /** Where the block starts in `bytes`, and where its page ends. */
  readonly offset: number;
  readonly end: number;
  /** TLB word of that page: physical ^ linear page address. */
  readonly mapping: number;
  /**
   * Bytes of an instruction that crosses the page's end: up to 15 from the block's first byte, the second page's
   * included. @throws GuestFault when the second page cannot be fetched.
   */
  crossing(): Uint8Array;
}

/** A block encoded for tier 0, in the arena. */
export interface Tier0Block {
  /** EIP of the first instruction (i32), bytes of guest code, guest instructions. */
  readonly eip: number;
  readonly length: number;
  readonly instructions: number;
  readonly mode: number;
  /** Its only instruction lies on two pages. */
  readonly crosses: boolean;
  /** Position and number of words in the arena. */
  readonly start: number;
  readonly words: number;
}

/** A way out of a region, by ordinal. EIP is `eip` then; all other state is exact. */
export type RegionExit =
  /** Control goes to an address, which may become part of the region when it is compiled anew. */
  | { readonly kind: 'link'; readonly eip: number; readonly mayGrow: boolean }
  /** Tier 0 has to run the instruction at `eip`; the budget has been charged for `remaining` more than have run.
   * `pairs`: because an x87 register or result is no pair (abi/pair.ts), and not because of memory.
   */
  | { readonly kind: 'slow'; readonly eip: number; readonly remaining: number; readonly pairs: boolean }
  /** VMM call number `call` at `eip`; `next` is the following instruction. Its arguments are in their slots. */
  | { readonly kind: 'vmm'; readonly call: number; readonly eip: number; readonly next: number }
  /**
   * Not left by: a near CALL to `eip`, or with a computed target to the address in the EIP slot, which the region makes
   * as a host call, and after which it goes on at `next`.
   */
  | { readonly kind: 'call'; readonly eip: number; readonly isIndirect: boolean; readonly next: number };

/** Compiled code of a region. */
export interface RegionCode {
  readonly run: RegionRun;
  /** EIPs of the blocks that it can be entered at, the head first. */
  readonly entries: readonly number[];
  readonly exits: readonly RegionExit[];
  /** Generated JavaScript, for dumps; empty when it is WebAssembly. */
  readonly source: string;
  /** Characters of it, or bytes of WebAssembly: counts against the cache's bound. */
  readonly size: number;
  /** Guest blocks in it: EIP, bytes and guest instructions of each, the head first. */
  readonly blocks: readonly { readonly eip: number; readonly length: number; readonly instructions: number }[];
}

/** Where a region will stand. */
export interface RegionPlace {
  /** What it leaves in REGION_LEFT. */
  readonly number: number;
  /** The regions that it may call. */
  readonly entries: RegionEntries;
  /** Blocks that it should be entered at besides its head, by EIP. */
  readonly inner: readonly number[];
}

/** What tier 0 has seen. */
export interface Profile {
  /** Executions of the block at an EIP, 0 when unknown. */
  executions(eip: number): number;
  /** Targets of the indirect jump or call that ends the block at an EIP, at most a few. */
  targets(eip: number): readonly number[];
  /** Shared tests of memory accesses failed too often here: each access is to have its own. */
  readonly separateTests: boolean;
  /** x87 instructions may count on registers that are pairs of doubles, under the control word that compilers assume. */
  readonly pairs: boolean;
}

export interface Translator {
  /**
   * Decode and encode the block at `eip` for tier 0.
   * @param reserve gives room: called with a number of words, returns their position in the arena.
   */
  translate(code: CodeBytes, eip: number, mode: number, reserve: (words: number) => number): Tier0Block;
  /** Encode the block at `eip`, but at most so many instructions of it, among the uncached words. @returns its position. */
  translateShort(
    code: CodeBytes,
    eip: number,
    mode: number,
    instructions: number,
    reserve: (words: number) => number,
  ): number;
  /** Positions of the words for what runs outside the cache. */
  readonly uncached: { readonly start: number; readonly end: number };
  /** Run tier 0 from the block at `start`. */
  interpret(start: number, mode: number): Exit;
  /**
   * Let the link word at `position` go to the block at `start`, or to nothing (0). A `far` link leaves the page: it is
   * followed only while the target's page is mapped as it was when the block was translated.
   */
  link(position: number, start: number, far: boolean): void;
  /** Tier 0's indirect jumps to `eip` go to the block at `start`, until it is forgotten. */
  remember(eip: number, start: number): void;
  forget(eip: number, start: number): void;
  /** Executions left until tier 0 leaves the block at `start` with Exit.Hot; 0 makes the next entry leave. */
  setHeat(start: number, executions: number): void;
  heat(start: number): number;
  /** Targets that the indirect jump or call ending the block at `start` went to. */
  targets(start: number): readonly number[];
  /**
   * Instruction that was running at word `position` of the block at `start`: its EIP, and how many of the block's
   * instructions had not retired, itself included.
   */
  locate(start: number, position: number): { readonly eip: number; readonly remaining: number };
  /** Words in tier 0's arena. */
  readonly arenaWords: number;
  /**
   * Compile the region headed by `eip`.
   * @param codeAt bytes of the block at an EIP, or undefined where no region may reach.
   * @returns undefined when it cannot be compiled here (no code generation allowed).
   */
  compile(
    eip: number,
    mode: number,
    codeAt: (eip: number) => CodeBytes | undefined,
    profile: Profile,
    place: RegionPlace,
  ): RegionCode | undefined;
}

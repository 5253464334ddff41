/**
 * The processor: the dispatcher loop that runs translated code and serves its exits.
 *
 * Each turn finds the block at EIP and runs its region if it has one, else tier 0 from there; both return with exact
 * state and the reason. VMM calls are served here, faults become stops, and what must not run from the cache (a store
 * into translated code) runs as one uncached instruction.
 */
import type { CallService } from '../abi/entries.ts';
import { Exit } from '../abi/exit.ts';
import { BUDGET, EIP, RETIRED_HIGH, RETIRED_LOW, VMM_ARGUMENT, VMM_CALL, VMM_NEXT } from '../abi/state.ts';
import type { Translator } from '../abi/translator.ts';
import type { CodeCache } from '../cache/code-cache.ts';
import type { Block, Region } from '../cache/translation.ts';
import { readEflags, writeEflags } from '../cpu/eflags.ts';
import { ABORT, type GuestFault, WAIT } from '../cpu/fault.ts';
import type { Memory } from '../memory/memory.ts';
import { Chain } from './chain.ts';
import { Replay } from './replay.ts';
import type { Stop } from './stop.ts';
import { Tier0 } from './tier0.ts';
import { Verifier } from './verifier.ts';

/** A VMM call by its number: undefined to go on at EIP, or why to stop. */
export type VmmCall = (at: number, next: number, ...args: number[]) => Stop | undefined;

/** What a processor is put together from. */
export interface CpuParts {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly fault: GuestFault;
  readonly translator: Translator;
  readonly cache: CodeCache;
  /** In the order of vmmCallNames. */
  readonly vmm: readonly VmmCall[];
  /**
   * Asked after each VMM call and each instruction that ran alone: must the run end here, because an interrupt is
   * waiting or the next instruction is special? Left out: never.
   */
  readonly mustLeave?: (() => boolean) | undefined;
  /** Let tier 0 repeat all that compiled code does, and throw a Divergence when it comes to another result. */
  readonly verify?: boolean | undefined;
}

const budgetStop: Stop = { kind: 'budget' };
const stoppedStop: Stop = { kind: 'stopped' };
/** The instruction at EIP must run uncached; never leaves this file. */
const abortStop: Stop = { kind: 'stopped' };
const boundaryStop: Stop = { kind: 'boundary' };
const haltStop: Stop = { kind: 'halt' };
const never = (): boolean => false;

export class Cpu {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly cache: CodeCache;
  private readonly fault: GuestFault;
  private readonly translator: Translator;
  private readonly vmm: readonly VmmCall[];
  private readonly mustLeave: () => boolean;
  private readonly chain: Chain;
  private readonly tier0: Tier0;
  private readonly verifier: Verifier | undefined;
  private stopRequested = false;
  /** Budget that the slice under way began with. */
  private slice = 0;
  private inSlice = false;

  constructor(parts: CpuParts) {
    this.state = parts.state;
    this.memory = parts.memory;
    this.fault = parts.fault;
    this.translator = parts.translator;
    this.cache = parts.cache;
    this.vmm = parts.vmm;
    this.mustLeave = parts.mustLeave ?? never;
    this.tier0 = new Tier0(parts.state, parts.translator, parts.cache);
    // What is verified is repeated: devices, which tier 0 may come to, must not be part of it.
    const slowStep = (): Exit => this.interpretOnce(this.cache.current());
    this.chain = new Chain(parts.state, parts.cache, parts.verify === true ? undefined : slowStep);
    if (parts.verify === true) this.verifier = this.createVerifier();
  }

  private createVerifier(): Verifier {
    const { state, memory, fault, translator, cache, tier0, chain } = this;
    const shiftSlice = (instructions: number): void => {
      this.slice += instructions;
    };
    const replay = new Replay({ state, fault, translator, cache, tier0, shiftSlice });
    return new Verifier({ state, memory, fault, cache, chain, replay });
  }

  /** Serves the calls of compiled code. */
  get calls(): CallService {
    return this.chain;
  }

  /** EFLAGS as PUSHF would store it. */
  getEflags(): number {
    return readEflags(this.state);
  }

  /** Set all of EFLAGS. */
  setEflags(image: number): void {
    writeEflags(this.state, image);
  }

  /** Make `run` return 'stopped' at the next chance. */
  requestStop(): void {
    this.stopRequested = true;
  }

  /**
   * Run until something stops the processor, at the latest after `maxInstructions` instructions (1 to 2^31 - 1).
   * @param exact stop after exactly that many; otherwise up to a block's length earlier, which is cheaper.
   */
  run(maxInstructions: number, exact = false): Stop {
    const S = this.state;
    S[BUDGET] = maxInstructions;
    this.slice = maxInstructions;
    this.inSlice = true;
    try {
      let stop = this.dispatch(maxInstructions, exact);
      while (stop === abortStop) stop = this.stepOverDevice() ?? this.dispatch(maxInstructions, exact);
      return stop;
    } finally {
      this.inSlice = false;
      this.retire(maxInstructions - S[BUDGET]!);
    }
  }

  private retire(count: number): void {
    const S = this.state;
    const low = (S[RETIRED_LOW]! >>> 0) + count;
    S[RETIRED_LOW] = low | 0;
    if (low > 0xffffffff) S[RETIRED_HIGH]!++;
  }

  /** The time-stamp counter: instructions retired, those of the block that runs included. */
  get timestamp(): number {
    return this.retired + (this.inSlice ? this.slice - this.state[BUDGET]! : 0);
  }

  /** Instructions retired since reset. */
  get retired(): number {
    return (this.state[RETIRED_HIGH]! >>> 0) * 0x100000000 + (this.state[RETIRED_LOW]! >>> 0);
  }

  /** The loop. Faults raised outside translated code (fetches, VMM calls) end it as stops too. */
  private dispatch(maxInstructions: number, exact: boolean): Stop {
    const S = this.state;
    try {
      let block: Block | undefined;
      for (;;) {
        if (this.stopRequested) {
          this.stopRequested = false;
          return stoppedStop;
        }
        if (S[BUDGET]! <= 0) return budgetStop;
        block ??= this.cache.current();
        const { region } = block;
        let exit: Exit;
        if (region !== undefined) {
          const before = S[BUDGET]!;
          exit = this.verifier === undefined ? this.chain.run(region) : this.verifier.run(region);
          const ran = before - S[BUDGET]!;
          this.cache.statistics.compiledInstructions += ran;
          this.cache.regions.weigh(region, ran);
          const left = this.chain.region!;
          if (exit >= 0) {
            const { way } = left.links[exit]!;
            S[EIP] = way.eip;
            if (way.kind === 'link') {
              block = S[BUDGET]! > 0 ? this.follow(left, exit) : undefined;
              continue;
            }
            if (way.kind === 'slow') {
              this.cache.regions.noteSlowExit(left, way.pairs);
              S[BUDGET]! += way.remaining;
              block = this.cache.current();
              exit = this.interpretOnce(block);
            } else if (way.kind === 'vmm') {
              S[VMM_CALL] = way.call;
              S[VMM_NEXT] = way.next;
              exit = Exit.Vmm;
            }
          } else if (exit === Exit.Budget || exit === Exit.Lookup) {
            // Too few instructions left for its longest path, or a page is mapped otherwise: once through tier 0.
            block = undefined;
            if (exit === Exit.Lookup && this.cache.regions.touch(left)) continue;
            exit = this.interpretOnce(this.cache.current());
          }
        } else exit = this.interpret(block);
        if (exit === Exit.Lookup) {
          block = S[BUDGET]! > 0 ? this.tier0.link() : undefined;
          continue;
        }
        block = undefined;
        if (S[BUDGET]! <= 0 && (exit === Exit.Indirect || exit === Exit.Budget)) return budgetStop;
        if (exit === Exit.Indirect) {
          block = this.cache.current();
          this.cache.linkIndirect(block);
          continue;
        }
        if (exit === Exit.Budget && !exact && S[BUDGET]! < maxInstructions) return budgetStop;
        const stop = this.serve(exit);
        if (stop !== undefined) return stop;
      }
    } catch (thrown) {
      if (thrown !== this.fault) throw thrown;
      return this.fault.vector === ABORT ? abortStop : this.faultStop();
    }
  }

  /** Code is fetched from a device: it runs one by one. */
  private stepOverDevice(): Stop | undefined {
    try {
      return this.stepUncached();
    } catch (thrown) {
      if (thrown !== this.fault) throw thrown;
      return this.faultStop();
    }
  }

  /** The block that a region's exit goes to; EIP is there already. */
  private follow(region: Region, exit: number): Block {
    const link = region.links[exit]!;
    if (link.count === link.growthCount) this.cache.regions.grow(region);
    const known = link.target;
    if (known !== undefined && this.cache.isCurrent(known)) return known;
    const block = this.cache.current();
    this.cache.linkExit(region, link, block);
    return block;
  }

  /** Run tier 0 from a block; a fault leaves EIP and budget at its instruction. */
  private interpret(block: Block): Exit {
    return this.tier0.run(block.code.start, block.mode);
  }

  /** Run tier 0 from a block even if it has a region. */
  private interpretOnce(block: Block): Exit {
    if (block.region !== undefined) this.translator.setHeat(block.code.start, 1);
    return this.interpret(block);
  }

  private serve(exit: Exit): Stop | undefined {
    switch (exit) {
      case Exit.Vmm:
        return this.serveVmm();
      case Exit.Hot:
        this.compileHot(this.cache.current());
        return undefined;
      case Exit.Fault:
        return this.fault.vector === ABORT ? this.stepUncached() : this.faultStop();
      case Exit.Budget:
        return this.finishSlice();
      default:
        return undefined;
    }
  }

  /** Tier 0 does not go on into a block that is hot or has a region; the next turn of the loop runs the region. */
  private compileHot(block: Block): void {
    if (block.region === undefined) this.cache.regions.compileHot(block);
  }

  private serveVmm(): Stop | undefined {
    const S = this.state;
    const call = this.vmm[S[VMM_CALL]!]!;
    this.memory.single = true;
    try {
      const stop = call(
        S[EIP]!,
        S[VMM_NEXT]!,
        S[VMM_ARGUMENT]!,
        S[VMM_ARGUMENT + 1]!,
        S[VMM_ARGUMENT + 2]!,
        S[VMM_ARGUMENT + 3]!,
      );
      return stop ?? (this.mustLeave() ? boundaryStop : undefined);
    } catch (thrown) {
      // The block has counted the instruction, but it did not retire.
      if (thrown === this.fault) S[BUDGET]!++;
      throw thrown;
    } finally {
      this.memory.single = false;
    }
  }

  /**
   * Too few instructions are left for the block at EIP: run as many of it as there are. The block itself, which is
   * cached, keeps stores into its code from going unnoticed.
   */
  private finishSlice(): Stop | undefined {
    const block = this.cache.current();
    const exit = this.tier0.run(this.cache.short(block, this.state[BUDGET]!), block.mode);
    return exit === Exit.Vmm || exit === Exit.Fault || exit === Exit.Hot ? this.serve(exit) : undefined;
  }

  /**
   * Run exactly one instruction, translated on its own and not kept; stores into translated code and device accesses go
   * through. The slice is set so that time goes on counting from here.
   */
  private stepUncached(): Stop | undefined {
    const S = this.state;
    const others = S[BUDGET]! - 1;
    let exit: Exit;
    this.memory.single = true;
    try {
      const { start, mode } = this.cache.single();
      S[BUDGET] = 1;
      this.slice -= others;
      try {
        exit = this.tier0.run(start, mode);
      } finally {
        S[BUDGET]! += others;
        this.slice += others;
      }
    } finally {
      this.memory.single = false;
    }
    if (exit === Exit.Vmm || exit === Exit.Fault) return this.serve(exit);
    return this.mustLeave() ? boundaryStop : undefined;
  }

  private faultStop(): Stop {
    const { vector, errorCode, address } = this.fault;
    if (vector === WAIT) return haltStop;
    return { kind: 'fault', vector, errorCode, address };
  }
}

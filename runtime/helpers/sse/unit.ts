/**
 * The SSE floating-point unit as one instruction sees it: lanes in state slots, MXCSR's modes, the exceptions raised so
 * far, and the result, which stays aside until all lanes are done because an unmasked exception must leave the
 * destination alone. Source: SDM vol. 1 §11.5.
 */
import { CR4, MXCSR } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { GuestFault } from '../../cpu/fault.ts';
import {
  MXCSR_DAZ,
  MXCSR_DE,
  MXCSR_FZ,
  MXCSR_IE,
  MXCSR_MASK_SHIFT,
  MXCSR_RC_SHIFT,
  MXCSR_ZE,
  setMxcsr,
} from '../../cpu/sse.ts';
import type { HelperContext } from '../context.ts';

/** Exceptions found before anything is computed: if one of them is unmasked, the others are never found. */
const EARLY: number = MXCSR_IE | MXCSR_DE | MXCSR_ZE;
const FLAGS = 0x3f;

const CR4_OSFXSR = 1 << 9;
const CR4_OSXMMEXCPT = 1 << 10;

export class FloatUnit {
  /** State slots; the same as doubles and as singles. */
  readonly S: Int32Array;
  readonly D: Float64Array;
  readonly F: Float32Array;
  /** The result's lanes, as words, doubles and singles. */
  readonly words: Int32Array = new Int32Array(4);
  readonly doubles: Float64Array = new Float64Array(this.words.buffer);
  readonly singles: Float32Array = new Float32Array(this.words.buffer);
  /** Exceptions of the instruction under way. */
  raised = 0;
  /** A denormal was met: tier 1 then stops assuming that there is none (emit/vector.ts). */
  denormal = false;
  /** MXCSR's modes: rounding control, denormal operands as zero, denormal results to zero. */
  rounding = 0;
  denormalsAreZero = false;
  flushToZero = false;
  private control = 0;
  private readonly fault: GuestFault;

  constructor({ state, fault }: HelperContext) {
    this.S = state;
    this.D = new Float64Array(state.buffer, state.byteOffset, state.byteLength / Float64Array.BYTES_PER_ELEMENT);
    this.F = new Float32Array(state.buffer, state.byteOffset, state.byteLength / Float32Array.BYTES_PER_ELEMENT);
    this.fault = fault;
  }

  /** Begin an instruction. */
  begin(): void {
    const control = this.S[MXCSR]!;
    this.control = control;
    this.raised = 0;
    this.denormal = false;
    this.rounding = (control >> MXCSR_RC_SHIFT) & 3;
    this.denormalsAreZero = (control & MXCSR_DAZ) !== 0;
    this.flushToZero = (control & MXCSR_FZ) !== 0;
  }

  raise(exception: number): void {
    this.raised |= exception;
  }

  /** Is this exception (an MXCSR flag) masked? */
  masks(exception: number): boolean {
    return (this.control & (exception << MXCSR_MASK_SHIFT)) !== 0;
  }

  /** End of the computation: flags into MXCSR. @throws GuestFault #XM, or #UD when the system cannot take it. */
  finish(): void {
    const unmasked = this.raised & ~(this.control >> MXCSR_MASK_SHIFT) & FLAGS;
    const flags = (unmasked & EARLY) === 0 ? this.raised : this.raised & EARLY;
    if ((flags & ~this.control) !== 0) setMxcsr(this.S, this.control | flags);
    if (unmasked !== 0) {
      const system = this.S[CR4]! & (CR4_OSFXSR | CR4_OSXMMEXCPT);
      this.fault.raise(system === CR4_OSFXSR ? Vector.UD : Vector.XM);
    }
  }

  /** Finish, and write the first `count` words of the result from slot `to` on. */
  commit(to: number, count: number): void {
    this.finish();
    for (let i = 0; i < count; i++) this.S[to + i] = this.words[i]!;
  }
}

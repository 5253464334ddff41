/**
 * The x87 as state: register stack, tags, status word and pointers in their slots, and how an instruction begins (checks
 * for #NM and #MF) and ends (flags). Source: SDM vol. 1 §8.1 and §8.7, vol. 3A §2.5.
 *
 * Nothing here writes a slot before the instruction's memory accesses are done; the helpers keep that order.
 */
import {
  CR0,
  CS,
  DS,
  SELECTOR,
  X87_CONTROL,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_STATUS,
  X87_USED,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { summarizeX87 } from '../../cpu/x87.ts';
import type { Memory } from '../../memory/memory.ts';
import type { HelperContext } from '../context.ts';
import { indefinite, type Operand, type Real, unpack } from './format.ts';
import { FloatEnvironment, IE, OE, PE, SF, UE } from './round.ts';

/** Status word: condition codes and error summary; TOP is in bits 11 to 13. */
export const C0 = 1 << 8;
export const C1 = 1 << 9;
export const C2 = 1 << 10;
export const C3 = 1 << 14;
const ES = 0x80;
const TOP_SHIFT = 11;

/** CR0.MP, CR0.EM, CR0.TS. */
const CR0_MP = 2;
const CR0_EM = 4;
const CR0_TS = 8;

export class X87Unit {
  readonly S: Int32Array;
  readonly memory: Memory;
  readonly env: FloatEnvironment = new FloatEnvironment();
  private readonly fault: HelperContext['fault'];

  constructor({ state, memory, fault }: HelperContext) {
    this.S = state;
    this.memory = memory;
    this.fault = fault;
  }

  // ---- beginning and end ------------------------------------------------------------------------------------------

  /** @throws GuestFault #NM. */
  checkAvailable(): void {
    if ((this.S[CR0]! & (CR0_EM | CR0_TS)) !== 0) this.fault.raise(Vector.NM);
  }

  /** FWAIT looks at other bits of CR0. @throws GuestFault #NM. */
  checkWait(): void {
    if ((this.S[CR0]! & (CR0_MP | CR0_TS)) === (CR0_MP | CR0_TS)) this.fault.raise(Vector.NM);
  }

  /** @throws GuestFault #MF when an exception is pending. */
  checkPending(): void {
    if ((this.S[X87_STATUS]! & ES) !== 0) this.fault.raise(Vector.MF);
  }

  /** Begin an instruction that waits and computes. @throws GuestFault #NM, #MF. */
  begin(): void {
    this.checkAvailable();
    this.checkPending();
    this.env.begin(this.S[X87_CONTROL]!);
  }

  /** Note where the instruction is, and its memory operand where it has one. */
  point(eip: number): void {
    const { S } = this;
    S[X87_INSTRUCTION] = eip;
    S[X87_INSTRUCTION_SELECTOR] = S[SELECTOR + CS]!;
  }

  pointOperand(la: number): void {
    const { S } = this;
    S[X87_OPERAND] = la;
    S[X87_OPERAND_SELECTOR] = S[SELECTOR + DS]!;
  }

  /** Merge the instruction's exceptions and C1 into the status word. */
  finish(): void {
    const { S, env } = this;
    // What is found before the result is keeps the result from being computed.
    if (env.blocked && (env.raised & (OE | UE | PE)) !== 0) {
      env.raised &= ~(OE | UE | PE);
      env.c1 = 0;
    }
    S[X87_STATUS] = (S[X87_STATUS]! & ~C1) | env.raised | (env.c1 << 9);
    summarizeX87(S);
  }

  /** For the instructions that leave C1 alone but for a stack fault. */
  keepC1(): void {
    this.env.c1 = (this.S[X87_STATUS]! >> 9) & 1;
  }

  /** Replace C0, C2 and C3. */
  setConditions(bits: number): void {
    this.S[X87_STATUS] = (this.S[X87_STATUS]! & ~(C0 | C2 | C3)) | bits;
  }

  // ---- register stack ---------------------------------------------------------------------------------------------

  get top(): number {
    return (this.S[X87_STATUS]! >> TOP_SHIFT) & 7;
  }

  setTop(top: number): void {
    this.S[X87_STATUS] = (this.S[X87_STATUS]! & ~(7 << TOP_SHIFT)) | ((top & 7) << TOP_SHIFT);
  }

  isEmpty(i: number): boolean {
    return ((this.S[X87_USED]! >> ((this.top + i) & 7)) & 1) === 0;
  }

  /** ST(i), empty or not. */
  real(i: number): Real {
    return this.physical((this.top + i) & 7);
  }

  /** Physical register `r`. */
  physical(r: number): Real {
    const { S } = this;
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    return { se: S[at + 2]! & 0xffff, sig: (BigInt(S[at + 1]! >>> 0) << 32n) | BigInt(S[at]! >>> 0) };
  }

  setPhysical(r: number, { se, sig }: Real): void {
    const { S } = this;
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    S[at] = Number(sig & 0xffffffffn) | 0;
    S[at + 1] = Number(sig >> 32n) | 0;
    S[at + 2] = se;
  }

  operand(i: number): Operand {
    return unpack(this.real(i));
  }

  /** Write ST(i) and mark it used. */
  write(i: number, value: Real): void {
    const r = (this.top + i) & 7;
    this.setPhysical(r, value);
    this.S[X87_USED] = this.S[X87_USED]! | (1 << r);
  }

  free(i: number): void {
    this.S[X87_USED] = this.S[X87_USED]! & ~(1 << ((this.top + i) & 7));
  }

  pop(count: number): void {
    for (let n = 0; n < count; n++) {
      this.free(0);
      this.setTop(this.top + 1);
    }
  }

  /** Push a value for which there is room. */
  push(value: Real): void {
    this.setTop(this.top - 1);
    this.write(0, value);
  }

  /** An empty register was read: #IS. @returns what a masked response puts in the destination. */
  underflow(): Real {
    this.env.raised |= IE | SF;
    this.env.c1 = 0;
    return indefinite;
  }

  /** A register that is not empty was to be pushed over: #IS with C1. */
  overflow(): Real {
    this.env.raised |= IE | SF;
    this.env.c1 = 1;
    return indefinite;
  }
}

/**
 * The x87 as the general path sees it: register stack, tags and status word in their slots, one instruction's exceptions,
 * and how it ends. Source: SDM vol. 1 §8.1 and §8.7, vol. 3A §2.5.
 */
import { X87_CONTROL, X87_REGISTER, X87_REGISTER_SLOTS, X87_STATUS, X87_TAGS, X87_TOP } from '../../abi/state.ts';
import { extendedOfPair, pairOfExtended } from '../../cpu/extended.ts';
import { setX87C1, summarizeX87, x87C1, x87Doubles } from '../../cpu/x87.ts';
import { indefinite, type Operand, type Real, unpack } from './format.ts';
import { FloatEnvironment, IE, OE, PE, SF, UE } from './round.ts';

/** Status word: condition codes. */
export const C0 = 1 << 8;
export const C1 = 1 << 9;
export const C2 = 1 << 10;
export const C3 = 1 << 14;

const words = new Int32Array(3);
const pair = new Float64Array(2);

export class X87Unit {
  readonly S: Int32Array;
  readonly env: FloatEnvironment = new FloatEnvironment();
  private readonly F: Float64Array;

  constructor(state: Int32Array) {
    this.S = state;
    this.F = x87Doubles(state);
  }

  // ---- beginning and end ------------------------------------------------------------------------------------------

  /** Begin an instruction that computes. */
  begin(): void {
    this.env.begin(this.S[X87_CONTROL]!);
  }

  /** Merge the instruction's exceptions and C1 into the status word. */
  finish(): void {
    const { S, env } = this;
    // What is found before the result is keeps the result from being computed.
    if (env.blocked && (env.raised & (OE | UE | PE)) !== 0) {
      env.raised &= ~(OE | UE | PE);
      env.c1 = 0;
    }
    S[X87_STATUS] = S[X87_STATUS]! | env.raised;
    setX87C1(S, env.c1 !== 0);
    summarizeX87(S);
  }

  /** For the instructions that leave C1 alone but for a stack fault. */
  keepC1(): void {
    this.env.c1 = x87C1(this.S) === 0 ? 0 : 1;
  }

  /** Replace C0, C2 and C3. */
  setConditions(bits: number): void {
    this.S[X87_STATUS] = (this.S[X87_STATUS]! & ~(C0 | C2 | C3)) | bits;
  }

  // ---- register stack ---------------------------------------------------------------------------------------------

  get top(): number {
    return this.S[X87_TOP]!;
  }

  setTop(top: number): void {
    this.S[X87_TOP] = top & 7;
  }

  isEmpty(i: number): boolean {
    return ((this.S[X87_TAGS]! >> ((this.top + i) & 7)) & 1) === 0;
  }

  /** ST(i), empty or not. */
  real(i: number): Real {
    return this.physical((this.top + i) & 7);
  }

  private physical(r: number): Real {
    const { S, F } = this;
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    if (((S[X87_TAGS]! >> (r + 8)) & 1) === 0) return realOf(S, at);
    extendedOfPair(F[at >> 1]!, F[(at >> 1) + 1]!, words, 0);
    return realOf(words, 0);
  }

  /** Whatever has the form of a pair gets it. */
  private setPhysical(r: number, { se, sig }: Real): void {
    const { S, F } = this;
    const at = X87_REGISTER + r * X87_REGISTER_SLOTS;
    const [low, high] = [Number(sig & 0xffffffffn) | 0, Number(sig >> 32n) | 0];
    if (pairOfExtended(low, high, se, pair)) {
      F[at >> 1] = pair[0]!;
      F[(at >> 1) + 1] = pair[1]!;
      S[X87_TAGS] = S[X87_TAGS]! | (0x100 << r);
      return;
    }
    S[at] = low;
    S[at + 1] = high;
    S[at + 2] = se;
    S[X87_TAGS] = S[X87_TAGS]! & ~(0x100 << r);
  }

  operand(i: number): Operand {
    return unpack(this.real(i));
  }

  /** Write ST(i) and mark it used. */
  write(i: number, value: Real): void {
    const r = (this.top + i) & 7;
    this.setPhysical(r, value);
    this.S[X87_TAGS] = this.S[X87_TAGS]! | (1 << r);
  }

  free(i: number): void {
    this.S[X87_TAGS] = this.S[X87_TAGS]! & ~(1 << ((this.top + i) & 7));
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

/** The register whose words are at `at`. */
function realOf(S: Int32Array, at: number): Real {
  return { se: S[at + 2]! & 0xffff, sig: (BigInt(S[at + 1]! >>> 0) << 32n) | BigInt(S[at]! >>> 0) };
}

// The machine under the lifts' own tests: 32-bit flat user mode with the recorder's memory map, whose code is decoded,
// lifted and evaluated (evaluate.ts) anew for every run, without tiers, passes or cache. It also stands in for the few
// VMM calls that end or continue a user-mode case.
import { MODE_FLAT_USER32 } from '../../runtime/abi/mode.ts';
import {
  DF,
  EFLAGS_DF,
  EFLAGS_SYSTEM,
  EIP,
  ESP,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
  FS,
  GS,
  MODE,
  SEGMENT_BASE,
  SELECTOR,
  STATE_SLOTS,
} from '../../runtime/abi/state.ts';
import type { CodeBytes } from '../../runtime/abi/translator.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../../runtime/abi/vector.ts';
import { Ram } from '../../runtime/bus/ram.ts';
import { GuestFault } from '../../runtime/cpu/fault.ts';
import { createHelpers, type HelperTable } from '../../runtime/helpers/index.ts';
import { Memory } from '../../runtime/memory/memory.ts';
import { Access, WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { createDecoder, MAX_LENGTH } from '../../translator/decode/index.ts';
import type { IrBlock } from '../../translator/ir/block.ts';
import { rows } from '../../translator/isa/index.ts';
import { lift } from '../../translator/lift.ts';
import { type Ending, evaluate } from './evaluate.ts';
import { loadSimd, readSimd } from './simd-slots.ts';
import {
  FS_BASE,
  GS_BASE,
  REGIONS,
  type Region,
  type VectorMachine,
  type VectorOutcome,
  type VectorState,
} from './vectors.ts';

/** Blocks of one run at most: REP with a large count takes many. */
const BLOCKS = 100_000;

const decoder = createDecoder(rows);

/** x87 arithmetic goes the general way here, so that both ways are compared with what was recorded. */
export class LiftMachine implements VectorMachine {
  readonly state: Int32Array = new Int32Array(STATE_SLOTS);
  readonly fault: GuestFault = new GuestFault();
  readonly memory: Memory;
  readonly helpers: HelperTable;
  private readonly ram: Ram;
  /** Physical address and region of each mapped linear page. */
  private readonly pages = new Map<number, { readonly pa: number; readonly region: Region }>();

  constructor() {
    let size = 0;
    for (const region of REGIONS) {
      for (let la = region.base; la < region.base + region.size; la += 4096, size += 4096) {
        this.pages.set(la >>> 12, { pa: size, region });
      }
    }
    this.ram = new Ram(size);
    const walker = { walk: (la: number, access: Access, user: boolean): number => this.walk(la, access, user) };
    this.memory = new Memory(this.ram, this.state, this.fault, walker, true);
    this.helpers = createHelpers({ state: this.state, memory: this.memory, fault: this.fault, generalX87: true });
  }

  private walk(la: number, access: Access, user: boolean): number {
    const page = this.pages.get(la >>> 12);
    const writable = page !== undefined && (page.region.access & 2) !== 0;
    if (page === undefined || (access === Access.Write && !writable)) {
      const code = (page ? PF_PRESENT : 0) | (access === Access.Write ? PF_WRITE : 0) | (user ? PF_USER : 0);
      this.fault.raise(Vector.PF, code, la);
    }
    return page.pa | (writable ? WALK_WRITABLE : 0);
  }

  writeMemory(la: number, bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.ram.u8[this.physical(la + i)] = bytes[i]!;
  }

  readMemory(la: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.ram.u8[this.physical(la + i)]!);
  }

  private physical(la: number): number {
    const page = this.pages.get(la >>> 12);
    if (page === undefined) throw new RangeError(`${la.toString(16)} is in no region`);
    return page.pa | (la & 4095);
  }

  run(before: VectorState): VectorOutcome {
    const { state } = this;
    state.fill(0);
    state.set(before.regs);
    state[EIP] = before.eip;
    state[MODE] = MODE_FLAT_USER32;
    // Selectors as a Linux process has them.
    state.set([0x2b, 0x23, 0x2b, 0x2b, 0x63, 0x6b], SELECTOR);
    state[SEGMENT_BASE + FS] = FS_BASE;
    state[SEGMENT_BASE + GS] = GS_BASE;
    writeFlags(state, before.eflags);
    if (before.simd !== undefined) loadSimd(state, before.simd);
    for (let i = 0; i < BLOCKS; i++) {
      const outcome = this.runBlock();
      if (outcome !== undefined) return outcome;
    }
    throw new Error(`no end after ${BLOCKS} blocks`);
  }

  /** Lift and evaluate the block at EIP. @returns the outcome if it ends in an exception. */
  private runBlock(): VectorOutcome | undefined {
    try {
      return this.finish(evaluate(this.lift(), this));
    } catch (error) {
      if (error !== this.fault) throw error;
      return this.outcome(this.fault.vector, this.fault.errorCode, this.fault.address);
    }
  }

  /** The block at EIP. @throws GuestFault if its first instruction cannot be fetched. */
  private lift(): IrBlock {
    const eip = this.state[EIP]!;
    const page = this.memory.fetchAddress(eip) & ~4095;
    const code: CodeBytes = {
      bytes: this.ram.u8.subarray(page, page + 4096),
      offset: eip & 4095,
      end: 4096,
      mapping: page ^ (eip & ~4095),
      crossing: () => {
        this.memory.fetchAddress((eip | 4095) + 1);
        return this.readMemory(eip, MAX_LENGTH);
      },
    };
    return lift(decoder, code, eip, MODE_FLAT_USER32).block;
  }

  private finish(ending: Ending): VectorOutcome | undefined {
    if (ending.kind === 'next') return undefined;
    const { state } = this;
    switch (ending.call) {
      case 'raise':
        return this.outcome(ending.args[0]!, ending.args[1]!, 0);
      case 'interrupt': {
        const vector = ending.args[0]!;
        // The gates that Linux lets user mode through; for the others #GP names the gate in its error code.
        if (vector !== Vector.BP && vector !== Vector.OF && vector !== 0x80) {
          return this.outcome(Vector.GP, (vector << 3) | 2, 0);
        }
        state[EIP] = ending.next;
        return this.outcome(vector, 0, 0);
      }
      case 'trap':
        state[EIP] = ending.next;
        return this.outcome(ending.args[0]!, 0, 0);
      case 'overflowTrap':
        state[EIP] = ending.next;
        return state[FLAG_OF]! < 0 ? this.outcome(Vector.OF, 0, 0) : undefined;
      case 'popFlags':
        writeFlags(state, ending.args[0]!);
        state[ESP] = ending.args[2]!;
        state[EIP] = ending.next;
        return undefined;
      case 'undefined':
        return this.outcome(Vector.UD, 0, 0);
      default:
        return this.outcome(Vector.GP, 0, 0);
    }
  }

  private outcome(vector: number, errorCode: number, cr2: number): VectorOutcome {
    const { state } = this;
    return {
      regs: state.slice(0, ESP + 4),
      eflags: readFlags(state),
      eip: state[EIP]! >>> 0,
      vector,
      errorCode,
      cr2,
      simd: readSimd(state),
    };
  }
}

/** Spread an EFLAGS image over the flag slots, as runtime/abi/state.ts lays them out. */
function writeFlags(state: Int32Array, image: number): void {
  const bit = (n: number): number => (image >>> n) & 1;
  // RES is 0 for ZF and else 1, which has odd parity; the corrections make up for what that says of SF and PF.
  const parityOfResult = bit(6);
  state[FLAG_RES] = bit(6) ^ 1;
  state[FLAG_AUX] = (bit(7) << 31) | ((bit(2) ^ parityOfResult) << 8) | (image & 16);
  state[FLAG_CF] = bit(0);
  state[FLAG_OF] = -bit(11);
  state[DF] = image & EFLAGS_DF ? -1 : 1;
  state[EFLAGS_SYSTEM] = image & ~0xcd7;
}

/** The EFLAGS image that the flag slots stand for. */
function readFlags(state: Int32Array): number {
  const result = state[FLAG_RES]!;
  const aux = state[FLAG_AUX]!;
  let ones = 0;
  for (let low = (result ^ (aux >> 8)) & 255; low !== 0; low >>= 1) ones += low & 1;
  return (
    (state[EFLAGS_SYSTEM]! & ~0xcd5) |
    2 |
    state[FLAG_CF]! |
    (ones & 1 ? 0 : 4) |
    (aux & 16) |
    (result === 0 ? 0x40 : 0) |
    ((result ^ aux) < 0 ? 0x80 : 0) |
    (state[DF]! < 0 ? EFLAGS_DF : 0) |
    (state[FLAG_OF]! < 0 ? 0x800 : 0)
  );
}

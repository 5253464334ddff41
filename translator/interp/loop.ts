/**
 * The loop of tier 0: runs micro-operations (micro-op.ts) until control leaves the linked blocks of the arena.
 *
 * Everything hot is a constant of the closure, so V8 folds the arrays' addresses into the code; the pure operators
 * and flag expressions are called as they stand in ir/ and V8 inlines them (each is below its limit for small
 * functions). Case labels are literals because V8 makes a jump table only of those.
 */
import type { ExecutionContext, Helper } from '../../runtime/abi/context.ts';
import { Exit } from '../../runtime/abi/exit.ts';
import {
  BUDGET,
  EIP,
  ESP,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
  TIER0_BLOCK,
  TIER0_LINK,
  TIER0_PC,
  VMM_ARGUMENT,
  VMM_CALL,
  VMM_NEXT,
} from '../../runtime/abi/state.ts';
import { FAST_MASK_8, FAST_MASK_16, FAST_MASK_32, TLB_WORDS } from '../../runtime/abi/tlb.ts';
import { type FlagKind, type FlagKindName, flagKinds } from '../ir/flags.ts';
import { pure } from '../ir/pure.ts';
import { HEADER_MAPPING, HEADER_MODE, HEADER_WORDS, jumpIndex } from './micro-op.ts';

const { unary, binary, tests } = pure;
const { add, adc, sub, sbb, logic, inc, dec, given, rotate, carry, words, overflow } = flagKinds as unknown as Readonly<
  Record<FlagKindName, Required<FlagKind>>
>;

/** The test number `test` of ir/pure.ts, in the order eq ne lts les gts ges ltu leu gtu geu. */
function holds(test: number, a: number, b: number): boolean {
  switch (test) {
    case 0:
      return tests.eq(a, b);
    case 1:
      return tests.ne(a, b);
    case 2:
      return tests.lts(a, b);
    case 3:
      return tests.les(a, b);
    case 4:
      return tests.gts(a, b);
    case 5:
      return tests.ges(a, b);
    case 6:
      return tests.ltu(a, b);
    case 7:
      return tests.leu(a, b);
    case 8:
      return tests.gtu(a, b);
    default:
      return tests.geu(a, b);
  }
}

/** Helpers without any effect, whose numbers follow those of the real ones: warm-up.ts calls them. */
export const idleHelpers: readonly Helper[] = [() => 0, () => 1];

/**
 * Runs the block whose header is at `start` and what it links to. EIP, budget and state are exact on return.
 * @param user use CPL 3's words of the TLB.
 */
export type Tier0Loop = (start: number, user: boolean) => Exit;

/**
 * Make the loop. One serves both privileges: V8 takes long to compile it, and knows the arrays of the only closure of a
 * function, but not those of one among several.
 * @param code the arena of encode.ts.  @param jumps pairs of EIP and position, by jumpIndex.
 */
export function createTier0Loop(context: ExecutionContext, code: Int32Array, jumps: Int32Array): Tier0Loop {
  const S = context.state;
  const S8 = new Int8Array(S.buffer, S.byteOffset, S.byteLength);
  const S16 = new Int16Array(S.buffer, S.byteOffset, S.byteLength / 2);
  const { i8, u8, i16, u16, i32 } = context.ram;
  const { read: R, write: W, execute: X } = context.tlb.all;
  const supervisorWords = R.length - TLB_WORDS;
  const slow = context.memory;
  const helpers = [...context.helperList, ...idleHelpers];
  const fault = context.fault;

  /** May a jump from the block at `from` enter the block at `start`: same mode, and its page mapped as translated? */
  const isEntry = (start: number, eip: number, from: number, tables: number): boolean =>
    X[(eip >>> 12) + tables] === code[start + HEADER_MAPPING] && code[start + HEADER_MODE] === code[from + HEADER_MODE];

  return function tier0(start: number, user: boolean): Exit {
    const tables = user ? 0 : supervisorWords;
    let pc = start;
    let block = start;
    let link = 0;
    let budget = S[BUDGET]!;
    try {
      blocks: for (;;) {
        const heat = (code[pc + 1]! - 1) | 0;
        code[pc + 1] = heat;
        if (heat < 0 || budget < code[pc]!) {
          if (link !== 0) S[EIP] = code[link + 1]!;
          S[BUDGET] = budget;
          return heat < 0 ? Exit.Hot : Exit.Budget;
        }
        budget = (budget - code[pc]!) | 0;
        block = pc;
        pc += HEADER_WORDS;
        stretch: for (;;) {
          switch (code[pc]!) {
            case 1: // not
              S[code[pc + 1]!] = unary.not(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 2: // neg
              S[code[pc + 1]!] = unary.neg(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 3: // sext8
              S[code[pc + 1]!] = unary.sext8(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 4: // sext16
              S[code[pc + 1]!] = unary.sext16(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 5: // zext8
              S[code[pc + 1]!] = unary.zext8(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 6: // zext16
              S[code[pc + 1]!] = unary.zext16(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 7: // high8
              S[code[pc + 1]!] = unary.high8(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 8: // bswap
              S[code[pc + 1]!] = unary.bswap(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 9: // clz
              S[code[pc + 1]!] = unary.clz(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 10: // ctz
              S[code[pc + 1]!] = unary.ctz(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 11: // popcnt
              S[code[pc + 1]!] = unary.popcnt(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 12: // parity
              S[code[pc + 1]!] = unary.parity(S[code[pc + 2]!]!);
              pc += 3;
              continue;
            case 20: // add
              S[code[pc + 1]!] = binary.add(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 21: // sub
              S[code[pc + 1]!] = binary.sub(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 22: // mul
              S[code[pc + 1]!] = binary.mul(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 23: // and
              S[code[pc + 1]!] = binary.and(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 24: // or
              S[code[pc + 1]!] = binary.or(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 25: // xor
              S[code[pc + 1]!] = binary.xor(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 26: // shl
              S[code[pc + 1]!] = binary.shl(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 27: // shr
              S[code[pc + 1]!] = binary.shr(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 28: // sar
              S[code[pc + 1]!] = binary.sar(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 29: // rol
              S[code[pc + 1]!] = binary.rol(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 30: // ror
              S[code[pc + 1]!] = binary.ror(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 31: // mulhu
              S[code[pc + 1]!] = binary.mulhu(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 32: // mulhs
              S[code[pc + 1]!] = binary.mulhs(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 33: // pdep
              S[code[pc + 1]!] = binary.pdep(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 34: // pext
              S[code[pc + 1]!] = binary.pext(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 35: // rol9
              S[code[pc + 1]!] = binary.rol9(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 36: // rol17
              S[code[pc + 1]!] = binary.rol17(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 37: // mulo
              S[code[pc + 1]!] = binary.mulo(S[code[pc + 2]!]!, S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 40: // eq
              S[code[pc + 1]!] = tests.eq(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 41: // ne
              S[code[pc + 1]!] = tests.ne(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 42: // lts
              S[code[pc + 1]!] = tests.lts(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 43: // les
              S[code[pc + 1]!] = tests.les(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 44: // gts
              S[code[pc + 1]!] = tests.gts(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 45: // ges
              S[code[pc + 1]!] = tests.ges(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 46: // ltu
              S[code[pc + 1]!] = tests.ltu(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 47: // leu
              S[code[pc + 1]!] = tests.leu(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 48: // gtu
              S[code[pc + 1]!] = tests.gtu(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 49: // geu
              S[code[pc + 1]!] = tests.geu(S[code[pc + 2]!]!, S[code[pc + 3]!]!) ? 1 : 0;
              pc += 4;
              continue;
            case 50: // select
              S[code[pc + 1]!] = S[code[pc + 2]!]! !== 0 ? S[code[pc + 3]!]! : S[code[pc + 4]!]!;
              pc += 5;
              continue;
            case 51: // mov
              S[code[pc + 1]!] = S[code[pc + 2]!]!;
              pc += 3;
              continue;
            case 52: // loadConstant
              S[code[pc + 1]!] = code[pc + 2]!;
              pc += 3;
              continue;
            case 53: // set8
              S8[code[pc + 1]! << 2] = S[code[pc + 2]!]!;
              pc += 3;
              continue;
            case 54: // set8h
              S8[(code[pc + 1]! << 2) + 1] = S[code[pc + 2]!]!;
              pc += 3;
              continue;
            case 55: // set16
              S16[code[pc + 1]! << 1] = S[code[pc + 2]!]!;
              pc += 3;
              continue;
            case 56: // get8
              S[code[pc + 1]!] = S8[code[pc + 2]! << 2]!;
              pc += 3;
              continue;
            case 57: // get8h
              S[code[pc + 1]!] = S8[(code[pc + 2]! << 2) + 1]!;
              pc += 3;
              continue;
            case 58: // get16
              S[code[pc + 1]!] = S16[code[pc + 2]! << 1]!;
              pc += 3;
              continue;
            case 60: // load8s
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_8) === 0 ? i8[p]! : slow.read8(a);
              }
              pc += 4;
              continue;
            case 61: // load8z
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_8) === 0 ? u8[p]! : slow.read8(a) & 255;
              }
              pc += 4;
              continue;
            case 62: // load16s
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_16) === 0 ? i16[p >> 1]! : slow.read16(a);
              }
              pc += 4;
              continue;
            case 63: // load16z
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_16) === 0 ? u16[p >> 1]! : slow.read16(a) & 65535;
              }
              pc += 4;
              continue;
            case 64: // load32
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_32) === 0 ? i32[p >> 2]! : slow.read32(a);
              }
              pc += 4;
              continue;
            case 65: // load8sIndexed
              {
                const a = (S[code[pc + 2]!]! + (S[code[pc + 3]!]! << code[pc + 4]!) + code[pc + 5]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_8) === 0 ? i8[p]! : slow.read8(a);
              }
              pc += 6;
              continue;
            case 66: // load8zIndexed
              {
                const a = (S[code[pc + 2]!]! + (S[code[pc + 3]!]! << code[pc + 4]!) + code[pc + 5]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_8) === 0 ? u8[p]! : slow.read8(a) & 255;
              }
              pc += 6;
              continue;
            case 67: // load16sIndexed
              {
                const a = (S[code[pc + 2]!]! + (S[code[pc + 3]!]! << code[pc + 4]!) + code[pc + 5]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_16) === 0 ? i16[p >> 1]! : slow.read16(a);
              }
              pc += 6;
              continue;
            case 68: // load16zIndexed
              {
                const a = (S[code[pc + 2]!]! + (S[code[pc + 3]!]! << code[pc + 4]!) + code[pc + 5]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_16) === 0 ? u16[p >> 1]! : slow.read16(a) & 65535;
              }
              pc += 6;
              continue;
            case 69: // load32Indexed
              {
                const a = (S[code[pc + 2]!]! + (S[code[pc + 3]!]! << code[pc + 4]!) + code[pc + 5]!) | 0;
                const p = R[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_32) === 0 ? i32[p >> 2]! : slow.read32(a);
              }
              pc += 6;
              continue;
            case 70: // store8
              {
                const a = (S[code[pc + 1]!]! + code[pc + 2]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_8) === 0) i8[p] = S[code[pc + 3]!]!;
                else slow.write8(a, S[code[pc + 3]!]!);
              }
              pc += 4;
              continue;
            case 71: // store16
              {
                const a = (S[code[pc + 1]!]! + code[pc + 2]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_16) === 0) i16[p >> 1] = S[code[pc + 3]!]!;
                else slow.write16(a, S[code[pc + 3]!]!);
              }
              pc += 4;
              continue;
            case 72: // store32
              {
                const a = (S[code[pc + 1]!]! + code[pc + 2]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_32) === 0) i32[p >> 2] = S[code[pc + 3]!]!;
                else slow.write32(a, S[code[pc + 3]!]!);
              }
              pc += 4;
              continue;
            case 73: // store8Indexed
              {
                const a = (S[code[pc + 1]!]! + (S[code[pc + 2]!]! << code[pc + 3]!) + code[pc + 4]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_8) === 0) i8[p] = S[code[pc + 5]!]!;
                else slow.write8(a, S[code[pc + 5]!]!);
              }
              pc += 6;
              continue;
            case 74: // store16Indexed
              {
                const a = (S[code[pc + 1]!]! + (S[code[pc + 2]!]! << code[pc + 3]!) + code[pc + 4]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_16) === 0) i16[p >> 1] = S[code[pc + 5]!]!;
                else slow.write16(a, S[code[pc + 5]!]!);
              }
              pc += 6;
              continue;
            case 75: // store32Indexed
              {
                const a = (S[code[pc + 1]!]! + (S[code[pc + 2]!]! << code[pc + 3]!) + code[pc + 4]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_32) === 0) i32[p >> 2] = S[code[pc + 5]!]!;
                else slow.write32(a, S[code[pc + 5]!]!);
              }
              pc += 6;
              continue;
            case 76: // modify8
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_8) === 0 ? i8[p]! : slow.modify8(a);
              }
              pc += 4;
              continue;
            case 77: // modify16
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_16) === 0 ? i16[p >> 1]! : slow.modify16(a);
              }
              pc += 4;
              continue;
            case 78: // modify32
              {
                const a = (S[code[pc + 2]!]! + code[pc + 3]!) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                S[code[pc + 1]!] = (p & FAST_MASK_32) === 0 ? i32[p >> 2]! : slow.modify32(a);
              }
              pc += 4;
              continue;
            case 80: // push32
              {
                const a = (S[ESP]! - 4) | 0;
                const p = W[(a >>> 12) + tables]! ^ a;
                if ((p & FAST_MASK_32) === 0) i32[p >> 2] = S[code[pc + 1]!]!;
                else slow.write32(a, S[code[pc + 1]!]!);
                S[ESP] = a;
              }
              pc += 2;
              continue;
            case 81: // pop32
              {
                const a = S[ESP]!;
                const p = R[(a >>> 12) + tables]! ^ a;
                const value = (p & FAST_MASK_32) === 0 ? i32[p >> 2]! : slow.read32(a);
                S[ESP] = (a + 4) | 0;
                S[code[pc + 1]!] = value;
              }
              pc += 2;
              continue;
            case 90: // flagsAdd
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = add.cf(a, b, r);
                S[FLAG_OF] = add.of(a, b, r);
                S[FLAG_RES] = add.res(a, b, r);
                S[FLAG_AUX] = add.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 91: // flagsAdc
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = adc.cf(a, b, r);
                S[FLAG_OF] = adc.of(a, b, r);
                S[FLAG_RES] = adc.res(a, b, r);
                S[FLAG_AUX] = adc.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 92: // flagsSub
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = sub.cf(a, b, r);
                S[FLAG_OF] = sub.of(a, b, r);
                S[FLAG_RES] = sub.res(a, b, r);
                S[FLAG_AUX] = sub.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 93: // flagsSbb
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = sbb.cf(a, b, r);
                S[FLAG_OF] = sbb.of(a, b, r);
                S[FLAG_RES] = sbb.res(a, b, r);
                S[FLAG_AUX] = sbb.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 94: // flagsLogic
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = logic.cf(a, b, r);
                S[FLAG_OF] = logic.of(a, b, r);
                S[FLAG_RES] = logic.res(a, b, r);
                S[FLAG_AUX] = logic.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 95: // flagsInc
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_OF] = inc.of(a, b, r);
                S[FLAG_RES] = inc.res(a, b, r);
                S[FLAG_AUX] = inc.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 96: // flagsDec
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_OF] = dec.of(a, b, r);
                S[FLAG_RES] = dec.res(a, b, r);
                S[FLAG_AUX] = dec.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 97: // flagsGiven
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = given.cf(a, b, r);
                S[FLAG_OF] = given.of(a, b, r);
                S[FLAG_RES] = given.res(a, b, r);
                S[FLAG_AUX] = given.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 98: // flagsRotate
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = rotate.cf(a, b, r);
                S[FLAG_OF] = rotate.of(a, b, r);
              }
              pc += 4;
              continue;
            case 99: // flagsCarry
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_CF] = carry.cf(a, b, r);
              }
              pc += 4;
              continue;
            case 100: // flagsWords
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_RES] = words.res(a, b, r);
                S[FLAG_AUX] = words.aux(a, b, r);
              }
              pc += 4;
              continue;
            case 101: // flagsOverflow
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = S[code[pc + 3]!]!;
                S[FLAG_OF] = overflow.of(a, b, r);
              }
              pc += 4;
              continue;
            case 102: // skipIfZero
              pc += S[code[pc + 1]!]! === 0 ? code[pc + 2]! : 3;
              continue;
            case 110: // addFlags
              {
                const a = S[code[pc + 2]!]!;
                const b = S[code[pc + 3]!]!;
                const r = binary.add(a, b);
                S[FLAG_CF] = add.cf(a, b, r);
                S[FLAG_OF] = add.of(a, b, r);
                S[FLAG_RES] = add.res(a, b, r);
                S[FLAG_AUX] = add.aux(a, b, r);
                S[code[pc + 1]!] = r;
              }
              pc += 4;
              continue;
            case 111: // subFlags
              {
                const a = S[code[pc + 2]!]!;
                const b = S[code[pc + 3]!]!;
                const r = binary.sub(a, b);
                S[FLAG_CF] = sub.cf(a, b, r);
                S[FLAG_OF] = sub.of(a, b, r);
                S[FLAG_RES] = sub.res(a, b, r);
                S[FLAG_AUX] = sub.aux(a, b, r);
                S[code[pc + 1]!] = r;
              }
              pc += 4;
              continue;
            case 112: // andFlags
              {
                const a = S[code[pc + 2]!]!;
                const b = S[code[pc + 3]!]!;
                const r = binary.and(a, b);
                S[FLAG_CF] = logic.cf(a, b, r);
                S[FLAG_OF] = logic.of(a, b, r);
                S[FLAG_RES] = logic.res(a, b, r);
                S[FLAG_AUX] = logic.aux(a, b, r);
                S[code[pc + 1]!] = r;
              }
              pc += 4;
              continue;
            case 113: // orFlags
              {
                const a = S[code[pc + 2]!]!;
                const b = S[code[pc + 3]!]!;
                const r = binary.or(a, b);
                S[FLAG_CF] = logic.cf(a, b, r);
                S[FLAG_OF] = logic.of(a, b, r);
                S[FLAG_RES] = logic.res(a, b, r);
                S[FLAG_AUX] = logic.aux(a, b, r);
                S[code[pc + 1]!] = r;
              }
              pc += 4;
              continue;
            case 114: // xorFlags
              {
                const a = S[code[pc + 2]!]!;
                const b = S[code[pc + 3]!]!;
                const r = binary.xor(a, b);
                S[FLAG_CF] = logic.cf(a, b, r);
                S[FLAG_OF] = logic.of(a, b, r);
                S[FLAG_RES] = logic.res(a, b, r);
                S[FLAG_AUX] = logic.aux(a, b, r);
                S[code[pc + 1]!] = r;
              }
              pc += 4;
              continue;
            case 115: // compare
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = binary.sub(a, b);
                S[FLAG_CF] = sub.cf(a, b, r);
                S[FLAG_OF] = sub.of(a, b, r);
                S[FLAG_RES] = sub.res(a, b, r);
                S[FLAG_AUX] = sub.aux(a, b, r);
              }
              pc += 3;
              continue;
            case 116: // test
              {
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = binary.and(a, b);
                S[FLAG_CF] = logic.cf(a, b, r);
                S[FLAG_OF] = logic.of(a, b, r);
                S[FLAG_RES] = logic.res(a, b, r);
                S[FLAG_AUX] = logic.aux(a, b, r);
              }
              pc += 3;
              continue;
            case 117: // incFlags
              {
                const a = S[code[pc + 2]!]!;
                const r = binary.add(a, 1);
                S[FLAG_OF] = inc.of(a, 1, r);
                S[FLAG_RES] = inc.res(a, 1, r);
                S[FLAG_AUX] = inc.aux(a, 1, r);
                S[code[pc + 1]!] = r;
              }
              pc += 3;
              continue;
            case 118: // decFlags
              {
                const a = S[code[pc + 2]!]!;
                const r = binary.sub(a, 1);
                S[FLAG_OF] = dec.of(a, 1, r);
                S[FLAG_RES] = dec.res(a, 1, r);
                S[FLAG_AUX] = dec.aux(a, 1, r);
                S[code[pc + 1]!] = r;
              }
              pc += 3;
              continue;
            case 120: // call0
              // RDTSC counts what has retired.
              S[BUDGET] = budget;
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!();
              pc += 3;
              continue;
            case 121: // call1
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!(S[code[pc + 3]!]!);
              pc += 4;
              continue;
            case 122: // call2
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!(S[code[pc + 3]!]!, S[code[pc + 4]!]!);
              pc += 5;
              continue;
            case 123: // call3
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!(S[code[pc + 3]!]!, S[code[pc + 4]!]!, S[code[pc + 5]!]!);
              pc += 6;
              continue;
            case 124: // call4
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!(
                S[code[pc + 3]!]!,
                S[code[pc + 4]!]!,
                S[code[pc + 5]!]!,
                S[code[pc + 6]!]!,
              );
              pc += 7;
              continue;
            case 125: // call5
              S[code[pc + 1]!] = helpers[code[pc + 2]!]!(
                S[code[pc + 3]!]!,
                S[code[pc + 4]!]!,
                S[code[pc + 5]!]!,
                S[code[pc + 6]!]!,
                S[code[pc + 7]!]!,
              );
              pc += 8;
              continue;
            case 130: // jump
              link = pc + 1;
              break stretch;
            case 131: // branch
              link = S[code[pc + 1]!]! !== 0 ? pc + 2 : pc + 4;
              break stretch;
            case 132: // branchEq
              link = tests.eq(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 133: // branchNe
              link = tests.ne(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 134: // branchLts
              link = tests.lts(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 135: // branchLes
              link = tests.les(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 136: // branchGts
              link = tests.gts(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 137: // branchGes
              link = tests.ges(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 138: // branchLtu
              link = tests.ltu(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 139: // branchLeu
              link = tests.leu(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 140: // branchGtu
              link = tests.gtu(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 141: // branchGeu
              link = tests.geu(S[code[pc + 1]!]!, S[code[pc + 2]!]!) ? pc + 3 : pc + 5;
              break stretch;
            case 142: // compareBranchEq
            case 143: // compareBranchNe
            case 144: // compareBranchLts
            case 145: // compareBranchLes
            case 146: // compareBranchGts
            case 147: // compareBranchGes
            case 148: // compareBranchLtu
            case 149: // compareBranchLeu
            case 150: // compareBranchGtu
            case 151: // compareBranchGeu
              {
                // One copy of the flags for all conditions: the loop's size is what V8's compiler takes its time for.
                const a = S[code[pc + 1]!]!;
                const b = S[code[pc + 2]!]!;
                const r = binary.sub(a, b);
                S[FLAG_CF] = sub.cf(a, b, r);
                S[FLAG_OF] = sub.of(a, b, r);
                S[FLAG_RES] = sub.res(a, b, r);
                S[FLAG_AUX] = sub.aux(a, b, r);
                link = (holds(code[pc]! - 142, a, b) ? 3 : 5) + pc;
              }
              break stretch;
            case 152: // indirect
              {
                const target = S[code[pc + 1]!]!;
                // Note up to SEEN_TARGETS different targets; zero is a free place.
                let seen = pc + 2;
                while (seen < pc + 8 && code[seen] !== target) {
                  if (code[seen] === 0) code[seen] = target;
                  else seen++;
                }
                S[EIP] = target;
                const at = jumpIndex(target);
                const next = jumps[at + 1]!;
                if (jumps[at] === target && isEntry(next, target, block, tables)) {
                  link = 0;
                  pc = next;
                  continue blocks;
                }
              }
              S[BUDGET] = budget;
              return Exit.Indirect;
            case 156: // return
              {
                const target = S[code[pc + 1]!]!;
                S[EIP] = target;
                const at = jumpIndex(target);
                const next = jumps[at + 1]!;
                if (jumps[at] === target && isEntry(next, target, block, tables)) {
                  link = 0;
                  pc = next;
                  continue blocks;
                }
              }
              S[BUDGET] = budget;
              return Exit.Indirect;
            case 153: // vmm
              S[VMM_CALL] = code[pc + 1]!;
              S[EIP] = code[pc + 2]!;
              S[VMM_NEXT] = code[pc + 3]!;
              for (let i = 0; i < code[pc + 4]!; i++) S[VMM_ARGUMENT + i] = S[code[pc + 5 + i]!]!;
              S[BUDGET] = budget;
              return Exit.Vmm;
            case 154: // testBranchEq
              {
                const r = S[code[pc + 1]!]!;
                S[FLAG_CF] = 0;
                S[FLAG_OF] = 0;
                S[FLAG_RES] = r;
                S[FLAG_AUX] = 0;
                link = r === 0 ? pc + 2 : pc + 4;
              }
              break stretch;
            case 155: // testBranchNe
              {
                const r = S[code[pc + 1]!]!;
                S[FLAG_CF] = 0;
                S[FLAG_OF] = 0;
                S[FLAG_RES] = r;
                S[FLAG_AUX] = 0;
                link = r !== 0 ? pc + 2 : pc + 4;
              }
              break stretch;
            default:
              throw new Error(`tier 0: no micro-operation ${code[pc]} at ${pc}`);
          }
        }
        let next = code[link]!;
        if (next < 0) {
          // A far link: only while the target's page is mapped as when it was translated.
          next = -next;
          if (X[(code[link + 1]! >>> 12) + tables] !== code[next + HEADER_MAPPING]) next = 0;
        }
        if (next === 0) {
          S[EIP] = code[link + 1]!;
          S[BUDGET] = budget;
          S[TIER0_LINK] = link;
          S[TIER0_BLOCK] = block;
          return Exit.Lookup;
        }
        pc = next;
      }
    } catch (thrown) {
      if (thrown !== fault) throw thrown;
      S[BUDGET] = budget;
      S[TIER0_BLOCK] = block;
      S[TIER0_PC] = pc;
      return Exit.Fault;
    }
  };
}

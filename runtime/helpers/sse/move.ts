/**
 * Moves of vector registers: between slots, and to and from memory. All by 32-bit words, so that no bit of a NaN can
 * get lost on a host that normalises NaNs when it reads them as doubles.
 */
import { CR0, CR4, MXCSR } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { MXCSR_BITS, setMxcsr } from '../../cpu/sse.ts';
import type { HelperContext, HelperTable } from '../context.ts';

type Names =
  | 'load64'
  | 'load64Zero'
  | 'load128'
  | 'load128Aligned'
  | 'store64'
  | 'store128'
  | 'store128Aligned'
  | 'move64'
  | 'move64Zero'
  | 'move32Zero'
  | 'move128'
  | 'and128'
  | 'andNot128'
  | 'or128'
  | 'xor128'
  | 'zero128'
  | 'signs32'
  | 'signs64'
  | 'loadMxcsr'
  | 'readMxcsr'
  | 'sseUnavailable';

const CR0_EM = 4;
const CR4_OSFXSR = 1 << 9;

/** Moves, bitwise logic and sign masks of abi/sse.ts. */
export function sseMoveHelpers({ state: S, memory, fault }: HelperContext): Pick<HelperTable, Names> {
  const load = (slot: number, la: number, words: number): void => {
    const first = memory.read32(la);
    const second = memory.read32(la + 4);
    if (words === 4) {
      const third = memory.read32(la + 8);
      const fourth = memory.read32(la + 12);
      S[slot + 2] = third;
      S[slot + 3] = fourth;
    }
    S[slot] = first;
    S[slot + 1] = second;
  };
  const store = (slot: number, la: number, words: number): void => {
    memory.probeWrite(la, 32 * words);
    for (let i = 0; i < words; i++) memory.write32(la + 4 * i, S[slot + i]!);
  };
  const align = (la: number): void => {
    if ((la & 15) !== 0) fault.raise(Vector.GP);
  };
  const signs = (slot: number, lanes: number, stride: number): number => {
    let mask = 0;
    for (let i = 0; i < lanes; i++) mask |= (S[slot + (i + 1) * stride - 1]! >>> 31) << i;
    return mask;
  };
  return {
    load64(slot, la) {
      load(slot, la, 2);
      return 0;
    },
    load64Zero(slot, la) {
      load(slot, la, 2);
      S[slot + 2] = S[slot + 3] = 0;
      return 0;
    },
    load128(slot, la) {
      load(slot, la, 4);
      return 0;
    },
    load128Aligned(slot, la) {
      align(la);
      load(slot, la, 4);
      return 0;
    },
    store64(slot, la) {
      store(slot, la, 2);
      return 0;
    },
    store128(slot, la) {
      store(slot, la, 4);
      return 0;
    },
    store128Aligned(slot, la) {
      align(la);
      store(slot, la, 4);
      return 0;
    },

    move64(to, from) {
      S[to] = S[from]!;
      S[to + 1] = S[from + 1]!;
      return 0;
    },
    move64Zero(to, from) {
      S[to] = S[from]!;
      S[to + 1] = S[from + 1]!;
      S[to + 2] = S[to + 3] = 0;
      return 0;
    },
    move32Zero(to, from) {
      S[to] = S[from]!;
      S[to + 1] = S[to + 2] = S[to + 3] = 0;
      return 0;
    },
    move128(to, from) {
      for (let i = 0; i < 4; i++) S[to + i] = S[from + i]!;
      return 0;
    },
    and128(to, from) {
      for (let i = 0; i < 4; i++) S[to + i]! &= S[from + i]!;
      return 0;
    },
    andNot128(to, from) {
      for (let i = 0; i < 4; i++) S[to + i] = ~S[to + i]! & S[from + i]!;
      return 0;
    },
    or128(to, from) {
      for (let i = 0; i < 4; i++) S[to + i]! |= S[from + i]!;
      return 0;
    },
    xor128(to, from) {
      for (let i = 0; i < 4; i++) S[to + i]! ^= S[from + i]!;
      return 0;
    },
    zero128(to) {
      S.fill(0, to, to + 4);
      return 0;
    },
    signs32: (slot) => signs(slot, 4, 1),
    signs64: (slot) => signs(slot, 2, 2),

    loadMxcsr(word) {
      if ((word & ~MXCSR_BITS) !== 0) fault.raise(Vector.GP);
      setMxcsr(S, word);
      return 0;
    },
    readMxcsr: () => S[MXCSR]!,
    sseUnavailable: () => fault.raise((S[CR0]! & CR0_EM) !== 0 || (S[CR4]! & CR4_OSFXSR) === 0 ? Vector.UD : Vector.NM),
  };
}

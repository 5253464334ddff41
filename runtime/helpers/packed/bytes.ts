/**
 * Packed integer helpers that take an immediate, give a word, widen lanes or store under a mask.
 * Source: SDM vol. 2B, PALIGNR, MPSADBW, PSLLDQ, PMOVSX, PMOVMSKB, MASKMOVDQU.
 */
import type { HelperContext, HelperTable } from '../context.ts';

type Names =
  | 'palignr64'
  | 'palignr128'
  | 'mpsadbw128'
  | 'shuffleWords128'
  | 'pslldq128'
  | 'psrldq128'
  | 'extendLanes128'
  | 'signs8x64'
  | 'signs8x128'
  | 'maskedStore64'
  | 'maskedStore128';

export function byteHelpers({ state: S, memory }: HelperContext): Pick<HelperTable, Names> {
  const u8 = new Uint8Array(S.buffer, S.byteOffset, S.byteLength);
  const pair = new Uint8Array(32);

  const align = (to: number, from: number, shift: number, bytes: number): number => {
    for (let i = 0; i < bytes; i++) {
      pair[i] = u8[from * 4 + i]!;
      pair[bytes + i] = u8[to * 4 + i]!;
    }
    for (let i = 0; i < bytes; i++) u8[to * 4 + i] = shift + i < 2 * bytes ? pair[shift + i]! : 0;
    return 0;
  };

  const storeMasked = (slot: number, mask: number, la: number, bytes: number): number => {
    // All permissions before the first byte is written.
    for (let i = 0; i < bytes; i++) if (u8[mask * 4 + i]! & 0x80) memory.probeWrite(la + i, 8);
    for (let i = 0; i < bytes; i++) if (u8[mask * 4 + i]! & 0x80) memory.write8(la + i, u8[slot * 4 + i]!);
    return 0;
  };

  return {
    palignr64: (to, from, shift) => align(to, from, shift, 8),
    palignr128: (to, from, shift) => align(to, from, shift, 16),

    mpsadbw128(to, from, control) {
      const block = from * 4 + (control & 3) * 4;
      const first = to * 4 + (control & 4);
      for (let i = 0; i < 4; i++) pair[i] = u8[block + i]!;
      for (let i = 0; i < 11; i++) pair[4 + i] = u8[first + i]!;
      for (let i = 0; i < 8; i++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += Math.abs(pair[4 + i + k]! - pair[k]!);
        u8[to * 4 + 2 * i] = sum;
        u8[to * 4 + 2 * i + 1] = sum >> 8;
      }
      return 0;
    },

    shuffleWords128(to, from, pattern) {
      const [a, b, c, d] = [S[to]!, S[to + 1]!, S[to + 2]!, S[to + 3]!];
      const [e, f, g, h] = [S[from]!, S[from + 1]!, S[from + 2]!, S[from + 3]!];
      for (let i = 0; i < 4; i++) {
        const n = (pattern >> (3 * i)) & 7;
        S[to + i] = n < 4 ? (n < 2 ? (n === 0 ? a : b) : n === 2 ? c : d) : n < 6 ? (n === 4 ? e : f) : n === 6 ? g : h;
      }
      return 0;
    },

    pslldq128(slot, count) {
      for (let i = 15; i >= 0; i--) u8[slot * 4 + i] = i >= count ? u8[slot * 4 + i - count]! : 0;
      return 0;
    },
    psrldq128(slot, count) {
      for (let i = 0; i < 16; i++) u8[slot * 4 + i] = i + count < 16 ? u8[slot * 4 + i + count]! : 0;
      return 0;
    },

    extendLanes128(to, from, narrow, wide, signed) {
      const [step, width] = [narrow >> 3, wide >> 3];
      for (let i = 0; i < 8; i++) pair[i] = u8[from * 4 + i]!;
      for (let lane = 0; lane < 16 / width; lane++) {
        const fill = signed !== 0 && pair[lane * step + step - 1]! & 0x80 ? 0xff : 0;
        for (let i = 0; i < width; i++) u8[to * 4 + lane * width + i] = i < step ? pair[lane * step + i]! : fill;
      }
      return 0;
    },

    signs8x64: (slot) => signsOf(S[slot]!) | (signsOf(S[slot + 1]!) << 4),
    signs8x128: (slot) =>
      signsOf(S[slot]!) | (signsOf(S[slot + 1]!) << 4) | (signsOf(S[slot + 2]!) << 8) | (signsOf(S[slot + 3]!) << 12),

    maskedStore64: (slot, mask, la) => storeMasked(slot, mask, la, 8),
    maskedStore128: (slot, mask, la) => storeMasked(slot, mask, la, 16),
  };
}

/** Top bits of the four bytes, lowest byte first: the product moves each to its place in the top four bits. */
function signsOf(word: number): number {
  return Math.imul((word >>> 7) & 0x01010101, 0x10204080) >>> 28;
}

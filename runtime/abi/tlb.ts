/**
 * The TLB word, shared by generated code (which tests it inline) and memory/ (which fills it).
 *
 * One flat Int32Array of 2^20 words for each privilege and access kind, indexed by linear page number. A usable
 * page's word is `physical page address ^ linear page address`, so `word ^ la` is the physical address; every other
 * word flips the sign bit, so one test of the result covers unmapped, not permitted, MMIO and code pages, and with the
 * low bits in the mask also misalignment. Physical RAM therefore ends below 2 GiB.
 */

/** Words in each table. */
export const TLB_WORDS: number = 1 << 20;

/** Word of a linear page that must take the slow path. `page` is la >>> 12. */
export function unusableWord(page: number): number {
  return page < 1 << 19 ? 0x80000000 | 0 : 0;
}

/** `(TLB[la >>> 12] ^ la) & mask` is zero when an access of 8, 16 or 32 bits may use RAM directly. */
export const FAST_MASK_8: number = 0x80000000 | 0;
export const FAST_MASK_16: number = 0x80000001 | 0;
export const FAST_MASK_32: number = 0x80000003 | 0;

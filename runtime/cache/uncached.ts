/**
 * Code that runs outside the cache: one instruction alone (it accesses a device, or stores over translated code), and the
 * last instructions of a slice. It goes into a small ring of its own beside tier 0's arena.
 *
 * Device drivers run the same few instructions alone again and again, so those are found again by their address and used
 * when their bytes still are the same.
 */
import type { CodeBytes, Translator } from '../abi/translator.ts';

/** One instruction as it was encoded. */
interface Single {
  readonly mode: number;
  readonly base: number;
  readonly bytes: Uint8Array;
  readonly start: number;
}

export class UncachedCode {
  private readonly translator: Translator;
  private readonly singles: Map<number, Single> = new Map();
  private cursor: number;

  constructor(translator: Translator) {
    this.translator = translator;
    this.cursor = translator.uncached.start;
  }

  /**
   * One instruction.
   * @param bytes from its address on, at most an instruction's length.  @param crossing bytes of both pages, if need be.
   * @param base of CS.  @returns its position. @throws GuestFault from `crossing`.
   */
  single(bytes: Uint8Array, crossing: () => Uint8Array, eip: number, mode: number, base: number): number {
    const known = this.singles.get(eip);
    if (known !== undefined && known.mode === mode && known.base === base && isEqual(known.bytes, bytes))
      return known.start;
    let crosses = false;
    const code: CodeBytes = {
      bytes,
      offset: 0,
      end: bytes.length,
      mapping: 0,
      crossing: () => {
        crosses = true;
        return crossing();
      },
    };
    const start = this.translator.translateShort(code, eip, mode, 1, this.reserve);
    if (!crosses) this.singles.set(eip, { mode, base, bytes, start });
    return start;
  }

  /** The first so many instructions of a block. @returns their position. */
  short(code: CodeBytes, eip: number, mode: number, instructions: number): number {
    return this.translator.translateShort(code, eip, mode, instructions, this.reserve);
  }

  private readonly reserve = (words: number): number => {
    const { start, end } = this.translator.uncached;
    if (this.cursor + words > end) {
      this.cursor = start;
      this.singles.clear();
    }
    this.cursor += words;
    return this.cursor - words;
  };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

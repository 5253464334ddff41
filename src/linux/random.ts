/**
 * Random bytes for AT_RANDOM, getrandom and /dev/urandom: repeatable from a seed (xoshiro128**, by Blackman and Vigna),
 * otherwise from the host's generator. The seeded ones are for tests, not for secrets.
 */

/** The host's Web Crypto, where it has one. */
interface CryptoHost {
  readonly crypto?: { getRandomValues(into: Uint8Array): Uint8Array };
}

export class RandomSource {
  readonly #state: Uint32Array | undefined;

  /** @param seed any number; without it the bytes are the host's. */
  constructor(seed?: number) {
    if (seed !== undefined || (globalThis as CryptoHost).crypto === undefined) this.#state = expand(seed ?? Date.now());
  }

  /** Fills `into`. */
  readonly fill: (into: Uint8Array) => void = (into) => {
    if (this.#state === undefined) {
      const { crypto } = globalThis as CryptoHost;
      for (let at = 0; at < into.length; at += 65536) crypto!.getRandomValues(into.subarray(at, at + 65536));
      return;
    }
    let word = 0;
    for (let index = 0; index < into.length; index++) {
      word = (index & 3) === 0 ? next(this.#state) : word >>> 8;
      into[index] = word;
    }
  };

  /** That many bytes. */
  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    this.fill(bytes);
    return bytes;
  }
}

/** Four words from one, by SplitMix32. */
function expand(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let x = seed | 0;
  for (let index = 0; index < 4; index++) {
    x = (x + 0x9e3779b9) | 0;
    let z = x;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    state[index] = z ^ (z >>> 16);
  }
  return state;
}

function next(s: Uint32Array): number {
  const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9);
  const shifted = s[1]! << 9;
  s[2]! ^= s[0]!;
  s[3]! ^= s[1]!;
  s[1]! ^= s[2]!;
  s[0]! ^= s[3]!;
  s[2]! ^= shifted;
  s[3] = rotate(s[3]!, 11);
  return result;
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

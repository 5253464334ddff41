/** Streams without a host: input from bytes, output to bytes. For browsers, tests and embedders. */
import type { InputStream, OutputStream } from './stream-file.ts';

/** Input that is these bytes and then ends. */
export function inputOf(bytes: Uint8Array): InputStream {
  let position = 0;
  return {
    read: (max) => {
      if (position === bytes.length) return null;
      const chunk = bytes.subarray(position, position + max);
      position += chunk.length;
      return chunk;
    },
  };
}

/** Output that is kept. */
export class OutputBuffer implements OutputStream {
  #bytes = new Uint8Array(4096);
  #length = 0;

  write(bytes: Uint8Array): number {
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return bytes.length;
  }

  /** What was written so far; a view that later writes do not change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Output that goes nowhere. */
export const discard: OutputStream = { write: (bytes) => bytes.length };

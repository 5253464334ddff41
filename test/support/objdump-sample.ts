/**
 * Random byte sequences that look like instructions often enough: plain random bytes would spend nearly all of a
 * sample on one-byte opcodes without prefixes.
 */
import { SEQUENCE } from './objdump.ts';

/** A small seeded generator of 32-bit words (mulberry32), so that a failing sample can be repeated. */
export function randomWords(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  };
}

const prefixes = [0x66, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

/** A sequence of SEQUENCE bytes: up to three prefixes, an opcode of any map, then random bytes. */
export function randomSequence(next: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: SEQUENCE }, () => next() & 0xff);
  const shape = next() % 16;
  if (shape === 0) return bytes;
  let at = 0;
  for (let count = Math.max(0, (next() % 6) - 2); count > 0; count--) bytes[at++] = prefixes[next() % prefixes.length]!;
  if (shape === 15) {
    // VEX, where the register form makes it one.
    bytes[at++] = 0xc4;
    bytes[at++] = 0xe0 | (1 + (next() % 3));
    bytes[at] = next() & 0x7f;
  } else if (shape >= 6) {
    bytes[at++] = 0x0f;
    if (shape >= 13) bytes[at++] = (shape & 1) === 0 ? 0x38 : 0x3a;
  }
  return bytes;
}

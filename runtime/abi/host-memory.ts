/**
 * The large buffers of a machine: RAM, tables, tier 0's code.
 *
 * V8's garbage collector counts the bytes of array buffers as what it might free, and four gigabytes make it collect at
 * once and again and again while a program starts: 20 ms of the first 200, measured. Shared buffers are not counted. But
 * what is not counted stays long after its machine is dropped, so only as much is shared as one machine needs; those of
 * all later ones are counted.
 */

/** Bytes not counted in all: user-mode RAM and everything beside it. */
const LIMIT = 0x100000000 + (256 << 20);
let spared = 0;

/** A zeroed buffer of `bytes` bytes that is never detached. @throws RangeError when the host has none. */
export function hostMemory(bytes: number): ArrayBuffer {
  if (typeof SharedArrayBuffer === 'undefined' || spared + bytes > LIMIT) return new ArrayBuffer(bytes);
  const buffer = new SharedArrayBuffer(bytes);
  spared += bytes;
  return buffer as unknown as ArrayBuffer;
}

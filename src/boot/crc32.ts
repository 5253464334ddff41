/** CRC-32 as zlib, Ethernet and Linux's kernel images have it. Source: ISO/IEC 8802-3, §3.2.9. */

const POLYNOMIAL = 0xedb88320;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ POLYNOMIAL : word >>> 1;
  return word;
});

/** @param crc what came of the bytes before, 0 at the start.  @returns u32. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let word = ~crc;
  for (let i = 0; i < bytes.length; i++) word = table[(word ^ bytes[i]!) & 255]! ^ (word >>> 8);
  return ~word >>> 0;
}

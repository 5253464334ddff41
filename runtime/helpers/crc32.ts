/** The CRC32 instruction's step: CRC-32C, least significant bit first, a byte at a time through a table. */
import type { HelperTable } from './context.ts';

/** 11EDC6F41H without its top bit, bits reversed (SDM vol. 2A, CRC32). */
const REVERSED_POLYNOMIAL = 0x82f63b78;

const table: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0);
  return crc;
});

/** `crc32` of abi/calls.ts. */
export const crc32Helpers: Pick<HelperTable, 'crc32'> = {
  crc32(crc, value, width) {
    for (let left = width; left > 0; left -= 8) {
      crc = (crc >>> 8) ^ table[(crc ^ value) & 255]!;
      value >>>= 8;
    }
    return crc | 0;
  },
};

/** A kernel that is an i386 ELF file: its segments go to their physical addresses. Source: System V gABI, chapter 5. */
import { BootError } from './boot-error.ts';
import { type GuestMemory, megabytes } from './entry.ts';

const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const CLASS_32_LITTLE_ENDIAN = 0x0101;
const EM_386 = 3;
const PT_LOAD = 1;

/** Does the file begin as an ELF file does? */
export function isElf(image: Uint8Array): boolean {
  return image[0] === 0x7f && image[1] === 0x45 && image[2] === 0x4c && image[3] === 0x46;
}

/** @returns the physical entry point.  @throws BootError. */
export function loadElf(image: Uint8Array, memory: GuestMemory, name: string): number {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image.length < HEADER_BYTES) throw new BootError(`${name}: truncated ELF file`);
  if (view.getUint16(4, true) !== CLASS_32_LITTLE_ENDIAN || view.getUint16(18, true) !== EM_386) {
    throw new BootError(`${name}: an ELF file for another machine, not i386`);
  }
  const headers = view.getUint32(28, true);
  const count = view.getUint16(44, true);
  if (count === 0 || view.getUint16(42, true) !== PROGRAM_HEADER_BYTES) {
    throw new BootError(`${name}: an ELF file without program headers`);
  }
  if (headers + count * PROGRAM_HEADER_BYTES > image.length) throw new BootError(`${name}: truncated ELF file`);
  let entry = view.getUint32(24, true);
  let loaded = 0;
  for (let at = headers; at < headers + count * PROGRAM_HEADER_BYTES; at += PROGRAM_HEADER_BYTES) {
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const offset = view.getUint32(at + 4, true);
    const linear = view.getUint32(at + 8, true);
    const physical = view.getUint32(at + 12, true);
    const fileBytes = view.getUint32(at + 16, true);
    const memoryBytes = Math.max(view.getUint32(at + 20, true), fileBytes);
    if (offset + fileBytes > image.length) throw new BootError(`${name}: truncated ELF file`);
    if (physical + memoryBytes > memory.bytes) {
      throw new BootError(
        `${name}: a segment at ${hex(physical)} lies outside the ${megabytes(memory.bytes)} of memory`,
      );
    }
    memory.write(physical, image.subarray(offset, offset + fileBytes));
    // The entry is a linear address; what runs first has no paging.
    if (entry >= linear && entry < linear + memoryBytes && linear !== physical) entry = entry - linear + physical;
    loaded += memoryBytes;
  }
  if (loaded === 0) throw new BootError(`${name}: an ELF file with nothing to load`);
  return entry;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

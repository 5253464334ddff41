/** The memory map that firmware would give a guest (INT 15h, E820h). Source: ACPI specification 6.5, §15. */

/** Types of ranges. */
const MemoryType = { Ram: 1, Reserved: 2 } as const;

/** One range, in bytes. */
export interface MemoryRange {
  readonly base: number;
  readonly bytes: number;
  readonly type: number;
}

/** Where the extended BIOS data area begins: RAM below it is the guest's. */
export const LOW_MEMORY_END = 0x9fc00;
const ROM_AREA = 0xe0000;
const MEGABYTE = 0x100000;
/** The 256 KiB below 4 GiB are the firmware's. */
const TOP_ROM = 0xfffc0000;

/** Map of a machine with `ramBytes` of RAM, `reservedBytes` of which at its top are the loader's own (ACPI tables). */
export function memoryMap(ramBytes: number, reservedBytes = 0): readonly MemoryRange[] {
  const { Ram, Reserved } = MemoryType;
  const usable = ramBytes - reservedBytes;
  return [
    { base: 0, bytes: LOW_MEMORY_END, type: Ram },
    { base: LOW_MEMORY_END, bytes: 0xa0000 - LOW_MEMORY_END, type: Reserved },
    { base: ROM_AREA, bytes: MEGABYTE - ROM_AREA, type: Reserved },
    { base: MEGABYTE, bytes: usable - MEGABYTE, type: Ram },
    ...(reservedBytes > 0 ? [{ base: usable, bytes: reservedBytes, type: Reserved }] : []),
    { base: TOP_ROM, bytes: 2 ** 32 - TOP_ROM, type: Reserved },
  ];
}

/** Any kernel file that `--kernel` may name: what it is, and its loader. */
import { BootError } from './boot-error.ts';
import { isElf, loadElf } from './elf.ts';
import { type Entry, FLAT_CODE, FLAT_DATA, type GuestMemory, megabytes, words } from './entry.ts';
import { isLinux, type LinuxOptions, loadLinux } from './linux.ts';
import { findMultiboot, loadMultiboot } from './multiboot.ts';

export interface KernelOptions extends LinuxOptions {
  /** The file is a flat image that goes to this physical address and begins there. */
  readonly address?: number | undefined;
}

const GDT = 0x1000;
const STACK = 0x8f000;
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;
const MEGABYTE = 0x100000;

/** Load a kernel of whatever kind. @throws BootError. */
export function loadKernel(image: Uint8Array, memory: GuestMemory, options: KernelOptions): Entry {
  const { name, address } = options;
  if (address !== undefined) return loadFlat(image, memory, name, address);
  if (isLinux(image)) return loadLinux(image, memory, options);
  const header = findMultiboot(image);
  if (header >= 0) return loadMultiboot(image, header, memory, options);
  if (!isElf(image))
    throw new BootError(`${name}: neither a Linux kernel, nor Multiboot, nor ELF (truncated or corrupt?)`);
  return flatEntry(loadElf(image, memory, name), memory);
}

/** A flat image: in real-address mode when it lies below 1 MiB (a boot sector at 7C00h), else in flat protected mode. */
function loadFlat(image: Uint8Array, memory: GuestMemory, name: string, address: number): Entry {
  if (address + image.length > memory.bytes) {
    const at = `0x${address.toString(16)}`;
    throw new BootError(`${name}: ${image.length} bytes at ${at} lie outside the ${megabytes(memory.bytes)} of memory`);
  }
  memory.write(address, image);
  if (address >= MEGABYTE) return flatEntry(address, memory);
  // Segment 0 when the address has 16 bits, as the BIOS starts a boot sector; the stack is below it then.
  const segment = address <= 0xffff ? 0 : address >> 4;
  return {
    kind: 'real',
    segment,
    ip: address - segment * 16,
    registers: { esp: segment === 0 ? address & ~15 : 0xfffe },
  };
}

function flatEntry(eip: number, memory: GuestMemory): Entry {
  memory.write(GDT, words(0, 0, 0, 0, ...FLAT_CODE, ...FLAT_DATA));
  return {
    kind: 'protected',
    eip,
    registers: { esp: STACK },
    codeSelector: CODE_SELECTOR,
    dataSelector: DATA_SELECTOR,
    gdt: { base: GDT, limit: DATA_SELECTOR + 7 },
  };
}

/**
 * A Linux kernel started through firmware, at its 16-bit entry: an option ROM that firmware finds in fw_cfg offers itself
 * as what to boot; then it has fw_cfg copy kernel, initrd and command line to their places, and jumps to the kernel's
 * setup code, which asks the BIOS for memory map, screen modes and disks itself.
 *
 * Source: Linux, Documentation/arch/x86/boot.rst; Plug and Play BIOS Specification 1.0A §3 (expansion header);
 * QEMU's docs/specs/fw_cfg.rst (item numbers, DMA).
 */

import { BootError } from './boot-error.ts';
import { COMMAND_LINE, isLinux, KERNEL, type LinuxOptions, takeApart, writeHeader, writeHeap } from './linux.ts';

/** What fw_cfg has for the firmware. */
export interface FirmwareKernel {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly items: ReadonlyMap<number, Uint8Array>;
}

/** At the top of RAM the firmware has its tables and itself. */
const FIRMWARE_BYTES = 1 << 20;
const ITEM = { kernel: 0x11, initrd: 0x12, commandLine: 0x15, setup: 0x18 } as const;
const ROM_FILE = 'genroms/linux.bin';

/** Segment of the setup code, and what of it is its own: code, heap, stack. */
const SETUP_SEGMENT = 0x1000;
const HEAP_END = 0xe000;
/** The 16-bit entry is behind the boot sector. */
const ENTRY_SEGMENT = SETUP_SEGMENT + 0x20;

const ROM_BYTES = 512;
const PNP_POINTER = 0x1a;
const PNP = 0x20;
const PNP_BYTES = 32;
const PNP_CHECKSUM = 9;
const PNP_PRODUCT = 16;
const PNP_ENTRY = 26;
const NAME = 0x40;
const DESCRIPTORS = 0x80;
const CODE = 0x100;
const DMA_PORT = 0x518;
/** Control word: select an item, read it. */
const DMA_SELECT_AND_READ = 10;

/** @throws BootError when it is no Linux kernel, the file is damaged, or memory is too small. */
export function linuxForFirmware(image: Uint8Array, memoryBytes: number, options: LinuxOptions): FirmwareKernel {
  if (!isLinux(image)) throw new BootError(`${options.name}: no Linux kernel; other kernels start without firmware`);
  const parts = takeApart(image, memoryBytes - FIRMWARE_BYTES, options);
  const { system, initrd, initrdAt, line } = parts;
  const setup = parts.setup.slice();
  const header = new DataView(setup.buffer);
  writeHeader(header, parts, COMMAND_LINE);
  writeHeap(header, HEAP_END);
  const copies = [
    { item: ITEM.setup, bytes: setup, to: SETUP_SEGMENT << 4 },
    { item: ITEM.commandLine, bytes: line, to: COMMAND_LINE },
    { item: ITEM.kernel, bytes: system, to: KERNEL },
    { item: ITEM.initrd, bytes: initrd, to: initrdAt },
  ].filter(({ bytes }) => bytes.length > 0);
  return {
    files: new Map([
      [ROM_FILE, optionRom(copies)],
      ['bootorder', Uint8Array.from(`/rom@${ROM_FILE}\0`, (letter) => letter.charCodeAt(0))],
    ]),
    items: new Map(copies.map(({ item, bytes }) => [item, bytes])),
  };
}

interface Copy {
  readonly item: number;
  readonly bytes: Uint8Array;
  readonly to: number;
}

function optionRom(copies: readonly Copy[]): Uint8Array {
  const rom = new Uint8Array(ROM_BYTES);
  const view = new DataView(rom.buffer);
  // Signature, length in sectors; RETF where firmware initialises it.
  rom.set([0x55, 0xaa, ROM_BYTES / 512, 0xcb]);
  view.setUint16(PNP_POINTER, PNP, true);
  rom.set([0x24, 0x50, 0x6e, 0x50, 1, PNP_BYTES / 16], PNP); // $PnP, version, length
  view.setUint16(PNP + PNP_PRODUCT, NAME, true);
  view.setUint16(PNP + PNP_ENTRY, CODE, true);
  rom[PNP + PNP_CHECKSUM] = checksum(rom.subarray(PNP, PNP + PNP_BYTES));
  rom.set([0x4c, 0x69, 0x6e, 0x75, 0x78], NAME); // Linux
  for (const [i, { item, bytes, to }] of copies.entries()) {
    // Big-endian: control, length, address of 64 bits.
    const at = DESCRIPTORS + 16 * i;
    view.setUint32(at, item * 0x10000 + DMA_SELECT_AND_READ);
    view.setUint32(at + 4, bytes.length);
    view.setUint32(at + 12, to);
  }
  rom.set([...copies.flatMap((_, i) => copyCode(DESCRIPTORS + 16 * i)), ...enterCode], CODE);
  rom[ROM_BYTES - 1] = checksum(rom);
  return rom;
}

/** What makes the sum of all bytes 0. */
function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 255;
}

/** Has fw_cfg do what the descriptor at this offset of the ROM says. */
function copyCode(descriptor: number): number[] {
  return [
    ...[0x8c, 0xc8], // MOV AX, CS
    ...[0x66, 0x0f, 0xb7, 0xc0], // MOVZX EAX, AX
    ...[0x66, 0xc1, 0xe0, 4], // SHL EAX, 4
    ...[0x66, 0x05, descriptor & 255, descriptor >> 8, 0, 0], // ADD EAX, descriptor
    ...[0x66, 0x0f, 0xc8], // BSWAP EAX
    ...[0xba, DMA_PORT & 255, DMA_PORT >> 8], // MOV DX, DMA_PORT
    ...[0x66, 0xef], // OUT DX, EAX
  ];
}

const enterCode: readonly number[] = [
  0xfa, // CLI
  ...[0xb8, SETUP_SEGMENT & 255, SETUP_SEGMENT >> 8], // MOV AX, SETUP_SEGMENT
  ...[0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8], // MOV DS ES SS FS GS, AX
  ...[0x66, 0xbc, HEAP_END & 255, HEAP_END >> 8, 0, 0], // MOV ESP, HEAP_END
  ...[0xea, 0, 0, ENTRY_SEGMENT & 255, ENTRY_SEGMENT >> 8], // JMP FAR ENTRY_SEGMENT:0
];

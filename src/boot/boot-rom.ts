/**
 * The firmware of a machine that starts a kernel directly: 4 KiB below 4 GiB with nothing but the way from the reset
 * vector to the kernel's entry, as code that the processor runs like any other.
 *
 * The reset vector is at FFFFFFF0h in real-address mode, with a CS base of FFFF0000h; only a jump within that segment
 * leads back to the ROM's start. Source: Intel SDM vol. 3A §9.1.4, §9.9.1.
 */
import type { Entry, Registers } from './entry.ts';

export const BOOT_ROM_BYTES = 4096;
/** Linear address of the ROM, and its offset in the segment that the processor starts in. */
const ROM_BASE = 0xfffff000;
const ROM_OFFSET = 0xf000;
const RESET_VECTOR = 0xff0;
/** Encoding of `MOV register, imm32`. */
const MOV_EAX = 0xb8;
const registerNumbers: Readonly<Record<keyof Registers, number>> = { eax: 0, ebx: 3, edx: 2, esi: 6, esp: 4 };

/** The ROM for one entry. */
export function bootRom(entry: Entry): Uint8Array {
  const rom = new Uint8Array(BOOT_ROM_BYTES).fill(0xcc);
  const code = entry.kind === 'real' ? realEntry(entry) : protectedEntry(entry);
  rom.set(code);
  // JMP rel16 from behind the jump to ROM_OFFSET.
  const relative = ROM_OFFSET - (0xfff0 + 3);
  rom.set([0xe9, ...little(relative, 2)], RESET_VECTOR);
  return rom;
}

function realEntry({ segment, ip, registers }: Entry & { kind: 'real' }): number[] {
  return [
    0xfa, // CLI
    0xb8,
    ...little(segment, 2), // MOV AX, segment
    ...[0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0], // MOV DS, AX; MOV ES, AX; MOV SS, AX
    ...setRegisters(registers, [0x66]),
    0xea,
    ...little(ip, 2),
    ...little(segment, 2), // JMP FAR segment:ip
  ];
}

function protectedEntry({ eip, registers, codeSelector, dataSelector, gdt }: Entry & { kind: 'protected' }): number[] {
  const pointer = BOOT_ROM_BYTES - 64;
  const enter = [
    0xfa, // CLI
    ...[0x66, 0x2e, 0x0f, 0x01, 0x16, ...little(ROM_OFFSET + pointer, 2)], // LGDT CS:[pointer], 32 bits of base
    ...[0x0f, 0x20, 0xc0], // MOV EAX, CR0
    ...[0x0c, 0x01], // OR AL, 1
    ...[0x0f, 0x22, 0xc0], // MOV CR0, EAX
  ];
  const behind = ROM_BASE + enter.length + 8;
  const code = [
    ...enter,
    ...[0x66, 0xea, ...little(behind, 4), ...little(codeSelector, 2)], // JMP FAR, the next instruction
    0xb8,
    ...little(dataSelector, 4), // MOV EAX, selector
    ...[0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8], // MOV DS ES SS FS GS, EAX
    ...setRegisters(registers, []),
    ...[0xea, ...little(eip, 4), ...little(codeSelector, 2)], // JMP FAR selector:eip
  ];
  const padding = new Array<number>(pointer - code.length).fill(0xcc);
  return [...code, ...padding, ...little(gdt.limit, 2), ...little(gdt.base, 4)];
}

/** All general registers: what the entry names, 0 in the others. */
function setRegisters(registers: Registers, prefix: readonly number[]): number[] {
  const values = new Array<number>(8).fill(0);
  for (const [name, value] of Object.entries(registers)) values[registerNumbers[name as keyof Registers]] = value;
  return values.flatMap((value, number) => [...prefix, MOV_EAX + number, ...little(value, 4)]);
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (value >> (8 * i)) & 255);
}

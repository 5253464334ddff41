/**
 * The firmware of a machine that starts a kernel directly: 64 KiB below 4 GiB (and below 1 MiB) with nothing but the way
 * from the reset vector to the kernel's entry, as code that the processor runs like any other.
 *
 * The reset vector is at FFFFFFF0h in real-address mode, with a CS base of FFFF0000h; a far return to selector F000h
 * goes on in the copy below 1 MiB. Source: Intel SDM vol. 3A §9.1.4, §9.9.1.
 */
import type { Entry, Registers } from './entry.ts';

export const BOOT_ROM_BYTES = 0x10000;
/** Linear address of the ROM, and in it the code and where the processor begins. */
const ROM_BASE = 0xffff0000;
const CODE = 0xf000;
const RESET_VECTOR = 0xfff0;
/** Stack of the display's BIOS, as a boot sector has it. */
const STACK = 0x7c00;
/** Encoding of `MOV register, imm32`. */
const MOV_EAX = 0xb8;
const registerNumbers: Readonly<Record<keyof Registers, number>> = { eax: 0, ebx: 3, edx: 2, esi: 6, esp: 4 };

/** Where firmware puts the display's BIOS, and the display's place on the PCI bus as that wants it in AX. */
const VGA_BIOS = 0xc0000;

/** @param display the PCI address (bus, device, function) of a display whose BIOS is at VGA_BIOS: it is set to text mode. */
export function bootRom(entry: Entry, display?: number): Uint8Array {
  const rom = new Uint8Array(BOOT_ROM_BYTES).fill(0xcc);
  const screen = display === undefined ? [] : textMode(display);
  const code = [...screen, ...(entry.kind === 'real' ? realEntry(entry) : protectedEntry(entry, screen.length))];
  rom.set(code, CODE);
  // JMP rel16 from behind the jump to CODE.
  const relative = CODE - (RESET_VECTOR + 3);
  rom.set([0xe9, ...little(relative, 2)], RESET_VECTOR);
  return rom;
}

/** Initialise the display through its BIOS as a PC's firmware does, then INT 10h, mode 3. */
function textMode(display: number): number[] {
  return [
    0xfa, // CLI
    ...[0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0], // XOR AX, AX; MOV DS ES SS, AX
    0xbc,
    ...little(STACK, 2), // MOV SP, STACK
    0xb8,
    ...little(display, 2), // MOV AX, display
    ...[0x9a, 0x03, 0x00, ...little(VGA_BIOS >> 4, 2)], // CALL FAR C000:0003
    ...[0xb8, 0x03, 0x00, 0xcd, 0x10], // MOV AX, 3; INT 10h
  ];
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

/** @param at offset in the ROM where this code will be. */
function protectedEntry(entry: Entry & { kind: 'protected' }, at: number): number[] {
  const { eip, registers, codeSelector, dataSelector, gdt } = entry;
  const pointer = RESET_VECTOR - 64;
  const enter = [
    0xfa, // CLI
    ...[0x66, 0x2e, 0x0f, 0x01, 0x16, ...little(pointer, 2)], // LGDT CS:[pointer], 32 bits of base
    ...[0x0f, 0x20, 0xc0], // MOV EAX, CR0
    ...[0x0c, 0x01], // OR AL, 1
    ...[0x0f, 0x22, 0xc0], // MOV CR0, EAX
  ];
  const behind = ROM_BASE + CODE + at + enter.length + 8;
  const code = [
    ...enter,
    ...[0x66, 0xea, ...little(behind, 4), ...little(codeSelector, 2)], // JMP FAR, the next instruction
    0xb8,
    ...little(dataSelector, 4), // MOV EAX, selector
    ...[0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8], // MOV DS ES SS FS GS, EAX
    ...setRegisters(registers, []),
    ...[0xea, ...little(eip, 4), ...little(codeSelector, 2)], // JMP FAR selector:eip
  ];
  const padding = new Array<number>(pointer - CODE - at - code.length).fill(0xcc);
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

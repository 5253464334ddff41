/**
 * Mode bits: the machine facts that a block is translated for and that stay constant inside it.
 *
 * Anything that can change them is a VMM call, and a VMM call ends the block; so they are part of the block key and
 * the generated code never tests them.
 */

/** CS.D: default operand and address size are 32 bits. */
export const MODE_CODE32 = 1 << 0;
/** SS.B: the stack pointer is ESP, not SP. */
export const MODE_STACK32 = 1 << 1;
/** CPL is 3: user-mode memory permissions. */
export const MODE_USER = 1 << 2;
/** Base 0 and limit 4 GiB, readable and writable: no segmentation arithmetic for ES, CS, SS, DS (bit 3 + number). */
export const MODE_FLAT_ES = 1 << 3;
export const MODE_FLAT_CS = 1 << 4;
export const MODE_FLAT_SS = 1 << 5;
export const MODE_FLAT_DS = 1 << 6;
/** CR0.PE. */
export const MODE_PROTECTED = 1 << 7;
/** EFLAGS.VM. */
export const MODE_VM86 = 1 << 8;
/** EFLAGS.TF: every block is one instruction long and ends with a debug trap. */
export const MODE_TRAP = 1 << 9;
/** An interrupt shadow (STI, MOV SS, POP SS) covers this instruction: the block is one instruction long. */
export const MODE_SHADOW = 1 << 10;
/**
 * Data accesses through ES, CS, SS, DS, FS, GS (bit 11 + number) are checked against limit and rights: the segment does not
 * span 4 GiB, or cannot be read and written (for CS: read).
 */
export const MODE_CHECK_ES = 1 << 11;
/** CS ends below 4 GiB: code beyond 64 KiB is checked against its limit; and below 64 KiB: all code is. */
export const MODE_CODE_LIMIT = 1 << 17;
export const MODE_CODE_LIMIT_64K = 1 << 18;
/** Breakpoints are armed in DR7: every block is one instruction long. */
export const MODE_BREAKPOINT = 1 << 19;
/** SSE instructions execute: CR4.OSFXSR is set, CR0.EM and CR0.TS are clear. */
export const MODE_SSE = 1 << 20;
/** MMX instructions execute: CR0.EM and CR0.TS are clear. */
export const MODE_MMX = 1 << 21;
/** Nearly all pages lie at their linear addresses in the RAM buffer: regions test the line table (abi/lines.ts). */
export const MODE_IDENTITY = 1 << 22;
/** Data accesses must be aligned: CR0.AM and EFLAGS.AC are set, CPL is 3. */
export const MODE_ALIGNED = 1 << 23;

/** 32-bit protected mode, flat, CPL 3, with SSE: what a Linux process runs in. */
export const MODE_FLAT_USER32: number =
  MODE_CODE32 |
  MODE_STACK32 |
  MODE_USER |
  MODE_FLAT_ES |
  MODE_FLAT_CS |
  MODE_FLAT_SS |
  MODE_FLAT_DS |
  MODE_PROTECTED |
  MODE_SSE |
  MODE_MMX;

/** Is this segment register (0..5) flat in `mode`? FS and GS never are. */
export function isFlat(mode: number, segment: number): boolean {
  return segment < 4 && (mode & (MODE_FLAT_ES << segment)) !== 0;
}

/**
 * The power of two that an access of so many bytes must be aligned to where alignment is checked: floating-point values of
 * 10 bytes to 8, states of the x87 and pointers of 6 bytes to their parts. 1 for what has rules of its own (16 bytes).
 * Source: SDM vol. 3A, table 6-7.
 */
export function alignmentOf(bytes: number): number {
  if (bytes === 10) return 8;
  if (bytes === 6) return 4;
  const power = bytes & -bytes;
  return bytes <= 8 ? power : bytes % 16 === 0 ? 1 : Math.min(power, 4);
}

/** Are data accesses through this segment register (0..5) checked in `mode`? */
export function isChecked(mode: number, segment: number): boolean {
  return (mode & (MODE_CHECK_ES << segment)) !== 0;
}

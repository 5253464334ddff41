/**
 * The decoded form of one guest instruction: what decode/ makes, what the lifts of isa/ and the printer read.
 *
 * A decoded instruction is plain facts (opcode row, operands with their widths, prefixes, length); it holds no
 * meaning. Everything a lift needs stands here, so that no lift ever looks at instruction bytes.
 */

/** Which register file an operand names. `control`, `debug` and `test` are privileged. */
export type RegisterClass = 'gpr' | 'segment' | 'control' | 'debug' | 'x87' | 'mmx' | 'xmm' | 'ymm';

/** A register operand. For `gpr` of 8 bits, index 4..7 are AH CH DH BH; otherwise EAX ECX EDX EBX ESP EBP ESI EDI. */
export interface RegisterOperand {
  readonly kind: 'register';
  readonly class: RegisterClass;
  /** Number of the register within its class, as encoded. Segments: ES CS SS DS FS GS = 0..5. */
  readonly index: number;
  /** Width in bits: 8, 16, 32 (gpr), 16 (segment), 80 (x87), 64 (mmx), 128 (xmm). */
  readonly size: number;
}

/** A memory operand, before segmentation: offset = base + index * scale + disp, cut to `addressSize` bits. */
export interface MemoryOperand {
  readonly kind: 'memory';
  /** Segment used, 0..5 = ES CS SS DS FS GS: the override if there was one, else the architectural default. */
  readonly segment: number;
  /** General register 0..7, or -1 for none. */
  readonly base: number;
  /** General register 0..7, or -1 for none. */
  readonly index: number;
  /** 1, 2, 4 or 8. */
  readonly scale: number;
  /** Displacement, sign-extended to 32 bits. */
  readonly disp: number;
  /** 16 or 32: width of the offset arithmetic. */
  readonly addressSize: 16 | 32;
  /** Access width in bits (8, 16, 32, 48 far pointer, 64, 80, 128, ...), 0 where the instruction has none (LEA, INVLPG). */
  readonly size: number;
}

/**
 * An immediate, already sign- or zero-extended as the instruction defines, to an i32. A byte that is sign-extended is
 * so to the operand size: FF is 0xffff with 16 bits and -1 with 32. `size` is the encoded width in bits.
 */
export interface ImmediateOperand {
  readonly kind: 'immediate';
  readonly value: number;
  readonly size: number;
}

/** A near branch target: the absolute EIP (i32), wrapped to the operand size. */
export interface RelativeOperand {
  readonly kind: 'relative';
  readonly target: number;
}

/** A direct far pointer (CALL/JMP ptr16:16 and ptr16:32). */
export interface FarOperand {
  readonly kind: 'far';
  readonly selector: number;
  readonly offset: number;
  /** Width of the offset in bits: 16 or 32. */
  readonly size: number;
}

export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand | RelativeOperand | FarOperand;

/** What the decoder asks of an opcode row; isa/row.ts refines it with the lift. */
export interface OpcodeRow {
  /** Bytes and conditions in the manual's notation, see isa/row.ts. */
  readonly opcode: string;
  /** Manual's mnemonic in upper case, without width suffix. */
  readonly mnemonic: string;
  /** SDM operand codes: Eb, Gv, Iz, Mp, ... (vol. 2D, appendix A.2). */
  readonly operands: readonly string[];
  /** Attribute bits of isa/row.ts. */
  readonly attributes: number;
}

/** One decoded instruction. */
export interface Instruction<Row extends OpcodeRow = OpcodeRow> {
  readonly row: Row;
  /** EIP of its first byte (i32; in 16-bit code 0..0xffff). */
  readonly eip: number;
  /** EIP of the byte after it, wrapped to 16 bits in 16-bit code. */
  readonly next: number;
  /** Bytes, 1..15. */
  readonly length: number;
  /** Mnemonic for printing: the row's, or its 16- or 32-bit name (CBW/CWDE, JCXZ/JECXZ, PUSHA/PUSHAD). */
  readonly mnemonic: string;
  /** Effective operand size in bits, after the 66 prefix. */
  readonly operandSize: 16 | 32;
  /** Effective address size in bits, after the 67 prefix. */
  readonly addressSize: 16 | 32;
  readonly lock: boolean;
  /** 0xf2 or 0xf3 when present and not part of the opcode (mandatory prefix), else 0. The last one wins. */
  readonly rep: 0 | 0xf2 | 0xf3;
  /** Segment override 0..5, or -1. */
  readonly segmentOverride: number;
  /** ModR/M byte, for instructions that have one. */
  readonly modrm: number;
  readonly operands: readonly Operand[];
}

/**
 * Layout of the architectural state: one Int32Array that every back end and every helper reads and writes.
 *
 * It stands between translator/ and runtime/: generated code and the tier-0 loop address state by these slot
 * numbers, the runtime does too, and neither knows more of the other. The array is larger than 64 bytes on purpose:
 * V8 keeps small typed arrays on its own heap and then reloads base and length on every access.
 */

/** General registers, in encoding order. Values are i32. */
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;
/** Instruction pointer: exact whenever control is outside a block or region. */
export const EIP = 8;

/**
 * Status flags are kept as four values from which each flag is one cheap expression, so that instructions that write
 * only some flags (INC, ROL, BT) need not read the others:
 *   ZF = RES == 0    SF = (RES ^ AUX) < 0    PF = even parity of ((RES ^ AUX >> 8) & 255)    AF = AUX & 16
 *   CF = CF (0 or 1)    OF = OF < 0
 * AUX's bits 31 and 15..8 are zero except after POPF, SAHF and their like, which may store any combination.
 */
export const FLAG_RES = 9;
export const FLAG_AUX = 10;
export const FLAG_CF = 11;
export const FLAG_OF = 12;
/** Direction flag as the step's sign: 1 (DF = 0) or -1 (DF = 1). */
export const DF = 13;
/** EFLAGS without status flags and DF: TF IF IOPL NT RF VM AC VIF VIP ID at their architectural bits; bit 1 not set. */
export const EFLAGS_SYSTEM = 14;

/** Guest instructions left in this slice; negative: leave at the next boundary. */
export const BUDGET = 15;

/** Selectors (16 bits), bases (linear, i32), limits (u32 as i32, byte granular), in order ES CS SS DS FS GS. */
export const SELECTOR = 16;
export const SEGMENT_BASE = 22;
export const SEGMENT_LIMIT = 28;
/** Descriptor attributes of each segment register: type, S, DPL, P, AVL, D/B, G as in bits 40..55 of the descriptor. */
export const SEGMENT_ACCESS = 34;

/** Segment register numbers, as encoded. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;

/** Second result of a helper that has two (remainder, high half). Not architectural, dead across instructions. */
export const SCRATCH = 40;
/** Mode bits of abi/mode.ts that hold now: part of each block's key. */
export const MODE = 41;
/** Instructions that have retired since reset, low and high word; exact outside a slice. */
export const RETIRED_LOW = 43;
export const RETIRED_HIGH = 44;

export const CR0 = 48;
export const CR2 = 49;
export const CR3 = 50;
export const CR4 = 51;
/** DR0 to DR3, 4 and 5 unused, DR6, DR7. */
export const DR0 = 52;
export const DR6 = 58;
export const DR7 = 59;

/** A VMM call on its way from translated code to the dispatcher: number, EIP of the following instruction, arguments. */
export const VMM_CALL = 64;
export const VMM_NEXT = 65;
export const VMM_ARGUMENT = 66;
/** Tier 0 on its way out: position of the link to follow (Exit.Lookup), or block and micro-operation (Exit.Fault). */
export const TIER0_LINK = 74;
export const TIER0_BLOCK = 75;
export const TIER0_PC = 76;
/** Number of the region that was left last. Not architectural. */
export const REGION_LEFT = 77;

/** Current privilege level, 0..3: that of the stack segment, 0 in real-address mode, 3 in virtual-8086 mode. */
export const CPL = 80;
/** Descriptor table registers: linear base, limit 0..0xffff. */
export const GDTR_BASE = 81;
export const GDTR_LIMIT = 82;
export const IDTR_BASE = 83;
export const IDTR_LIMIT = 84;
/** LDTR and TR: selector, then the hidden parts as segment registers have them. */
export const LDTR = 85;
export const TR = 89;
/** Offsets of the hidden parts from LDTR and TR. */
export const SYSTEM_BASE = 1;
export const SYSTEM_LIMIT = 2;
export const SYSTEM_ACCESS = 3;
/** Model-specific registers that others read too: SYSENTER's, extended features (NXE is bit 11), the local APIC's base. */
export const SYSENTER_CS = 93;
export const SYSENTER_ESP = 94;
export const SYSENTER_EIP = 95;
export const EFER = 96;
export const APIC_BASE = 97;

/**
 * x87. Physical registers R0 to R7, four slots each, 16 bytes aligned. A register is in one of two forms of the same
 * value: significand low and high (which MMX shares), sign and exponent (16 bits); or a pair of doubles (abi/pair.ts).
 */
export const X87_REGISTER = 128;
export const X87_REGISTER_SLOTS = 4;
/** Control word. */
export const X87_CONTROL = 160;
/** Status word without TOP and C1; PE may be waiting in X87_INEXACT. cpu/x87.ts puts the whole word together. */
export const X87_STATUS = 161;
/** Bits 0 to 7: physical registers that are not empty. Bits 8 to 15: those in the form of a pair, empty or not. */
export const X87_TAGS = 162;
/** Pointers to the last instruction and operand, with their selectors, and its opcode. */
export const X87_INSTRUCTION = 163;
export const X87_INSTRUCTION_SELECTOR = 164;
export const X87_OPERAND = 165;
export const X87_OPERAND_SELECTOR = 166;
export const X87_OPCODE = 167;
/** TOP, 0 to 7. */
export const X87_TOP = 168;
/** 1 while arithmetic may be done on pairs: rounding to nearest and to 64 bits, everything masked and nothing pending. */
export const X87_FAST = 169;
/** PE of the status word if a result has been inexact since X87_STATUS was last brought up to date, else 0. */
export const X87_INEXACT = 170;
/** 1 while IGNNE# holds: a pending exception is ignored, until none is pending any more (cpu/x87.ts). */
export const X87_IGNORED = 171;
/** A double whose being negative is C1. */
export const X87_RESIDUE = 172;
/** Third word of a helper's result that has three (SCRATCH is the second). Not architectural. */
export const X87_SCRATCH = 174;
/** A double from memory, and the low part of a pair behind it, which stays zero; then a whole pair. Not architectural. */
export const X87_DOUBLE = 176;
/** A double: the low part of a result of tier 1's arithmetic on pairs. Not architectural. */
export const X87_LOW = 184;
/** First slot after them. */
export const X87_END = 186;

/**
 * SSE. XMM0 to XMM7, four slots each, 16 bytes aligned, so that they can also be seen as lanes of other types; behind
 * them two registers of the same shape for memory operands and intermediate results, which are not architectural.
 */
export const XMM = 192;
export const VECTOR_SCRATCH = 224;
export const MXCSR = 232;
/**
 * Two doubles that follow from MXCSR (cpu/sse.ts): the least magnitude of a double and of a single result that plain
 * arithmetic gives without raising a new flag. Infinite when the rounding mode or the flags rule that out.
 */
export const FLOAT_FLOOR_DOUBLE = 234;
export const FLOAT_FLOOR_SINGLE = 236;
/** FLOAT_FAST_BITS where those two are finite, else 0. */
export const FLOAT_FAST = 238;
/** First slot after them. */
export const SSE_END = 239;

/**
 * All bits of a double's exponent but the lowest two, in its high word: 2^20 added, a normal number has one of them set, a
 * denormal, zero, infinity or NaN none; nor has a number of the lowest two exponents, which an underflow may have rounded to.
 */
export const FLOAT_FAST_BITS = 0x7fc00000;

/** Slots from x87 registers (which MMX shares) to SSE's: helpers work on them directly, so they never live in locals. */
export function isVectorSlot(slot: number): boolean {
  return slot >= X87_REGISTER && slot < SSE_END;
}

/** Slots that tier 0 uses for values inside a block; not architectural. */
export const TEMPORARY = 512;
export const TEMPORARIES = 1024;
/** Constants that tier 0 has interned, up to the end; not architectural. */
export const CONSTANT: number = TEMPORARY + TEMPORARIES;
/** Slots in all; the buffer is four times as many bytes. */
export const STATE_SLOTS = 16384;

/** EFLAGS bits (SDM vol. 1 §3.4.3). */
export const EFLAGS_CF = 1 << 0;
export const EFLAGS_PF = 1 << 2;
export const EFLAGS_AF = 1 << 4;
export const EFLAGS_ZF = 1 << 6;
export const EFLAGS_SF = 1 << 7;
export const EFLAGS_TF = 1 << 8;
export const EFLAGS_IF = 1 << 9;
export const EFLAGS_DF = 1 << 10;
export const EFLAGS_OF = 1 << 11;
export const EFLAGS_IOPL = 3 << 12;
export const EFLAGS_NT = 1 << 14;
export const EFLAGS_RF = 1 << 16;
export const EFLAGS_VM = 1 << 17;
export const EFLAGS_AC = 1 << 18;
export const EFLAGS_VIF = 1 << 19;
export const EFLAGS_VIP = 1 << 20;
export const EFLAGS_ID = 1 << 21;

/** Lower-case names of the general registers, by number. */
export const registerNames: readonly string[] = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];

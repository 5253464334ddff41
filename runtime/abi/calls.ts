/**
 * Signatures and effects of every helper and VMM call: the contract between lifts, back ends and runtime.
 *
 * A helper returns into the block. A VMM call ends the block. The back ends generate call sites from these rows, the
 * verifier checks lifts against them, and `satisfies` makes a missing implementation a type error.
 */

import { packedSignatures } from './packed.ts';
import type { HelperSignature } from './signature.ts';
import { sseSignatures } from './sse.ts';
import { x87Signatures } from './x87.ts';

const value = (args: number): HelperSignature => ({ args, result: true, faults: false, sync: false });
const faulting = (args: number): HelperSignature => ({ args, result: true, faults: true, sync: false });
const stateful = (args: number): HelperSignature => ({ args, result: true, faults: true, sync: true });

/** Helpers. Division: result is the quotient, SCRATCH the remainder; #DE on overflow or zero (SDM vol. 2A DIV, IDIV). */
export const helperSignatures = {
  /** (dividend: AX zero-extended, divisor: u8) → quotient u8; #DE. */
  div8: faulting(2),
  /** (high word, low word, divisor), each zero-extended → quotient u16; #DE. */
  div16: faulting(3),
  /** (high, low, divisor) → quotient u32; #DE. */
  div32: faulting(3),
  /** (dividend: AX sign-extended, divisor: s8) → quotient s8; #DE. */
  idiv8: faulting(2),
  /** (dividend: DX:AX as i32, divisor: s16) → quotient s16; #DE. */
  idiv16: faulting(2),
  /** (high, low, divisor) → quotient s32; #DE. */
  idiv32: faulting(3),
  /** Raise an exception in the middle of a block: (vector, error code). Never returns. */
  raise: faulting(2),
  /** Time-stamp counter: low half; SCRATCH has the high half. */
  rdtsc: { args: 0, result: true, faults: true, sync: true },
  /**
   * Repeated string instructions (SDM vol. 2B REP): ECX, ESI, EDI and, for CMPS and SCAS, flags are in state and are
   * updated as iterations complete. Arguments: element size in bytes, address size in bits, segment number of the
   * source (MOVS, LODS, CMPS). Result: 1 when the instruction is finished, 0 when it must be entered again (budget).
   * A fault leaves the registers at the iteration that faulted.
   */
  repMovs: stateful(3),
  repStos: stateful(2),
  repLods: stateful(3),
  /** Last argument: 1 for REPE, 0 for REPNE. */
  repCmps: stateful(4),
  repScas: stateful(3),
  /** CRC32 step: (crc, byte, word or dword, width in bits) → crc, polynomial 11EDC6F41H (SDM vol. 2A CRC32). */
  crc32: value(3),
  /**
   * Limit and rights of a data access (SDM vol. 3A §5.3): (segment number, plus 8 for a write, plus 16 times the bytes,
   * offset) → 0; #SS(0) for SS, else #GP(0).
   */
  checkSegment: faulting(2),
  /** An access of that many bytes, plus 256 for a write, must be aligned at a linear address: → 0; #AC(0), #PF. */
  checkAlignment: faulting(2),
  /** Code at `offset` would run, if the first argument is not zero: → 0; #GP(0) beyond the limit of CS. */
  checkCode: faulting(2),
  /**
   * The bytes of a block up to `offset` are about to run: → 0. Beyond the limit of CS a block of one instruction raises
   * #GP(0), a longer one aborts, so that its instructions run one by one: (offset, number of instructions).
   */
  checkBlock: faulting(2),
  /** BOUND: (index, lower, upper), signed; #BR outside. Result 0. */
  bound: faulting(3),
  /** ARPL on memory, which is written only when it changes: (linear address, source selector) → 1 when it did, else 0. */
  arpl: stateful(2),
  ...x87Signatures,
  ...sseSignatures,
  ...packedSignatures,
} as const satisfies Record<string, HelperSignature>;

export type HelperName = keyof typeof helperSignatures;

/**
 * VMM calls with their number of i32 arguments. On entry all state is in its slots, EIP is that of the instruction
 * and `next` (passed by the dispatcher) that of the following one; the call sets EIP, or raises a fault and leaves it.
 */
export const vmmCalls = {
  /** The instruction raises an exception: vector, error code. */
  raise: 2,
  /** INT n: vector. */
  interrupt: 1,
  /** INT3 and INT1 as traps with their own vectors: vector. */
  trap: 1,
  /** INTO: #OF as a trap when OF is set. */
  overflowTrap: 0,
  /**
   * MOV, POP to a segment register: segment number, selector; and what else the instruction writes, which must
   * wait until the load cannot fault any more: general register (ESP for POP), or -1, and its new value. A load of SS
   * holds interrupts back for one instruction.
   */
  loadSegment: 4,
  /** LDS, LES, LFS, LGS, LSS: the same, but nothing is held back. */
  loadPointer: 4,
  /** CPUID. */
  cpuid: 0,
  /** HLT. */
  halt: 0,
  /** CLI, STI. */
  clearInterruptFlag: 0,
  setInterruptFlag: 0,
  /** POPF: image, operand size in bits, ESP after the pop. PUSHF in virtual-8086 mode: operand size in bits. */
  popFlags: 3,
  pushFlags: 1,
  /** IRET: operand size. */
  interruptReturn: 1,
  /** Far CALL and JMP: selector, offset, operand size. */
  farCall: 3,
  farJump: 3,
  /** Far RET: operand size, bytes to release. */
  farReturn: 2,
  /** IN: port, width in bits. OUT: port, value, width. */
  portIn: 2,
  portOut: 3,
  /** INS, OUTS: width in bits, address size, 1 when repeated; OUTS: source segment too. */
  stringIn: 3,
  stringOut: 4,
  /** MOV from and to CRn, DRn: number, general register. */
  readControl: 2,
  writeControl: 2,
  readDebug: 2,
  writeDebug: 2,
  clearTaskSwitched: 0,
  /** LMSW: value. */
  loadMachineStatus: 1,
  /** LGDT, LIDT: linear address of the operand, operand size. */
  loadGdt: 2,
  loadIdt: 2,
  loadLdt: 1,
  loadTask: 1,
  /** INVLPG: linear address. */
  invalidatePage: 1,
  invalidateCaches: 0,
  readMsr: 0,
  writeMsr: 0,
  readPmc: 0,
  sysenter: 0,
  sysexit: 0,
  monitor: 0,
  /** SGDT, SIDT: linear address. SLDT, STR, SMSW: 0 SLDT, 1 STR, 2 SMSW; general register, or -1 and linear address; width. */
  storeGdt: 1,
  storeIdt: 1,
  storeSystem: 4,
  /** LAR, LSL: 0 or 1; selector; destination register; width. VERR, VERW: 0 or 1; selector. ARPL is a lift. */
  loadAccessRights: 4,
  verifySegment: 2,
  /** A privileged or sensitive instruction with no call of its own yet: raises #UD. */
  undefined: 0,
} as const satisfies Record<string, number>;

export type VmmCallName = keyof typeof vmmCalls;

/** Helpers in a fixed order: the numbers that tier 0 calls them by. */
export const helperNames: readonly HelperName[] = Object.keys(helperSignatures) as HelperName[];

/** VMM calls in a fixed order: the numbers that translated code hands to the dispatcher. */
export const vmmCallNames: readonly VmmCallName[] = Object.keys(vmmCalls) as VmmCallName[];

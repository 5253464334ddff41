/**
 * What each operand code of the opcode maps means: where the operand is encoded and how wide it is.
 *
 * The codes are the SDM's (vol. 2D, appendix A.2): a letter for the addressing method, then the operand type. The
 * rows of isa/ name them, decoder.ts follows them. Codes that the manual writes with a slash (Rv/Mw) have
 * the slash left out here.
 */

/**
 * Where an operand comes from; the letters are the manual's addressing methods.
 * E gpr or memory · G gpr by ModRM.reg · R gpr by ModRM.rm · T the same, mod ignored (MOV CR) · B gpr by VEX.vvvv ·
 * Z gpr by the opcode's low three bits · I immediate, zero-extended · Is the same, sign-extended · J relative ·
 * A far pointer · O moffs · M memory · X DS:eSI · Y ES:eDI · BB DS:eBX · BD DS:eDI · S segment register ·
 * L segment register except CS · C control · D debug · P, Q, N MMX by reg, by rm or memory, by rm only ·
 * V, W, U XMM likewise · st0, sti x87 · gpr, seg, xmm a fixed register · one the constant 1.
 */
// biome-ignore format: letters
export type Method =
  | 'E' | 'G' | 'R' | 'T' | 'B' | 'Z' | 'I' | 'Is' | 'J' | 'A' | 'O' | 'M' | 'X' | 'Y' | 'BB' | 'BD' | 'S' | 'L'
  | 'C' | 'D' | 'P' | 'Q' | 'N' | 'V' | 'W' | 'U' | 'st0' | 'sti' | 'gpr' | 'seg' | 'xmm' | 'one';

/** Width of an operand in bits when 0 or more; below 0 one of the rules that follow. */
export type Width = number;
/** The operand size: 16 or 32 (type v, z). */
export const BY_SIZE: Width = -1;
/** A far pointer in memory: 32 or 48 (type p). */
export const FAR_POINTER: Width = -2;
/** Two words or two doublewords, for BOUND: 32 or 64 (type a). */
export const PAIR: Width = -3;
/** The x87 environment: 14 or 28 bytes. */
export const X87_ENVIRONMENT: Width = -4;
/** The whole x87 state: 94 or 108 bytes. */
export const X87_STATE: Width = -5;

/** The meaning of one operand code. */
export interface OperandForm {
  readonly method: Method;
  /** Width of a register or immediate, or of the access where the operand can only be memory. */
  readonly width: Width;
  /** Width of the access when a register-or-memory operand is in memory. */
  readonly memory: Width;
  /** Number of a fixed register, else 0. */
  readonly register: number;
}

/** Every code that a row may use. */
// biome-ignore format: grouped by addressing method
export type OperandCode =
  | 'Eb' | 'Ew' | 'Ed' | 'Ev' | 'Ey' | 'RvMw' | 'RdMb' | 'RdMw'
  | 'Gb' | 'Gw' | 'Gd' | 'Gv' | 'Gy' | 'Rd' | 'Rv' | 'Td' | 'By' | 'Zb' | 'Zv'
  | 'Ib' | 'Ibs' | 'Iw' | 'Iz' | 'Iv' | 'Jb' | 'Jz' | 'Ap' | 'Ob' | 'Ov'
  | 'M' | 'Ma' | 'Mp' | 'Ms' | 'Mb' | 'Mw' | 'Md' | 'Mv' | 'My' | 'Mq' | 'Mt' | 'Mdq' | 'Mps' | 'Mpd'
  | 'Menv' | 'Mstate' | 'Mfx'
  | 'Xb' | 'Xv' | 'Xz' | 'Yb' | 'Yv' | 'Yz' | 'BBb' | 'BDq' | 'BDdq'
  | 'Sw' | 'Lw' | 'Cd' | 'Dd'
  | 'Pq' | 'Pd' | 'Qq' | 'Qd' | 'Nq'
  | 'Vps' | 'Vpd' | 'Vss' | 'Vsd' | 'Vdq' | 'Vq' | 'Vd'
  | 'Wps' | 'Wpd' | 'Wss' | 'Wsd' | 'Wdq' | 'Wq' | 'Wd' | 'Ww'
  | 'Ups' | 'Upd' | 'Udq' | 'Uq'
  | 'ST0' | 'STi' | 'XMM0'
  | 'AL' | 'CL' | 'AX' | 'DX' | 'eAX' | 'ES' | 'CS' | 'SS' | 'DS' | 'FS' | 'GS' | 'ONE';

const form = (method: Method, width: Width, memory: Width = width): OperandForm => ({
  method,
  width,
  memory,
  register: 0,
});
const fixed = (method: Method, width: Width, register: number): OperandForm => ({
  method,
  width,
  memory: width,
  register,
});

/** Meaning of each code. Source: SDM vol. 2D, A.2.1 and A.2.2; `s` after an immediate's type: sign-extended. */
// biome-ignore format: grouped by addressing method
export const operandForms: Readonly<Record<OperandCode, OperandForm>> = {
  // General register or memory, by ModRM.rm. RvMw: a register of the operand size, or a word in memory.
  Eb: form('E', 8), Ew: form('E', 16), Ed: form('E', 32), Ev: form('E', BY_SIZE), Ey: form('E', 32),
  RvMw: form('E', BY_SIZE, 16), RdMb: form('E', 32, 8), RdMw: form('E', 32, 16),
  // General register. Type y is 32 outside 64-bit mode.
  Gb: form('G', 8), Gw: form('G', 16), Gd: form('G', 32), Gv: form('G', BY_SIZE), Gy: form('G', 32),
  Rd: form('R', 32), Rv: form('R', BY_SIZE), Td: form('T', 32), By: form('B', 32),
  Zb: form('Z', 8), Zv: form('Z', BY_SIZE),
  // Immediates and what else follows the opcode.
  Ib: form('I', 8), Ibs: form('Is', 8), Iw: form('I', 16), Iz: form('I', BY_SIZE), Iv: form('I', BY_SIZE),
  Jb: form('J', 8), Jz: form('J', BY_SIZE), Ap: form('A', BY_SIZE), Ob: form('O', 8), Ov: form('O', BY_SIZE),
  // Memory only. M: an address whose access has no width of its own.
  M: form('M', 0), Ma: form('M', PAIR), Mp: form('M', FAR_POINTER), Ms: form('M', 48),
  Mb: form('M', 8), Mw: form('M', 16), Md: form('M', 32), Mv: form('M', BY_SIZE), My: form('M', 32), Mq: form('M', 64),
  Mt: form('M', 80), Mdq: form('M', 128), Mps: form('M', 128), Mpd: form('M', 128),
  Menv: form('M', X87_ENVIRONMENT), Mstate: form('M', X87_STATE), Mfx: form('M', 4096),
  // Memory named by the opcode: DS:eSI, ES:eDI, DS:eBX (XLAT, to which it adds AL), DS:eDI (MASKMOVQ).
  Xb: form('X', 8), Xv: form('X', BY_SIZE), Xz: form('X', BY_SIZE),
  Yb: form('Y', 8), Yv: form('Y', BY_SIZE), Yz: form('Y', BY_SIZE),
  BBb: form('BB', 8), BDq: form('BD', 64), BDdq: form('BD', 128),
  // Segment (ModRM.reg 0..5; Lw: not CS), control (0, 2, 3, 4) and debug registers.
  Sw: form('S', 16), Lw: form('L', 16), Cd: form('C', 32), Dd: form('D', 32),
  // MMX.
  Pq: form('P', 64), Pd: form('P', 64), Qq: form('Q', 64), Qd: form('Q', 64, 32), Nq: form('N', 64),
  // XMM: the register is always 128 bits, the type gives the width in memory.
  Vps: form('V', 128), Vpd: form('V', 128), Vss: form('V', 128), Vsd: form('V', 128), Vdq: form('V', 128),
  Vq: form('V', 128), Vd: form('V', 128),
  Wps: form('W', 128), Wpd: form('W', 128), Wss: form('W', 128, 32), Wsd: form('W', 128, 64), Wdq: form('W', 128),
  Wq: form('W', 128, 64), Wd: form('W', 128, 32), Ww: form('W', 128, 16),
  Ups: form('U', 128), Upd: form('U', 128), Udq: form('U', 128), Uq: form('U', 128),
  // Fixed by the opcode.
  ST0: form('st0', 80), STi: form('sti', 80), XMM0: fixed('xmm', 128, 0),
  AL: fixed('gpr', 8, 0), CL: fixed('gpr', 8, 1), AX: fixed('gpr', 16, 0), DX: fixed('gpr', 16, 2),
  eAX: fixed('gpr', BY_SIZE, 0),
  ES: fixed('seg', 16, 0), CS: fixed('seg', 16, 1), SS: fixed('seg', 16, 2), DS: fixed('seg', 16, 3),
  FS: fixed('seg', 16, 4), GS: fixed('seg', 16, 5), ONE: form('one', 8),
};

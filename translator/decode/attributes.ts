/**
 * Attribute bits of opcode rows: facts about an encoding that hold whatever its operands are.
 *
 * They stand in decode/ because the decoder itself needs LOCK (legality) and REP (string prefixes); the families of
 * isa/ write them in their rows and take them from isa/row.ts.
 */

/** LOCK prefix legal, provided that the first operand is in memory. Source: SDM vol. 2A, LOCK. */
export const LOCK: number = 1 << 0;
/**
 * Behaviour depends on privilege or machine state: lifts to a VMM call, which ends the block. Not set for what merely
 * may fault (memory, BOUND, divide) or depends on CR0.EM and CR0.TS (x87, MMX, SSE).
 */
export const SENSITIVE: number = 1 << 1;
/** A control transfer: control never falls through to the next instruction inside the block (Jcc included). */
export const ENDS: number = 1 << 2;
/** REP/REPE/REPNE prefixes have their string meaning here. */
export const REP: number = 1 << 3;
/** Invalid in 64-bit mode (for later 64-bit decoding). */
export const NOT64: number = 1 << 4;

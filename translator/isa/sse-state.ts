/**
 * The state that x87, MMX and SSE share, and the order of memory accesses: rows and lifts of FXSAVE, XSAVE and their
 * kin, LDMXCSR, the fences and CLFLUSH.
 *
 * Source: SDM vol. 2D table A-6, groups 9 and 15; vol. 1 chapter 13. ModRM.rm of the fences is ignored. XSAVES and
 * XRSTORS need CPL 0.
 */
import type { MemoryOperand } from '../decode/instruction.ts';
import { M, Mb, Md, Mfx } from './operands.ts';
import { requireMmx } from './packed-lift.ts';
import { type Lift, type Row, row, SENSITIVE } from './row.ts';
import { requireSse } from './sse-lift.ts';

/** LDMXCSR. Source: SDM vol. 2A, LDMXCSR. */
const ldmxcsr: Lift = (ir, { operands: [src] }) => {
  ir.call('loadMxcsr', ir.load(src!));
};

const stmxcsr: Lift = (ir, { operands: [dst] }) => {
  ir.store(dst!, ir.call('readMxcsr'));
};

/** Fences and cache lines: there is one memory, and everybody sees it at once. */
const nothing: Lift = () => {};

/** CLFLUSH and its kin are loads to the protection. */
const touch: Lift = (ir, { operands: [address] }) => {
  ir.load(address!);
};

// biome-ignore format: opcode table
const controlAndStatus: readonly Row[] = [
  row('NP 0F AE /2 m', 'LDMXCSR',    [Md],  ldmxcsr),
  row('NP 0F AE /3 m', 'STMXCSR',    [Md],  stmxcsr),
];

/** FXSAVE and FXRSTOR: x87, MMX and SSE state in 512 bytes. */
const fxsave: Lift = (ir, { operands: [image] }) => {
  ir.checkWritable(image as MemoryOperand);
  ir.call('fxsave', ir.address(image as MemoryOperand, 0, true));
};

const fxrstor: Lift = (ir, { operands: [image] }) => {
  ir.call('fxrstor', ir.address(image as MemoryOperand));
};

// biome-ignore format: opcode table
const legacyState: readonly Row[] = [
  row('NP 0F AE /0 m', 'FXSAVE',     [Mfx], fxsave),
  row('NP 0F AE /1 m', 'FXRSTOR',    [Mfx], fxrstor),
];

/** Saved processor state, MXCSR, fences and cache lines. */
// biome-ignore format: opcode table
export const sseState: readonly Row[] = [
  ...requireSse(controlAndStatus),
  ...requireMmx(legacyState),
  row('NP 0F AE /4 m', 'XSAVE',      [M],   undefined),
  row('NP 0F AE /5 m', 'XRSTOR',     [M],   undefined),
  row('NP 0F AE /6 m', 'XSAVEOPT',   [M],   undefined),
  row('NP 0F C7 /3 m', 'XRSTORS',    [M],   undefined, SENSITIVE),
  row('NP 0F C7 /4 m', 'XSAVEC',     [M],   undefined),
  row('NP 0F C7 /5 m', 'XSAVES',     [M],   undefined, SENSITIVE),
  row('NP 0F AE /5 r', 'LFENCE',     [],    nothing),
  row('NP 0F AE /6 r', 'MFENCE',     [],    nothing),
  row('NP 0F AE /7 r', 'SFENCE',     [],    nothing),
  row('NP 0F AE /7 m', 'CLFLUSH',    [Mb],  touch),
  row('66 0F AE /7 m', 'CLFLUSHOPT', [Mb],  touch),
  row('66 0F AE /6 m', 'CLWB',       [Mb],  touch),
];

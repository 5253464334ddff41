/**
 * Packed integers on XMM registers: rows and lifts of arithmetic, logic, comparison and shifts of SSE2 to SSE4.2.
 *
 * Source: SDM vol. 2D tables. The opcodes are those of mmx.ts with 66 in front.
 */
import { Ib, Udq, Vdq, Wdq } from './operands.ts';
import { onXmm, xmmShift } from './packed-lift.ts';
import { type Lift, type Row, row } from './row.ts';
import { lanes, requireSse, source, xmm } from './sse-lift.ts';

/** PSLLDQ, PSRLDQ: by bytes. */
const byteShift =
  (helper: 'pslldq128' | 'psrldq128'): Lift =>
  (ir, { operands: [dst, count] }) => {
    lanes(ir, helper, xmm(dst), Math.min(ir.immediate(count), 16));
  };

/** PTEST: ZF when SRC AND DEST is zero, CF when SRC AND NOT DEST is; the other status flags are cleared. */
const ptest: Lift = (ir, { operands: [dst, src] }) => {
  const from = source(ir, src);
  let both = ir.const(0);
  let only = ir.const(0);
  for (let i = 0; i < 4; i++) {
    const [a, b] = [ir.get(xmm(dst) + i), ir.get(from + i)];
    both = ir.or(both, ir.and(a, b));
    only = ir.or(only, ir.and(b, ir.not(a)));
  }
  // The result word is 0 or 1, of odd parity; AUX takes that back.
  const zero = ir.eq(both, ir.const(0));
  const result = ir.select(zero, ir.const(0), ir.const(1));
  ir.flags('words', result, ir.select(zero, ir.const(0x100), ir.const(0)), result);
  ir.flags('rotate', ir.select(ir.eq(only, ir.const(0)), ir.const(1), ir.const(0)), ir.const(0), result);
};

const mpsadbw: Lift = (ir, { operands: [dst, src, control] }) => {
  lanes(ir, 'mpsadbw128', xmm(dst), source(ir, src), ir.immediate(control));
};

/** Packed integer arithmetic, logic, comparison and shifts on XMM registers. */
// biome-ignore format: opcode table
export const sseInteger: readonly Row[] = requireSse([
  row('66 0F 64',    'PCMPGTB',    [Vdq, Wdq],     onXmm('pcmpgtb')),
  row('66 0F 65',    'PCMPGTW',    [Vdq, Wdq],     onXmm('pcmpgtw')),
  row('66 0F 66',    'PCMPGTD',    [Vdq, Wdq],     onXmm('pcmpgtd')),
  row('66 0F 74',    'PCMPEQB',    [Vdq, Wdq],     onXmm('pcmpeqb')),
  row('66 0F 75',    'PCMPEQW',    [Vdq, Wdq],     onXmm('pcmpeqw')),
  row('66 0F 76',    'PCMPEQD',    [Vdq, Wdq],     onXmm('pcmpeqd')),
  row('66 0F D1',    'PSRLW',      [Vdq, Wdq],     onXmm('psrlwBy')),
  row('66 0F D2',    'PSRLD',      [Vdq, Wdq],     onXmm('psrldBy')),
  row('66 0F D3',    'PSRLQ',      [Vdq, Wdq],     onXmm('psrlqBy')),
  row('66 0F D4',    'PADDQ',      [Vdq, Wdq],     onXmm('paddq')),
  row('66 0F D5',    'PMULLW',     [Vdq, Wdq],     onXmm('pmullw')),
  row('66 0F D8',    'PSUBUSB',    [Vdq, Wdq],     onXmm('psubusb')),
  row('66 0F D9',    'PSUBUSW',    [Vdq, Wdq],     onXmm('psubusw')),
  row('66 0F DA',    'PMINUB',     [Vdq, Wdq],     onXmm('pminub')),
  row('66 0F DB',    'PAND',       [Vdq, Wdq],     onXmm('pand')),
  row('66 0F DC',    'PADDUSB',    [Vdq, Wdq],     onXmm('paddusb')),
  row('66 0F DD',    'PADDUSW',    [Vdq, Wdq],     onXmm('paddusw')),
  row('66 0F DE',    'PMAXUB',     [Vdq, Wdq],     onXmm('pmaxub')),
  row('66 0F DF',    'PANDN',      [Vdq, Wdq],     onXmm('pandn')),
  row('66 0F E0',    'PAVGB',      [Vdq, Wdq],     onXmm('pavgb')),
  row('66 0F E1',    'PSRAW',      [Vdq, Wdq],     onXmm('psrawBy')),
  row('66 0F E2',    'PSRAD',      [Vdq, Wdq],     onXmm('psradBy')),
  row('66 0F E3',    'PAVGW',      [Vdq, Wdq],     onXmm('pavgw')),
  row('66 0F E4',    'PMULHUW',    [Vdq, Wdq],     onXmm('pmulhuw')),
  row('66 0F E5',    'PMULHW',     [Vdq, Wdq],     onXmm('pmulhw')),
  row('66 0F E8',    'PSUBSB',     [Vdq, Wdq],     onXmm('psubsb')),
  row('66 0F E9',    'PSUBSW',     [Vdq, Wdq],     onXmm('psubsw')),
  row('66 0F EA',    'PMINSW',     [Vdq, Wdq],     onXmm('pminsw')),
  row('66 0F EB',    'POR',        [Vdq, Wdq],     onXmm('por')),
  row('66 0F EC',    'PADDSB',     [Vdq, Wdq],     onXmm('paddsb')),
  row('66 0F ED',    'PADDSW',     [Vdq, Wdq],     onXmm('paddsw')),
  row('66 0F EE',    'PMAXSW',     [Vdq, Wdq],     onXmm('pmaxsw')),
  row('66 0F EF',    'PXOR',       [Vdq, Wdq],     onXmm('pxor')),
  row('66 0F F1',    'PSLLW',      [Vdq, Wdq],     onXmm('psllwBy')),
  row('66 0F F2',    'PSLLD',      [Vdq, Wdq],     onXmm('pslldBy')),
  row('66 0F F3',    'PSLLQ',      [Vdq, Wdq],     onXmm('psllqBy')),
  row('66 0F F4',    'PMULUDQ',    [Vdq, Wdq],     onXmm('pmuludq')),
  row('66 0F F5',    'PMADDWD',    [Vdq, Wdq],     onXmm('pmaddwd')),
  row('66 0F F6',    'PSADBW',     [Vdq, Wdq],     onXmm('psadbw')),
  row('66 0F F8',    'PSUBB',      [Vdq, Wdq],     onXmm('psubb')),
  row('66 0F F9',    'PSUBW',      [Vdq, Wdq],     onXmm('psubw')),
  row('66 0F FA',    'PSUBD',      [Vdq, Wdq],     onXmm('psubd')),
  row('66 0F FB',    'PSUBQ',      [Vdq, Wdq],     onXmm('psubq')),
  row('66 0F FC',    'PADDB',      [Vdq, Wdq],     onXmm('paddb')),
  row('66 0F FD',    'PADDW',      [Vdq, Wdq],     onXmm('paddw')),
  row('66 0F FE',    'PADDD',      [Vdq, Wdq],     onXmm('paddd')),
  // Shifts by an immediate
  row('66 0F 71 /2', 'PSRLW',      [Udq, Ib],      xmmShift('psrlw')),
  row('66 0F 71 /4', 'PSRAW',      [Udq, Ib],      xmmShift('psraw')),
  row('66 0F 71 /6', 'PSLLW',      [Udq, Ib],      xmmShift('psllw')),
  row('66 0F 72 /2', 'PSRLD',      [Udq, Ib],      xmmShift('psrld')),
  row('66 0F 72 /4', 'PSRAD',      [Udq, Ib],      xmmShift('psrad')),
  row('66 0F 72 /6', 'PSLLD',      [Udq, Ib],      xmmShift('pslld')),
  row('66 0F 73 /2', 'PSRLQ',      [Udq, Ib],      xmmShift('psrlq')),
  row('66 0F 73 /6', 'PSLLQ',      [Udq, Ib],      xmmShift('psllq')),
  row('66 0F 73 /3', 'PSRLDQ',     [Udq, Ib],      byteShift('psrldq128')),
  row('66 0F 73 /7', 'PSLLDQ',     [Udq, Ib],      byteShift('pslldq128')),
  // SSSE3
  row('66 0F 38 01', 'PHADDW',     [Vdq, Wdq],     onXmm('phaddw')),
  row('66 0F 38 02', 'PHADDD',     [Vdq, Wdq],     onXmm('phaddd')),
  row('66 0F 38 03', 'PHADDSW',    [Vdq, Wdq],     onXmm('phaddsw')),
  row('66 0F 38 04', 'PMADDUBSW',  [Vdq, Wdq],     onXmm('pmaddubsw')),
  row('66 0F 38 05', 'PHSUBW',     [Vdq, Wdq],     onXmm('phsubw')),
  row('66 0F 38 06', 'PHSUBD',     [Vdq, Wdq],     onXmm('phsubd')),
  row('66 0F 38 07', 'PHSUBSW',    [Vdq, Wdq],     onXmm('phsubsw')),
  row('66 0F 38 08', 'PSIGNB',     [Vdq, Wdq],     onXmm('psignb')),
  row('66 0F 38 09', 'PSIGNW',     [Vdq, Wdq],     onXmm('psignw')),
  row('66 0F 38 0A', 'PSIGND',     [Vdq, Wdq],     onXmm('psignd')),
  row('66 0F 38 0B', 'PMULHRSW',   [Vdq, Wdq],     onXmm('pmulhrsw')),
  row('66 0F 38 1C', 'PABSB',      [Vdq, Wdq],     onXmm('pabsb')),
  row('66 0F 38 1D', 'PABSW',      [Vdq, Wdq],     onXmm('pabsw')),
  row('66 0F 38 1E', 'PABSD',      [Vdq, Wdq],     onXmm('pabsd')),
  // SSE4.1 and SSE4.2
  row('66 0F 38 17', 'PTEST',      [Vdq, Wdq],     ptest),
  row('66 0F 38 28', 'PMULDQ',     [Vdq, Wdq],     onXmm('pmuldq')),
  row('66 0F 38 29', 'PCMPEQQ',    [Vdq, Wdq],     onXmm('pcmpeqq')),
  row('66 0F 38 37', 'PCMPGTQ',    [Vdq, Wdq],     onXmm('pcmpgtq')),
  row('66 0F 38 38', 'PMINSB',     [Vdq, Wdq],     onXmm('pminsb')),
  row('66 0F 38 39', 'PMINSD',     [Vdq, Wdq],     onXmm('pminsd')),
  row('66 0F 38 3A', 'PMINUW',     [Vdq, Wdq],     onXmm('pminuw')),
  row('66 0F 38 3B', 'PMINUD',     [Vdq, Wdq],     onXmm('pminud')),
  row('66 0F 38 3C', 'PMAXSB',     [Vdq, Wdq],     onXmm('pmaxsb')),
  row('66 0F 38 3D', 'PMAXSD',     [Vdq, Wdq],     onXmm('pmaxsd')),
  row('66 0F 38 3E', 'PMAXUW',     [Vdq, Wdq],     onXmm('pmaxuw')),
  row('66 0F 38 3F', 'PMAXUD',     [Vdq, Wdq],     onXmm('pmaxud')),
  row('66 0F 38 40', 'PMULLD',     [Vdq, Wdq],     onXmm('pmulld')),
  row('66 0F 38 41', 'PHMINPOSUW', [Vdq, Wdq],     onXmm('phminposuw')),
  row('66 0F 3A 42', 'MPSADBW',    [Vdq, Wdq, Ib], mpsadbw),
]);

/**
 * MMX: rows and lifts of the packed integer instructions on MM0 to MM7, those that came with SSE, SSE2 and SSSE3
 * included. The conversions between MMX and XMM stand in sse-convert.ts.
 *
 * Source: SDM vol. 2D tables. All are NP: with 66 the same opcodes work on XMM registers (sse-integer.ts),
 * with F2 or F3 they are others or undefined.
 */
import { X87_TAGS } from '../../runtime/abi/state.ts';
import type { MemoryOperand } from '../decode/instruction.ts';
import { BDq, Ey, Gd, Ib, Mq, Nq, Pd, Pq, Qd, Qq, RdMw } from './operands.ts';
import {
  beginMmx,
  endMmx,
  extractWord,
  insertLane,
  mm,
  mmSource,
  mmxShift,
  moveWords,
  onMmx,
  requireMmx,
  shuffleWords,
} from './packed-lift.ts';
import { type Lift, type Row, row } from './row.ts';
import { lanes, storeLanes } from './sse-lift.ts';

/** MOVD: 32 bits, zero above; and back. */
const movd: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  const value = ir.load(src!);
  ir.set(mm(dst), value);
  ir.set(mm(dst) + 1, ir.const(0));
  endMmx(ir, mm(dst));
};

const movdOut: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  ir.store(dst!, ir.get(mm(src)));
  endMmx(ir);
};

const movq: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  const from = mmSource(ir, src);
  moveWords(ir, mm(dst), [from, from + 1]);
  endMmx(ir, mm(dst));
};

const movqOut: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  if (dst?.kind === 'memory') storeLanes(ir, dst, mm(src));
  else moveWords(ir, mm(dst), [mm(src), mm(src) + 1]);
  endMmx(ir, dst?.kind === 'memory' ? undefined : mm(dst));
};

/** MASKMOVQ: bytes to DS:EDI whose mask byte has its top bit set. Source: SDM vol. 2B, MASKMOVQ. */
const maskmovq: Lift = (ir, { operands: [data, mask, address] }) => {
  beginMmx(ir);
  ir.checkWritable(address as MemoryOperand);
  lanes(ir, 'maskedStore64', mm(data), mm(mask), ir.address(address as MemoryOperand, 0, true));
  endMmx(ir);
};

const pmovmskb: Lift = (ir, { operands: [dst, src] }) => {
  beginMmx(ir);
  ir.store(dst!, lanes(ir, 'signs8x64', mm(src)));
  endMmx(ir);
};

const pinsrw: Lift = (ir, { operands: [dst, src, lane] }) => {
  beginMmx(ir);
  insertLane(ir, mm(dst), ir.immediate(lane) & 3, 16, ir.load(src!));
  endMmx(ir, mm(dst));
};

const pextrw: Lift = (ir, { operands: [dst, src, lane] }) => {
  beginMmx(ir);
  ir.store(dst!, extractWord(ir, mm(src), ir.immediate(lane) & 3));
  endMmx(ir);
};

/** PSHUFW: each word of the destination is one of the source's, two bits of the immediate say which. */
const pshufw: Lift = (ir, { operands: [dst, src, order] }) => {
  beginMmx(ir);
  const from = mmSource(ir, src);
  shuffleWords(ir, mm(dst), from, ir.immediate(order));
  endMmx(ir, mm(dst));
};

const palignr: Lift = (ir, { operands: [dst, src, shift] }) => {
  beginMmx(ir);
  lanes(ir, 'palignr64', mm(dst), mmSource(ir, src), ir.immediate(shift));
  endMmx(ir, mm(dst));
};

/** EMMS: all registers empty. */
const emms: Lift = (ir) => {
  beginMmx(ir);
  endMmx(ir);
  ir.set(X87_TAGS, ir.const(0));
};

/** MMX, with what SSE, SSE2 and SSSE3 added to the MMX registers. */
// biome-ignore format: opcode table
export const mmx: readonly Row[] = requireMmx([
  // Moves
  row('NP 0F 6E',    'MOVD',      [Pd, Ey],       movd),
  row('NP 0F 7E',    'MOVD',      [Ey, Pd],       movdOut),
  row('NP 0F 6F',    'MOVQ',      [Pq, Qq],       movq),
  row('NP 0F 7F',    'MOVQ',      [Qq, Pq],       movqOut),
  row('NP 0F E7',    'MOVNTQ',    [Mq, Pq],       movqOut),
  row('NP 0F F7',    'MASKMOVQ',  [Pq, Nq, BDq],  maskmovq),
  row('NP 0F D7',    'PMOVMSKB',  [Gd, Nq],       pmovmskb),
  row('NP 0F C4',    'PINSRW',    [Pq, RdMw, Ib], pinsrw),
  row('NP 0F C5',    'PEXTRW',    [Gd, Nq, Ib],   pextrw),
  row('NP 0F 70',    'PSHUFW',    [Pq, Qq, Ib],   pshufw),
  row('NP 0F 77',    'EMMS',      [],             emms),
  // Unpacking, packing, comparison
  row('NP 0F 60',    'PUNPCKLBW', [Pq, Qd],       onMmx('punpcklbw')),
  row('NP 0F 61',    'PUNPCKLWD', [Pq, Qd],       onMmx('punpcklwd')),
  row('NP 0F 62',    'PUNPCKLDQ', [Pq, Qd],       onMmx('punpckldq')),
  row('NP 0F 63',    'PACKSSWB',  [Pq, Qq],       onMmx('packsswb')),
  row('NP 0F 64',    'PCMPGTB',   [Pq, Qq],       onMmx('pcmpgtb')),
  row('NP 0F 65',    'PCMPGTW',   [Pq, Qq],       onMmx('pcmpgtw')),
  row('NP 0F 66',    'PCMPGTD',   [Pq, Qq],       onMmx('pcmpgtd')),
  row('NP 0F 67',    'PACKUSWB',  [Pq, Qq],       onMmx('packuswb')),
  row('NP 0F 68',    'PUNPCKHBW', [Pq, Qq],       onMmx('punpckhbw')),
  row('NP 0F 69',    'PUNPCKHWD', [Pq, Qq],       onMmx('punpckhwd')),
  row('NP 0F 6A',    'PUNPCKHDQ', [Pq, Qq],       onMmx('punpckhdq')),
  row('NP 0F 6B',    'PACKSSDW',  [Pq, Qq],       onMmx('packssdw')),
  row('NP 0F 74',    'PCMPEQB',   [Pq, Qq],       onMmx('pcmpeqb')),
  row('NP 0F 75',    'PCMPEQW',   [Pq, Qq],       onMmx('pcmpeqw')),
  row('NP 0F 76',    'PCMPEQD',   [Pq, Qq],       onMmx('pcmpeqd')),
  // Shifts by an immediate
  row('NP 0F 71 /2', 'PSRLW',     [Nq, Ib],       mmxShift('psrlw')),
  row('NP 0F 71 /4', 'PSRAW',     [Nq, Ib],       mmxShift('psraw')),
  row('NP 0F 71 /6', 'PSLLW',     [Nq, Ib],       mmxShift('psllw')),
  row('NP 0F 72 /2', 'PSRLD',     [Nq, Ib],       mmxShift('psrld')),
  row('NP 0F 72 /4', 'PSRAD',     [Nq, Ib],       mmxShift('psrad')),
  row('NP 0F 72 /6', 'PSLLD',     [Nq, Ib],       mmxShift('pslld')),
  row('NP 0F 73 /2', 'PSRLQ',     [Nq, Ib],       mmxShift('psrlq')),
  row('NP 0F 73 /6', 'PSLLQ',     [Nq, Ib],       mmxShift('psllq')),
  // Arithmetic and logic
  row('NP 0F D1',    'PSRLW',     [Pq, Qq],       onMmx('psrlwBy')),
  row('NP 0F D2',    'PSRLD',     [Pq, Qq],       onMmx('psrldBy')),
  row('NP 0F D3',    'PSRLQ',     [Pq, Qq],       onMmx('psrlqBy')),
  row('NP 0F D4',    'PADDQ',     [Pq, Qq],       onMmx('paddq')),
  row('NP 0F D5',    'PMULLW',    [Pq, Qq],       onMmx('pmullw')),
  row('NP 0F D8',    'PSUBUSB',   [Pq, Qq],       onMmx('psubusb')),
  row('NP 0F D9',    'PSUBUSW',   [Pq, Qq],       onMmx('psubusw')),
  row('NP 0F DA',    'PMINUB',    [Pq, Qq],       onMmx('pminub')),
  row('NP 0F DB',    'PAND',      [Pq, Qq],       onMmx('pand')),
  row('NP 0F DC',    'PADDUSB',   [Pq, Qq],       onMmx('paddusb')),
  row('NP 0F DD',    'PADDUSW',   [Pq, Qq],       onMmx('paddusw')),
  row('NP 0F DE',    'PMAXUB',    [Pq, Qq],       onMmx('pmaxub')),
  row('NP 0F DF',    'PANDN',     [Pq, Qq],       onMmx('pandn')),
  row('NP 0F E0',    'PAVGB',     [Pq, Qq],       onMmx('pavgb')),
  row('NP 0F E1',    'PSRAW',     [Pq, Qq],       onMmx('psrawBy')),
  row('NP 0F E2',    'PSRAD',     [Pq, Qq],       onMmx('psradBy')),
  row('NP 0F E3',    'PAVGW',     [Pq, Qq],       onMmx('pavgw')),
  row('NP 0F E4',    'PMULHUW',   [Pq, Qq],       onMmx('pmulhuw')),
  row('NP 0F E5',    'PMULHW',    [Pq, Qq],       onMmx('pmulhw')),
  row('NP 0F E8',    'PSUBSB',    [Pq, Qq],       onMmx('psubsb')),
  row('NP 0F E9',    'PSUBSW',    [Pq, Qq],       onMmx('psubsw')),
  row('NP 0F EA',    'PMINSW',    [Pq, Qq],       onMmx('pminsw')),
  row('NP 0F EB',    'POR',       [Pq, Qq],       onMmx('por')),
  row('NP 0F EC',    'PADDSB',    [Pq, Qq],       onMmx('paddsb')),
  row('NP 0F ED',    'PADDSW',    [Pq, Qq],       onMmx('paddsw')),
  row('NP 0F EE',    'PMAXSW',    [Pq, Qq],       onMmx('pmaxsw')),
  row('NP 0F EF',    'PXOR',      [Pq, Qq],       onMmx('pxor')),
  row('NP 0F F1',    'PSLLW',     [Pq, Qq],       onMmx('psllwBy')),
  row('NP 0F F2',    'PSLLD',     [Pq, Qq],       onMmx('pslldBy')),
  row('NP 0F F3',    'PSLLQ',     [Pq, Qq],       onMmx('psllqBy')),
  row('NP 0F F4',    'PMULUDQ',   [Pq, Qq],       onMmx('pmuludq')),
  row('NP 0F F5',    'PMADDWD',   [Pq, Qq],       onMmx('pmaddwd')),
  row('NP 0F F6',    'PSADBW',    [Pq, Qq],       onMmx('psadbw')),
  row('NP 0F F8',    'PSUBB',     [Pq, Qq],       onMmx('psubb')),
  row('NP 0F F9',    'PSUBW',     [Pq, Qq],       onMmx('psubw')),
  row('NP 0F FA',    'PSUBD',     [Pq, Qq],       onMmx('psubd')),
  row('NP 0F FB',    'PSUBQ',     [Pq, Qq],       onMmx('psubq')),
  row('NP 0F FC',    'PADDB',     [Pq, Qq],       onMmx('paddb')),
  row('NP 0F FD',    'PADDW',     [Pq, Qq],       onMmx('paddw')),
  row('NP 0F FE',    'PADDD',     [Pq, Qq],       onMmx('paddd')),
  // SSSE3
  row('NP 0F 38 00', 'PSHUFB',    [Pq, Qq],       onMmx('pshufb')),
  row('NP 0F 38 01', 'PHADDW',    [Pq, Qq],       onMmx('phaddw')),
  row('NP 0F 38 02', 'PHADDD',    [Pq, Qq],       onMmx('phaddd')),
  row('NP 0F 38 03', 'PHADDSW',   [Pq, Qq],       onMmx('phaddsw')),
  row('NP 0F 38 04', 'PMADDUBSW', [Pq, Qq],       onMmx('pmaddubsw')),
  row('NP 0F 38 05', 'PHSUBW',    [Pq, Qq],       onMmx('phsubw')),
  row('NP 0F 38 06', 'PHSUBD',    [Pq, Qq],       onMmx('phsubd')),
  row('NP 0F 38 07', 'PHSUBSW',   [Pq, Qq],       onMmx('phsubsw')),
  row('NP 0F 38 08', 'PSIGNB',    [Pq, Qq],       onMmx('psignb')),
  row('NP 0F 38 09', 'PSIGNW',    [Pq, Qq],       onMmx('psignw')),
  row('NP 0F 38 0A', 'PSIGND',    [Pq, Qq],       onMmx('psignd')),
  row('NP 0F 38 0B', 'PMULHRSW',  [Pq, Qq],       onMmx('pmulhrsw')),
  row('NP 0F 38 1C', 'PABSB',     [Pq, Qq],       onMmx('pabsb')),
  row('NP 0F 38 1D', 'PABSW',     [Pq, Qq],       onMmx('pabsw')),
  row('NP 0F 38 1E', 'PABSD',     [Pq, Qq],       onMmx('pabsd')),
  row('NP 0F 3A 0F', 'PALIGNR',   [Pq, Qq, Ib],   palignr),
]);

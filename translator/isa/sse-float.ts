/**
 * Floating point on XMM registers: rows and lifts of arithmetic, square roots and reciprocals, bitwise logic,
 * comparison, horizontal and dot products, and rounding.
 *
 * Source: SDM vol. 2D tables. Conversions stand in sse-convert.ts, shuffles in sse-shuffle.ts.
 */
import { Ib, Vpd, Vps, Vsd, Vss, Wpd, Wps, Wsd, Wss } from './operands.ts';
import { type Lift, type Row, row } from './row.ts';
import { binary, lanes, requireSse, source, ternary, xmm } from './sse-lift.ts';

/** XORPS, XORPD: of a register with itself it is the usual way to zero. */
const xor: Lift = (ir, insn) => {
  const [dst, src] = insn.operands;
  if (src?.kind === 'register' && xmm(src) === xmm(dst)) lanes(ir, 'zero128', xmm(dst));
  else binary('xor128')(ir, insn);
};

/**
 * UCOMIS, COMIS: the order (0 greater, 1 less, 2 equal, 3 unordered) as CF and ZF, both and PF for unordered; OF, SF and
 * AF are cleared. Source: SDM vol. 2A, COMISD.
 */
const compare =
  (helper: 'ucomiss' | 'ucomisd' | 'comiss' | 'comisd'): Lift =>
  (ir, { operands: [first, second] }) => {
    const order = lanes(ir, helper, xmm(first), source(ir, second));
    const carry = ir.and(order, ir.const(1));
    const differs = ir.lts(order, ir.const(2));
    // Zero has even parity, so "equal" corrects it (bit 8); one has odd parity.
    const parity = ir.shl(ir.eq(order, ir.const(2)), ir.const(8));
    ir.flags('carry', carry, carry, carry);
    ir.flags('overflow', ir.const(0), ir.const(0), ir.const(0));
    ir.flags('words', differs, parity, differs);
  };

/** Floating-point arithmetic, logic and comparison on XMM registers. */
// biome-ignore format: opcode table
export const sseFloat: readonly Row[] = requireSse([
  row('NP 0F 58',    'ADDPS',    [Vps, Wps],     binary('addps')),
  row('66 0F 58',    'ADDPD',    [Vpd, Wpd],     binary('addpd')),
  row('F3 0F 58',    'ADDSS',    [Vss, Wss],     binary('addss')),
  row('F2 0F 58',    'ADDSD',    [Vsd, Wsd],     binary('addsd')),
  row('NP 0F 59',    'MULPS',    [Vps, Wps],     binary('mulps')),
  row('66 0F 59',    'MULPD',    [Vpd, Wpd],     binary('mulpd')),
  row('F3 0F 59',    'MULSS',    [Vss, Wss],     binary('mulss')),
  row('F2 0F 59',    'MULSD',    [Vsd, Wsd],     binary('mulsd')),
  row('NP 0F 5C',    'SUBPS',    [Vps, Wps],     binary('subps')),
  row('66 0F 5C',    'SUBPD',    [Vpd, Wpd],     binary('subpd')),
  row('F3 0F 5C',    'SUBSS',    [Vss, Wss],     binary('subss')),
  row('F2 0F 5C',    'SUBSD',    [Vsd, Wsd],     binary('subsd')),
  row('NP 0F 5D',    'MINPS',    [Vps, Wps],     binary('minps')),
  row('66 0F 5D',    'MINPD',    [Vpd, Wpd],     binary('minpd')),
  row('F3 0F 5D',    'MINSS',    [Vss, Wss],     binary('minss')),
  row('F2 0F 5D',    'MINSD',    [Vsd, Wsd],     binary('minsd')),
  row('NP 0F 5E',    'DIVPS',    [Vps, Wps],     binary('divps')),
  row('66 0F 5E',    'DIVPD',    [Vpd, Wpd],     binary('divpd')),
  row('F3 0F 5E',    'DIVSS',    [Vss, Wss],     binary('divss')),
  row('F2 0F 5E',    'DIVSD',    [Vsd, Wsd],     binary('divsd')),
  row('NP 0F 5F',    'MAXPS',    [Vps, Wps],     binary('maxps')),
  row('66 0F 5F',    'MAXPD',    [Vpd, Wpd],     binary('maxpd')),
  row('F3 0F 5F',    'MAXSS',    [Vss, Wss],     binary('maxss')),
  row('F2 0F 5F',    'MAXSD',    [Vsd, Wsd],     binary('maxsd')),
  row('NP 0F 51',    'SQRTPS',   [Vps, Wps],     binary('sqrtps')),
  row('66 0F 51',    'SQRTPD',   [Vpd, Wpd],     binary('sqrtpd')),
  row('F3 0F 51',    'SQRTSS',   [Vss, Wss],     binary('sqrtss')),
  row('F2 0F 51',    'SQRTSD',   [Vsd, Wsd],     binary('sqrtsd')),
  row('NP 0F 52',    'RSQRTPS',  [Vps, Wps],     binary('rsqrtps')),
  row('F3 0F 52',    'RSQRTSS',  [Vss, Wss],     binary('rsqrtss')),
  row('NP 0F 53',    'RCPPS',    [Vps, Wps],     binary('rcpps')),
  row('F3 0F 53',    'RCPSS',    [Vss, Wss],     binary('rcpss')),
  row('NP 0F 54',    'ANDPS',    [Vps, Wps],     binary('and128')),
  row('66 0F 54',    'ANDPD',    [Vpd, Wpd],     binary('and128')),
  row('NP 0F 55',    'ANDNPS',   [Vps, Wps],     binary('andNot128')),
  row('66 0F 55',    'ANDNPD',   [Vpd, Wpd],     binary('andNot128')),
  row('NP 0F 56',    'ORPS',     [Vps, Wps],     binary('or128')),
  row('66 0F 56',    'ORPD',     [Vpd, Wpd],     binary('or128')),
  row('NP 0F 57',    'XORPS',    [Vps, Wps],     xor),
  row('66 0F 57',    'XORPD',    [Vpd, Wpd],     xor),
  row('NP 0F 2E',    'UCOMISS',  [Vss, Wss],     compare('ucomiss')),
  row('66 0F 2E',    'UCOMISD',  [Vsd, Wsd],     compare('ucomisd')),
  row('NP 0F 2F',    'COMISS',   [Vss, Wss],     compare('comiss')),
  row('66 0F 2F',    'COMISD',   [Vsd, Wsd],     compare('comisd')),
  row('NP 0F C2',    'CMPPS',    [Vps, Wps, Ib], ternary('cmpps')),
  row('66 0F C2',    'CMPPD',    [Vpd, Wpd, Ib], ternary('cmppd')),
  row('F3 0F C2',    'CMPSS',    [Vss, Wss, Ib], ternary('cmpss')),
  row('F2 0F C2',    'CMPSD',    [Vsd, Wsd, Ib], ternary('cmpsd')),
  row('66 0F 7C',    'HADDPD',   [Vpd, Wpd],     binary('haddpd')),
  row('F2 0F 7C',    'HADDPS',   [Vps, Wps],     binary('haddps')),
  row('66 0F 7D',    'HSUBPD',   [Vpd, Wpd],     binary('hsubpd')),
  row('F2 0F 7D',    'HSUBPS',   [Vps, Wps],     binary('hsubps')),
  row('66 0F D0',    'ADDSUBPD', [Vpd, Wpd],     binary('addsubpd')),
  row('F2 0F D0',    'ADDSUBPS', [Vps, Wps],     binary('addsubps')),
  row('66 0F 3A 08', 'ROUNDPS',  [Vps, Wps, Ib], ternary('roundps')),
  row('66 0F 3A 09', 'ROUNDPD',  [Vpd, Wpd, Ib], ternary('roundpd')),
  row('66 0F 3A 0A', 'ROUNDSS',  [Vss, Wss, Ib], ternary('roundss')),
  row('66 0F 3A 0B', 'ROUNDSD',  [Vsd, Wsd, Ib], ternary('roundsd')),
  row('66 0F 3A 40', 'DPPS',     [Vps, Wps, Ib], ternary('dpps')),
  row('66 0F 3A 41', 'DPPD',     [Vpd, Wpd, Ib], ternary('dppd')),
]);

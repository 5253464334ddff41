/**
 * Moves between general registers and memory: rows and lifts of MOV, MOVZX, MOVSX, MOVBE, LEA, XLAT, XCHG, CMPXCHG,
 * CMPXCHG8B, CMOVcc and SETcc. Moves of segment, control and debug registers stand in segment.ts and system.ts.
 *
 * Source: SDM vol. 2A, 2B and 2D under each mnemonic. 90 is NOP and stands in misc.ts. XCHG with memory locks the bus
 * with or without LOCK.
 */
import type { Condition } from '../ir/condition.ts';
import { AL, BBb, Eb, Ev, Ew, eAX, Gb, Gv, Gy, Ib, Iv, Iz, M, Mq, Mv, My, Ob, Ov, Zb, Zv } from './operands.ts';
import { type Lift, LOCK, type Row, row, widthOf } from './row.ts';

/** MOVBE: the bytes in reverse; of a word they come out of BSWAP in the upper half. */
const movbe: Lift = (ir, { operands: [dst, src] }) => {
  const reversed = ir.pure('bswap', ir.load(src!));
  ir.store(dst!, widthOf(src!) === 16 ? ir.shr(reversed, ir.const(16)) : reversed);
};

/** SETcc: 1 or 0. */
const setcc =
  (cc: Condition): Lift =>
  (ir, { operands: [dst] }) => {
    ir.store(dst!, ir.condition(cc));
  };

/** Moves, exchanges, extensions and address computation. */
// biome-ignore format: opcode table
export const move: readonly Row[] = [
  row('88',           'MOV',       [Eb, Gb],  undefined),
  row('89',           'MOV',       [Ev, Gv],  undefined),
  row('8A',           'MOV',       [Gb, Eb],  undefined),
  row('8B',           'MOV',       [Gv, Ev],  undefined),
  row('A0',           'MOV',       [AL, Ob],  undefined),
  row('A1',           'MOV',       [eAX, Ov], undefined),
  row('A2',           'MOV',       [Ob, AL],  undefined),
  row('A3',           'MOV',       [Ov, eAX], undefined),
  row('B0+r',         'MOV',       [Zb, Ib],  undefined),
  row('B8+r',         'MOV',       [Zv, Iv],  undefined),
  row('C6 /0',        'MOV',       [Eb, Ib],  undefined),
  row('C7 /0',        'MOV',       [Ev, Iz],  undefined),
  row('0F B6',        'MOVZX',     [Gv, Eb],  undefined),
  row('0F B7',        'MOVZX',     [Gv, Ew],  undefined),
  row('0F BE',        'MOVSX',     [Gv, Eb],  undefined),
  row('0F BF',        'MOVSX',     [Gv, Ew],  undefined),
  row('NFx 0F 38 F0', 'MOVBE',     [Gv, Mv],  movbe),
  row('NFx 0F 38 F1', 'MOVBE',     [Mv, Gv],  movbe),
  row('NP 0F C3',     'MOVNTI',    [My, Gy],  undefined),
  row('8D',           'LEA',       [Gv, M],   undefined),
  row('D7',           'XLATB',     [BBb],     undefined),
  row('86',           'XCHG',      [Eb, Gb],  undefined, LOCK),
  row('87',           'XCHG',      [Ev, Gv],  undefined, LOCK),
  row('91',           'XCHG',      [Zv, eAX], undefined),
  row('92',           'XCHG',      [Zv, eAX], undefined),
  row('93',           'XCHG',      [Zv, eAX], undefined),
  row('94',           'XCHG',      [Zv, eAX], undefined),
  row('95',           'XCHG',      [Zv, eAX], undefined),
  row('96',           'XCHG',      [Zv, eAX], undefined),
  row('97',           'XCHG',      [Zv, eAX], undefined),
  row('0F B0',        'CMPXCHG',   [Eb, Gb],  undefined, LOCK),
  row('0F B1',        'CMPXCHG',   [Ev, Gv],  undefined, LOCK),
  row('0F C7 /1',     'CMPXCHG8B', [Mq],      undefined, LOCK),
  row('0F 40',        'CMOVO',     [Gv, Ev],  undefined),
  row('0F 41',        'CMOVNO',    [Gv, Ev],  undefined),
  row('0F 42',        'CMOVB',     [Gv, Ev],  undefined),
  row('0F 43',        'CMOVAE',    [Gv, Ev],  undefined),
  row('0F 44',        'CMOVE',     [Gv, Ev],  undefined),
  row('0F 45',        'CMOVNE',    [Gv, Ev],  undefined),
  row('0F 46',        'CMOVBE',    [Gv, Ev],  undefined),
  row('0F 47',        'CMOVA',     [Gv, Ev],  undefined),
  row('0F 48',        'CMOVS',     [Gv, Ev],  undefined),
  row('0F 49',        'CMOVNS',    [Gv, Ev],  undefined),
  row('0F 4A',        'CMOVP',     [Gv, Ev],  undefined),
  row('0F 4B',        'CMOVNP',    [Gv, Ev],  undefined),
  row('0F 4C',        'CMOVL',     [Gv, Ev],  undefined),
  row('0F 4D',        'CMOVGE',    [Gv, Ev],  undefined),
  row('0F 4E',        'CMOVLE',    [Gv, Ev],  undefined),
  row('0F 4F',        'CMOVG',     [Gv, Ev],  undefined),
  // ModRM.reg is ignored.
  row('0F 90',        'SETO',      [Eb],      setcc(0)),
  row('0F 91',        'SETNO',     [Eb],      setcc(1)),
  row('0F 92',        'SETB',      [Eb],      setcc(2)),
  row('0F 93',        'SETAE',     [Eb],      setcc(3)),
  row('0F 94',        'SETE',      [Eb],      setcc(4)),
  row('0F 95',        'SETNE',     [Eb],      setcc(5)),
  row('0F 96',        'SETBE',     [Eb],      setcc(6)),
  row('0F 97',        'SETA',      [Eb],      setcc(7)),
  row('0F 98',        'SETS',      [Eb],      setcc(8)),
  row('0F 99',        'SETNS',     [Eb],      setcc(9)),
  row('0F 9A',        'SETP',      [Eb],      setcc(10)),
  row('0F 9B',        'SETNP',     [Eb],      setcc(11)),
  row('0F 9C',        'SETL',      [Eb],      setcc(12)),
  row('0F 9D',        'SETGE',     [Eb],      setcc(13)),
  row('0F 9E',        'SETLE',     [Eb],      setcc(14)),
  row('0F 9F',        'SETG',      [Eb],      setcc(15)),
];

/**
 * Moves between general registers and memory: rows and lifts of MOV, MOVZX, MOVSX, MOVBE, LEA, XLAT, XCHG, CMPXCHG,
 * CMPXCHG8B, CMOVcc and SETcc. Moves of segment, control and debug registers stand in segment.ts and system.ts.
 *
 * Source: SDM vol. 2A, 2B and 2D under each mnemonic. 90 is NOP and stands in misc.ts. XCHG with memory locks the bus
 * with or without LOCK.
 */
import { EAX, EBX, ECX, EDX } from '../../runtime/abi/state.ts';
import type { MemoryOperand } from '../decode/instruction.ts';
import type { Condition } from '../ir/condition.ts';
import { AL, BBb, Eb, Ev, Ew, eAX, Gb, Gv, Gy, Ib, Iv, Iz, M, Mq, Mv, My, Ob, Ov, Zb, Zv } from './operands.ts';
import { type Lift, LOCK, type Row, row, widthOf } from './row.ts';
import { setZero } from './status.ts';

/** MOV, MOVSX, MOVNTI: narrow values are sign-extended already, and stores cut. */
const mov: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, ir.load(src!));
};

const movzx: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, ir.zext(widthOf(src!), ir.load(src!)));
};

/** LEA: the offset, not the address: segment bases play no part. */
const lea: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, ir.offset(src as MemoryOperand));
};

/** XLATB: AL := byte at (E)BX + AL. */
const xlat: Lift = (ir, { operands: [table] }) => {
  const { base, segment, addressSize } = table as MemoryOperand;
  const offset = ir.add(ir.get(base), ir.zext(8, ir.register(EAX, 8)));
  ir.setRegister(EAX, 8, ir.loadLinear(8, ir.linear(segment, ir.zext(addressSize, offset), 1)));
};

const xchg: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  ir.store(dst!, b);
  ir.store(src!, a);
};

/** CMPXCHG: the destination is always written, and the accumulator gets what it held (its own value if they are equal). */
const cmpxchg: Lift = (ir, { operands: [dst, src] }) => {
  const size = widthOf(dst!);
  const accumulator = ir.register(EAX, size);
  const old = ir.loadForWrite(dst!);
  const equal = ir.eq(accumulator, old);
  const value = ir.select(equal, ir.load(src!), old);
  if (dst!.kind === 'memory') {
    ir.store(dst!, value);
    ir.setRegister(EAX, size, old);
  } else {
    // The destination may be the accumulator itself.
    ir.setRegister(EAX, size, old);
    ir.store(dst!, value);
  }
  ir.flags('sub', accumulator, old, ir.sext(size, ir.sub(accumulator, old)));
};

/** CMPXCHG8B: EDX:EAX with the quadword; only ZF changes. Both halves are checked for writing before either is written. */
const cmpxchg8b: Lift = (ir, { operands: [dst] }) => {
  const operand = dst as MemoryOperand;
  ir.checkWritable(operand);
  const low = ir.loadLinear(32, ir.address(operand, 0, true), true);
  const high = ir.loadLinear(32, ir.address(operand, 4, true, 32), true);
  const same = ir.and(ir.eq(low, ir.get(EAX)), ir.eq(high, ir.get(EDX)));
  ir.storeLinear(32, low.address, ir.select(same, ir.get(EBX), low), low);
  ir.storeLinear(32, high.address, ir.select(same, ir.get(ECX), high), high);
  ir.set(EAX, low);
  ir.set(EDX, high);
  setZero(ir, same);
};

/** CMOVcc: the source is read whatever the condition. */
const cmov =
  (cc: Condition): Lift =>
  (ir, { operands: [dst, src] }) => {
    const value = ir.load(src!);
    ir.store(dst!, ir.select(ir.condition(cc), value, ir.load(dst!)));
  };

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
  row('88',           'MOV',       [Eb, Gb],  mov),
  row('89',           'MOV',       [Ev, Gv],  mov),
  row('8A',           'MOV',       [Gb, Eb],  mov),
  row('8B',           'MOV',       [Gv, Ev],  mov),
  row('A0',           'MOV',       [AL, Ob],  mov),
  row('A1',           'MOV',       [eAX, Ov], mov),
  row('A2',           'MOV',       [Ob, AL],  mov),
  row('A3',           'MOV',       [Ov, eAX], mov),
  row('B0+r',         'MOV',       [Zb, Ib],  mov),
  row('B8+r',         'MOV',       [Zv, Iv],  mov),
  row('C6 /0',        'MOV',       [Eb, Ib],  mov),
  row('C7 /0',        'MOV',       [Ev, Iz],  mov),
  row('0F B6',        'MOVZX',     [Gv, Eb],  movzx),
  row('0F B7',        'MOVZX',     [Gv, Ew],  movzx),
  row('0F BE',        'MOVSX',     [Gv, Eb],  mov),
  row('0F BF',        'MOVSX',     [Gv, Ew],  mov),
  row('NFx 0F 38 F0', 'MOVBE',     [Gv, Mv],  movbe),
  row('NFx 0F 38 F1', 'MOVBE',     [Mv, Gv],  movbe),
  row('NP 0F C3',     'MOVNTI',    [My, Gy],  mov),
  row('8D',           'LEA',       [Gv, M],   lea),
  row('D7',           'XLATB',     [BBb],     xlat),
  row('86',           'XCHG',      [Eb, Gb],  xchg, LOCK),
  row('87',           'XCHG',      [Ev, Gv],  xchg, LOCK),
  row('91',           'XCHG',      [Zv, eAX], xchg),
  row('92',           'XCHG',      [Zv, eAX], xchg),
  row('93',           'XCHG',      [Zv, eAX], xchg),
  row('94',           'XCHG',      [Zv, eAX], xchg),
  row('95',           'XCHG',      [Zv, eAX], xchg),
  row('96',           'XCHG',      [Zv, eAX], xchg),
  row('97',           'XCHG',      [Zv, eAX], xchg),
  row('0F B0',        'CMPXCHG',   [Eb, Gb],  cmpxchg, LOCK),
  row('0F B1',        'CMPXCHG',   [Ev, Gv],  cmpxchg, LOCK),
  row('0F C7 /1',     'CMPXCHG8B', [Mq],      cmpxchg8b, LOCK),
  row('0F 40',        'CMOVO',     [Gv, Ev],  cmov(0)),
  row('0F 41',        'CMOVNO',    [Gv, Ev],  cmov(1)),
  row('0F 42',        'CMOVB',     [Gv, Ev],  cmov(2)),
  row('0F 43',        'CMOVAE',    [Gv, Ev],  cmov(3)),
  row('0F 44',        'CMOVE',     [Gv, Ev],  cmov(4)),
  row('0F 45',        'CMOVNE',    [Gv, Ev],  cmov(5)),
  row('0F 46',        'CMOVBE',    [Gv, Ev],  cmov(6)),
  row('0F 47',        'CMOVA',     [Gv, Ev],  cmov(7)),
  row('0F 48',        'CMOVS',     [Gv, Ev],  cmov(8)),
  row('0F 49',        'CMOVNS',    [Gv, Ev],  cmov(9)),
  row('0F 4A',        'CMOVP',     [Gv, Ev],  cmov(10)),
  row('0F 4B',        'CMOVNP',    [Gv, Ev],  cmov(11)),
  row('0F 4C',        'CMOVL',     [Gv, Ev],  cmov(12)),
  row('0F 4D',        'CMOVGE',    [Gv, Ev],  cmov(13)),
  row('0F 4E',        'CMOVLE',    [Gv, Ev],  cmov(14)),
  row('0F 4F',        'CMOVG',     [Gv, Ev],  cmov(15)),
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

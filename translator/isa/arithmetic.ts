/**
 * Integer arithmetic that sets all six status flags: rows and lifts of ADD, ADC, SUB, SBB, CMP, INC, DEC, NEG, XADD,
 * ADCX and ADOX, and the sign conversions CBW to CDQ.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. Opcode 82 is an alias of 80 outside 64-bit mode.
 */
import { EAX, EDX } from '../../runtime/abi/state.ts';
import type { Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { FlagKindName } from '../ir/flags.ts';
import type { Value } from '../ir/node.ts';
import { AL, Eb, Ev, Ey, eAX, Gb, Gv, Gy, Ib, Ibs, Iz, Zv } from './operands.ts';
import { type Lift, LOCK, NOT64, type Row, row, widthOf } from './row.ts';

/** Store the result of a two-operand operation and set the flags that `kind` makes of it. */
function finish(ir: IrBuilder, dst: Operand, kind: FlagKindName, a: Value, b: Value, word: Value): void {
  const r = ir.sext(widthOf(dst), word);
  ir.store(dst, r);
  ir.flags(kind, a, b, r);
}

/** ADD. */
const add: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  finish(ir, dst!, 'add', a, b, ir.add(a, b));
};

/** ADC: the carry goes into the result, from which the flags are then taken. */
const adc: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  finish(ir, dst!, 'adc', a, b, ir.add(ir.add(a, b), ir.flag('CF')));
};

/** SUB. */
const sub: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  finish(ir, dst!, 'sub', a, b, ir.sub(a, b));
};

/** SBB. */
const sbb: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  finish(ir, dst!, 'sbb', a, b, ir.sub(ir.sub(a, b), ir.flag('CF')));
};

/** CMP. */
const cmp: Lift = (ir, { operands: [left, right] }) => {
  const a = ir.load(left!);
  const b = ir.load(right!);
  ir.flags('sub', a, b, ir.sext(widthOf(left!), ir.sub(a, b)));
};

/** INC: CF stays. */
const inc: Lift = (ir, { operands: [dst] }) => {
  const a = ir.loadForWrite(dst!);
  finish(ir, dst!, 'inc', a, a, ir.add(a, ir.const(1)));
};

/** DEC: CF stays. */
const dec: Lift = (ir, { operands: [dst] }) => {
  const a = ir.loadForWrite(dst!);
  finish(ir, dst!, 'dec', a, a, ir.add(a, ir.const(-1)));
};

/** NEG: 0 - DEST, flags included. */
const neg: Lift = (ir, { operands: [dst] }) => {
  const a = ir.loadForWrite(dst!);
  finish(ir, dst!, 'sub', ir.const(0), a, ir.neg(a));
};

/** XADD: of two equal registers the sum remains; with a memory destination its store may fault and comes first. */
const xadd: Lift = (ir, { operands: [dst, src] }) => {
  const a = ir.loadForWrite(dst!);
  const b = ir.load(src!);
  if (dst!.kind === 'register') ir.store(src!, a);
  finish(ir, dst!, 'add', a, b, ir.add(a, b));
  if (dst!.kind === 'memory') ir.store(src!, a);
};

/** ADCX and ADOX: an addition whose carry goes in and out through one flag alone. */
const addThrough =
  (flag: 'CF' | 'OF'): Lift =>
  (ir, { operands: [dst, src] }) => {
    const a = ir.load(dst!);
    const b = ir.load(src!);
    const r = ir.add(ir.add(a, b), ir.flag(flag));
    // The carry out of bit 31, in the sign bit.
    const carry = ir.or(ir.and(a, b), ir.and(ir.or(a, b), ir.not(r)));
    ir.store(dst!, r);
    if (flag === 'OF') ir.flags('overflow', carry, carry, carry);
    else ir.flags('carry', ir.shr(carry, ir.const(31)), r, r);
  };

/** CBW, CWDE: the low half of the accumulator, sign-extended to all of it. */
const extendAccumulator: Lift = (ir, { operandSize }) => {
  ir.setRegister(EAX, operandSize, ir.register(EAX, operandSize / 2));
};

/** CWD, CDQ: the accumulator's sign, in all of DX or EDX. */
const extendToPair: Lift = (ir, { operandSize }) => {
  ir.setRegister(EDX, operandSize, ir.sar(ir.register(EAX, operandSize), ir.const(31)));
};

/** Integer addition and subtraction, comparison, increment, negation and the sign conversions of the accumulator. */
// biome-ignore format: opcode table
export const arithmetic: readonly Row[] = [
  row('00',          'ADD',      [Eb, Gb],  add, LOCK),
  row('01',          'ADD',      [Ev, Gv],  add, LOCK),
  row('02',          'ADD',      [Gb, Eb],  add),
  row('03',          'ADD',      [Gv, Ev],  add),
  row('04',          'ADD',      [AL, Ib],  add),
  row('05',          'ADD',      [eAX, Iz], add),
  row('80 /0',       'ADD',      [Eb, Ib],  add, LOCK),
  row('81 /0',       'ADD',      [Ev, Iz],  add, LOCK),
  row('82 /0',       'ADD',      [Eb, Ib],  add, LOCK | NOT64),
  row('83 /0',       'ADD',      [Ev, Ibs], add, LOCK),
  row('10',          'ADC',      [Eb, Gb],  adc, LOCK),
  row('11',          'ADC',      [Ev, Gv],  adc, LOCK),
  row('12',          'ADC',      [Gb, Eb],  adc),
  row('13',          'ADC',      [Gv, Ev],  adc),
  row('14',          'ADC',      [AL, Ib],  adc),
  row('15',          'ADC',      [eAX, Iz], adc),
  row('80 /2',       'ADC',      [Eb, Ib],  adc, LOCK),
  row('81 /2',       'ADC',      [Ev, Iz],  adc, LOCK),
  row('82 /2',       'ADC',      [Eb, Ib],  adc, LOCK | NOT64),
  row('83 /2',       'ADC',      [Ev, Ibs], adc, LOCK),
  row('18',          'SBB',      [Eb, Gb],  sbb, LOCK),
  row('19',          'SBB',      [Ev, Gv],  sbb, LOCK),
  row('1A',          'SBB',      [Gb, Eb],  sbb),
  row('1B',          'SBB',      [Gv, Ev],  sbb),
  row('1C',          'SBB',      [AL, Ib],  sbb),
  row('1D',          'SBB',      [eAX, Iz], sbb),
  row('80 /3',       'SBB',      [Eb, Ib],  sbb, LOCK),
  row('81 /3',       'SBB',      [Ev, Iz],  sbb, LOCK),
  row('82 /3',       'SBB',      [Eb, Ib],  sbb, LOCK | NOT64),
  row('83 /3',       'SBB',      [Ev, Ibs], sbb, LOCK),
  row('28',          'SUB',      [Eb, Gb],  sub, LOCK),
  row('29',          'SUB',      [Ev, Gv],  sub, LOCK),
  row('2A',          'SUB',      [Gb, Eb],  sub),
  row('2B',          'SUB',      [Gv, Ev],  sub),
  row('2C',          'SUB',      [AL, Ib],  sub),
  row('2D',          'SUB',      [eAX, Iz], sub),
  row('80 /5',       'SUB',      [Eb, Ib],  sub, LOCK),
  row('81 /5',       'SUB',      [Ev, Iz],  sub, LOCK),
  row('82 /5',       'SUB',      [Eb, Ib],  sub, LOCK | NOT64),
  row('83 /5',       'SUB',      [Ev, Ibs], sub, LOCK),
  row('38',          'CMP',      [Eb, Gb],  cmp),
  row('39',          'CMP',      [Ev, Gv],  cmp),
  row('3A',          'CMP',      [Gb, Eb],  cmp),
  row('3B',          'CMP',      [Gv, Ev],  cmp),
  row('3C',          'CMP',      [AL, Ib],  cmp),
  row('3D',          'CMP',      [eAX, Iz], cmp),
  row('80 /7',       'CMP',      [Eb, Ib],  cmp),
  row('81 /7',       'CMP',      [Ev, Iz],  cmp),
  row('82 /7',       'CMP',      [Eb, Ib],  cmp, NOT64),
  row('83 /7',       'CMP',      [Ev, Ibs], cmp),
  row('40+r',        'INC',      [Zv],      inc, NOT64),
  row('FE /0',       'INC',      [Eb],      inc, LOCK),
  row('FF /0',       'INC',      [Ev],      inc, LOCK),
  row('48+r',        'DEC',      [Zv],      dec, NOT64),
  row('FE /1',       'DEC',      [Eb],      dec, LOCK),
  row('FF /1',       'DEC',      [Ev],      dec, LOCK),
  row('F6 /3',       'NEG',      [Eb],      neg, LOCK),
  row('F7 /3',       'NEG',      [Ev],      neg, LOCK),
  row('0F C0',       'XADD',     [Eb, Gb],  xadd, LOCK),
  row('0F C1',       'XADD',     [Ev, Gv],  xadd, LOCK),
  row('66 0F 38 F6', 'ADCX',     [Gy, Ey],  addThrough('CF')),
  row('F3 0F 38 F6', 'ADOX',     [Gy, Ey],  addThrough('OF')),
  row('98',          'CBW/CWDE', [],        extendAccumulator),
  row('99',          'CWD/CDQ',  [],        extendToPair),
];

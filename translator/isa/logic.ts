/**
 * Bitwise logic: rows and lifts of AND, OR, XOR, NOT, TEST and BMI1's ANDN. All but NOT clear CF and OF.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. F6 /1 and F7 /1 are aliases of TEST on real CPUs.
 */
import { AL, By, Eb, Ev, Ey, eAX, Gb, Gv, Gy, Ib, Ibs, Iz } from './operands.ts';
import { type Lift, LOCK, NOT64, type Row, row } from './row.ts';

/** AND, OR, XOR. Sign-extended operands give a sign-extended result. */
const bitwise =
  (name: 'and' | 'or' | 'xor'): Lift =>
  (ir, { operands: [dst, src] }) => {
    const r = ir.pure(name, ir.loadForWrite(dst!), ir.load(src!));
    ir.store(dst!, r);
    ir.flags('logic', r, r, r);
  };

const and = bitwise('and');
const or = bitwise('or');
const xor = bitwise('xor');

/** TEST. */
const test: Lift = (ir, { operands: [left, right] }) => {
  const r = ir.and(ir.load(left!), ir.load(right!));
  ir.flags('logic', r, r, r);
};

/** NOT: no flags. */
const not: Lift = (ir, { operands: [dst] }) => {
  ir.store(dst!, ir.not(ir.loadForWrite(dst!)));
};

/** ANDN: DEST := NOT SRC1 AND SRC2. */
const andn: Lift = (ir, { operands: [dst, inverted, src] }) => {
  const r = ir.and(ir.not(ir.load(inverted!)), ir.load(src!));
  ir.store(dst!, r);
  ir.flags('logic', r, r, r);
};

/** Bitwise logic and TEST. */
// biome-ignore format: opcode table
export const logic: readonly Row[] = [
  row('08',                'OR',   [Eb, Gb],     or, LOCK),
  row('09',                'OR',   [Ev, Gv],     or, LOCK),
  row('0A',                'OR',   [Gb, Eb],     or),
  row('0B',                'OR',   [Gv, Ev],     or),
  row('0C',                'OR',   [AL, Ib],     or),
  row('0D',                'OR',   [eAX, Iz],    or),
  row('80 /1',             'OR',   [Eb, Ib],     or, LOCK),
  row('81 /1',             'OR',   [Ev, Iz],     or, LOCK),
  row('82 /1',             'OR',   [Eb, Ib],     or, LOCK | NOT64),
  row('83 /1',             'OR',   [Ev, Ibs],    or, LOCK),
  row('20',                'AND',  [Eb, Gb],     and, LOCK),
  row('21',                'AND',  [Ev, Gv],     and, LOCK),
  row('22',                'AND',  [Gb, Eb],     and),
  row('23',                'AND',  [Gv, Ev],     and),
  row('24',                'AND',  [AL, Ib],     and),
  row('25',                'AND',  [eAX, Iz],    and),
  row('80 /4',             'AND',  [Eb, Ib],     and, LOCK),
  row('81 /4',             'AND',  [Ev, Iz],     and, LOCK),
  row('82 /4',             'AND',  [Eb, Ib],     and, LOCK | NOT64),
  row('83 /4',             'AND',  [Ev, Ibs],    and, LOCK),
  row('30',                'XOR',  [Eb, Gb],     xor, LOCK),
  row('31',                'XOR',  [Ev, Gv],     xor, LOCK),
  row('32',                'XOR',  [Gb, Eb],     xor),
  row('33',                'XOR',  [Gv, Ev],     xor),
  row('34',                'XOR',  [AL, Ib],     xor),
  row('35',                'XOR',  [eAX, Iz],    xor),
  row('80 /6',             'XOR',  [Eb, Ib],     xor, LOCK),
  row('81 /6',             'XOR',  [Ev, Iz],     xor, LOCK),
  row('82 /6',             'XOR',  [Eb, Ib],     xor, LOCK | NOT64),
  row('83 /6',             'XOR',  [Ev, Ibs],    xor, LOCK),
  row('84',                'TEST', [Eb, Gb],     test),
  row('85',                'TEST', [Ev, Gv],     test),
  row('A8',                'TEST', [AL, Ib],     test),
  row('A9',                'TEST', [eAX, Iz],    test),
  row('F6 /0',             'TEST', [Eb, Ib],     test),
  row('F6 /1',             'TEST', [Eb, Ib],     test),
  row('F7 /0',             'TEST', [Ev, Iz],     test),
  row('F7 /1',             'TEST', [Ev, Iz],     test),
  row('F6 /2',             'NOT',  [Eb],         not, LOCK),
  row('F7 /2',             'NOT',  [Ev],         not, LOCK),
  row('VEX.LZ.0F38.W0 F2', 'ANDN', [Gy, By, Ey], andn),
];

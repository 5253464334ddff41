/**
 * Single bits and bit fields: rows and lifts of BT, BTS, BTR, BTC, the scans and counts, BSWAP, CRC32 and the rest of
 * BMI1 and BMI2.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. BT Ev, Gv with a memory operand reaches beyond it: the bit offset is
 * signed. F3 0F BC and F3 0F BD are TZCNT and LZCNT, older CPUs ignore the prefix and run BSF and BSR.
 */
import type { MemoryOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { By, Eb, Ev, Ey, Gd, Gv, Gy, Ib, Zv } from './operands.ts';
import { type Lift, LOCK, type Row, row, widthOf } from './row.ts';

/** What BTS, BTR and BTC make of the word; BT leaves it. */
type BitChange = 'set' | 'reset' | 'complement';

function changed(ir: IrBuilder, change: BitChange, word: Value, index: Value): Value {
  const mask = ir.shl(ir.const(1), index);
  if (change === 'set') return ir.or(word, mask);
  return change === 'reset' ? ir.and(word, ir.not(mask)) : ir.xor(word, mask);
}

/** BT, BTS, BTR, BTC: CF := the bit; ZF stays, and so do the other flags, which are undefined. */
const bitTest =
  (change?: BitChange): Lift =>
  (ir, { operands: [dst, src] }) => {
    const size = widthOf(dst!) as 16 | 32;
    const index = ir.load(src!);
    const within = ir.and(index, ir.const(size - 1));
    let word: Value;
    if (dst!.kind === 'memory' && src!.kind === 'register') {
      if (change) ir.checkWritable(dst!);
      const address = stringAddress(ir, dst!, size, index, change !== undefined);
      const load = ir.loadLinear(size, address, change !== undefined);
      if (change) ir.storeLinear(size, address, changed(ir, change, load, within), load);
      word = load;
    } else {
      word = change ? ir.loadForWrite(dst!) : ir.load(dst!);
      if (change) ir.store(dst!, changed(ir, change, word, within));
    }
    const bit = ir.and(ir.shr(word, within), ir.const(1));
    ir.flags('carry', bit, word, word);
  };

/** Linear address of the word that holds bit `index` (signed) of the bit string at a memory operand. */
function stringAddress(ir: IrBuilder, operand: MemoryOperand, size: 16 | 32, index: Value, write: boolean): Value {
  // Whole words, in bytes: (index >> 5) * 4 or (index >> 4) * 2.
  const distance = ir.and(ir.sar(index, ir.const(3)), ir.const(-size / 8));
  const offset = ir.add(ir.offset(operand), distance);
  const cut = operand.addressSize === 16 ? ir.zext(16, offset) : offset;
  return ir.linear(operand.segment, cut, size / 8, write);
}

/** BSF, BSR: ZF := the source is 0, and the destination then stays; other flags are undefined. */
const scan =
  (position: (ir: IrBuilder, word: Value) => Value): Lift =>
  (ir, { operands: [dst, src] }) => {
    const word = ir.load(src!);
    ir.store(dst!, ir.select(word, position(ir, ir.zext(widthOf(src!), word)), ir.load(dst!)));
    ir.flags('logic', word, word, word);
  };

const bsf = scan((ir, word) => ir.pure('ctz', word));
const bsr = scan((ir, word) => ir.xor(ir.pure('clz', word), ir.const(31)));

/** TZCNT and LZCNT: CF := the source is 0, ZF := the result is 0; other flags are undefined. */
const count =
  (zeros: (ir: IrBuilder, word: Value, size: number) => Value): Lift =>
  (ir, { operands: [dst, src] }) => {
    const word = ir.load(src!);
    const r = zeros(ir, word, widthOf(src!));
    ir.store(dst!, r);
    ir.flags('given', ir.eq(word, ir.const(0)), ir.const(0), r);
  };

const tzcnt = count((ir, word, size) => ir.pure('ctz', size === 16 ? ir.or(word, ir.const(1 << 16)) : word));
const lzcnt = count((ir, word, size) => ir.sub(ir.pure('clz', ir.zext(size, word)), ir.const(32 - size)));

/** POPCNT: ZF, all others 0, PF among them, for which the correction in AUX undoes the result's own parity. */
const popcnt: Lift = (ir, { operands: [dst, src] }) => {
  const r = ir.pure('popcnt', ir.zext(widthOf(src!), ir.load(src!)));
  ir.store(dst!, r);
  ir.flags('words', r, ir.shl(ir.pure('parity', r), ir.const(8)), r);
  ir.flags('rotate', ir.const(0), ir.const(0), r);
};

/** BSWAP. With 16 bits it is undefined; real CPUs store 0. */
const bswap: Lift = (ir, { operands: [dst] }) => {
  ir.store(dst!, widthOf(dst!) === 32 ? ir.pure('bswap', ir.load(dst!)) : ir.const(0));
};

/** CRC32: no flags. */
const crc32: Lift = (ir, { operands: [dst, src] }) => {
  const value = ir.load(src!);
  ir.store(dst!, ir.call('crc32', ir.load(dst!), value, ir.const(widthOf(src!))));
};

/** BLSR, BLSMSK, BLSI: `carrySet` is CF when the source is 0; OF is 0, AF and PF are undefined. */
const lowestBit =
  (carrySet: 0 | 1, combine: (ir: IrBuilder, word: Value) => Value): Lift =>
  (ir, { operands: [dst, src] }) => {
    const word = ir.load(src!);
    const r = combine(ir, word);
    ir.store(dst!, r);
    ir.flags('given', ir.pure(carrySet ? 'eq' : 'ne', word, ir.const(0)), ir.const(0), r);
  };

const blsr = lowestBit(1, (ir, word) => ir.and(word, ir.add(word, ir.const(-1))));
const blsmsk = lowestBit(1, (ir, word) => ir.xor(word, ir.add(word, ir.const(-1))));
const blsi = lowestBit(0, (ir, word) => ir.and(word, ir.neg(word)));

/** The low `length` bits of a word, `length` being 0 or more. */
function lowBits(ir: IrBuilder, word: Value, length: Value, covers: Value): Value {
  const mask = ir.add(ir.shl(ir.const(1), length), ir.const(-1));
  return ir.select(covers, word, ir.and(word, mask));
}

/** BEXTR: bits 7..0 of the control are the first bit, bits 15..8 how many. */
const bextr: Lift = (ir, { operands: [dst, src, control] }) => {
  const fields = ir.load(control!);
  const start = ir.zext(8, fields);
  const length = ir.zext(8, ir.shr(fields, ir.const(8)));
  const last = ir.const(31);
  const shifted = ir.select(ir.pure('gtu', start, last), ir.const(0), ir.shr(ir.load(src!), start));
  const r = lowBits(ir, shifted, length, ir.pure('gtu', length, last));
  ir.store(dst!, r);
  ir.flags('logic', r, r, r);
};

/** BZHI: CF says that the index reaches beyond the word, which then stays whole. */
const bzhi: Lift = (ir, { operands: [dst, src, index] }) => {
  const length = ir.zext(8, ir.load(index!));
  const covers = ir.pure('gtu', length, ir.const(31));
  const r = lowBits(ir, ir.load(src!), length, covers);
  ir.store(dst!, r);
  ir.flags('given', covers, ir.const(0), r);
};

/** PDEP, PEXT: no flags. */
const parallel =
  (name: 'pdep' | 'pext'): Lift =>
  (ir, { operands: [dst, src, mask] }) => {
    ir.store(dst!, ir.pure(name, ir.load(src!), ir.load(mask!)));
  };

/** Bit tests, scans, counts and field extraction. */
// biome-ignore format: opcode table
export const bit: readonly Row[] = [
  row('0F A3',                'BT',     [Ev, Gv],     bitTest()),
  row('0F AB',                'BTS',    [Ev, Gv],     bitTest('set'), LOCK),
  row('0F B3',                'BTR',    [Ev, Gv],     bitTest('reset'), LOCK),
  row('0F BB',                'BTC',    [Ev, Gv],     bitTest('complement'), LOCK),
  row('0F BA /4',             'BT',     [Ev, Ib],     bitTest()),
  row('0F BA /5',             'BTS',    [Ev, Ib],     bitTest('set'), LOCK),
  row('0F BA /6',             'BTR',    [Ev, Ib],     bitTest('reset'), LOCK),
  row('0F BA /7',             'BTC',    [Ev, Ib],     bitTest('complement'), LOCK),
  row('0F BC',                'BSF',    [Gv, Ev],     bsf),
  row('0F BD',                'BSR',    [Gv, Ev],     bsr),
  row('F3 0F B8',             'POPCNT', [Gv, Ev],     popcnt),
  row('F3 0F BC',             'TZCNT',  [Gv, Ev],     tzcnt),
  row('F3 0F BD',             'LZCNT',  [Gv, Ev],     lzcnt),
  row('0F C8+r',              'BSWAP',  [Zv],         bswap),
  row('F2 0F 38 F0',          'CRC32',  [Gd, Eb],     crc32),
  row('F2 0F 38 F1',          'CRC32',  [Gd, Ev],     crc32),
  row('VEX.LZ.0F38.W0 F3 /1', 'BLSR',   [By, Ey],     blsr),
  row('VEX.LZ.0F38.W0 F3 /2', 'BLSMSK', [By, Ey],     blsmsk),
  row('VEX.LZ.0F38.W0 F3 /3', 'BLSI',   [By, Ey],     blsi),
  row('VEX.LZ.0F38.W0 F7',    'BEXTR',  [Gy, Ey, By], bextr),
  row('VEX.LZ.0F38.W0 F5',    'BZHI',   [Gy, Ey, By], bzhi),
  row('VEX.LZ.F2.0F38.W0 F5', 'PDEP',   [Gy, By, Ey], parallel('pdep')),
  row('VEX.LZ.F3.0F38.W0 F5', 'PEXT',   [Gy, By, Ey], parallel('pext')),
];

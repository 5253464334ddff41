/**
 * Decimal and ASCII adjustment of AL and AX: rows and lifts of DAA, DAS, AAA, AAS, AAM (which raises #DE) and AAD.
 *
 * Source: SDM vol. 2A under each mnemonic.
 */
import { SCRATCH } from '../../runtime/abi/state.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { Ib } from './operands.ts';
import { type Lift, NOT64, type Row, row } from './row.ts';

/** Register numbers at their widths. */
const AL = 0;
const AX = 0;
const AH = 4;

/** Is the low digit of AL beyond 9, or did the last operation carry out of it? */
function lowDigitOver(ir: IrBuilder, al: Value): Value {
  return ir.or(ir.pure('gtu', ir.and(al, ir.const(15)), ir.const(9)), ir.flag('AF'));
}

/** CF and AF; RES gives the flags of `r`. OF is undefined and becomes 0. */
function adjusted(ir: IrBuilder, cf: Value, af: Value, r: Value): void {
  ir.flags('words', r, ir.shl(af, ir.const(4)), r);
  ir.flags('rotate', cf, ir.const(0), r);
}

/** DAA and DAS: 6 for each of the two digits that needs it. */
const decimal =
  (sign: 1 | -1): Lift =>
  (ir) => {
    const al = ir.zext(8, ir.register(AL, 8));
    const low = lowDigitOver(ir, al);
    const high = ir.or(ir.pure('gtu', al, ir.const(0x99)), ir.flag('CF'));
    const amount = ir.add(ir.mul(low, ir.const(6 * sign)), ir.mul(high, ir.const(0x60 * sign)));
    const r = ir.sext(8, ir.add(al, amount));
    ir.setRegister(AL, 8, r);
    // Adding 6 to AL carries out of it only above 99H; subtracting 6 also borrows below 6.
    const borrow = sign < 0 ? ir.and(low, ir.ltu(al, ir.const(6))) : ir.const(0);
    adjusted(ir, ir.or(high, borrow), low, r);
  };

/** AAA and AAS: 6 to AL and 1 to AH when the digit needs it. Flags but AF and CF are undefined. */
const ascii =
  (sign: 1 | -1): Lift =>
  (ir) => {
    const ax = ir.register(AX, 16);
    const over = lowDigitOver(ir, ax);
    const r = ir.and(ir.add(ax, ir.mul(over, ir.const(0x106 * sign))), ir.const(0xff0f));
    ir.setRegister(AX, 16, r);
    adjusted(ir, over, over, ir.sext(8, r));
  };

/** AAM: AL divided by the immediate, quotient to AH; #DE when that is 0. OF, AF and CF are undefined. */
const aam: Lift = (ir, { operands: [base] }) => {
  const al = ir.zext(8, ir.register(AL, 8));
  const quotient = ir.call('div8', al, ir.const(ir.immediate(base)));
  const r = ir.sext(8, ir.get(SCRATCH));
  ir.setRegister(AH, 8, quotient);
  ir.setRegister(AL, 8, r);
  ir.flags('logic', r, r, r);
};

/** AAD: AL + AH times the immediate, AH cleared. OF, AF and CF are undefined. */
const aad: Lift = (ir, { operands: [base] }) => {
  const tens = ir.mul(ir.register(AH, 8), ir.const(ir.immediate(base)));
  const r = ir.sext(8, ir.add(tens, ir.register(AL, 8)));
  ir.setRegister(AX, 16, ir.zext(8, r));
  ir.flags('logic', r, r, r);
};

/** Decimal and ASCII adjustment. */
// biome-ignore format: opcode table
export const bcd: readonly Row[] = [
  row('27', 'DAA', [],   decimal(1), NOT64),
  row('2F', 'DAS', [],   decimal(-1), NOT64),
  row('37', 'AAA', [],   ascii(1), NOT64),
  row('3F', 'AAS', [],   ascii(-1), NOT64),
  row('D4', 'AAM', [Ib], aam, NOT64),
  row('D5', 'AAD', [Ib], aad, NOT64),
];

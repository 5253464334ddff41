/**
 * Integer multiplication and division: rows and lifts of MUL, IMUL, DIV, IDIV (which raise #DE) and BMI2's MULX.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. The one-operand forms work on AL/AX/EAX with AH/DX/EDX.
 */
import { EAX, EDX, SCRATCH } from '../../runtime/abi/state.ts';
import type { Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { By, Eb, Ev, Ey, Gv, Gy, Ibs, Iz } from './operands.ts';
import { type Lift, type Row, row, widthOf } from './row.ts';

/** CF and OF both say whether the high half matters; SF, ZF, AF and PF are undefined and stay, as on AMD's CPUs. */
function multiplied(ir: IrBuilder, overflow: Value): void {
  ir.flags('rotate', overflow, ir.neg(overflow), overflow);
}

/** The one-operand forms: AX, DX:AX or EDX:EAX := AL, AX or EAX times the operand. */
const multiplyWide =
  (signed: boolean): Lift =>
  (ir, { operands: [src] }) => {
    const size = widthOf(src!);
    const extend = (value: Value): Value => (signed ? value : ir.zext(size, value));
    const a = extend(ir.register(EAX, size));
    const b = extend(ir.load(src!));
    const low = ir.mul(a, b);
    if (size === 32) {
      const high = ir.pure(signed ? 'mulhs' : 'mulhu', a, b);
      ir.set(EAX, low);
      ir.set(EDX, high);
      multiplied(ir, ir.ne(high, signed ? ir.sar(low, ir.const(31)) : ir.const(0)));
      return;
    }
    ir.set(EAX, low, 'r16');
    if (size === 16) ir.set(EDX, ir.shr(low, ir.const(16)), 'r16');
    multiplied(ir, ir.ne(signed ? ir.sext(size, low) : ir.zext(size, low), low));
  };

const mul = multiplyWide(false);
const imul = multiplyWide(true);

/** IMUL with two and three operands: the product is cut to the destination. */
const imulInto: Lift = (ir, { operands }) => {
  const dst = operands[0]!;
  const [left, right] = operands.slice(-2) as [Operand, Operand];
  const a = ir.load(left);
  const b = ir.load(right);
  const low = ir.mul(a, b);
  const r = ir.sext(widthOf(dst), low);
  ir.store(dst, r);
  multiplied(ir, widthOf(dst) === 32 ? ir.pure('mulo', a, b) : ir.ne(r, low));
};

/** MULX: EDX * SRC into high and low, no flags; of two equal destinations the high half remains. */
const mulx: Lift = (ir, { operands: [high, low, src] }) => {
  const a = ir.get(EDX);
  const b = ir.load(src!);
  ir.store(low!, ir.mul(a, b));
  ir.store(high!, ir.mulhu(a, b));
};

/** DIV: the flags are undefined and stay. */
const div: Lift = (ir, { operands: [src] }) => {
  const size = widthOf(src!);
  const divisor = ir.zext(size, ir.load(src!));
  if (size === 8) return divided(ir, 8, ir.call('div8', ir.zext(16, ir.register(EAX, 16)), divisor));
  const high = ir.zext(size, ir.register(EDX, size));
  const low = ir.zext(size, ir.register(EAX, size));
  divided(ir, size, ir.call(size === 16 ? 'div16' : 'div32', high, low, divisor));
};

/** IDIV. */
const idiv: Lift = (ir, { operands: [src] }) => {
  const size = widthOf(src!);
  const divisor = ir.load(src!);
  if (size === 8) return divided(ir, 8, ir.call('idiv8', ir.register(EAX, 16), divisor));
  if (size === 32) return divided(ir, 32, ir.call('idiv32', ir.get(EDX), ir.get(EAX), divisor));
  const dividend = ir.or(ir.shl(ir.get(EDX), ir.const(16)), ir.zext(16, ir.register(EAX, 16)));
  divided(ir, 16, ir.call('idiv16', dividend, divisor));
};

/** Put quotient and remainder (which the helper left in SCRATCH) where they belong. */
function divided(ir: IrBuilder, size: number, quotient: Value): void {
  const remainder = ir.get(SCRATCH);
  ir.setRegister(EAX, size, quotient);
  if (size === 8) ir.set(EAX, remainder, 'r8h');
  else ir.setRegister(EDX, size, remainder);
}

/** Integer multiplication and division. */
// biome-ignore format: opcode table
export const multiply: readonly Row[] = [
  row('F6 /4',                'MUL',  [Eb],          mul),
  row('F7 /4',                'MUL',  [Ev],          mul),
  row('F6 /5',                'IMUL', [Eb],          imul),
  row('F7 /5',                'IMUL', [Ev],          imul),
  row('69',                   'IMUL', [Gv, Ev, Iz],  imulInto),
  row('6B',                   'IMUL', [Gv, Ev, Ibs], imulInto),
  row('0F AF',                'IMUL', [Gv, Ev],      imulInto),
  row('F6 /6',                'DIV',  [Eb],          div),
  row('F7 /6',                'DIV',  [Ev],          div),
  row('F6 /7',                'IDIV', [Eb],          idiv),
  row('F7 /7',                'IDIV', [Ev],          idiv),
  row('VEX.LZ.F2.0F38.W0 F6', 'MULX', [Gy, By, Ey],  mulx),
];

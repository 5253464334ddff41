/**
 * Port input and output: rows and lifts of IN, OUT, INS and OUTS. All depend on IOPL and the I/O permission bitmap.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 1 chapter 19.
 */
import type { MemoryOperand, Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { AL, DX, eAX, Ib, Xb, Xz, Yb, Yz } from './operands.ts';
import { type Lift, REP, type Row, row, SENSITIVE, widthOf } from './row.ts';

/** Port number, from an immediate byte or DX. */
function portOf(ir: IrBuilder, operand: Operand | undefined): Value {
  return operand?.kind === 'immediate' ? ir.const(operand.value & 255) : ir.zext(16, ir.load(operand!));
}

const in_: Lift = (ir, { operands: [dst, port] }) => {
  ir.vmm('portIn', portOf(ir, port), ir.const(widthOf(dst!)));
};

const out: Lift = (ir, { operands: [port, src] }) => {
  const size = widthOf(src!);
  ir.vmm('portOut', portOf(ir, port), ir.zext(size, ir.load(src!)), ir.const(size));
};

const ins: Lift = (ir, { operands: [dst], addressSize, rep }) => {
  ir.vmm('stringIn', ir.const(widthOf(dst!)), ir.const(addressSize), ir.const(rep === 0 ? 0 : 1));
};

const outs: Lift = (ir, { operands: [, src], addressSize, rep }) => {
  const { size, segment } = src as MemoryOperand;
  ir.vmm('stringOut', ir.const(size), ir.const(addressSize), ir.const(rep === 0 ? 0 : 1), ir.const(segment));
};

/** Port input and output. */
// biome-ignore format: opcode table
export const port: readonly Row[] = [
  row('E4', 'IN',          [AL, Ib],  in_, SENSITIVE),
  row('E5', 'IN',          [eAX, Ib], in_, SENSITIVE),
  row('EC', 'IN',          [AL, DX],  in_, SENSITIVE),
  row('ED', 'IN',          [eAX, DX], in_, SENSITIVE),
  row('E6', 'OUT',         [Ib, AL],  out, SENSITIVE),
  row('E7', 'OUT',         [Ib, eAX], out, SENSITIVE),
  row('EE', 'OUT',         [DX, AL],  out, SENSITIVE),
  row('EF', 'OUT',         [DX, eAX], out, SENSITIVE),
  row('6C', 'INSB',        [Yb, DX],  ins, SENSITIVE | REP),
  row('6D', 'INSW/INSD',   [Yz, DX],  ins, SENSITIVE | REP),
  row('6E', 'OUTSB',       [DX, Xb],  outs, SENSITIVE | REP),
  row('6F', 'OUTSW/OUTSD', [DX, Xz],  outs, SENSITIVE | REP),
];

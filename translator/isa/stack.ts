/**
 * Stack: rows and lifts of PUSH, POP, PUSHA, POPA, ENTER and LEAVE. Segment registers and flags are pushed and popped
 * in segment.ts and flag.ts.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 1 §6.2. POP Ev with ESP in its address uses the ESP after the
 * pop.
 */
import { EBP, ESP, SS } from '../../runtime/abi/state.ts';
import type { MemoryOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { Ev, Ib, Ibs, Iw, Iz, Zv } from './operands.ts';
import { type Lift, NOT64, type Row, row } from './row.ts';

/** PUSH: the operand is read with the old ESP. */
const push: Lift = (ir, { operands: [src], operandSize }) => {
  ir.push(operandSize, ir.load(src!));
};

/** POP: ESP moves before the destination is written, which may be ESP itself or be addressed by it. */
const pop: Lift = (ir, { operands: [dst], operandSize }) => {
  const value = ir.top(operandSize);
  const moved = ir.stackOffset(operandSize / 8);
  if (dst!.kind === 'memory') {
    ir.checkWritable(dst);
    ir.storeLinear(operandSize, addressAfterPop(ir, dst, operandSize / 8), value);
  }
  ir.setStack(moved);
  if (dst!.kind === 'register') ir.store(dst, value);
};

/** Linear address of a memory operand once `bytes` are popped; the store may fault, so ESP is not written yet. */
function addressAfterPop(ir: IrBuilder, operand: MemoryOperand, bytes: number): Value {
  if (operand.base !== ESP) return ir.address(operand, 0, true);
  const moved = ir.stackSize === 32 ? ir.const(bytes) : ir.sub(ir.wholeStack(ir.stackOffset(bytes)), ir.get(ESP));
  return ir.linear(operand.segment, ir.add(ir.offset(operand), moved), bytes, true);
}

/** PUSHA: from EAX down to EDI, with the ESP of before. A fault in the middle leaves the registers alone. */
const pusha: Lift = (ir, { operandSize }) => {
  for (let index = 0; index < 8; index++) {
    const slot = ir.linear(SS, ir.stackOffset(-(index + 1) * (operandSize / 8)), operandSize / 8, true);
    ir.storeLinear(operandSize, slot, ir.register(index, operandSize));
  }
  ir.setStack(ir.stackOffset(-operandSize));
};

/** POPA: from EDI up to EAX; the word for ESP is skipped. */
const popa: Lift = (ir, { operandSize }) => {
  const values = [7, 6, 5, 3, 2, 1, 0].map((index) => {
    const slot = ir.linear(SS, ir.stackOffset((7 - index) * (operandSize / 8)), operandSize / 8);
    return { index, value: ir.loadLinear(operandSize, slot) };
  });
  for (const { index, value } of values) ir.setRegister(index, operandSize, value);
  ir.setStack(ir.stackOffset(operandSize));
};

/**
 * ENTER: pushes EBP, copies the pointers of the enclosing frames from below it, pushes the new frame's own, and takes
 * the locals' space. EBP gets the frame pointer at the operand size, ESP moves at the stack's width. The word at the
 * final ESP must be writable (SDM vol. 2A, ENTER, #PF); it is checked last.
 */
const enter: Lift = (ir, { operands: [space, nesting], operandSize }) => {
  const bytes = operandSize / 8;
  const level = ir.immediate(nesting) & 31;
  const slot = ir.stackOffset(-bytes);
  const frame = ir.wholeStack(slot);
  ir.storeLinear(operandSize, ir.linear(SS, slot, bytes, true), ir.register(EBP, operandSize));
  for (let i = 1; i < level; i++) {
    const pointer = ir.zext(ir.stackSize, ir.add(ir.get(EBP), ir.const(-i * bytes)));
    const copied = ir.loadLinear(operandSize, ir.linear(SS, pointer, bytes));
    ir.storeLinear(operandSize, ir.linear(SS, ir.stackOffset(-(i + 1) * bytes), bytes, true), copied);
  }
  if (level > 0) ir.storeLinear(operandSize, ir.linear(SS, ir.stackOffset(-(level + 1) * bytes), bytes, true), frame);
  const pushed = level > 0 ? level + 1 : 1;
  const top = ir.stackOffset(-pushed * bytes - (ir.immediate(space) & 0xffff));
  ir.loadLinear(operandSize, ir.linear(SS, top, bytes, true), true);
  ir.setRegister(EBP, operandSize, frame);
  ir.setStack(top);
};

/** LEAVE: ESP := EBP at the stack's width, then POP EBP. */
const leave: Lift = (ir, { operandSize }) => {
  const frame = ir.zext(ir.stackSize, ir.get(EBP));
  const value = ir.loadLinear(operandSize, ir.linear(SS, frame, operandSize / 8));
  ir.setStack(ir.add(frame, ir.const(operandSize / 8)));
  ir.setRegister(EBP, operandSize, value);
};

/** PUSH, POP, PUSHA, POPA, ENTER and LEAVE. */
// biome-ignore format: opcode table
export const stack: readonly Row[] = [
  row('50+r',  'PUSH',         [Zv],     push),
  row('68',    'PUSH',         [Iz],     push),
  row('6A',    'PUSH',         [Ibs],    push),
  row('FF /6', 'PUSH',         [Ev],     push),
  row('58+r',  'POP',          [Zv],     pop),
  row('8F /0', 'POP',          [Ev],     pop),
  row('60',    'PUSHA/PUSHAD', [],       pusha, NOT64),
  row('61',    'POPA/POPAD',   [],       popa, NOT64),
  row('C8',    'ENTER',        [Iw, Ib], enter),
  row('C9',    'LEAVE',        [],       leave),
];

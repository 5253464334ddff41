/**
 * Lifts of x87 instructions, as factories over what the rows of x87.ts differ in. Each is one call of a helper that does
 * the whole instruction, memory included: a fault then finds all state as it was.
 */
import { X87Compare, X87Control, X87Move } from '../../runtime/abi/x87.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Condition } from '../ir/condition.ts';
import type { Value } from '../ir/node.ts';
import type { Lift } from './row.ts';

const addressOf = (ir: IrBuilder, operand: Operand | undefined, write = false): Value =>
  ir.address(operand as MemoryOperand, 0, write);

/** As addressOf, for a destination. */
function destinationOf(ir: IrBuilder, operand: Operand | undefined): Value {
  ir.checkWritable(operand as MemoryOperand);
  return addressOf(ir, operand, true);
}

const stackIndex = (ir: IrBuilder, operand: Operand | undefined): Value => ir.const((operand as RegisterOperand).index);

/** EIP of the instruction, for the x87's instruction pointer. */
const here = (ir: IrBuilder): Value => ir.const(ir.insn.eip);

/** Push a memory operand. */
export const load =
  (format: number): Lift =>
  (ir, { operands: [src] }) => {
    ir.call('x87Load', ir.const(format), addressOf(ir, src), here(ir));
  };

export const store =
  (format: number, pops: number): Lift =>
  (ir, { operands: [dst] }) => {
    ir.call('x87Store', ir.const(format), destinationOf(ir, dst), ir.const(pops), here(ir));
  };

export const arithmetic =
  (operation: number, pops = 0): Lift =>
  (ir, { operands: [dst, src] }) => {
    const [to, from] = [stackIndex(ir, dst), stackIndex(ir, src)];
    ir.call('x87Arithmetic', ir.const(operation), to, from, ir.const(pops), here(ir));
  };

export const arithmeticMemory =
  (operation: number, format: number): Lift =>
  (ir, { operands: [src] }) => {
    ir.call('x87ArithmeticMemory', ir.const(operation), ir.const(format), addressOf(ir, src), here(ir));
  };

/** Bits of abi/x87.ts for a comparison that pops that many registers. */
function compareBits(pops: number, isUnordered: boolean): number {
  const popBits = pops === 2 ? X87Compare.PopTwice : pops === 1 ? X87Compare.Pop : 0;
  return popBits | (isUnordered ? X87Compare.Unordered : 0);
}

/** ST(0) against ST(i), or ST(1) where the instruction names none. */
export const compare =
  (pops: number, isUnordered = false): Lift =>
  (ir, { operands: [src] }) => {
    const i = src === undefined ? ir.const(1) : stackIndex(ir, src);
    ir.call('x87Compare', i, ir.const(compareBits(pops, isUnordered)), here(ir));
  };

export const compareEflags =
  (pops: number, isUnordered = false): Lift =>
  (ir, { operands: [, src] }) => {
    const bits = compareBits(pops, isUnordered) | X87Compare.Eflags;
    ir.call('x87Compare', stackIndex(ir, src), ir.const(bits), here(ir));
  };

export const compareMemory =
  (format: number, pops: number): Lift =>
  (ir, { operands: [src] }) => {
    ir.call('x87CompareMemory', ir.const(format), addressOf(ir, src), ir.const(pops), here(ir));
  };

export const operation =
  (which: number): Lift =>
  (ir) => {
    ir.call('x87Operation', ir.const(which), here(ir));
  };

export const move =
  (which: number): Lift =>
  (ir, { operands: [operand] }) => {
    ir.call('x87Move', ir.const(which), operand === undefined ? ir.const(0) : stackIndex(ir, operand), here(ir));
  };

/** FCMOVcc, by the condition code of the CMOVcc that tests the same flags. */
export const conditionalMove =
  (condition: Condition): Lift =>
  (ir, { operands: [, src] }) => {
    const which = ir.select(ir.condition(condition), ir.const(X87Move.Conditional), ir.const(X87Move.NotMoved));
    ir.call('x87Move', which, stackIndex(ir, src), here(ir));
  };

const readsMemory: ReadonlySet<number> = new Set([
  X87Control.LoadControl,
  X87Control.LoadEnvironment,
  X87Control.Restore,
]);

export const control =
  (which: number): Lift =>
  (ir, { operands: [operand], operandSize }) => {
    let address = ir.const(0);
    if (operand?.kind === 'memory') {
      address = readsMemory.has(which) ? addressOf(ir, operand) : destinationOf(ir, operand);
    }
    ir.call('x87Control', ir.const(which), address, ir.const(operandSize));
  };

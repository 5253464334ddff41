/**
 * Near control flow: rows and lifts of Jcc, JMP, CALL, RET, LOOP and JCXZ.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. With operand size 16 the target is cut to 16 bits. LOOP and JCXZ
 * count in CX or ECX by the address size.
 */
import { ECX } from '../../runtime/abi/state.ts';
import type { Instruction, Operand, RelativeOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Condition } from '../ir/condition.ts';
import type { Value } from '../ir/node.ts';
import { Ev, Iw, Jb, Jz } from './operands.ts';
import { ENDS, type Lift, type Row, row } from './row.ts';

const jcc =
  (cc: Condition): Lift =>
  (ir, { operands: [to] }) => {
    const condition = ir.condition(cc);
    checkRelative(ir, to, condition);
    ir.branch(condition, targetOf(to));
  };

const jmp: Lift = (ir, { operands: [to] }) => {
  checkRelative(ir, to);
  ir.jump(targetOf(to));
};

const jmpIndirect: Lift = (ir, { operands: [to], operandSize }) => {
  const target = ir.zext(operandSize, ir.load(to!));
  ir.checkTarget(target, operandSize);
  ir.indirect(target, 'jump');
};

const call: Lift = (ir, insn) => {
  const { operands, operandSize, next } = insn;
  checkRelative(ir, operands[0]);
  ir.push(operandSize, ir.const(next));
  ir.jump(targetOf(operands[0]), operandSize === 16 ? next & 0xffff : next);
};

/** CALL through a register or memory, which is read before the push moves ESP. */
const callIndirect: Lift = (ir, { operands: [to], operandSize, next }) => {
  const target = ir.zext(operandSize, ir.load(to!));
  ir.checkTarget(target, operandSize);
  ir.push(operandSize, ir.const(next));
  ir.indirect(target, 'call');
};

/** RET, and RET imm16, which releases that many bytes more. */
const ret: Lift = (ir, { operands: [release], operandSize }) => {
  const target = ir.zext(operandSize, ir.top(operandSize));
  const bytes = release === undefined ? 0 : ir.immediate(release) & 0xffff;
  ir.checkTarget(target, operandSize);
  ir.setStack(ir.stackOffset(operandSize / 8 + bytes));
  ir.indirect(target, 'return');
};

/** Count CX or ECX down, by the address size, and branch if it is not zero then and `also`, if given, is not either. */
function countDown(ir: IrBuilder, { operands: [to], addressSize }: Instruction, also?: Value): void {
  const count = ir.sext(addressSize, ir.sub(ir.register(ECX, addressSize), ir.const(1)));
  const more = ir.ne(count, ir.const(0));
  const taken = also === undefined ? more : ir.and(more, also);
  checkRelative(ir, to, taken);
  ir.setRegister(ECX, addressSize, count);
  ir.branch(taken, targetOf(to));
}

const loop: Lift = (ir, insn) => {
  countDown(ir, insn);
};

/** LOOPE, LOOPNE: also end when ZF is not `zero`. Flags are read, not written. */
const loopWhile =
  (zero: 0 | 1): Lift =>
  (ir, insn) => {
    countDown(ir, insn, ir.condition(zero ? 4 : 5));
  };

const jcxz: Lift = (ir, { operands: [to], addressSize }) => {
  const taken = ir.eq(ir.register(ECX, addressSize), ir.const(0));
  checkRelative(ir, to, taken);
  ir.branch(taken, targetOf(to));
};

/** Check a known target against the limit of CS; only if `taken` is not zero, when it is given. */
function checkRelative(ir: IrBuilder, to: Operand | undefined, taken?: Value): void {
  ir.checkKnownTarget(targetOf(to), taken);
}

function targetOf(operand: Operand | undefined): number {
  return (operand as RelativeOperand).target;
}

/** Near control flow. */
// biome-ignore format: opcode table
export const branch: readonly Row[] = [
  row('70',    'JO',         [Jb], jcc(0), ENDS),
  row('71',    'JNO',        [Jb], jcc(1), ENDS),
  row('72',    'JB',         [Jb], jcc(2), ENDS),
  row('73',    'JAE',        [Jb], jcc(3), ENDS),
  row('74',    'JE',         [Jb], jcc(4), ENDS),
  row('75',    'JNE',        [Jb], jcc(5), ENDS),
  row('76',    'JBE',        [Jb], jcc(6), ENDS),
  row('77',    'JA',         [Jb], jcc(7), ENDS),
  row('78',    'JS',         [Jb], jcc(8), ENDS),
  row('79',    'JNS',        [Jb], jcc(9), ENDS),
  row('7A',    'JP',         [Jb], jcc(10), ENDS),
  row('7B',    'JNP',        [Jb], jcc(11), ENDS),
  row('7C',    'JL',         [Jb], jcc(12), ENDS),
  row('7D',    'JGE',        [Jb], jcc(13), ENDS),
  row('7E',    'JLE',        [Jb], jcc(14), ENDS),
  row('7F',    'JG',         [Jb], jcc(15), ENDS),
  row('0F 80', 'JO',         [Jz], jcc(0), ENDS),
  row('0F 81', 'JNO',        [Jz], jcc(1), ENDS),
  row('0F 82', 'JB',         [Jz], jcc(2), ENDS),
  row('0F 83', 'JAE',        [Jz], jcc(3), ENDS),
  row('0F 84', 'JE',         [Jz], jcc(4), ENDS),
  row('0F 85', 'JNE',        [Jz], jcc(5), ENDS),
  row('0F 86', 'JBE',        [Jz], jcc(6), ENDS),
  row('0F 87', 'JA',         [Jz], jcc(7), ENDS),
  row('0F 88', 'JS',         [Jz], jcc(8), ENDS),
  row('0F 89', 'JNS',        [Jz], jcc(9), ENDS),
  row('0F 8A', 'JP',         [Jz], jcc(10), ENDS),
  row('0F 8B', 'JNP',        [Jz], jcc(11), ENDS),
  row('0F 8C', 'JL',         [Jz], jcc(12), ENDS),
  row('0F 8D', 'JGE',        [Jz], jcc(13), ENDS),
  row('0F 8E', 'JLE',        [Jz], jcc(14), ENDS),
  row('0F 8F', 'JG',         [Jz], jcc(15), ENDS),
  row('E0',    'LOOPNE',     [Jb], loopWhile(0), ENDS),
  row('E1',    'LOOPE',      [Jb], loopWhile(1), ENDS),
  row('E2',    'LOOP',       [Jb], loop, ENDS),
  row('E3',    'JCXZ:JECXZ', [Jb], jcxz, ENDS),
  row('E8',    'CALL',       [Jz], call, ENDS),
  row('FF /2', 'CALL',       [Ev], callIndirect, ENDS),
  row('E9',    'JMP',        [Jz], jmp, ENDS),
  row('EB',    'JMP',        [Jb], jmp, ENDS),
  row('FF /4', 'JMP',        [Ev], jmpIndirect, ENDS),
  row('C2',    'RET',        [Iw], ret, ENDS),
  row('C3',    'RET',        [],   ret, ENDS),
];

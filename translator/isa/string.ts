/**
 * String instructions: rows and lifts of MOVS, CMPS, STOS, LODS and SCAS with every REP form. INS and OUTS stand in
 * port.ts.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic and REP. Operands are given as the memory they touch: the source in
 * DS or the overriding segment, the destination always in ES.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import { DF, EDI, ESI } from '../../runtime/abi/state.ts';
import type { Instruction, MemoryOperand, Operand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { AL, eAX, Xb, Xv, Yb, Yv } from './operands.ts';
import { type Lift, REP, type Row, row, widthOf } from './row.ts';

const movs: Lift = (ir, insn) => {
  const {
    operands: [dst, src],
  } = insn;
  const size = widthOf(dst!);
  if (insn.rep !== 0) return repeat(ir, insn, 'repMovs', ir.const(segmentOf(src)));
  ir.store(dst!, ir.load(src!));
  advance(ir, insn, size, ESI, EDI);
};

const stos: Lift = (ir, insn) => {
  const {
    operands: [dst, src],
  } = insn;
  if (insn.rep !== 0) return repeat(ir, insn, 'repStos');
  ir.store(dst!, ir.load(src!));
  advance(ir, insn, widthOf(dst!), EDI);
};

const lods: Lift = (ir, insn) => {
  const {
    operands: [dst, src],
  } = insn;
  if (insn.rep !== 0) return repeat(ir, insn, 'repLods', ir.const(segmentOf(src)));
  ir.store(dst!, ir.load(src!));
  advance(ir, insn, widthOf(src!), ESI);
};

/** CMPS: source minus destination. */
const cmps: Lift = (ir, insn) => {
  const {
    operands: [src, dst],
  } = insn;
  if (insn.rep !== 0) return repeat(ir, insn, 'repCmps', ir.const(segmentOf(src)), whileEqual(ir, insn));
  compare(ir, insn);
  advance(ir, insn, widthOf(dst!), ESI, EDI);
};

/** SCAS: accumulator minus destination. */
const scas: Lift = (ir, insn) => {
  if (insn.rep !== 0) return repeat(ir, insn, 'repScas', whileEqual(ir, insn));
  compare(ir, insn);
  advance(ir, insn, widthOf(insn.operands[1]!), EDI);
};

function compare(ir: IrBuilder, { operands: [left, right] }: Instruction): void {
  const a = ir.load(left!);
  const b = ir.load(right!);
  ir.flags('sub', a, b, ir.sext(widthOf(left!), ir.sub(a, b)));
}

/** Move index registers by one element in the direction of DF. */
function advance(ir: IrBuilder, { addressSize }: Instruction, size: number, ...registers: number[]): void {
  const step = ir.shl(ir.get(DF), ir.const(Math.log2(size / 8)));
  for (const index of registers) ir.setRegister(index, addressSize, ir.add(ir.get(index), step));
}

/** Hand the repetition to a helper; until it says that it is finished, the instruction is entered again. */
function repeat(ir: IrBuilder, insn: Instruction, helper: HelperName, ...more: Value[]): void {
  const bytes = widthOf(insn.operands[0]!) / 8;
  const finished = ir.call(helper, ir.const(bytes), ir.const(insn.addressSize), ...more);
  ir.terminator = { kind: 'branch', condition: finished, taken: insn.next, next: insn.eip };
}

/** 1 under REPE, 0 under REPNE. */
function whileEqual(ir: IrBuilder, insn: Instruction): Value {
  return ir.const(insn.rep === 0xf3 ? 1 : 0);
}

function segmentOf(operand: Operand | undefined): number {
  return (operand as MemoryOperand).segment;
}

/** String instructions. */
// biome-ignore format: opcode table
export const string: readonly Row[] = [
  row('A4', 'MOVSB',       [Yb, Xb],  movs, REP),
  row('A5', 'MOVSW/MOVSD', [Yv, Xv],  movs, REP),
  row('A6', 'CMPSB',       [Xb, Yb],  cmps, REP),
  row('A7', 'CMPSW/CMPSD', [Xv, Yv],  cmps, REP),
  row('AA', 'STOSB',       [Yb, AL],  stos, REP),
  row('AB', 'STOSW/STOSD', [Yv, eAX], stos, REP),
  row('AC', 'LODSB',       [AL, Xb],  lods, REP),
  row('AD', 'LODSW/LODSD', [eAX, Xv], lods, REP),
  row('AE', 'SCASB',       [AL, Yb],  scas, REP),
  row('AF', 'SCASW/SCASD', [eAX, Yv], scas, REP),
];

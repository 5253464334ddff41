/**
 * Lifts of x87 instructions, as factories over what the rows of x87.ts differ in. Each begins with a call that raises what
 * is pending, loads its memory operand as words, and calls a helper that works on the x87's slots; stores probe their
 * operand for writing first, so that the helper, which commits, comes after everything that can fault.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import { MODE_MMX } from '../../runtime/abi/mode.ts';
import {
  CS,
  SCRATCH,
  SELECTOR,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_SCRATCH,
} from '../../runtime/abi/state.ts';
import { X87Compare, X87Format, X87Move } from '../../runtime/abi/x87.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Condition } from '../ir/condition.ts';
import type { Load, MemorySize, Value } from '../ir/node.ts';
import type { Lift } from './row.ts';

const stackIndex = (ir: IrBuilder, operand: Operand | undefined): Value => ir.const((operand as RegisterOperand).index);

/** CR0.EM and CR0.TS are clear while MODE_MMX holds; without it they are looked at. */
function begin(ir: IrBuilder): void {
  ir.call('x87Begin');
}

function beginUnwaiting(ir: IrBuilder): void {
  if ((ir.mode & MODE_MMX) === 0) ir.call('x87Available');
}

// ---- pointers to the last instruction and operand -----------------------------------------------------------------

function point(ir: IrBuilder): void {
  update(ir, X87_INSTRUCTION, ir.const(ir.insn.eip));
  update(ir, X87_INSTRUCTION_SELECTOR, ir.get(SELECTOR + CS));
}

function pointOperand(ir: IrBuilder, operand: MemoryOperand, offset: Value): void {
  point(ir);
  update(ir, X87_OPERAND, offset);
  update(ir, X87_OPERAND_SELECTOR, ir.get(SELECTOR + operand.segment));
}

/** Write a slot unless it is known to hold the value. */
function update(ir: IrBuilder, slot: number, value: Value): void {
  if (ir.slots.read(ir, slot, 'r32') !== value) ir.set(slot, value);
}

// ---- memory operands ----------------------------------------------------------------------------------------------

/** The words of a memory operand that is read: one narrow one, or 32 bits each with the last of ten bytes narrow. */
function read(ir: IrBuilder, operand: MemoryOperand): Value[] {
  return pieces(operand).map(({ at, size }) => ir.loadLinear(size, ir.address(operand, at, false, size)));
}

/** As `read`, for an operand that is to be written. */
function readForWrite(ir: IrBuilder, operand: MemoryOperand): Load[] {
  ir.checkWritable(operand);
  return pieces(operand).map(({ at, size }) => ir.loadLinear(size, ir.address(operand, at, true, size), true));
}

function pieces({ size }: MemoryOperand): readonly { readonly at: number; readonly size: MemorySize }[] {
  if (size <= 32) return [{ at: 0, size: size as MemorySize }];
  const pair = [0, 4].map((at) => ({ at, size: 32 as const }));
  return size === 80 ? [...pair, { at: 8, size: 16 }] : pair;
}

const suffixes: Readonly<Record<number, 'Word' | 'Pair' | 'Ten'>> = { 16: 'Word', 32: 'Word', 64: 'Pair', 80: 'Ten' };
const suffixOf = ({ size }: MemoryOperand): 'Word' | 'Pair' | 'Ten' => suffixes[size]!;

/** Push a memory operand. */
export const load =
  (format: number): Lift =>
  (ir, { operands: [src] }) => {
    const operand = src as MemoryOperand;
    begin(ir);
    const offset = ir.offset(operand);
    const words = read(ir, operand);
    ir.call(`x87Load${suffixOf(operand)}`, ir.const(format), ...words);
    pointOperand(ir, operand, offset);
  };

export const store =
  (format: number, pops: number): Lift =>
  (ir, { operands: [dst] }) => {
    const operand = dst as MemoryOperand;
    begin(ir);
    const offset = ir.offset(operand);
    const old = readForWrite(ir, operand);
    const suffix = suffixOf(operand);
    const low = ir.call(`x87Store${suffix}`, ir.const(format), ...old, ...(suffix === 'Ten' ? [] : [ir.const(pops)]));
    const rest = [SCRATCH, X87_SCRATCH].map((slot) => (): Value => ir.get(slot));
    const words = [(): Value => low, ...rest];
    old.forEach((load, i) => {
      ir.storeLinear(load.size, load.address, words[i]!(), load);
    });
    pointOperand(ir, operand, offset);
  };

// ---- arithmetic and comparison ------------------------------------------------------------------------------------

export const arithmetic =
  (operation: number, pops = 0): Lift =>
  (ir, { operands: [dst, src] }) => {
    begin(ir);
    ir.call('x87Arithmetic', ir.const(operation), stackIndex(ir, dst), stackIndex(ir, src), ir.const(pops));
    point(ir);
  };

export const arithmeticMemory =
  (operation: number, format: number): Lift =>
  (ir, { operands: [src] }) => {
    const operand = src as MemoryOperand;
    begin(ir);
    const offset = ir.offset(operand);
    const words = read(ir, operand);
    if (format === X87Format.Real64) ir.call('x87ArithmeticPair', ir.const(operation), ...words);
    else ir.call('x87ArithmeticWord', ir.const(operation), ir.const(format), ...words);
    pointOperand(ir, operand, offset);
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
    begin(ir);
    const i = src === undefined ? ir.const(1) : stackIndex(ir, src);
    ir.call('x87Compare', i, ir.const(compareBits(pops, isUnordered)));
    point(ir);
  };

export const compareEflags =
  (pops: number, isUnordered = false): Lift =>
  (ir, { operands: [, src] }) => {
    begin(ir);
    const bits = compareBits(pops, isUnordered) | X87Compare.Eflags;
    const image = ir.call('x87Compare', stackIndex(ir, src), ir.const(bits));
    point(ir);
    setComparison(ir, image);
  };

/** ZF, PF and CF from an image of EFLAGS; OF, SF and AF are cleared. */
function setComparison(ir: IrBuilder, image: Value): void {
  const zero = ir.const(0);
  const zf = ir.and(ir.shr(image, ir.const(6)), ir.const(1));
  const parity = ir.and(ir.shr(image, ir.const(2)), ir.const(1));
  // RES is 0 or 1; AUX turns its parity, which is even for 0 and odd for 1, into the one wanted.
  const res = ir.xor(zf, ir.const(1));
  ir.flags('words', res, ir.shl(ir.xor(parity, zf), ir.const(8)), zero);
  ir.flags('carry', ir.and(image, ir.const(1)), zero, zero);
  ir.flags('overflow', zero, zero, zero);
}

export const compareMemory =
  (format: number, pops: number): Lift =>
  (ir, { operands: [src] }) => {
    const operand = src as MemoryOperand;
    begin(ir);
    const offset = ir.offset(operand);
    const words = read(ir, operand);
    if (format === X87Format.Real64) ir.call('x87ComparePair', ...words, ir.const(pops));
    else ir.call('x87CompareWord', ir.const(format), ...words, ir.const(pops));
    pointOperand(ir, operand, offset);
  };

export const operation =
  (which: number): Lift =>
  (ir) => {
    begin(ir);
    ir.call('x87Operation', ir.const(which));
    point(ir);
  };

export const move =
  (which: number): Lift =>
  (ir, { operands: [operand] }) => {
    begin(ir);
    ir.call('x87Move', ir.const(which), operand === undefined ? ir.const(0) : stackIndex(ir, operand));
    point(ir);
  };

/** FCMOVcc, by the condition code of the CMOVcc that tests the same flags. */
export const conditionalMove =
  (condition: Condition): Lift =>
  (ir, { operands: [, src] }) => {
    begin(ir);
    const which = ir.select(ir.condition(condition), ir.const(X87Move.Conditional), ir.const(X87Move.NotMoved));
    ir.call('x87Move', which, stackIndex(ir, src));
    point(ir);
  };

// ---- control ------------------------------------------------------------------------------------------------------

export const wait: Lift = (ir) => {
  ir.call('x87Wait');
};

/** FNENI, FNDISI, FNSETPM do nothing. */
export const nothing: Lift = (ir) => {
  beginUnwaiting(ir);
};

export const loadControl: Lift = (ir, { operands: [src] }) => {
  begin(ir);
  ir.call('x87LoadControl', ir.load(src!));
};

/** FNSTCW, FNSTSW: to memory or AX. */
export const storeWord =
  (helper: 'x87ReadControl' | 'x87ReadStatus'): Lift =>
  (ir, { operands: [dst] }) => {
    beginUnwaiting(ir);
    ir.store(dst!, ir.call(helper));
  };

/** What a control instruction does with its memory operand, or that it has none. */
type Access = 'none' | 'reads' | 'writes';

export const control =
  (which: number, waits: boolean, access: Access = 'none'): Lift =>
  (ir, { operands: [dst], operandSize }) => {
    if (waits) begin(ir);
    else beginUnwaiting(ir);
    if (access === 'writes') ir.checkWritable(dst as MemoryOperand);
    const address = access === 'none' ? ir.const(0) : ir.address(dst as MemoryOperand, 0, access === 'writes');
    ir.call('x87Control' satisfies HelperName, ir.const(which), address, ir.const(operandSize));
  };

/**
 * Lifts of x87 instructions, as factories over what the rows of x87.ts differ in. Each is a call of a helper that works on
 * the x87's slots. Memory operands are loaded as words before it, but for doubles, which the helper accesses itself; stores
 * probe their operand for writing first, so that the helper, which commits, comes after everything that can fault.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import { MODE_ALIGNED, MODE_MMX } from '../../runtime/abi/mode.ts';
import {
  CS,
  SCRATCH,
  SELECTOR,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_SCRATCH,
} from '../../runtime/abi/state.ts';
import { X87Compare, X87Flip, X87Format, X87Move } from '../../runtime/abi/x87.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Condition } from '../ir/condition.ts';
import type { Load, MemorySize, Value } from '../ir/node.ts';
import type { Lift } from './row.ts';

const stackIndex = (ir: IrBuilder, operand: Operand | undefined): Value => ir.const((operand as RegisterOperand).index);

/** Instructions that do not wait: CR0.EM and CR0.TS are clear while MODE_MMX holds; without it they are looked at. */
function beginUnwaiting(ir: IrBuilder): void {
  if ((ir.mode & MODE_MMX) === 0) ir.call('x87Available');
}

// ---- pointers to the last instruction and operand -----------------------------------------------------------------

/** The opcode is kept as the low bits of the escape byte above the ModR/M byte (SDM vol. 1 §8.1.9). */
function point(ir: IrBuilder): void {
  const { row, modrm } = ir.insn;
  update(ir, X87_OPCODE, ir.const(((Number.parseInt(row.opcode.slice(0, 2), 16) & 7) << 8) | modrm));
  update(ir, X87_INSTRUCTION, ir.const(ir.insn.eip));
  update(ir, X87_INSTRUCTION_SELECTOR, ir.get(SELECTOR + CS));
}

function pointOperand(ir: IrBuilder, operand: MemoryOperand): void {
  point(ir);
  update(ir, X87_OPERAND, ir.offset(operand));
  update(ir, X87_OPERAND_SELECTOR, ir.get(SELECTOR + operand.segment));
}

/** Write a slot unless it is known to hold the value. */
function update(ir: IrBuilder, slot: number, value: Value): void {
  if (ir.slots.read(ir, slot, 'r32') !== value) ir.set(slot, value);
}

// ---- memory operands ----------------------------------------------------------------------------------------------

/** The words of a memory operand that is read: one narrow one, or 32 bits each with the last of ten bytes narrow. */
function read(ir: IrBuilder, operand: MemoryOperand): Value[] {
  alignWhole(ir, operand, false);
  return pieces(operand).map(({ at, size }) => ir.loadLinear(size, ir.address(operand, at, false, size)));
}

/** Where alignment is checked, that of an operand in several pieces is the whole's. */
function alignWhole(ir: IrBuilder, operand: MemoryOperand, write: boolean): void {
  if (operand.size > 32 && ir.mode & MODE_ALIGNED) ir.address(operand, 0, write);
}

/** As `read`, for an operand that is to be written. */
function readForWrite(ir: IrBuilder, operand: MemoryOperand): Load[] {
  ir.checkWritable(operand);
  alignWhole(ir, operand, true);
  return pieces(operand).map(({ at, size }) => ir.loadLinear(size, ir.address(operand, at, true, size), true));
}

function pieces({ size }: MemoryOperand): readonly { readonly at: number; readonly size: MemorySize }[] {
  if (size <= 32) return [{ at: 0, size: size as MemorySize }];
  const pair = [0, 4].map((at) => ({ at, size: 32 as const }));
  return size === 80 ? [...pair, { at: 8, size: 16 }] : pair;
}

/** Push a memory operand. */
export const load =
  (format: number): Lift =>
  (ir, { operands: [src] }) => {
    const operand = src as MemoryOperand;
    if (format === X87Format.Real64) ir.call('x87LoadDouble', ir.address(operand));
    else if (format === X87Format.Integer64) ir.call('x87LoadPair', ...read(ir, operand));
    else ir.call(operand.size === 80 ? 'x87LoadTen' : 'x87LoadWord', ir.const(format), ...read(ir, operand));
    pointOperand(ir, operand);
  };

export const store =
  (format: number, pops: number): Lift =>
  (ir, { operands: [dst] }) => {
    const operand = dst as MemoryOperand;
    if (format === X87Format.Real64) {
      ir.checkWritable(operand);
      ir.call('x87StoreDouble', ir.address(operand, 0, true), ir.const(pops));
    } else storeWords(ir, operand, format, pops);
    pointOperand(ir, operand);
  };

function storeWords(ir: IrBuilder, operand: MemoryOperand, format: number, pops: number): void {
  const old = readForWrite(ir, operand);
  const low =
    operand.size === 80
      ? ir.call('x87StoreTen', ir.const(format), ...old)
      : ir.call(operand.size === 64 ? 'x87StorePair' : 'x87StoreWord', ir.const(format), ...old, ir.const(pops));
  const values = [low, ...[SCRATCH, X87_SCRATCH].slice(0, old.length - 1).map((slot) => ir.get(slot))];
  old.forEach((load, i) => {
    ir.storeLinear(load.size, load.address, values[i]!, load);
  });
}

// ---- arithmetic and comparison ------------------------------------------------------------------------------------

/** What the helpers of an operation are called. */
type Family = 'Sum' | 'Product' | 'Quotient';

/** Operation, and which operand is on its other side; products have none. */
interface Arithmetic {
  readonly family: Family;
  readonly flip: number | undefined;
}

export const sum: Arithmetic = { family: 'Sum', flip: X87Flip.None };
export const product: Arithmetic = { family: 'Product', flip: undefined };
export const difference: Arithmetic = { family: 'Sum', flip: X87Flip.Source };
export const differenceReversed: Arithmetic = { family: 'Sum', flip: X87Flip.Destination };
export const quotient: Arithmetic = { family: 'Quotient', flip: X87Flip.Source };
export const quotientReversed: Arithmetic = { family: 'Quotient', flip: X87Flip.Destination };

const flipArguments = (ir: IrBuilder, { flip }: Arithmetic): Value[] => (flip === undefined ? [] : [ir.const(flip)]);

export const arithmetic =
  (operation: Arithmetic, pops = 0): Lift =>
  (ir, { operands: [dst, src] }) => {
    const registers = [stackIndex(ir, dst), stackIndex(ir, src), ir.const(pops)];
    ir.call(`x87${operation.family}`, ...registers, ...flipArguments(ir, operation));
    point(ir);
  };

export const arithmeticMemory =
  (operation: Arithmetic, format: number): Lift =>
  (ir, { operands: [src] }) => {
    const operand = src as MemoryOperand;
    const { family } = operation;
    if (format === X87Format.Real64) {
      ir.call(`x87${family}Double`, ir.address(operand), ...flipArguments(ir, operation));
    } else {
      ir.call(`x87${family}Word`, ir.const(format), ...read(ir, operand), ...flipArguments(ir, operation));
    }
    pointOperand(ir, operand);
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
    ir.call('x87Compare', i, ir.const(compareBits(pops, isUnordered)));
    point(ir);
  };

export const compareEflags =
  (pops: number, isUnordered = false): Lift =>
  (ir, { operands: [, src] }) => {
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
    if (format === X87Format.Real64) ir.call('x87CompareDouble', ir.address(operand), ir.const(pops));
    else ir.call('x87CompareWord', ir.const(format), ...read(ir, operand), ir.const(pops));
    pointOperand(ir, operand);
  };

export const operation =
  (which: number): Lift =>
  (ir) => {
    ir.call('x87Operation', ir.const(which));
    point(ir);
  };

export const move =
  (which: number): Lift =>
  (ir, { operands: [operand] }) => {
    ir.call('x87Move', ir.const(which), operand === undefined ? ir.const(0) : stackIndex(ir, operand));
    point(ir);
  };

/** FCMOVcc, by the condition code of the CMOVcc that tests the same flags. */
export const conditionalMove =
  (condition: Condition): Lift =>
  (ir, { operands: [, src] }) => {
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
    if (waits) ir.call('x87Begin');
    else beginUnwaiting(ir);
    if (access === 'writes') ir.checkWritable(dst as MemoryOperand);
    const address = access === 'none' ? ir.const(0) : ir.address(dst as MemoryOperand, 0, access === 'writes');
    ir.call('x87Control' satisfies HelperName, ir.const(which), address, ir.const(operandSize));
  };

/**
 * Segment registers and descriptors: rows and lifts of MOV, PUSH and POP of segment registers, LDS to LGS, LAR, LSL,
 * VERR, VERW, ARPL, and of LDTR and TR.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 3. Loads read descriptor tables and may fault, so
 * they end in the VMM; reading a segment register does not. MOV to CS is undefined.
 */
import { MODE_PROTECTED, MODE_USER, MODE_VM86 } from '../../runtime/abi/mode.ts';
import { ESP } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { loadFarPointer } from './far-pointer.ts';
import { CS, DS, ES, Ew, FS, GS, Gv, Gw, Lw, Mp, RvMw, SS, Sw } from './operands.ts';
import { type Lift, NOT64, type Row, row, SENSITIVE } from './row.ts';
import { setZero } from './status.ts';
import { storeSystemRegister } from './system-register.ts';

/** MOV from a segment register: zero-extended into a register, always 16 bits into memory. */
const movFrom: Lift = (ir, { operands: [dst, src] }) => {
  ir.store(dst!, ir.load(src!));
};

const movTo: Lift = (ir, { operands: [dst, src] }) => {
  const selector = ir.zext(16, ir.load(src!));
  ir.vmm('loadSegment', segmentNumber(ir, dst), selector, ir.const(-1), ir.const(0));
};

/** PUSH: at operand size 32 a doubleword is stored, with the selector zero-extended. */
const push: Lift = (ir, { operands: [src], operandSize }) => {
  ir.push(operandSize, ir.load(src!));
};

const pop: Lift = (ir, { operands: [dst], operandSize }) => {
  const selector = ir.zext(16, ir.top(operandSize));
  const esp = ir.wholeStack(ir.stackOffset(operandSize / 8));
  ir.vmm('loadSegment', segmentNumber(ir, dst), selector, ir.const(ESP), esp);
};

/** LDS to LGS: the VMM writes the register too, once the segment is loaded. */
const loadPointer =
  (segment: number): Lift =>
  (ir, { operands: [dst, src], operandSize }) => {
    const { index } = dst as RegisterOperand;
    const { offset, selector } = loadFarPointer(ir, src as MemoryOperand, operandSize);
    const kept = operandSize === 32 ? ir.const(0) : ir.and(ir.get(index), ir.const(~0xffff));
    ir.vmm('loadPointer', ir.const(segment), selector, ir.const(index), ir.or(offset, kept));
  };

function segmentNumber(ir: IrBuilder, operand: Operand | undefined): Value {
  return ir.const((operand as RegisterOperand).index);
}

/** LLDT and LTR: privilege comes before the operand is read. */
const loadSystem =
  (vmmCall: 'loadLdt' | 'loadTask'): Lift =>
  (ir, { operands: [src] }) => {
    if (isLegacy(ir)) ir.fault(Vector.UD);
    else if (ir.mode & MODE_USER) ir.fault(Vector.GP);
    else ir.vmm(vmmCall, ir.zext(16, ir.load(src!)));
  };

/** SLDT (0) and STR (1). */
const storeSystem =
  (which: 0 | 1): Lift =>
  (ir, { operands: [dst] }) => {
    if (isLegacy(ir)) ir.fault(Vector.UD);
    else storeSystemRegister(ir, which, dst!);
  };

/** VERR (0) and VERW (1). */
const verify =
  (which: 0 | 1): Lift =>
  (ir, { operands: [src] }) => {
    if (isLegacy(ir)) ir.fault(Vector.UD);
    else ir.vmm('verifySegment', ir.const(which), ir.zext(16, ir.load(src!)));
  };

/** LAR (0) and LSL (1). */
const accessRights =
  (which: 0 | 1): Lift =>
  (ir, { operands: [dst, src], operandSize }) => {
    if (isLegacy(ir)) return ir.fault(Vector.UD);
    const { index } = dst as RegisterOperand;
    const selector = ir.zext(16, ir.load(src!));
    ir.vmm('loadAccessRights', ir.const(which), selector, ir.const(index), ir.const(operandSize));
  };

/** ARPL: raise the destination's RPL to the source's if it is lower. Memory is written only then, so a helper does it. */
const arpl: Lift = (ir, { operands: [dst, src] }) => {
  if (isLegacy(ir)) return ir.fault(Vector.UD);
  const source = ir.load(src!);
  if (dst!.kind === 'memory') {
    ir.checkWritable(dst);
    return setZero(ir, ir.call('arpl', ir.address(dst, 0, true), source));
  }
  const selector = ir.load(dst!);
  const rpl = ir.and(source, ir.const(3));
  const raise = ir.ltu(ir.and(selector, ir.const(3)), rpl);
  ir.store(dst!, ir.select(raise, ir.or(ir.and(selector, ir.const(~3)), rpl), selector));
  setZero(ir, raise);
};

/** Real-address or virtual-8086 mode, where there are no descriptors. */
function isLegacy(ir: IrBuilder): boolean {
  return (ir.mode & (MODE_PROTECTED | MODE_VM86)) !== MODE_PROTECTED;
}

/** Segment registers, far pointers and descriptor queries. */
// biome-ignore format: opcode table
export const segment: readonly Row[] = [
  row('8C',       'MOV',  [RvMw, Sw], movFrom),
  row('8E',       'MOV',  [Lw, Ew],   movTo, SENSITIVE),
  row('06',       'PUSH', [ES],       push, NOT64),
  row('0E',       'PUSH', [CS],       push, NOT64),
  row('16',       'PUSH', [SS],       push, NOT64),
  row('1E',       'PUSH', [DS],       push, NOT64),
  row('0F A0',    'PUSH', [FS],       push),
  row('0F A8',    'PUSH', [GS],       push),
  row('07',       'POP',  [ES],       pop, SENSITIVE | NOT64),
  row('17',       'POP',  [SS],       pop, SENSITIVE | NOT64),
  row('1F',       'POP',  [DS],       pop, SENSITIVE | NOT64),
  row('0F A1',    'POP',  [FS],       pop, SENSITIVE),
  row('0F A9',    'POP',  [GS],       pop, SENSITIVE),
  row('C4',       'LES',  [Gv, Mp],   loadPointer(0), SENSITIVE | NOT64),
  row('C5',       'LDS',  [Gv, Mp],   loadPointer(3), SENSITIVE | NOT64),
  row('0F B2',    'LSS',  [Gv, Mp],   loadPointer(2), SENSITIVE),
  row('0F B4',    'LFS',  [Gv, Mp],   loadPointer(4), SENSITIVE),
  row('0F B5',    'LGS',  [Gv, Mp],   loadPointer(5), SENSITIVE),
  row('0F 00 /0', 'SLDT', [RvMw],     storeSystem(0), SENSITIVE),
  row('0F 00 /1', 'STR',  [RvMw],     storeSystem(1), SENSITIVE),
  row('0F 00 /2', 'LLDT', [Ew],       loadSystem('loadLdt'), SENSITIVE),
  row('0F 00 /3', 'LTR',  [Ew],       loadSystem('loadTask'), SENSITIVE),
  row('0F 00 /4', 'VERR', [Ew],       verify(0), SENSITIVE),
  row('0F 00 /5', 'VERW', [Ew],       verify(1), SENSITIVE),
  row('0F 02',    'LAR',  [Gv, Ew],   accessRights(0), SENSITIVE),
  row('0F 03',    'LSL',  [Gv, Ew],   accessRights(1), SENSITIVE),
  row('63',       'ARPL', [Ew, Gw],   arpl, NOT64),
];

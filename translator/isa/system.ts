/**
 * The processor itself: rows and lifts of control and debug registers, descriptor table registers, model-specific
 * registers, HLT, CPUID, RDTSC, cache and TLB control, MONITOR, XCR0. All but RDTSC end in the VMM.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic, vol. 3A chapter 2. MOV of CR0..CR4 and DR0..DR7 ignores ModRM.mod.
 */
import type { VmmCallName } from '../../runtime/abi/calls.ts';
import { MODE_USER } from '../../runtime/abi/mode.ts';
import { EAX, EDX, SCRATCH } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { MemoryOperand, Operand, RegisterOperand } from '../decode/instruction.ts';
import type { IrBuilder } from '../ir/builder.ts';
import type { Value } from '../ir/node.ts';
import { Cd, Dd, Ew, Gy, M, Mdq, Ms, Rd, RvMw, Td } from './operands.ts';
import { ENDS, type Lift, type Row, row, SENSITIVE } from './row.ts';
import { storeSystemRegister } from './system-register.ts';

/** An instruction that is one VMM call without arguments. */
const vmm =
  (name: VmmCallName): Lift =>
  (ir) => {
    ir.vmm(name);
  };

/** MOV from and to CRn and DRn: number of that register, number of the general one. */
const moveFrom =
  (name: 'readControl' | 'readDebug'): Lift =>
  (ir, { operands: [dst, src] }) => {
    ir.vmm(name, registerNumber(ir, src), registerNumber(ir, dst));
  };

const moveTo =
  (name: 'writeControl' | 'writeDebug'): Lift =>
  (ir, { operands: [dst, src] }) => {
    ir.vmm(name, registerNumber(ir, dst), registerNumber(ir, src));
  };

function registerNumber(ir: IrBuilder, operand: Operand | undefined): Value {
  return ir.const((operand as RegisterOperand).index);
}

const storeTable =
  (name: 'storeGdt' | 'storeIdt'): Lift =>
  (ir, { operands: [dst] }) => {
    ir.vmm(name, ir.address(dst as MemoryOperand, 0, true));
  };

const loadTable =
  (name: 'loadGdt' | 'loadIdt'): Lift =>
  (ir, { operands: [src], operandSize }) => {
    ir.vmm(name, ir.address(src as MemoryOperand), ir.const(operandSize));
  };

const smsw: Lift = (ir, { operands: [dst] }) => {
  storeSystemRegister(ir, 2, dst!);
};

/** LMSW: privilege comes before the operand is read. */
const lmsw: Lift = (ir, { operands: [src] }) => {
  if (ir.mode & MODE_USER) ir.fault(Vector.GP);
  else ir.vmm('loadMachineStatus', ir.zext(16, ir.load(src!)));
};

const invlpg: Lift = (ir, { operands: [page] }) => {
  ir.vmm('invalidatePage', ir.address(page as MemoryOperand));
};

/**
 * RDTSC is a helper, not a VMM call: it changes no mode, and timing loops run through it all the time. But it ends the
 * block, so that what has been counted up to it does not depend on where blocks begin and end.
 */
const rdtsc: Lift = (ir, insn) => {
  const low = ir.call('rdtsc');
  const high = ir.get(SCRATCH);
  ir.set(EAX, low);
  ir.set(EDX, high);
  ir.jump(insn.next);
};

/** Control of the processor and queries about it. */
// biome-ignore format: opcode table
export const system: readonly Row[] = [
  row('0F 20',       'MOV',      [Td, Cd],  moveFrom('readControl'), SENSITIVE),
  row('0F 21',       'MOV',      [Td, Dd],  moveFrom('readDebug'), SENSITIVE),
  row('0F 22',       'MOV',      [Cd, Td],  moveTo('writeControl'), SENSITIVE),
  row('0F 23',       'MOV',      [Dd, Td],  moveTo('writeDebug'), SENSITIVE),
  row('0F 01 /0',    'SGDT',     [Ms],      storeTable('storeGdt'), SENSITIVE),
  row('0F 01 /1',    'SIDT',     [Ms],      storeTable('storeIdt'), SENSITIVE),
  row('0F 01 /2',    'LGDT',     [Ms],      loadTable('loadGdt'), SENSITIVE),
  row('0F 01 /3',    'LIDT',     [Ms],      loadTable('loadIdt'), SENSITIVE),
  row('0F 01 /4',    'SMSW',     [RvMw],    smsw, SENSITIVE),
  row('0F 01 /6',    'LMSW',     [Ew],      lmsw, SENSITIVE),
  row('0F 01 /7',    'INVLPG',   [M],       invlpg, SENSITIVE),
  row('66 0F 38 82', 'INVPCID',  [Gy, Mdq], vmm('undefined'), SENSITIVE),
  row('0F 06',       'CLTS',     [],        vmm('clearTaskSwitched'), SENSITIVE),
  row('0F 08',       'INVD',     [],        vmm('invalidateCaches'), SENSITIVE),
  row('0F 09',       'WBINVD',   [],        vmm('invalidateCaches'), SENSITIVE),
  row('F3 0F 09',    'WBNOINVD', [],        vmm('invalidateCaches'), SENSITIVE),
  row('F4',          'HLT',      [],        vmm('halt'), SENSITIVE),
  row('0F 30',       'WRMSR',    [],        vmm('writeMsr'), SENSITIVE),
  row('0F 31',       'RDTSC',    [],        rdtsc, ENDS),
  row('0F 32',       'RDMSR',    [],        vmm('readMsr'), SENSITIVE),
  row('0F 33',       'RDPMC',    [],        vmm('readPmc'), SENSITIVE),
  row('0F 01 F9',    'RDTSCP',   [],        vmm('undefined'), SENSITIVE),
  row('0F A2',       'CPUID',    [],        vmm('cpuid'), SENSITIVE),
  row('F3 0F C7 /7', 'RDPID',    [Rd],      vmm('undefined'), SENSITIVE),
  row('0F 01 C8',    'MONITOR',  [],        vmm('monitor'), SENSITIVE),
  row('0F 01 C9',    'MWAIT',    [],        vmm('monitor'), SENSITIVE),
  row('NP 0F 01 CA', 'CLAC',     [],        vmm('undefined'), SENSITIVE),
  row('NP 0F 01 CB', 'STAC',     [],        vmm('undefined'), SENSITIVE),
  row('NP 0F 01 D0', 'XGETBV',   [],        vmm('undefined'), SENSITIVE),
  row('NP 0F 01 D1', 'XSETBV',   [],        vmm('undefined'), SENSITIVE),
  row('NP 0F 37',    'GETSEC',   [],        vmm('undefined'), SENSITIVE),
  row('0F AA',       'RSM',      [],        vmm('undefined'), SENSITIVE | ENDS),
];

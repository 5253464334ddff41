/**
 * Flags as such: rows and lifts of CLC, STC, CMC, CLD, STD, CLI, STI, LAHF, SAHF, SALC, PUSHF and POPF.
 *
 * Source: SDM vol. 2A and 2B under each mnemonic. CLI, STI and POPF depend on CPL and IOPL and end in the VMM, as does
 * PUSHF in virtual-8086 mode. SALC (D6) is undocumented: AL := CF ? FF : 0.
 */
import { MODE_VM86 } from '../../runtime/abi/mode.ts';
import { DF, EAX, EFLAGS_RF, EFLAGS_VM } from '../../runtime/abi/state.ts';
import { type Lift, NOT64, type Row, row, SENSITIVE } from './row.ts';
import { setStatus } from './status.ts';

/** AH's number among the 8-bit registers. */
const AH = 4;

const setCarry =
  (value: 0 | 1): Lift =>
  (ir) => {
    const zero = ir.const(0);
    ir.flags('carry', ir.const(value), zero, zero);
  };

const cmc: Lift = (ir) => {
  const zero = ir.const(0);
  ir.flags('carry', ir.xor(ir.flag('CF'), ir.const(1)), zero, zero);
};

/** CLD, STD: DF is kept as the step of string instructions. */
const setDirection =
  (step: 1 | -1): Lift =>
  (ir) => {
    ir.set(DF, ir.const(step));
  };

/** SAHF: SF, ZF, AF, PF and CF from AH; OF stays. */
const sahf: Lift = (ir) => {
  const image = ir.register(AH, 8);
  const zero = ir.const(0);
  setStatus(ir, image);
  ir.flags('carry', ir.and(image, ir.const(1)), zero, zero);
};

/** LAHF: bit 1 of the image is always set. */
const lahf: Lift = (ir) => {
  ir.setRegister(AH, 8, ir.or(ir.statusFlags(), ir.const(2)));
};

const salc: Lift = (ir) => {
  ir.setRegister(EAX, 8, ir.neg(ir.flag('CF')));
};

/** PUSHF: VM and RF are stored as zero. In virtual-8086 mode IOPL decides, so the VMM does it. */
const pushf: Lift = (ir, { operandSize }) => {
  if (ir.mode & MODE_VM86) ir.vmm('pushFlags', ir.const(operandSize));
  else ir.push(operandSize, ir.and(ir.eflags(), ir.const(~(EFLAGS_VM | EFLAGS_RF))));
};

/** POPF: which flags change depends on CPL and IOPL. The VMM writes ESP as well, for it may refuse. */
const popf: Lift = (ir, { operandSize }) => {
  const image = ir.top(operandSize);
  ir.vmm('popFlags', image, ir.const(operandSize), ir.wholeStack(ir.stackOffset(operandSize / 8)));
};

const cli: Lift = (ir) => {
  ir.vmm('clearInterruptFlag');
};

const sti: Lift = (ir) => {
  ir.vmm('setInterruptFlag');
};

/** Single flags, LAHF, SAHF, PUSHF and POPF. */
// biome-ignore format: opcode table
export const flag: readonly Row[] = [
  row('F5', 'CMC',          [], cmc),
  row('F8', 'CLC',          [], setCarry(0)),
  row('F9', 'STC',          [], setCarry(1)),
  row('FC', 'CLD',          [], setDirection(1)),
  row('FD', 'STD',          [], setDirection(-1)),
  row('FA', 'CLI',          [], cli, SENSITIVE),
  row('FB', 'STI',          [], sti, SENSITIVE),
  row('9E', 'SAHF',         [], sahf),
  row('9F', 'LAHF',         [], lahf),
  row('D6', 'SALC',         [], salc, NOT64),
  row('9C', 'PUSHF/PUSHFD', [], pushf),
  row('9D', 'POPF/POPFD',   [], popf, SENSITIVE),
];

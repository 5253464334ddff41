/**
 * Instructions as text, Intel syntax in NASM's manner: `add eax, dword [ebx+ecx*4+0x10]`.
 *
 * For people (explain, dumps, traces, goldens). Every operand of the row is shown, those that the opcode implies
 * included (`movsb byte [es:edi], byte [esi]`), so that address size and segment can always be seen. Numbers are
 * hexadecimal and unsigned, relative targets absolute. A segment is shown when it is not the default one.
 */
import { REP } from './attributes.ts';
import type { Instruction, MemoryOperand, Operand, RegisterOperand } from './instruction.ts';

const names8 = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const names16 = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const names32 = names16.map((name) => `e${name}`);
const segmentNames = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const SEGMENT_SS = 2;
const SEGMENT_DS = 3;

/** Keyword of an access width; widths that have none (0, x87 environments, FXSAVE areas) are not shown. */
const sizeNames: Readonly<Record<number, string>> = {
  8: 'byte',
  16: 'word',
  32: 'dword',
  48: 'fword',
  64: 'qword',
  80: 'tbyte',
  128: 'oword',
};

/** Text of an instruction, lower case, without its address. */
export function printInstruction(insn: Instruction): string {
  const words: string[] = [];
  if (insn.lock) words.push('lock');
  if (insn.rep !== 0) words.push(repeatName(insn));
  words.push(insn.mnemonic.toLowerCase());
  const operands = insn.operands.map(printOperand).join(', ');
  if (isFarThroughMemory(insn)) words.push('far');
  if (operands !== '') words.push(operands);
  return words.join(' ');
}

/** REP, or REPE where it tests ZF; F2 is REPNE everywhere. */
function repeatName({ rep, row, mnemonic }: Instruction): string {
  if (rep === 0xf2) return 'repne';
  return (row.attributes & REP) !== 0 && /^(CMPS|SCAS)/.test(mnemonic) ? 'repe' : 'rep';
}

/** CALL and JMP through memory are near or far. */
function isFarThroughMemory({ row }: Instruction): boolean {
  return (row.mnemonic === 'CALL' || row.mnemonic === 'JMP') && row.operands[0] === 'Mp';
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'register':
      return registerName(operand);
    case 'memory':
      return printMemory(operand);
    case 'immediate':
      return hex(operand.value);
    case 'relative':
      return hex(operand.target);
    case 'far':
      return `${hex(operand.selector)}:${hex(operand.offset)}`;
  }
}

/** Name of a register, as `eax`, `ah`, `cr0`, `st3`. */
function registerName(register: RegisterOperand): string {
  const { index } = register;
  switch (register.class) {
    case 'gpr':
      return (register.size === 32 ? names32 : register.size === 16 ? names16 : names8)[index]!;
    case 'segment':
      return segmentNames[index]!;
    case 'control':
      return `cr${index}`;
    case 'debug':
      return `dr${index}`;
    case 'x87':
      return `st${index}`;
    case 'mmx':
      return `mm${index}`;
    case 'xmm':
      return `xmm${index}`;
    case 'ymm':
      return `ymm${index}`;
  }
}

function printMemory(memory: MemoryOperand): string {
  const { segment, base, index, scale, disp, addressSize, size } = memory;
  const names = addressSize === 32 ? names32 : names16;
  const keyword = sizeNames[size];
  const terms: string[] = [];
  if (base >= 0) terms.push(names[base]!);
  if (index >= 0) terms.push(scale === 1 && base >= 0 ? names[index]! : `${names[index]}*${scale}`);
  let address = terms.join('+');
  if (terms.length === 0) address = hex(addressSize === 32 ? disp : disp & 0xffff);
  else if (disp !== 0) address += disp < 0 ? `-${hex(-disp)}` : `+${hex(disp)}`;
  const isDefault = segment === (base === 4 || base === 5 ? SEGMENT_SS : SEGMENT_DS);
  return `${keyword === undefined ? '' : `${keyword} `}[${isDefault ? '' : `${segmentNames[segment]}:`}${address}]`;
}

/** @param value i32, shown unsigned. */
function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

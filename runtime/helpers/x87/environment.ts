/**
 * The x87's state in memory: FNSTENV, FLDENV, FNSAVE and FRSTOR in their 32-bit and 16-bit formats of protected mode.
 * Source: SDM vol. 1 §8.1.10, figures 8-9 and 8-11; vol. 2A under each instruction.
 */
import {
  X87_CONTROL,
  X87_INSTRUCTION,
  X87_INSTRUCTION_SELECTOR,
  X87_OPCODE,
  X87_OPERAND,
  X87_OPERAND_SELECTOR,
  X87_STATUS,
  X87_USED,
} from '../../abi/state.ts';
import { initializeX87 } from '../../cpu/x87.ts';
import { Kind, unpack } from './format.ts';
import { readReal } from './operand.ts';
import type { X87Unit } from './unit.ts';

const ALL_MASKED = 0x3f;
/** Bits of the control word that can be written; bit 6 reads as one. */
const CONTROL_BITS = 0x1f3f;
const CONTROL_FIXED = 0x40;

/** Set a control word as FLDCW does. */
export function setControl(S: Int32Array, word: number): void {
  S[X87_CONTROL] = (word & CONTROL_BITS) | CONTROL_FIXED;
}

/** The tag word: two bits a physical register: valid, zero, special, empty. */
function tagWord(unit: X87Unit): number {
  let tags = 0;
  for (let r = 7; r >= 0; r--) {
    tags <<= 2;
    if (((unit.S[X87_USED]! >> r) & 1) === 0) tags |= 3;
    else {
      const { kind, denormal } = unpack(unit.physical(r));
      if (kind === Kind.Zero) tags |= 1;
      else if (kind !== Kind.Finite || denormal) tags |= 2;
    }
  }
  return tags;
}

function setTagWord(S: Int32Array, tags: number): void {
  let used = 0;
  for (let r = 0; r < 8; r++) if (((tags >> (r * 2)) & 3) !== 3) used |= 1 << r;
  S[X87_USED] = used;
}

/** Bytes of the environment; registers follow it in FNSAVE's image. */
function environmentBytes(operandSize: number): number {
  return operandSize === 32 ? 28 : 14;
}

/** The seven words of the environment, in the order of memory, 32 or 16 bits each. */
function environmentWords(unit: X87Unit, operandSize: number): number[] {
  const { S } = unit;
  const upper = operandSize === 32 ? 0xffff0000 : 0;
  const opcode = operandSize === 32 ? S[X87_OPCODE]! << 16 : 0;
  return [
    S[X87_CONTROL]! | upper,
    S[X87_STATUS]! | upper,
    tagWord(unit) | upper,
    S[X87_INSTRUCTION]!,
    S[X87_INSTRUCTION_SELECTOR]! | opcode,
    S[X87_OPERAND]!,
    S[X87_OPERAND_SELECTOR]! | upper,
  ];
}

function writeEnvironment(unit: X87Unit, la: number, operandSize: number): void {
  const { memory } = unit;
  environmentWords(unit, operandSize).forEach((word, index) => {
    if (operandSize === 32) memory.write32((la + index * 4) | 0, word);
    else memory.write16((la + index * 2) | 0, word);
  });
}

/** FNSTENV: afterwards all exceptions are masked. @throws GuestFault, or aborts. */
export function storeEnvironment(unit: X87Unit, la: number, operandSize: number): void {
  unit.memory.probeWrite(la, environmentBytes(operandSize) * 8);
  writeEnvironment(unit, la, operandSize);
  unit.S[X87_CONTROL] = unit.S[X87_CONTROL]! | ALL_MASKED;
  unit.summarize();
}

/** FNSAVE: afterwards as FNINIT leaves it. @throws GuestFault, or aborts. */
export function save(unit: X87Unit, la: number, operandSize: number): void {
  unit.memory.probeWrite(la, (environmentBytes(operandSize) + 80) * 8);
  writeState(unit, la, operandSize);
  initializeX87(unit.S);
}

/** What FNSAVE writes. */
function writeState(unit: X87Unit, la: number, operandSize: number): void {
  const { memory } = unit;
  writeEnvironment(unit, la, operandSize);
  for (let i = 0; i < 8; i++) {
    const at = (la + environmentBytes(operandSize) + i * 10) | 0;
    const { se, sig } = unit.real(i);
    memory.write32(at, Number(sig & 0xffffffffn) | 0);
    memory.write32((at + 4) | 0, Number(sig >> 32n) | 0);
    memory.write16((at + 8) | 0, se);
  }
}

function readEnvironment(unit: X87Unit, la: number, operandSize: number): number[] {
  const { memory } = unit;
  return Array.from({ length: 7 }, (_, index) =>
    operandSize === 32 ? memory.read32((la + index * 4) | 0) : memory.read16((la + index * 2) | 0) & 0xffff,
  );
}

function setEnvironment(unit: X87Unit, words: readonly number[], operandSize: number): void {
  const { S } = unit;
  const [control, status, tags, ip, selector, operand, operandSelector] = words as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  setControl(S, control);
  S[X87_STATUS] = status & 0xffff;
  setTagWord(S, tags);
  S[X87_INSTRUCTION] = ip;
  S[X87_INSTRUCTION_SELECTOR] = selector & 0xffff;
  S[X87_OPERAND] = operand;
  S[X87_OPERAND_SELECTOR] = operandSelector & 0xffff;
  S[X87_OPCODE] = operandSize === 32 ? (selector >> 16) & 0x7ff : 0;
  unit.summarize();
}

/** FLDENV. @throws GuestFault. */
export function loadEnvironment(unit: X87Unit, la: number, operandSize: number): void {
  setEnvironment(unit, readEnvironment(unit, la, operandSize), operandSize);
}

/** FRSTOR. @throws GuestFault. */
export function restore(unit: X87Unit, la: number, operandSize: number): void {
  const words = readEnvironment(unit, la, operandSize);
  const first = (la + environmentBytes(operandSize)) | 0;
  const registers = Array.from({ length: 8 }, (_, i) => readReal(unit.memory, (first + i * 10) | 0));
  setEnvironment(unit, words, operandSize);
  const { top } = unit;
  registers.forEach((value, i) => {
    unit.setPhysical((top + i) & 7, value);
  });
}

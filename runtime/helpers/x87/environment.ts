/**
 * The x87's state in memory: FNSTENV, FLDENV, FNSAVE and FRSTOR in their 32-bit and 16-bit formats.
 * Source: SDM vol. 1 §8.1.10; vol. 2A under each instruction. The formats themselves: cpu/x87.ts.
 */
import { X87_CONTROL } from '../../abi/state.ts';
import {
  initializeX87,
  setX87Environment,
  setX87Registers,
  summarizeX87,
  X87_REGISTER_BYTES,
  x87Environment,
  x87Registers,
} from '../../cpu/x87.ts';
import type { HelperContext } from '../context.ts';

const ALL_MASKED = 0x3f;
const WORDS = 7;

/** Bytes of the environment; registers follow it in FNSAVE's image. */
function environmentBytes(operandSize: number): number {
  return (WORDS * operandSize) >> 3;
}

/** The last byte of an image is tried first, as seen on a CPU. @throws GuestFault, or aborts. */
function probe({ memory }: HelperContext, la: number, bytes: number): void {
  memory.probeWrite((la + bytes - 1) | 0, 8);
  memory.probeWrite(la, bytes * 8);
}

function writeEnvironment({ state: S, memory }: HelperContext, la: number, operandSize: number): void {
  x87Environment(S, operandSize).forEach((word, index) => {
    if (operandSize === 32) memory.write32((la + index * 4) | 0, word);
    else memory.write16((la + index * 2) | 0, word);
  });
}

/** FNSTENV: afterwards all exceptions are masked. @throws GuestFault, or aborts. */
export function storeEnvironment(context: HelperContext, la: number, operandSize: number): void {
  const S = context.state;
  probe(context, la, environmentBytes(operandSize));
  writeEnvironment(context, la, operandSize);
  S[X87_CONTROL] = S[X87_CONTROL]! | ALL_MASKED;
  summarizeX87(S);
}

/** FNSAVE: afterwards as FNINIT leaves it. @throws GuestFault, or aborts. */
export function save(context: HelperContext, la: number, operandSize: number): void {
  const { state: S, memory } = context;
  const first = environmentBytes(operandSize);
  probe(context, la, first + X87_REGISTER_BYTES);
  writeEnvironment(context, la, operandSize);
  x87Registers(S).forEach((byte, index) => {
    memory.write8((la + first + index) | 0, byte);
  });
  initializeX87(S);
}

function readEnvironment({ memory }: HelperContext, la: number, operandSize: number): number[] {
  return Array.from({ length: WORDS }, (_, index) =>
    operandSize === 32 ? memory.read32((la + index * 4) | 0) : memory.read16((la + index * 2) | 0) & 0xffff,
  );
}

/** FLDENV. @throws GuestFault. */
export function loadEnvironment(context: HelperContext, la: number, operandSize: number): void {
  context.memory.read8((la + environmentBytes(operandSize) - 1) | 0);
  setX87Environment(context.state, readEnvironment(context, la, operandSize), operandSize);
}

/** FRSTOR. @throws GuestFault. */
export function restore(context: HelperContext, la: number, operandSize: number): void {
  const { state: S, memory } = context;
  memory.read8((la + environmentBytes(operandSize) + X87_REGISTER_BYTES - 1) | 0);
  const words = readEnvironment(context, la, operandSize);
  const first = (la + environmentBytes(operandSize)) | 0;
  const registers = Uint8Array.from({ length: X87_REGISTER_BYTES }, (_, index) => memory.read8((first + index) | 0));
  setX87Environment(S, words, operandSize);
  setX87Registers(S, registers);
}

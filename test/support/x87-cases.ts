// Reads fixtures/x87/cases.bin.gz, recorded on a real CPU by x87-recorder.c, and runs its cases on a machine with the
// recorder's memory map: FRSTOR, the instruction, FNSAVE, as the CPU did.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { VectorMachine } from './vectors.ts';

const FIXTURE: URL = new URL('../../fixtures/x87/cases.bin.gz', import.meta.url);

// These addresses stand in x87-recorder.c too.
const CODE = 0x201000;
/** FNINIT, which takes back an exception that is still pending after a case. */
const RESET = 0x201800;
const IMAGE = 0x101000;
const RESULT = 0x101100;
const OPERAND = 0x101200;
const STACK = 0x108f00;
const EAX_BEFORE = 0x12345678;

/** One instruction with what the CPU made of it. Registers are physical ones, 10 bytes each. */
export interface X87Case {
  readonly form: X87Form;
  readonly index: number;
  readonly control: number;
  readonly status: number;
  readonly used: number;
  readonly flags: number;
  readonly registers: readonly Uint8Array[];
  readonly memory: Uint8Array;
  /** Undefined when the instruction raised #MF. */
  readonly after: X87Result | undefined;
}

export interface X87Form {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface X87Result {
  readonly control: number;
  readonly status: number;
  readonly tags: number;
  /** Pointers: instruction, its opcode above its selector, operand, its selector. */
  readonly pointers: readonly number[];
  /** SF ZF AF PF CF at their places, OF in bit 1. */
  readonly flags: number;
  readonly registers: readonly Uint8Array[];
  readonly memory: Uint8Array;
  readonly eax: number;
}

/** All recorded cases in order. */
export function* readX87Cases(): Generator<X87Case, void, undefined> {
  const bytes = gunzipSync(readFileSync(FIXTURE));
  let at = 0;
  const take8 = (): number => bytes[at++]!;
  const take16 = (): number => take8() | (take8() << 8);
  const take32 = (): number => (take16() | (take16() << 16)) >>> 0;
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const takeText = (): string => {
    const end = bytes.indexOf(0, at);
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const poolSize = take16();
  const pool = Array.from({ length: poolSize }, () => take(10));
  const formCount = take16();
  for (let f = 0; f < formCount; f++) {
    const form: X87Form = { name: takeText(), bytes: Buffer.from(takeText(), 'hex') };
    const size = take16();
    const cases = take16();
    for (let index = 0; index < cases; index++) {
      const [index0, index1, control, status, used, flags] = [
        take16(),
        take16(),
        take16(),
        take16(),
        take8(),
        take8(),
      ] as [number, number, number, number, number, number];
      const memory = take(size);
      const top = (status >> 11) & 7;
      const registers = Array.from({ length: 8 }, (_, r) => {
        const i = (r - top) & 7;
        return pool[i === 0 ? index0 : i === 1 ? index1 : (index1 + i * 37) % poolSize]!;
      });
      const what = take8();
      const before = { form, index, control, status, used, flags, registers, memory };
      if (what & 1) {
        yield { ...before, after: undefined };
        continue;
      }
      const [newControl, newStatus, tags, newFlags] = [take16(), take16(), take16(), take8()];
      const pointers = [take32(), take32(), take32(), take16()];
      const changed = take8();
      const newRegisters = registers.map((value, r) => ((changed >> r) & 1 ? take(10) : value));
      const newMemory = what & 2 ? take(size) : memory;
      const eax = what & 4 ? (EAX_BEFORE & ~0xffff) | take16() : EAX_BEFORE;
      yield {
        ...before,
        after: {
          control: newControl,
          status: newStatus,
          tags,
          pointers,
          flags: newFlags,
          registers: newRegisters,
          memory: newMemory,
          eax,
        },
      };
    }
  }
}

/** FNSAVE's image of a case's initial state. */
function imageOf({ control, status, used, registers }: X87Case): Uint8Array {
  const image = new Uint8Array(108);
  const view = new DataView(image.buffer);
  let tags = 0;
  for (let r = 0; r < 8; r++) if (((used >> r) & 1) === 0) tags |= 3 << (r * 2);
  [control, status, tags, 0x11111111, 0x23, 0x22222222, 0x2b].forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  const top = (status >> 11) & 7;
  registers.forEach((value, r) => {
    image.set(value, 28 + ((r - top) & 7) * 10);
  });
  return image;
}

/** Put a form's code in place: call it when the form changes. */
export function layOutForm(machine: VectorMachine, form: X87Form): void {
  machine.writeMemory(CODE, Uint8Array.of(0xdd, 0x26, ...form.bytes, 0xdd, 0x37, 0xcc));
  machine.writeMemory(RESET, Uint8Array.of(0xdb, 0xe3, 0xcc));
}

const pointerNames = ['instruction', 'opcode and selector', 'operand', 'operand selector'];

/** Run one case, its form in place; lists in words what differs from the CPU. */
export function checkX87Case(test: X87Case, machine: VectorMachine): string[] {
  const { form, memory, after } = test;
  const differences: string[] = [];
  const compare = (what: string, expected: number | string, actual: number | string): void => {
    if (expected !== actual) differences.push(`${what}: CPU ${show(expected)}, here ${show(actual)}`);
  };
  machine.writeMemory(IMAGE, imageOf(test));
  machine.writeMemory(OPERAND, memory);
  const eflags = 0x202 | (test.flags & 0xd5) | ((test.flags & 2) << 10);
  const regs = Int32Array.of(EAX_BEFORE, 0, 0, OPERAND, STACK, 0, IMAGE, RESULT);
  const outcome = machine.run({ regs, eflags, eip: CODE, memory: [] });
  if (after === undefined) {
    machine.run({ regs, eflags, eip: RESET, memory: [] });
    compare('vector', 16, outcome.vector);
    // Where a form is two instructions, either may have found the exception pending.
    if (form.bytes.length <= 3) compare('eip', CODE + 2, outcome.eip);
    return differences;
  }
  compare('vector', 3, outcome.vector);
  if (differences.length > 0) return differences;
  const result = machine.readMemory(RESULT, 108);
  const view = new DataView(result.buffer, result.byteOffset);
  compare('control', after.control, view.getUint16(0, true));
  compare('status', after.status, view.getUint16(4, true));
  compare('tags', after.tags, view.getUint16(8, true));
  after.pointers.forEach((pointer, i) => {
    const word = view.getUint32(12 + i * 4, true);
    compare(pointerNames[i]!, pointer, i === 3 ? word & 0xffff : word);
  });
  compare('flags', after.flags, (outcome.eflags & 0xd5) | ((outcome.eflags >> 10) & 2));
  compare('eax', after.eax, outcome.regs[0]!);
  const top = (after.status >> 11) & 7;
  after.registers.forEach((value, r) => {
    const at = 28 + ((r - top) & 7) * 10;
    compare(`R${r}`, hexOf(value), hexOf(result.subarray(at, at + 10)));
  });
  compare('memory', hexOf(after.memory), hexOf(machine.readMemory(OPERAND, memory.length)));
  return differences;
}

function show(value: number | string): string {
  return typeof value === 'number' ? value.toString(16) : value;
}

/** Bytes as one number would be written: most significant first. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex');
}

/** What a case starts from, in one line. */
export function describeX87Case({ form, index, control, status, used, registers, memory }: X87Case): string {
  const top = (status >> 11) & 7;
  const st = [0, 1, 5].map((i) => `st${i} ${hexOf(registers[(top + i) & 7]!)}`).join(' ');
  const words = `control ${control.toString(16)} status ${status.toString(16)} used ${used.toString(16)}`;
  return `${form.name} #${index}: ${words} ${st} memory ${hexOf(memory)}`;
}

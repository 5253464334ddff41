// Reads the vectors recorded on a real CPU (fixtures/vectors/, fixtures/README.md) and runs them on any machine that can
// hold the recorder's memory map. A test adapts the thing under test to `VectorMachine`, calls `layOutMemory` once, then
// `checkVector` for every case of `readVectors(family)`; an empty list of differences means that the machine did what
// the CPU did.
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  type MemoryBytes,
  type MemoryRange,
  parseCase,
  parseFormName,
  type VectorCase,
  type VectorForm,
  type VectorState,
  vectorFlags,
} from './recorder/case-format.ts';
import { baseByte, FS_BASE, GS_BASE, REGIONS, type Region } from './recorder/memory-map.ts';
import { compareSimd, type SimdState } from './recorder/simd-state.ts';

export type { MemoryBytes, Region, SimdState, VectorCase, VectorForm, VectorState };
export { FS_BASE, GS_BASE, REGIONS };

/** Where the fixtures are. */
export const VECTORS: URL = new URL('../../fixtures/vectors/', import.meta.url);
const EXTENSION = '.vec.gz';

/** The fixture files' names without extension, sorted: `arithmetic`, `bmi`, `sequence`, … */
export function vectorFamilies(): string[] {
  const names = readdirSync(VECTORS).filter((name) => name.endsWith(EXTENSION));
  return names.map((name) => name.slice(0, -EXTENSION.length)).sort();
}

/** Is this a family of MMX or SSE, whose cases set XMM, MXCSR and x87 registers as well? */
export function isSimdFamily(family: string): boolean {
  return /^(mmx|sse)/.test(family);
}

/** Every case of one family in recorded order.
 *  @throws Error if the fixture was recorded with another memory map than this checkout's. */
export function* readVectors(family: string): Generator<VectorCase, void, undefined> {
  const text = gunzipSync(readFileSync(new URL(family + EXTENSION, VECTORS))).toString('latin1');
  const [header, ...lines] = text.split('\n') as [string, ...string[]];
  const { map } = JSON.parse(header) as { map: unknown };
  if (JSON.stringify(map) !== JSON.stringify(REGIONS)) throw new Error(`${family}: recorded with another memory map`);
  let form: VectorForm | undefined;
  let index = 0;
  for (const line of lines) {
    if (line.startsWith('# ')) {
      form = parseFormName(family, line.slice(2));
      index = 0;
    } else if (line !== '') yield parseCase(form!, index++, line);
  }
}

/** What ended a run, with the registers of that moment. */
export interface VectorOutcome {
  /** EAX ECX EDX EBX ESP EBP ESI EDI. */
  readonly regs: Int32Array;
  readonly eflags: number;
  /** As the exception handler would find it on its stack: behind INT3 and INTO, at the instruction for faults. */
  readonly eip: number;
  /** The exception; every run ends with one, normally the #BP of the INT3 that fills the code region. */
  readonly vector: number;
  /** Any value for vectors without one. */
  readonly errorCode: number;
  /** Any value unless #PF. */
  readonly cr2: number;
  /** Needed when the case came with these registers. */
  readonly simd?: SimdState;
}

/** The thing under test: 32-bit flat user mode (CPL 3, IOPL 0, IF set) with {@link REGIONS} mapped, all else unmapped. */
export interface VectorMachine {
  /** Write regardless of rights; drops translated code that it overwrites. */
  writeMemory(la: number, bytes: Uint8Array): void;
  /** Read regardless of rights. */
  readMemory(la: number, length: number): Uint8Array;
  /** Load `state` (its memory is in place already) and run until the first exception. */
  run(state: VectorState): VectorOutcome;
}

/** Fill all regions with the base pattern: once per machine. */
export function layOutMemory(machine: VectorMachine): void {
  for (const { base, size } of REGIONS) machine.writeMemory(base, baseBytes(base, size));
}

/** Linear addresses whose byte is not the base pattern's: after any number of {@link checkVector} there must be none,
 *  or else the machine wrote where the CPU did not. Costs 40 KiB of reading; for the end of each form. */
export function strayWrites(machine: VectorMachine): number[] {
  const stray: number[] = [];
  removeCode(machine);
  for (const { base, size } of REGIONS) {
    const bytes = machine.readMemory(base, size);
    for (let i = 0; i < size; i++) if (bytes[i] !== baseByte(base + i)) stray.push(base + i);
  }
  return stray;
}

/** Run one case and list, in words, everything that came out different from the CPU. Leaves memory as it was. */
export function checkVector(vector: VectorCase, machine: VectorMachine): string[] {
  const { before, after, fault, bytes } = vector;
  const touched: readonly MemoryBytes[] = before.memory;
  placeCode(machine, { la: before.eip, bytes });
  for (const { la, bytes } of touched) machine.writeMemory(la, bytes);
  const outcome = machine.run(before);
  const differences: string[] = [];
  const compare = (what: string, expected: number, actual: number, mask = -1): void => {
    if (((expected ^ actual) & mask) !== 0) differences.push(`${what}: CPU ${hex(expected)}, here ${hex(actual)}`);
  };
  for (let i = 0; i < 8; i++) compare(REGISTERS[i]!, after.regs[i]!, outcome.regs[i]!, vector.regMasks[i]);
  compare('eflags', after.eflags, vectorFlags(outcome.eflags), vector.flagMask);
  if (fault === undefined) {
    compare('vector', 3, outcome.vector);
    compare('eip', after.eip, outcome.vector === 3 ? outcome.eip - 1 : outcome.eip);
  } else {
    compare('vector', fault.vector, outcome.vector);
    compare('eip', after.eip, outcome.eip);
    if (fault.errorCode !== undefined) compare('error code', fault.errorCode, outcome.errorCode, 0xffff);
    if (fault.cr2 !== undefined) compare('cr2', fault.cr2, outcome.cr2);
  }
  if (after.simd !== undefined && outcome.simd !== undefined) {
    differences.push(...compareSimd(after.simd, outcome.simd));
  } else if (after.simd !== undefined) differences.push('no XMM and x87 registers given');
  // Later bytes lie over earlier ones; what the CPU left alone where the case put its own bytes must be left alone too.
  const expected = new Map<number, number>();
  for (const { la, bytes } of [...touched, ...after.memory]) {
    for (let i = 0; i < bytes.length; i++) expected.set(la + i, bytes[i]!);
  }
  for (const range of vector.undefinedMemory) for (let i = 0; i < range.length; i++) expected.delete(range.la + i);
  for (const [la, byte] of expected) compare(`byte at ${hex(la)}`, byte, machine.readMemory(la, 1)[0]!);
  for (const { la, bytes } of [...touched, ...after.memory]) restore(machine, { la, length: bytes.length });
  for (const range of vector.undefinedMemory) restore(machine, range);
  return differences;
}

/** Code that the last case left on a machine. It stays until another takes its place, so that a machine translates the
 *  same bytes once for many cases. */
const codeInPlace = new WeakMap<VectorMachine, MemoryBytes>();

function placeCode(machine: VectorMachine, code: MemoryBytes): void {
  const last = codeInPlace.get(machine);
  if (last?.la === code.la && Buffer.compare(last.bytes, code.bytes) === 0) return;
  removeCode(machine);
  machine.writeMemory(code.la, code.bytes);
  codeInPlace.set(machine, code);
}

function removeCode(machine: VectorMachine): void {
  const last = codeInPlace.get(machine);
  if (last !== undefined) restore(machine, { la: last.la, length: last.bytes.length });
  codeInPlace.delete(machine);
}

/** Put the base pattern back into a range, as far as it is mapped. */
function restore(machine: VectorMachine, { la, length }: MemoryRange): void {
  for (const { base, size } of REGIONS) {
    const start = Math.max(la, base);
    const end = Math.min(la + length, base + size);
    if (start < end) machine.writeMemory(start, baseBytes(start, end - start));
  }
}

/** One line that identifies a case in a report. */
export function describeVector({ form, index, bytes, before }: VectorCase): string {
  const code = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const regs = Array.from(before.regs, (value, i) => `${REGISTERS[i]}=${hex(value)}`).join(' ');
  return `${form.mnemonic} ${form.operands} (${form.opcode}, ${form.variant}) #${index}: ${code} with ${regs} eflags=${hex(before.eflags)}`;
}

const REGISTERS: readonly string[] = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];

function baseBytes(la: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => baseByte(la + i));
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

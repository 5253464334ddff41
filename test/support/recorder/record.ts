// Records all vectors: builds every case, lets the harness (recorder.c) run them on this machine's CPU, and writes one
// fixture a family. Use: tsx record.ts HARNESS [FAMILY…], from scripts/record-vectors.sh.
// The same CPU and the same forms give the same files, byte for byte: all randomness comes from the forms' names.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CaseBuilder } from './builder.ts';
import {
  formName,
  type MemoryBytes,
  printCase,
  type VectorCase,
  type VectorFault,
  vectorFlags,
} from './case-format.ts';
import type { FormSpec } from './form.ts';
import { FAMILIES } from './forms/index.ts';
import { baseByte, FIXED_FLAGS, FS_BASE, GS_BASE, REGIONS, VECTOR_FLAGS } from './memory-map.ts';
import { initialSimd, type SimdState } from './simd-state.ts';

const RESULTS_BYTES = 0x8000000;
const NO_ERROR_CODE = new Set([0, 1, 3, 4, 5, 6, 7, 16, 19]);

/** A growing little-endian buffer. */
class Stream {
  private readonly parts: Uint8Array[] = [];

  put32(...values: number[]): void {
    this.parts.push(new Uint8Array(Int32Array.from(values).buffer));
  }

  putBytes(bytes: Uint8Array): void {
    this.parts.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** Vendor, family, model and stepping of this machine's CPU. */
function cpuName(): string {
  const info = readFileSync('/proc/cpuinfo', 'latin1');
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1] ?? '?';
  return `${field('vendor_id')} family ${field('cpu family')} model ${field('model')} stepping ${field('stepping')}`;
}

function buildCases(spec: FormSpec): CaseBuilder[] {
  const name = formName(spec.form);
  return Array.from({ length: spec.cases + spec.faults }, (_, index) => {
    const c = new CaseBuilder(name, index, index >= spec.cases);
    spec.build(c);
    return c;
  });
}

/** ST(i) is R((TOP + i) mod 8); the harness moves registers in the order of ST. */
function physicalOf(status: number, i: number): number {
  return ((status >> 11) + i) & 7;
}

function putSimd(stream: Stream, { xmm, mxcsr, control, status, used, x87 }: SimdState): void {
  let tags = 0;
  for (let r = 0; r < 8; r++) if (((used >> r) & 1) === 0) tags |= 3 << (r * 2);
  stream.put32(...xmm, mxcsr, control, status, tags);
  for (let i = 0; i < 8; i++)
    stream.putBytes(x87.subarray(physicalOf(status, i) * 10, physicalOf(status, i) * 10 + 10));
}

function writeCases(cases: readonly CaseBuilder[]): Buffer {
  const stream = new Stream();
  stream.put32(REGIONS.length, FS_BASE, GS_BASE, RESULTS_BYTES);
  for (const { base, size, access } of REGIONS) {
    stream.put32(base, size, access);
    stream.putBytes(Uint8Array.from({ length: size }, (_, i) => baseByte(base + i)));
  }
  for (const { regs, eflags, eip, code, memory, simd } of cases) {
    stream.put32(...regs, eflags, eip, code.length);
    stream.putBytes(Uint8Array.from(code));
    stream.put32(memory.length);
    for (const { la, bytes } of memory) {
      stream.put32(la, bytes.length);
      stream.putBytes(bytes);
    }
    stream.put32(simd ? 1 : 0);
    if (simd) putSimd(stream, simd);
  }
  return stream.bytes();
}

/** Join changed bytes into runs; gaps of up to three unchanged bytes are cheaper filled than split at. */
function joinChanges(changes: readonly (readonly [number, number])[], before: (la: number) => number): MemoryBytes[] {
  const runs: { la: number; bytes: number[] }[] = [];
  for (const [la, byte] of changes) {
    const run = runs.at(-1);
    const gap = run ? la - (run.la + run.bytes.length) : Infinity;
    if (run === undefined || gap > 3) runs.push({ la, bytes: [byte] });
    else {
      for (let i = la - gap; i < la; i++) run.bytes.push(before(i));
      run.bytes.push(byte);
    }
  }
  return runs.map(({ la, bytes }) => ({ la, bytes: Uint8Array.from(bytes) }));
}

/** Reads the harness's results case by case. */
class Results {
  private at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  private take32(): number {
    this.at += 4;
    return this.bytes.readInt32LE(this.at - 4);
  }

  private takeSimd(): SimdState {
    const simd = initialSimd();
    for (let i = 0; i < 32; i++) simd.xmm[i] = this.take32();
    [simd.mxcsr, simd.control, simd.status] = [this.take32(), this.take32(), this.take32()];
    const tags = this.take32();
    for (let r = 0; r < 8; r++) if (((tags >> (r * 2)) & 3) !== 3) simd.used |= 1 << r;
    for (let i = 0; i < 8; i++, this.at += 10) {
      simd.x87.set(this.bytes.subarray(this.at, this.at + 10), physicalOf(simd.status, i) * 10);
    }
    return simd;
  }

  next(spec: FormSpec, c: CaseBuilder): VectorCase {
    const regs = Int32Array.from({ length: 8 }, () => this.take32());
    const eflags = vectorFlags(this.take32());
    const [eip, vector, error, cr2, count] = Array.from({ length: 5 }, () => this.take32() >>> 0) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const changes = Array.from({ length: count }, () => [this.take32() >>> 0, this.bytes[this.at++]!] as const);
    const simd = c.simd ? this.takeSimd() : undefined;
    const patched = (la: number): number => {
      const over = c.memory.findLast((run) => la >= run.la && la < run.la + run.bytes.length);
      return over ? over.bytes[la - over.la]! : baseByte(la);
    };
    // The INT3 that ended the case may be the instruction itself; then it lies within the case's own bytes.
    const ended = vector === 3 && (eip - 1 < c.eip || eip - 1 >= c.eip + c.code.length);
    const fault: VectorFault | undefined = ended
      ? undefined
      : {
          vector,
          ...(!NO_ERROR_CODE.has(vector) && { errorCode: vector === 14 ? error & 7 : error }),
          ...(vector === 14 && { cr2 }),
        };
    // A fault leaves the state of the instruction's start, so as a rule there is nothing undefined about it.
    const faulted = fault !== undefined && eip === c.eip;
    if (faulted) spec.undefinedOnFault?.(c);
    else if (typeof spec.undefined === 'function') spec.undefined(c, eflags, fault !== undefined);
    else c.undefinedFlags |= spec.undefined ?? 0;
    const ignored = (at: number): boolean => c.undefinedMemory.some(({ la, length }) => at >= la && at < la + length);
    return {
      form: spec.form,
      index: c.index,
      bytes: Uint8Array.from(c.code),
      before: { regs: c.regs, eflags: c.eflags, eip: c.eip, memory: c.memory, ...(c.simd && { simd: c.simd }) },
      after: {
        regs,
        eflags,
        eip: ended ? eip - 1 : eip,
        memory: joinChanges(
          changes.filter(([la]) => !ignored(la)),
          patched,
        ),
        ...(simd && { simd }),
      },
      ...(fault && { fault }),
      flagMask: VECTOR_FLAGS & ~c.undefinedFlags,
      regMasks: c.undefinedRegs.map((bits) => ~bits),
      undefinedMemory: c.undefinedMemory,
    };
  }
}

/** Things that no recording may contain. */
function complain(spec: FormSpec, vector: VectorCase): void {
  const { before, after, fault, index } = vector;
  const where = `${formName(spec.form)} #${index}: ${printCase(vector)}`;
  if (!spec.mayFault && (fault?.vector === 14) !== index >= spec.cases)
    console.warn(`${fault ? 'not ' : ''}meant to fault: ${where}`);
  if (fault === undefined || after.eip !== before.eip || spec.form.family === 'string') return;
  if (after.regs.some((value, i) => ((value ^ before.regs[i]!) & vector.regMasks[i]!) !== 0))
    console.warn(`a fault changed registers: ${where}`);
  if (after.eflags !== before.eflags) console.warn(`a fault changed flags: ${where}`);
  if (after.memory.length > 0) console.warn(`a fault changed memory: ${where}`);
}

function record(harness: string, families: ReadonlySet<string>): void {
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-record-'));
  const target = new URL('../../../fixtures/vectors/', import.meta.url);
  mkdirSync(target, { recursive: true });
  for (const [family, forms] of Object.entries(FAMILIES)) {
    if (families.size > 0 && !families.has(family)) continue;
    const specs = forms();
    const cases = specs.map(buildCases);
    const [casesFile, resultsFile] = [join(folder, 'cases'), join(folder, 'results')];
    writeFileSync(casesFile, writeCases(cases.flat()));
    execFileSync(harness, [casesFile, resultsFile], { stdio: 'inherit' });
    const results = new Results(readFileSync(resultsFile));
    const header = {
      format: 1,
      cpu: cpuName(),
      fixedFlags: FIXED_FLAGS,
      fs: FS_BASE,
      gs: GS_BASE,
      map: REGIONS,
    };
    const lines = [JSON.stringify(header)];
    specs.forEach((spec, i) => {
      lines.push(`# ${formName(spec.form)}`);
      for (const c of cases[i]!) {
        const vector = results.next(spec, c);
        complain(spec, vector);
        lines.push(printCase(vector));
      }
    });
    const packed = gzipSync(lines.join('\n') + '\n', { level: 9 });
    writeFileSync(new URL(`${family}.vec.gz`, target), packed);
    console.log(`${family}: ${specs.length} forms, ${cases.flat().length} cases, ${packed.length} bytes`);
  }
  rmSync(folder, { recursive: true });
}

const [harness, ...families] = process.argv.slice(2);
if (harness === undefined) throw new Error('use: record.ts HARNESS [FAMILY…]');
record(harness, new Set(families));

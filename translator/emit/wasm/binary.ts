/**
 * Bytes of a WebAssembly module: integers in LEB128, sections and vectors with their lengths in front.
 *
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */

const scratch = new DataView(new ArrayBuffer(8));
const noBytes = new Uint8Array(0);

/** Bytes of writers that are done: each new array would cost the host's allocator and collector more than what it is for. */
const spare: Uint8Array[] = [];
const CAPACITY = 1024;

/** Bytes that grow. */
export class ByteWriter {
  private bytes: Uint8Array = spare.pop() ?? new Uint8Array(CAPACITY);
  private end = 0;

  get length(): number {
    return this.end;
  }

  /** What has been written: a copy. The writer is done. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.end);
    this.release();
    return taken;
  }

  private release(): void {
    spare.push(this.bytes);
    this.end = 0;
    this.bytes = noBytes;
  }

  private reserve(count: number): void {
    if (this.end + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.end + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  byte(value: number): void {
    if (this.end === this.bytes.length) this.reserve(1);
    this.bytes[this.end++] = value;
  }

  /** An unsigned integer below 2^32. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A signed 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if (rest === (low & 0x40 ? -1 : 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  double(value: number): void {
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(scratch.getUint8(i));
  }

  text(value: string): void {
    this.unsigned(value.length);
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i));
  }

  /** Another writer's bytes; it is done. */
  append(other: ByteWriter): void {
    this.reserve(other.end);
    this.bytes.set(other.bytes.subarray(0, other.end), this.end);
    this.end += other.end;
    other.release();
  }

  /** Another writer's bytes with their number in front; it is done. */
  sized(other: ByteWriter): void {
    this.unsigned(other.end);
    this.append(other);
  }
}

export const ValueType = { I32: 0x7f, I64: 0x7e, F64: 0x7c, V128: 0x7b } as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

const Section = { Custom: 0, Type: 1, Import: 2, Function: 3, Table: 4, Export: 7, Code: 10 } as const;
const External = { Function: 0, Table: 1, Memory: 2 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCTION_REFERENCE = 0x70;
const MEMORY_LIMITED = 1;
const MEMORY_SHARED = 3;
/** Most pages of 64 KiB. */
const MAX_PAGES = 65536;
const END = 0x0b;
/** Hints for branches, before the code (proposal "branch hinting"). */
const BRANCH_HINTS = 'metadata.code.branch_hint';
/** Part of the section "name" that has the functions'. */
const FUNCTION_NAMES = 1;

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Is the branch at a place of a function's code taken? For `if`: is its test true? */
export interface BranchHint {
  readonly offset: number;
  readonly isTaken: boolean;
}

interface Body {
  readonly type: number;
  /** Declarations of its locals. */
  readonly locals: ByteWriter;
  readonly code: ByteWriter;
}

/** A module put together from imported and own functions. Imports come before the first own function. */
export class ModuleWriter {
  private readonly types: FunctionType[] = [];
  private readonly imports: ByteWriter[] = [];
  private readonly bodies: Body[] = [];
  private readonly exports: ByteWriter[] = [];
  private readonly names: ByteWriter[] = [];
  private readonly hints: [number, readonly BranchHint[]][] = [];
  private functions = 0;
  private table: number | undefined;

  /** Index of a type. */
  type(type: FunctionType): number {
    const same = (a: readonly ValueType[], b: readonly ValueType[]): boolean =>
      a.length === b.length && a.every((value, i) => value === b[i]);
    const known = this.types.findIndex(
      ({ parameters, results }) => same(parameters, type.parameters) && same(results, type.results),
    );
    return known >= 0 ? known : this.types.push(type) - 1;
  }

  private import(module: string, name: string): ByteWriter {
    const entry = new ByteWriter();
    entry.text(module);
    entry.text(name);
    this.imports.push(entry);
    return entry;
  }

  importMemory(module: string, name: string, isShared: boolean): void {
    const entry = this.import(module, name);
    entry.byte(External.Memory);
    entry.byte(isShared ? MEMORY_SHARED : MEMORY_LIMITED);
    entry.unsigned(1);
    entry.unsigned(MAX_PAGES);
  }

  /** @returns the function's index. */
  importFunction(module: string, name: string, type: FunctionType): number {
    const entry = this.import(module, name);
    entry.byte(External.Function);
    entry.unsigned(this.type(type));
    return this.functions++;
  }

  /** A table of functions with so many places, exported by a name. */
  exportTable(name: string, size: number): void {
    this.table = size;
    const entry = new ByteWriter();
    entry.text(name);
    entry.byte(External.Table);
    entry.unsigned(0);
    this.exports.push(entry);
  }

  /** An exported function. @returns its index. */
  exportFunction(name: string, type: FunctionType, locals: readonly ValueType[], code: ByteWriter): number {
    this.bodies.push({ type: this.type(type), locals: declarations(locals), code });
    const entry = new ByteWriter();
    entry.text(name);
    entry.byte(External.Function);
    entry.unsigned(this.functions);
    this.exports.push(entry);
    return this.functions++;
  }

  /** What profiles and stack traces call a function. */
  name(index: number, name: string): void {
    const entry = new ByteWriter();
    entry.unsigned(index);
    entry.text(name);
    this.names.push(entry);
  }

  /** What to expect of a function's branches, in ascending order. */
  expect(index: number, hints: readonly BranchHint[]): void {
    if (hints.length > 0) this.hints.push([index, hints]);
  }

  finish(): Uint8Array {
    const out = new ByteWriter();
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte);
    const section = (id: number, count: number, write: (to: ByteWriter) => void): void => {
      const content = new ByteWriter();
      content.unsigned(count);
      write(content);
      out.byte(id);
      out.sized(content);
    };
    section(Section.Type, this.types.length, (to) => {
      for (const { parameters, results } of this.types) {
        to.byte(FUNCTION_TYPE);
        for (const values of [parameters, results]) {
          to.unsigned(values.length);
          for (const value of values) to.byte(value);
        }
      }
    });
    section(Section.Import, this.imports.length, (to) => {
      for (const entry of this.imports) to.append(entry);
    });
    section(Section.Function, this.bodies.length, (to) => {
      for (const { type } of this.bodies) to.unsigned(type);
    });
    const { table } = this;
    if (table !== undefined) {
      section(Section.Table, 1, (to) => {
        to.byte(FUNCTION_REFERENCE);
        to.byte(0);
        to.unsigned(table);
      });
    }
    section(Section.Export, this.exports.length, (to) => {
      for (const entry of this.exports) to.append(entry);
    });
    if (this.hints.length > 0) {
      const content = new ByteWriter();
      content.text(BRANCH_HINTS);
      this.writeHints(content);
      out.byte(Section.Custom);
      out.sized(content);
    }
    section(Section.Code, this.bodies.length, (to) => {
      for (const { locals, code } of this.bodies) {
        const body = new ByteWriter();
        body.append(locals);
        body.append(code);
        body.byte(END);
        to.sized(body);
      }
    });
    if (this.names.length > 0) {
      const list = new ByteWriter();
      list.unsigned(this.names.length);
      for (const entry of this.names) list.append(entry);
      const content = new ByteWriter();
      content.text('name');
      content.byte(FUNCTION_NAMES);
      content.sized(list);
      out.byte(Section.Custom);
      out.sized(content);
    }
    return out.take();
  }

  private writeHints(to: ByteWriter): void {
    to.unsigned(this.hints.length);
    for (const [index, hints] of this.hints) {
      // Of the function's whole body, which begins with its locals.
      const start = this.bodies[index - this.functions + this.bodies.length]!.locals.length;
      to.unsigned(index);
      to.unsigned(hints.length);
      for (const { offset, isTaken } of hints) {
        to.unsigned(start + offset);
        to.unsigned(1);
        to.byte(isTaken ? 1 : 0);
      }
    }
  }
}

function declarations(locals: readonly ValueType[]): ByteWriter {
  const out = new ByteWriter();
  const groups = runs(locals);
  out.unsigned(groups.length);
  for (const [value, count] of groups) {
    out.unsigned(count);
    out.byte(value);
  }
  return out;
}

/** Equal neighbours, with their number. */
function runs(values: readonly ValueType[]): [ValueType, number][] {
  const groups: [ValueType, number][] = [];
  for (const value of values) {
    const last = groups.at(-1);
    if (last?.[0] === value) last[1]++;
    else groups.push([value, 1]);
  }
  return groups;
}

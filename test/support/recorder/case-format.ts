// The text of a vector fixture: one line a form, one line a case, gzip around it. The recorder prints it, the reader
// (test/support/vectors.ts) parses it. `zcat fixtures/vectors/arithmetic.vec.gz | less` is meant to be read by people.
//
//   line 1      the memory map as JSON
//   form line   # <mnemonic> <operands>; <opcode>; <size>; <variant>
//   case line   BYTES settings… > results…
//
// Settings (only what differs from the seed, see memory-map.ts) and results (only what changed), blank-separated:
//   N=HEX       register N (0 EAX … 7 EDI) holds HEX
//   f=HEX       EFLAGS
//   @HEX        EIP: where the instruction lies / where execution stood in the end (left out: the next instruction)
//   HEX:BYTES   memory from linear address HEX on
//   u=HEX       results only: flags that the manual leaves undefined here
//   N~HEX       results only: bits of register N that the manual leaves undefined here
//   HEX?N       results only: N bytes of memory from linear address HEX on that the manual leaves undefined here
//   xN=HEX      XMM register N
//   rN=HEX      physical x87 register N (its low 16 digits are MMN)
//   c=HEX       MXCSR
//   w=C,S,U     x87 control and status word, and which physical registers are not empty
//   *HEX,N      memory from linear address HEX on holds the first N bytes of the seed's operand (simd-state.ts)
//   !V,E,A      results only: exception vector V with error code E (- if it has none) and, for #PF, CR2 = A
import { CODE_ADDRESS, caseSeed, FIXED_FLAGS, seedState, VECTOR_FLAGS, Xorshift32 } from './memory-map.ts';
import {
  copySimd,
  parseSimd,
  printSimd,
  type SimdSeed,
  type SimdState,
  seedSimd,
  type ValueKind,
} from './simd-state.ts';

/** What an instruction form is: which bytes it tests, in the terms of the rows in translator/isa. */
export interface VectorForm {
  /** Fixture file without its extension: `arithmetic`, `bmi`, … */
  readonly family: string;
  /** In capitals, as in the SDM: `ADD`; for sequences `SEQUENCE`. */
  readonly mnemonic: string;
  /** SDM operand codes as in the rows: `Ev,Gv`; empty if it has none. */
  readonly operands: string;
  /** As in the rows: `01`, `80 /0`, `0F A4`, `F3 0F B8`, `VEX.0F38 F2`; empty for sequences. */
  readonly opcode: string;
  /** Operand size in bits: 8, 16 or 32; 0 if it has none. */
  readonly size: number;
  /** `reg`, `mem`, `lock`, … */
  readonly variant: string;
}

/** Bytes of guest memory from one linear address on. */
export interface MemoryBytes {
  /** Linear address, u32. */
  readonly la: number;
  readonly bytes: Uint8Array;
  /** They are the seed's operand, so a case line need not spell them. */
  readonly seeded?: boolean;
}

/** A run of guest memory. */
export interface MemoryRange {
  /** Linear address, u32. */
  readonly la: number;
  /** Bytes. */
  readonly length: number;
}

/** Everything of the machine that a vector sets or compares. */
export interface VectorState {
  /** EAX ECX EDX EBX ESP EBP ESI EDI. */
  readonly regs: Int32Array;
  /** Status flags and DF, with bit 1 and IF set. */
  readonly eflags: number;
  /** Linear and effective address alike (CS is flat), u32. */
  readonly eip: number;
  /** Before: what lies over the base pattern, code not included. After: every byte that differs from before. */
  readonly memory: readonly MemoryBytes[];
  /** Present in the families of MMX and SSE. */
  readonly simd?: SimdState;
}

/** The exception that ended a case. */
export interface VectorFault {
  /** SDM vol. 3A table 6-1: 0 #DE, 3 #BP, 4 #OF, 5 #BR, 6 #UD, 13 #GP, 14 #PF. */
  readonly vector: number;
  /** Undefined for vectors without one. #PF: bits P, W/R and U/S only. */
  readonly errorCode?: number;
  /** Linear address, u32; #PF only. */
  readonly cr2?: number;
}

/** One recorded case, complete. */
export interface VectorCase {
  readonly form: VectorForm;
  /** Number within the form, from 0. */
  readonly index: number;
  /** Instruction bytes (several instructions in a sequence), at `before.eip`; INT3 all around them. */
  readonly bytes: Uint8Array;
  readonly before: VectorState;
  /** With a fault: the state that the exception handler sees, before anything is pushed. */
  readonly after: VectorState;
  readonly fault?: VectorFault;
  /** Bits of EFLAGS that are defined and must agree. */
  readonly flagMask: number;
  /** For each register the bits that are defined and must agree. */
  readonly regMasks: Int32Array;
  /** Memory that may hold anything afterwards: what a faulting PUSHA or ENTER pushed before it stopped. May reach
   *  outside the mapped regions. */
  readonly undefinedMemory: readonly MemoryRange[];
}

/** The name that seeds a form's cases and stands in its form line. Unique over all fixtures. */
export function formName(form: VectorForm): string {
  return `${form.mnemonic} ${form.operands}; ${form.opcode}; ${form.size}; ${form.variant}`;
}

/** The inverse of {@link formName}. */
export function parseFormName(family: string, name: string): VectorForm {
  const [head, opcode, size, variant] = name.split('; ') as [string, string, string, string];
  const blank = head.indexOf(' ');
  return {
    family,
    mnemonic: head.slice(0, blank),
    operands: head.slice(blank + 1),
    opcode,
    size: Number(size),
    variant,
  };
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

function hexBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What XMM and MMX registers and operand of a case start from; undefined in families that have no use for them. */
function seedOf(form: VectorForm, index: number): SimdSeed | undefined {
  if (!/^(mmx|sse)/.test(form.family)) return undefined;
  const [, kind, mmx] = form.variant.split(' ') as [string, ValueKind, string?];
  return seedSimd(formName(form), index, kind, mmx === 'mmx');
}

/** Print one case line. */
export function printCase(vector: VectorCase): string {
  const { before, after, fault } = vector;
  const regs = new Int32Array(8);
  const eflags = seedState(new Xorshift32(caseSeed(formName(vector.form), vector.index)), regs);
  const line = [hexBytes(vector.bytes)];
  const printMemory = (memory: readonly MemoryBytes[]): void => {
    for (const { la, bytes, seeded } of memory) {
      line.push(seeded ? `*${hex(la)},${bytes.length}` : `${hex(la)}:${hexBytes(bytes)}`);
    }
  };
  const seed = seedOf(vector.form, vector.index);
  for (let i = 0; i < 8; i++) if (before.regs[i] !== regs[i]) line.push(`${i}=${hex(before.regs[i]!)}`);
  if (before.eflags !== eflags) line.push(`f=${hex(before.eflags)}`);
  if (before.eip !== CODE_ADDRESS) line.push(`@${hex(before.eip)}`);
  if (seed && before.simd) line.push(...printSimd(seed.state, before.simd));
  printMemory(before.memory);
  line.push('>');
  for (let i = 0; i < 8; i++) if (after.regs[i] !== before.regs[i]) line.push(`${i}=${hex(after.regs[i]!)}`);
  if (after.eflags !== before.eflags) line.push(`f=${hex(after.eflags)}`);
  if (after.eip !== before.eip + vector.bytes.length) line.push(`@${hex(after.eip)}`);
  if (before.simd && after.simd) line.push(...printSimd(before.simd, after.simd));
  printMemory(after.memory);
  if (vector.flagMask !== VECTOR_FLAGS) line.push(`u=${hex(VECTOR_FLAGS & ~vector.flagMask)}`);
  for (let i = 0; i < 8; i++) if (vector.regMasks[i] !== -1) line.push(`${i}~${hex(~vector.regMasks[i]!)}`);
  for (const { la, length } of vector.undefinedMemory) line.push(`${hex(la)}?${length}`);
  if (fault)
    line.push(`!${fault.vector},${fault.errorCode ?? '-'}${fault.cr2 === undefined ? '' : ',' + hex(fault.cr2)}`);
  return line.join(' ');
}

/** Parse one case line. @param form what the last form line said. @param index the line's number under it, from 0. */
export function parseCase(form: VectorForm, index: number, line: string): VectorCase {
  const tokens = line.split(' ');
  const bytes = Buffer.from(tokens[0]!, 'hex');
  const regs = new Int32Array(8);
  const regMasks = new Int32Array(8).fill(-1);
  let state = { regs, eflags: seedState(new Xorshift32(caseSeed(formName(form), index)), regs), eip: CODE_ADDRESS };
  const seed = seedOf(form, index);
  let simd = seed?.state;
  let memory: MemoryBytes[] = [];
  const undefinedMemory: MemoryRange[] = [];
  let before: VectorState | undefined;
  let flagMask = VECTOR_FLAGS;
  let fault: VectorFault | undefined;
  for (let i = 1; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token === '>') {
      before = { ...state, memory, ...(simd && { simd }) };
      simd = simd && copySimd(simd);
      state = { regs: regs.slice(), eflags: state.eflags, eip: state.eip + bytes.length };
      memory = [];
    } else if (token[0] === '!') {
      const [vector, errorCode, cr2] = token.slice(1).split(',') as [string, string, string?];
      fault = {
        vector: Number(vector),
        ...(errorCode !== '-' && { errorCode: Number(errorCode) }),
        ...(cr2 !== undefined && { cr2: parseInt(cr2, 16) }),
      };
    } else if (token[0] === '*') {
      const [la, length] = token.slice(1).split(',') as [string, string];
      memory.push({ la: parseInt(la, 16), bytes: seed!.operand.subarray(0, Number(length)), seeded: true });
    } else if (simd !== undefined && parseSimd(simd, token)) continue;
    else if (token[0] === '@') state.eip = parseInt(token.slice(1), 16);
    else if (token[1] === '~') regMasks[Number(token[0])] = ~parseInt(token.slice(2), 16);
    else if (token.includes('?')) {
      const [la, length] = token.split('?') as [string, string];
      undefinedMemory.push({ la: parseInt(la, 16), length: Number(length) });
    } else if (token[1] !== '=') {
      const colon = token.indexOf(':');
      memory.push({ la: parseInt(token.slice(0, colon), 16), bytes: Buffer.from(token.slice(colon + 1), 'hex') });
    } else {
      const value = parseInt(token.slice(2), 16);
      if (token[0] === 'f') state.eflags = value;
      else if (token[0] === 'u') flagMask &= ~value;
      else state.regs[Number(token[0])] = value;
    }
  }
  if (before === undefined) throw new Error(`vector of ${formName(form)} without results: ${line}`);
  return {
    form,
    index,
    bytes,
    before,
    after: { ...state, memory, ...(simd && { simd }) },
    ...(fault && { fault }),
    flagMask,
    regMasks,
    undefinedMemory,
  };
}

/** EFLAGS as vectors keep them: the compared bits of a real EFLAGS image, with the fixed ones set. */
export function vectorFlags(eflags: number): number {
  return (eflags & VECTOR_FLAGS) | FIXED_FLAGS;
}

// How a form of instruction is stated: one `FormSpec` a form, and the two generators that nearly all of them come from,
// `modrmForms` (a register and a memory form, with LOCK and faults where they apply) and `plainForm` (no ModRM).

import { type Access, type CaseBuilder, type Encoded, littleEndian } from './builder.ts';
import type { VectorForm } from './case-format.ts';

/** One form to record. */
export interface FormSpec {
  readonly form: VectorForm;
  /** Cases that do not fault in memory. */
  readonly cases: number;
  /** Cases with a memory operand that faults, after the others. */
  readonly faults: number;
  /** Whether page faults may come in other cases than the last `faults` ones, or not come in those. */
  readonly mayFault?: boolean;
  /** Fill in one case. */
  readonly build: (c: CaseBuilder) => void;
  /** What the manual leaves undefined when the instruction completes. */
  readonly undefined?: Undefined;
  /** What it leaves undefined when it faults; mostly nothing. */
  readonly undefinedOnFault?: (c: CaseBuilder) => void;
}

/** Fixed EFLAGS bits that the manual leaves undefined, or a rule that looks at the case, the EFLAGS it ended with
 *  and whether an exception ended it, and fills in `undefinedFlags` and `undefinedRegs`. */
export type Undefined = number | ((c: CaseBuilder, eflags: number, fault: boolean) => void);

/** What {@link modrmForms} needs to know. */
export interface ModrmSpec {
  readonly family: string;
  readonly mnemonic: string;
  readonly operands: string;
  /** `01`, `80 /0`, `0F A4`, `F3 0F BC`: mandatory prefix first, the reg field's digit last. */
  readonly opcode: string;
  /** Operand size; 16 asks for prefix 66. */
  readonly size: number;
  /** What happens to the r/m operand. */
  readonly access: Access;
  /** Bits of the memory operand where they differ from `size`. */
  readonly bits?: number;
  /** The immediate's bytes. */
  readonly immediate?: (c: CaseBuilder) => readonly number[];
  /** The reg field where it is neither a register nor the opcode's digit. */
  readonly reg?: number;
  /** Registers to pin, before the operand is chosen. */
  readonly setup?: (c: CaseBuilder) => void;
  /** Which of the forms there are; both if left out. */
  readonly only?: 'reg' | 'mem';
  /** The memory form may carry LOCK. */
  readonly lock?: boolean;
  readonly undefined?: Undefined;
  /** Contents of the memory operand where an operand value will not do. */
  readonly contents?: (c: CaseBuilder) => readonly number[];
  /** See {@link FormSpec.mayFault}. */
  readonly mayFault?: boolean;
  /** How many cases; 100 if left out. */
  readonly cases?: number;
}

const MANDATORY = new Set([0x66, 0xf2, 0xf3]);

/** An opcode string taken apart. */
export interface Opcode {
  readonly prefixes: readonly number[];
  readonly bytes: readonly number[];
  /** The reg field's fixed digit, or -1. */
  readonly digit: number;
}

/** Parse an opcode as {@link ModrmSpec.opcode} writes it. */
export function parseOpcode(opcode: string): Opcode {
  const tokens = opcode.split(' ');
  const digit = tokens.at(-1)!.startsWith('/') ? Number(tokens.pop()!.slice(1)) : -1;
  const bytes = tokens.map((token) => parseInt(token, 16));
  const prefixes: number[] = [];
  while (bytes.length > 1 && MANDATORY.has(bytes[0]!)) prefixes.push(bytes.shift()!);
  return { prefixes, bytes, digit };
}

/** Put prefixes (any order, now and then one too many) and the rest together. */
export function assemble(c: CaseBuilder, prefixes: readonly number[], rest: readonly number[]): void {
  const order = [...prefixes];
  for (let i = order.length - 1; i > 0; i--) {
    const j = c.random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  // In front, so that a later segment override wins.
  if (c.chance(1)) order.unshift(order.length > 0 && c.chance(8) ? order[0]! : c.pick([0x26, 0x36, 0x3e]));
  c.code.push(...order, ...rest);
}

/** The register form and the memory forms of one opcode at one operand size. */
export function modrmForms(spec: ModrmSpec): FormSpec[] {
  const { family, mnemonic, operands, opcode, size, access } = spec;
  const { prefixes, bytes, digit } = parseOpcode(opcode);
  const common = size === 16 ? [...prefixes, 0x66] : prefixes;
  const make = (variant: string): FormSpec => ({
    form: { family, mnemonic, operands, opcode, size, variant },
    cases: spec.cases ?? 100,
    faults: variant === 'reg' || access === 'a' ? 0 : 16,
    mayFault: spec.mayFault ?? false,
    ...(spec.undefined !== undefined && { undefined: spec.undefined }),
    build(c) {
      spec.setup?.(c);
      const reg = digit >= 0 ? digit : (spec.reg ?? c.chooseReg(size));
      c.reg = reg;
      c.rm = variant === 'reg' ? c.chooseReg(spec.bits ?? size) : -1;
      const rm: Encoded =
        c.rm >= 0
          ? { prefixes: [], bytes: [0xc0 | c.rm] }
          : c.memoryOperand((spec.bits ?? size) / 8, access, spec.contents?.(c));
      const lock = variant === 'lock' ? [0xf0] : [];
      const [modrm, ...address] = rm.bytes as [number, ...number[]];
      const immediate = spec.immediate?.(c) ?? [];
      assemble(c, [...common, ...rm.prefixes, ...lock], [...bytes, modrm | (reg << 3), ...address, ...immediate]);
    },
  });
  const variants = spec.only ? [spec.only] : ['reg', 'mem'];
  return [...variants, ...(spec.lock ? ['lock'] : [])].map(make);
}

/** What {@link plainForm} needs to know. */
export interface PlainSpec {
  readonly family: string;
  readonly mnemonic: string;
  readonly operands: string;
  readonly opcode: string;
  readonly size: number;
  readonly variant?: string;
  readonly cases?: number;
  readonly faults?: number;
  /** Bytes after the opcode; may also set registers, memory and EIP. */
  readonly rest?: (c: CaseBuilder) => readonly number[];
  /** A register number in the opcode's low three bits. */
  readonly plusReg?: boolean;
  /** Prefixes beside 66 for size 16. */
  readonly prefixes?: readonly number[];
  readonly undefined?: Undefined;
  readonly undefinedOnFault?: (c: CaseBuilder) => void;
}

/** A form without ModRM. */
export function plainForm(spec: PlainSpec): FormSpec {
  const { family, mnemonic, operands, opcode, size } = spec;
  const { prefixes, bytes } = parseOpcode(opcode.replace('+r', ''));
  return {
    form: { family, mnemonic, operands, opcode, size, variant: spec.variant ?? '' },
    cases: spec.cases ?? 100,
    faults: spec.faults ?? 0,
    ...(spec.undefinedOnFault && { undefinedOnFault: spec.undefinedOnFault }),
    ...(spec.undefined !== undefined && { undefined: spec.undefined }),
    build(c) {
      const rest = spec.rest?.(c) ?? [];
      const last = bytes.at(-1)! + (spec.plusReg ? c.chooseReg(size) : 0);
      const all = [...prefixes, ...(size === 16 ? [0x66] : []), ...(spec.prefixes ?? [])];
      assemble(c, all, [...bytes.slice(0, -1), last, ...rest]);
    },
  };
}

/** An immediate of `size` bits: an operand value, or in a quarter of the cases a sign-extended byte's worth. */
export function immediate(size: number): (c: CaseBuilder) => number[] {
  return (c) => littleEndian(c.value(), size);
}

/** The operand sizes of `v` operands. */
export const SIZES: readonly number[] = [16, 32];

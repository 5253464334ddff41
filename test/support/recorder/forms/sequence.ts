// Random straight-line sequences of 2 to 8 instructions, recorded as one case each: what single instructions cannot
// show, flags that one instruction computes and a later one uses, partial registers that are merged, a fault after
// several instructions whose flags nobody has looked at yet.
// EAX ECX EDX EBX are operands, EBP ESI EDI point into memory and are not written, ESP moves by balanced amounts.
import { type CaseBuilder, type Encoded, littleEndian } from '../builder.ts';
import { assemble, type FormSpec } from '../form.ts';
import { FLAG, STATUS_FLAGS } from '../memory-map.ts';

const { AF, CF, DF, OF, PF, SF, ZF } = FLAG;
const POINTERS: readonly number[] = [5, 6, 7];

/** How an instruction treats flags: a flag it leaves undefined must not reach one that reads it. */
interface Effect {
  readonly reads: number;
  /** Defined in every case. */
  readonly writes: number;
  readonly undefined: number;
}

interface Step {
  readonly effect: Effect;
  readonly emit: (c: CaseBuilder, size: number) => void;
}

function effect(writes: number, undef = 0, reads = 0): Effect {
  return { reads, writes, undefined: undef };
}

const ARITHMETIC = effect(STATUS_FLAGS);
const CARRYING = effect(STATUS_FLAGS, 0, CF);
const LOGIC = effect(STATUS_FLAGS & ~AF, AF);
const NONE = effect(0);
const CONDITION_READS: readonly number[] = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF];

/** Addresses and register choices for the middle of a sequence, when the four operand registers hold anything. */
function operand(c: CaseBuilder, size: number): Encoded {
  return c.chance(9) ? { prefixes: [], bytes: [0xc0 | operandReg(c, size)] } : memory(c);
}

/** [EBP, ESI or EDI + displacement], within the scratch pages. */
function memory(c: CaseBuilder): Encoded {
  const base = c.pick(POINTERS);
  const displacement = c.random.below(64) * (c.chance(8) ? 1 : -1);
  return { prefixes: [], bytes: [0x40 | base, displacement & 0xff] };
}

/** EAX ECX EDX EBX, or any of their eight bytes. */
function operandReg(c: CaseBuilder, size: number): number {
  return c.random.below(size === 8 ? 8 : 4);
}

function put(
  c: CaseBuilder,
  size: number,
  rm: Encoded,
  opcode: readonly number[],
  reg: number,
  rest: readonly number[] = [],
): void {
  const [modrm, ...address] = rm.bytes as [number, ...number[]];
  assemble(c, [...(size === 16 ? [0x66] : []), ...rm.prefixes], [...opcode, modrm | (reg << 3), ...address, ...rest]);
}

/** Opcodes whose byte form is one less than the form for words. */
function sized(opcode: number, size: number): number {
  return size === 8 ? opcode : opcode + 1;
}

function binary(index: number): Step {
  const carrying = index === 2 || index === 3;
  const logic = index === 1 || index === 4 || index === 6;
  return {
    effect: carrying ? CARRYING : logic ? LOGIC : ARITHMETIC,
    emit(c, size) {
      const rm = operand(c, size);
      switch (c.random.below(3)) {
        case 0:
          return put(c, size, rm, [sized(index << 3, size)], operandReg(c, size));
        case 1:
          return put(c, size, rm, [sized((index << 3) + 2, size)], operandReg(c, size));
        default:
          return put(c, size, rm, [sized(0x80, size)], index, littleEndian(c.value(), size));
      }
    },
  };
}

function unary(opcode: number, digit: number, effects: Effect): Step {
  return { effect: effects, emit: (c, size) => put(c, size, operand(c, size), [sized(opcode, size)], digit) };
}

/** Counts 1 to 7 are below every operand size and mask. */
function shift(digit: number, count: 'one' | 'some' | 'cl'): Step {
  const rotates = digit < 4;
  const reads = digit === 2 || digit === 3 ? CF : 0;
  const all = rotates ? CF | OF : STATUS_FLAGS & ~AF;
  const loses = (rotates ? 0 : AF) | (count === 'one' ? 0 : OF);
  // By CL nothing is certain: the count may be 0, and then the flags stay as they were.
  const byCl = effect(0, rotates ? OF : STATUS_FLAGS, reads);
  return {
    effect: count === 'cl' ? byCl : effect(all & ~loses, loses, reads),
    emit(c, size) {
      const rm = operand(c, size);
      if (count === 'one') put(c, size, rm, [sized(0xd0, size)], digit);
      else if (count === 'cl') put(c, size, rm, [sized(0xd2, size)], digit);
      else put(c, size, rm, [sized(0xc0, size)], digit, [2 + c.random.below(6)]);
    },
  };
}

function fixed(effects: Effect, ...codes: readonly (readonly number[])[]): Step {
  return { effect: effects, emit: (c) => assemble(c, [], c.pick(codes)) };
}

/** SETcc, CMOVcc: one step a pair of conditions, so that each reads just its own flags. */
function conditional(pair: number): Step[] {
  const effects = effect(0, 0, CONDITION_READS[pair]!);
  const condition = (c: CaseBuilder): number => pair * 2 + c.random.below(2);
  return [
    { effect: effects, emit: (c) => put(c, 8, operand(c, 8), [0x0f, 0x90 + condition(c)], 0) },
    {
      effect: effects,
      emit(c, size) {
        const wide = size === 8 ? 32 : size;
        put(c, wide, operand(c, wide), [0x0f, 0x40 + condition(c)], operandReg(c, wide));
      },
    },
  ];
}

/** An instruction with ModRM that exists for words only (`reg`: operand of the reg field). */
function words(effects: Effect, opcode: readonly number[], sourceSize?: number): Step {
  return {
    effect: effects,
    emit(c, size) {
      const wide = size === 8 ? 32 : size;
      put(c, wide, operand(c, sourceSize ?? wide), opcode, operandReg(c, wide));
    },
  };
}

function moves(): Step[] {
  const both = (opcode: number, effects: Effect, map: readonly number[] = []): Step => ({
    effect: effects,
    emit: (c, size) => put(c, size, operand(c, size), [...map, sized(opcode, size)], operandReg(c, size)),
  });
  return [
    both(0x88, NONE),
    both(0x8a, NONE),
    both(0x86, NONE),
    both(0xc0, ARITHMETIC, [0x0f]),
    both(0xb0, ARITHMETIC, [0x0f]),
    words(NONE, [0x0f, 0xb6], 8),
    words(NONE, [0x0f, 0xb7], 16),
    words(NONE, [0x0f, 0xbe], 8),
    words(NONE, [0x0f, 0xbf], 16),
    { effect: NONE, emit: (c) => put(c, 32, memory(c), [0x8d], operandReg(c, 32)) },
    // PUSH and POP back to back: of the same size, so that ESP ends where it was.
    {
      effect: NONE,
      emit: (c, size) => {
        const start = size === 16 ? [0x66] : [];
        c.code.push(...start, 0x50 + c.random.below(8), ...start, 0x58 + operandReg(c, 32));
      },
    },
    // What PUSHF stores must be defined through and through.
    { effect: effect(0, 0, STATUS_FLAGS), emit: (c) => c.code.push(0x9c, 0x58 + operandReg(c, 32)) },
  ];
}

const MULTIPLY = effect(CF | OF, SF | ZF | AF | PF);
const BIT_TEST = effect(CF, OF | SF | AF | PF);

const STEPS: readonly Step[] = [
  [0, 1, 2, 3, 4, 5, 6, 7].map(binary),
  [2, 3].map(binary),
  unary(0xfe, 0, effect(STATUS_FLAGS & ~CF)),
  unary(0xfe, 1, effect(STATUS_FLAGS & ~CF)),
  unary(0xf6, 2, NONE),
  unary(0xf6, 3, ARITHMETIC),
  unary(0xf6, 4, MULTIPLY),
  unary(0xf6, 5, MULTIPLY),
  [0, 1, 2, 3, 4, 5, 7].flatMap((digit) => [shift(digit, 'one'), shift(digit, 'some'), shift(digit, 'cl')]),
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap(conditional),
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap(conditional),
  words(MULTIPLY, [0x0f, 0xaf]),
  {
    effect: BIT_TEST,
    emit: (c: CaseBuilder) => put(c, 32, operand(c, 32), [0x0f, 0xba], 4 + c.random.below(4), [c.random.below(32)]),
  },
  words(effect(STATUS_FLAGS), [0xf3, 0x0f, 0xb8]),
  moves(),
  fixed(NONE, [0x98], [0x99], [0x66, 0x98], [0x66, 0x99]),
  fixed(effect(CF), [0xf8], [0xf9]),
  fixed(effect(CF, 0, CF), [0xf5]),
  fixed(effect(SF | ZF | AF | PF | CF), [0x9e]),
  fixed(effect(0, 0, SF | ZF | AF | PF | CF), [0x9f]),
  fixed(effect(0, 0, CF), [0xd6]),
  fixed(effect(STATUS_FLAGS & ~OF, OF, AF | CF), [0x27], [0x2f]),
  fixed(effect(AF | CF, OF | SF | ZF | PF, AF), [0x37], [0x3f]),
  fixed(effect(DF), [0xfc], [0xfd]),
].flat(2);

/** How a sequence may end other than by running out. */
const ENDINGS: readonly Step[] = [
  // Loads, stores and read-modify-writes that fault: mapped nowhere, or read-only.
  {
    effect: NONE,
    emit: (c, size) => {
      const readonly = c.chance(5);
      const la = readonly ? 0x105010 : c.pick(size === 8 ? [0x103000, 0x103ffc] : [0x103000, 0x103ffc, 0x102fff]);
      const opcode = c.pick(readonly ? [0x00, 0x28, 0x30, 0x88, 0x10] : [0x00, 0x28, 0x30, 0x38, 0x88, 0x8a, 0x10]);
      const absolute: Encoded = { prefixes: [], bytes: [0x05, ...littleEndian(la, 32)] };
      put(c, size, absolute, [sized(opcode, size)], operandReg(c, size));
    },
  },
  // DIV and IDIV, whose quotient rarely fits.
  {
    effect: effect(0, STATUS_FLAGS),
    emit: (c, size) => put(c, size, operand(c, size), [sized(0xf6, size)], 6 + c.random.below(2)),
  },
  fixed(NONE, [0x0f, 0x0b], [0xcc]),
  fixed(effect(0, 0, OF), [0xce]),
];

function jump(pair: number): Step {
  return {
    effect: effect(0, 0, CONDITION_READS[pair]!),
    emit: (c) => c.code.push(0x70 + pair * 2 + c.random.below(2), 0x10 + c.random.below(0x60)),
  };
}

/** Add one step if none of the flags it reads is undefined. */
function append(c: CaseBuilder, step: Step): boolean {
  if (step.effect.reads & c.undefinedFlags) return false;
  step.emit(c, c.pick([8, 16, 32, 32]));
  c.undefinedFlags = (c.undefinedFlags & ~step.effect.writes) | step.effect.undefined;
  return true;
}

function build(c: CaseBuilder): void {
  for (const reg of POINTERS) {
    c.regs[reg] = 0x101100 + c.random.below(0x1e00);
    const near = c.regs[reg]! - 8;
    c.poke(near, [...littleEndian(c.value(), 32), ...littleEndian(c.value(), 32), ...littleEndian(c.value(), 32)]);
  }
  const length = 2 + c.random.below(6);
  for (let done = 0; done < length; ) if (append(c, c.pick(STEPS))) done++;
  c.undefinedOnFault = c.undefinedFlags;
  const ending = c.random.below(8);
  if (ending < 3) append(c, jump(c.random.below(8)));
  else if (ending < 5) append(c, c.pick(ENDINGS));
}

/** The sequences. */
export function sequenceForms(): FormSpec[] {
  return [
    {
      form: {
        family: 'sequence',
        mnemonic: 'SEQUENCE',
        operands: '',
        opcode: '',
        size: 0,
        variant: '2 to 8 instructions',
      },
      cases: 3000,
      faults: 0,
      mayFault: true,
      build,
      undefined(c, _eflags, fault) {
        if (fault) c.undefinedFlags = c.undefinedOnFault;
      },
    },
  ];
}

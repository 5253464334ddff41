// Forms of addition, subtraction, comparison and logic, in all encodings; and the exchanging additions.
import { type CaseBuilder, littleEndian } from '../builder.ts';
import { type FormSpec, immediate, type ModrmSpec, modrmForms, plainForm, SIZES, type Undefined } from '../form.ts';
import { FLAG } from '../memory-map.ts';

const family = 'arithmetic';
const OPERATIONS: readonly string[] = ['ADD', 'OR', 'ADC', 'SBB', 'AND', 'SUB', 'XOR', 'CMP'];

function opcodeByte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}

function binary(mnemonic: string, digit: number): FormSpec[] {
  const base = digit << 3;
  const at = (offset: number): string => opcodeByte(base + offset);
  const logic = mnemonic === 'OR' || mnemonic === 'AND' || mnemonic === 'XOR';
  const writes = mnemonic !== 'CMP';
  const undef: Undefined = logic ? FLAG.AF : 0;
  const row = (opcode: string, operands: string, size: number, more: Partial<ModrmSpec> = {}): FormSpec[] =>
    modrmForms({
      family,
      mnemonic,
      operands,
      opcode,
      size,
      access: writes ? 'rw' : 'r',
      lock: writes,
      undefined: undef,
      ...more,
    });
  const load = { access: 'r', lock: false } as const;
  const byte = { immediate: immediate(8) };
  return [
    row(at(0), 'Eb,Gb', 8),
    row(at(2), 'Gb,Eb', 8, load),
    plainForm({ family, mnemonic, operands: 'AL,Ib', opcode: at(4), size: 8, rest: immediate(8), undefined: undef }),
    row(`80 /${digit}`, 'Eb,Ib', 8, byte),
    row(`82 /${digit}`, 'Eb,Ib', 8, byte),
    SIZES.map((size) => [
      row(at(1), 'Ev,Gv', size),
      row(at(3), 'Gv,Ev', size, load),
      plainForm({ family, mnemonic, operands: 'eAX,Iz', opcode: at(5), size, rest: immediate(size), undefined: undef }),
      row(`81 /${digit}`, 'Ev,Iz', size, { immediate: immediate(size) }),
      row(`83 /${digit}`, 'Ev,Ib', size, byte),
    ]),
  ].flat(3);
}

function unary(mnemonic: string, digit: number, opcodes: readonly [string, string]): FormSpec[] {
  const common = { family, mnemonic, access: 'rw', lock: true } as const;
  return [
    ...modrmForms({ ...common, operands: 'Eb', opcode: `${opcodes[0]} /${digit}`, size: 8 }),
    ...SIZES.flatMap((size) => modrmForms({ ...common, operands: 'Ev', opcode: `${opcodes[1]} /${digit}`, size })),
  ];
}

function test(): FormSpec[] {
  const common = { family, mnemonic: 'TEST', access: 'r', undefined: FLAG.AF } as const;
  // /1 is an alias that AMD documents and Intel executes alike.
  const group = (digit: number): FormSpec[] => [
    ...modrmForms({ ...common, operands: 'Eb,Ib', opcode: `F6 /${digit}`, size: 8, immediate: immediate(8) }),
    ...SIZES.flatMap((size) =>
      modrmForms({ ...common, operands: 'Ev,Iz', opcode: `F7 /${digit}`, size, immediate: immediate(size) }),
    ),
  ];
  return [
    ...modrmForms({ ...common, operands: 'Eb,Gb', opcode: '84', size: 8 }),
    ...SIZES.flatMap((size) => modrmForms({ ...common, operands: 'Ev,Gv', opcode: '85', size })),
    plainForm({ ...common, operands: 'AL,Ib', opcode: 'A8', size: 8, rest: immediate(8) }),
    ...SIZES.map((size) => plainForm({ ...common, operands: 'eAX,Iz', opcode: 'A9', size, rest: immediate(size) })),
    ...group(0),
    ...group(1),
  ];
}

/** Half of the time the destination equals the accumulator: memory through its contents, registers by making all equal. */
function compareExchange(): FormSpec[] {
  const equal = (c: CaseBuilder): boolean => (c.index & 1) === 0;
  const row = (opcode: string, operands: string, size: number): FormSpec[] =>
    modrmForms({
      family,
      mnemonic: 'CMPXCHG',
      operands,
      opcode,
      size,
      access: 'rw',
      lock: true,
      setup: (c) => {
        c.pinned |= 1;
        if (!equal(c)) return;
        for (let reg = 0; reg < 8; reg++) if (reg !== 4 && c.chance(8)) c.regs[reg] = c.regs[0]!;
      },
      contents: (c) => littleEndian(equal(c) ? c.regs[0]! : c.value(), size),
    });
  return [row('0F B0', 'Eb,Gb', 8), ...SIZES.map((size) => row('0F B1', 'Ev,Gv', size))].flat();
}

function compareExchange8(): FormSpec[] {
  return modrmForms({
    family,
    mnemonic: 'CMPXCHG8B',
    operands: 'Mq',
    opcode: '0F C7 /1',
    size: 32,
    bits: 64,
    access: 'rw',
    only: 'mem',
    lock: true,
    setup: (c) => {
      c.pinned |= 0b1111;
    },
    contents: (c) => {
      const [low, high] = c.index & 1 ? [c.value(), c.chance(8) ? c.regs[2]! : c.value()] : [c.regs[0]!, c.regs[2]!];
      return [...new Uint8Array(Int32Array.of(low, high).buffer)];
    },
  });
}

function exchangeAdd(): FormSpec[] {
  const common = { family, mnemonic: 'XADD', access: 'rw', lock: true } as const;
  return [
    ...modrmForms({ ...common, operands: 'Eb,Gb', opcode: '0F C0', size: 8 }),
    ...SIZES.flatMap((size) => modrmForms({ ...common, operands: 'Ev,Gv', opcode: '0F C1', size })),
  ];
}

/** ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG XADD CMPXCHG CMPXCHG8B ARPL ADCX ADOX. */
export function arithmeticForms(): FormSpec[] {
  return [
    OPERATIONS.flatMap(binary),
    test(),
    unary('INC', 0, ['FE', 'FF']),
    unary('DEC', 1, ['FE', 'FF']),
    unary('NOT', 2, ['F6', 'F7']),
    unary('NEG', 3, ['F6', 'F7']),
    SIZES.map((size) => plainForm({ family, mnemonic: 'INC', operands: 'Zv', opcode: '40+r', size, plusReg: true })),
    SIZES.map((size) => plainForm({ family, mnemonic: 'DEC', operands: 'Zv', opcode: '48+r', size, plusReg: true })),
    exchangeAdd(),
    compareExchange(),
    compareExchange8(),
    // The operand is written only if its RPL is below the register's, so read-only memory faults only then.
    modrmForms({
      ...{ family, mnemonic: 'ARPL', operands: 'Ew,Gw', opcode: '63', size: 32, bits: 16, access: 'rw' },
      mayFault: true,
    }),
    modrmForms({ family, mnemonic: 'ADCX', operands: 'Gd,Ed', opcode: '66 0F 38 F6', size: 32, access: 'r' }),
    modrmForms({ family, mnemonic: 'ADOX', operands: 'Gd,Ed', opcode: 'F3 0F 38 F6', size: 32, access: 'r' }),
  ].flat();
}

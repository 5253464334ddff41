// Forms of near control flow: taken or not, every case records where EIP ends. All targets lie in the code region, where
// every byte is INT3, never inside the instruction itself. Near branches with prefix 66 are left out: AMD truncates EIP
// to 16 bits in 32-bit mode as well as in 64-bit mode, Intel does not in the latter, and no compiler emits them.
import { type CaseBuilder, littleEndian } from '../builder.ts';
import { assemble, type FormSpec, modrmForms, plainForm } from '../form.ts';

const family = 'branch';
const CONDITIONS: readonly string[] = 'O NO B AE E NE BE A S NS P NP L GE LE G'.split(' ');

function opcode(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** A place in the code region that is no part of the instruction (at most 16 bytes from EIP). */
function target(c: CaseBuilder): number {
  for (;;) {
    const la = 0x200000 + c.random.below(0x3f00);
    if (la < c.eip - 1 || la >= c.eip + 16) return la;
  }
}

/** A relative displacement of 8 bits that leads outside the instruction. */
function short(c: CaseBuilder): number[] {
  for (;;) {
    const displacement = (c.random.next() << 24) >> 24;
    if (displacement >= 0 || displacement < -20) return [displacement & 0xff];
  }
}

/** A relative displacement of 32 bits from the end of the instruction, which has `length` bytes and no prefix. */
function near(length: number) {
  return (c: CaseBuilder): number[] => littleEndian(target(c) - (c.eip + length), 32);
}

/** Without `assemble`, which may add a prefix and so move the end of the instruction. */
function relative(
  mnemonic: string,
  code: readonly number[],
  operands: string,
  rest: (c: CaseBuilder) => number[],
): FormSpec {
  return {
    form: {
      family,
      mnemonic,
      operands,
      opcode: code.map(opcode).join(' '),
      size: operands === 'Jb' ? 8 : 32,
      variant: '',
    },
    cases: 100,
    faults: 0,
    build: (c) => {
      c.code.push(...code, ...rest(c));
    },
  };
}

/** E0 to E3 with ECX (or, with 67, CX) around the values at which they decide. */
function counted(mnemonic: string, byte: number): FormSpec[] {
  return [32, 16].map((address) => ({
    form: { family, mnemonic, operands: 'Jb', opcode: opcode(byte), size: 8, variant: `address ${address}` },
    cases: 100,
    faults: 0,
    build(c) {
      const edge = c.pick([0, 1, 2, -1, c.value()]);
      c.regs[1] = address === 16 ? (c.regs[1]! & (c.chance(4) ? 0 : ~0xffff)) | (edge & 0xffff) : edge;
      c.code.push(...(address === 16 ? [0x67] : []), byte, ...short(c));
    },
  }));
}

function stackAt(c: CaseBuilder, access: 'r' | 'rw'): void {
  if (c.faulting) c.regs[4] = c.place(4, access) + (access === 'rw' ? 4 : 0);
  else c.regs[4] = c.regs[4]! - c.random.below(64);
}

function calls(): FormSpec[] {
  const indirect = { family, operands: 'Ev', size: 32, access: 'r' } as const;
  const byRegister = (mnemonic: string, digit: number): FormSpec => ({
    form: { family, mnemonic, operands: 'Ev', opcode: `FF /${digit}`, size: 32, variant: 'reg' },
    cases: 100,
    faults: 0,
    build(c) {
      // ESP as well: its value before the push is where CALL goes, so it must point to code, and the push then faults.
      const reg = c.pick(mnemonic === 'CALL' ? [0, 1, 2, 3, 5, 6, 7] : [0, 1, 2, 3, 4, 5, 6, 7]);
      c.regs[reg] = target(c);
      assemble(c, [], [0xff, 0xc0 | (digit << 3) | reg]);
    },
  });
  const byMemory = (mnemonic: string, digit: number): FormSpec[] =>
    modrmForms({
      ...{ ...indirect, mnemonic, opcode: `FF /${digit}`, only: 'mem' },
      contents: (c) => littleEndian(target(c), 32),
    });
  return [
    relative('CALL', [0xe8], 'Jz', near(5)),
    {
      ...relative('CALL', [0xe8], 'Jz', near(5)),
      form: { family, mnemonic: 'CALL', operands: 'Jz', opcode: 'E8', size: 32, variant: 'stack' },
      faults: 24,
      build(c) {
        c.regs[4] = c.place(4, 'rw') + 4;
        c.code.push(0xe8, ...near(5)(c));
      },
    },
    relative('JMP', [0xe9], 'Jz', near(5)),
    relative('JMP', [0xeb], 'Jb', short),
    byRegister('CALL', 2),
    byRegister('JMP', 4),
    ...byMemory('CALL', 2),
    ...byMemory('JMP', 4),
    // Where both the target's load and the push can fault the load comes first.
    {
      form: { family, mnemonic: 'CALL', operands: 'Ev', opcode: 'FF /2', size: 32, variant: 'stack' },
      cases: 100,
      faults: 0,
      build(c) {
        const slot = c.regs[4]! + 8 * c.random.below(4);
        c.pokeValue(slot, target(c), 32);
        c.code.push(0xff, 0x54, 0x24, slot - c.regs[4]!);
      },
    },
  ];
}

function returns(): FormSpec[] {
  const common = { family, mnemonic: 'RET', size: 32, faults: 16 } as const;
  const toReturn =
    (rest: (c: CaseBuilder) => number[]) =>
    (c: CaseBuilder): number[] => {
      stackAt(c, 'r');
      if (!c.faulting) c.pokeValue(c.regs[4]!, target(c), 32);
      return rest(c);
    };
  return [
    plainForm({ ...common, operands: '', opcode: 'C3', rest: toReturn(() => []) }),
    plainForm({
      ...{ ...common, operands: 'Iw', opcode: 'C2' },
      rest: toReturn((c) => littleEndian(c.pick([0, 4, 8, 0x7fff, 0x8000, 0xffff, c.value()]), 16)),
    }),
  ];
}

/** BOUND compares a register with two signed limits in memory. */
function bound(size: number): FormSpec[] {
  return modrmForms({
    ...{ family, mnemonic: 'BOUND', operands: 'Gv,Ma', opcode: '62', size, bits: size * 2, access: 'r', only: 'mem' },
    // At offset FFFFh of a 16-bit address the second limit wraps on AMD: left out.
    setup: (c) => {
      c.prefixOdds = 0;
    },
    contents: (c) => {
      const [low, high] = c.chance(8) ? [c.value(), c.value()] : [-0x7fffffff, 0x7ffffff0];
      const narrow = (value: number): number => (size === 16 ? value >> 16 : value);
      return [...littleEndian(narrow(low), size), ...littleEndian(narrow(high), size)];
    },
  });
}

/** Jcc JMP CALL RET LOOPcc JECXZ INT3 INTO BOUND. */
export function branchForms(): FormSpec[] {
  return [
    CONDITIONS.flatMap((condition, i) => [
      relative(`J${condition}`, [0x70 + i], 'Jb', short),
      relative(`J${condition}`, [0x0f, 0x80 + i], 'Jz', near(6)),
    ]),
    counted('LOOPNE', 0xe0),
    counted('LOOPE', 0xe1),
    counted('LOOP', 0xe2),
    counted('JCXZ:JECXZ', 0xe3),
    calls(),
    returns(),
    plainForm({ family, mnemonic: 'INT3', operands: '', opcode: 'CC', size: 0 }),
    plainForm({ family, mnemonic: 'INTO', operands: '', opcode: 'CE', size: 0 }),
    bound(16),
    bound(32),
  ].flat();
}

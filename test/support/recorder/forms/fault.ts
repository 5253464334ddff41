// Forms that must raise an exception whatever their operands: undefined opcodes, LOCK where it is not allowed,
// privileged instructions, INT n without a gate, writes through CS, instructions longer than 15 bytes; and instructions
// that lie across pages or run into the end of the code.
import { type CaseBuilder, littleEndian } from '../builder.ts';
import { type FormSpec, parseOpcode } from '../form.ts';

const family = 'fault';

interface FaultSpec {
  readonly mnemonic: string;
  readonly operands?: string;
  readonly opcode: string;
  readonly variant: string;
  readonly cases?: number;
  readonly build: (c: CaseBuilder, opcode: readonly number[]) => void;
}

function faultForm({ mnemonic, operands = '', opcode, variant, cases = 100, build }: FaultSpec): FormSpec {
  const { prefixes, bytes } = opcode === '' ? { prefixes: [], bytes: [] } : parseOpcode(opcode.replace('+r', ''));
  return {
    form: { family, mnemonic, operands, opcode, size: 0, variant },
    cases,
    faults: 0,
    mayFault: true,
    build: (c) => build(c, [...prefixes, ...bytes]),
  };
}

/** A ModRM byte with the given digit: a register, or memory that is mapped and writable. */
function anyRm(c: CaseBuilder, digit: number, only?: 'reg' | 'mem'): number[] {
  if (only === 'reg' || (only !== 'mem' && c.chance(8))) return [0xc0 | (digit << 3) | c.random.below(8)];
  const [modrm, ...address] = c.address32(c.place(8, 'rw')) as [number, ...number[]];
  return [modrm | (digit << 3), ...address];
}

/** #UD: opcodes that no CPU defines, and forms of defined ones that have no meaning. */
function undefinedOpcodes(): FormSpec[] {
  const rows: readonly (readonly [string, string, (c: CaseBuilder) => number[]])[] = [
    ['UD2', '0F 0B', () => []],
    ['UD1', '0F B9', (c) => anyRm(c, c.random.below(8))],
    ['UD0', '0F FF', (c) => anyRm(c, c.random.below(8))],
    ['(undefined)', '0F 04', () => []],
    ['(undefined)', '0F 0A', () => []],
    ['(undefined)', '0F 0C', () => []],
    ['(undefined)', '0F 24', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['(undefined)', '0F A6', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['(undefined)', 'FE', (c) => anyRm(c, 2 + c.random.below(6))],
    ['(undefined)', 'FF', (c) => anyRm(c, 7)],
    ['(undefined)', '8F', (c) => anyRm(c, 1 + c.random.below(7))],
    ['(undefined)', 'C6', (c) => [...anyRm(c, 1 + c.random.below(6)), 0]],
    ['(undefined)', 'C7', (c) => [...anyRm(c, 1 + c.random.below(6)), 0, 0, 0, 0]],
    ['(undefined)', '0F BA', (c) => [...anyRm(c, c.random.below(4)), 0]],
    ['LEA', '8D', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['CMPXCHG8B', '0F C7 /1', (c) => anyRm(c, 1, 'reg')],
    ['MOV', '8C', (c) => anyRm(c, 6 + c.random.below(2))],
    ['MOV', '8E', (c) => anyRm(c, c.pick([1, 6, 7]))],
    ['CALLF', 'FF /3', (c) => anyRm(c, 3, 'reg')],
    ['JMPF', 'FF /5', (c) => anyRm(c, 5, 'reg')],
    ['LSS', '0F B2', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['RSM', '0F AA', () => []],
  ];
  return rows.map(([mnemonic, opcode, rest]) =>
    faultForm({
      ...{ mnemonic, opcode, variant: 'undefined' },
      build: (c, bytes) => void c.code.push(...bytes, ...rest(c)),
    }),
  );
}

/** #UD: LOCK before an instruction that does not take it, or before a register. */
function illegalLocks(): FormSpec[] {
  const rows: readonly (readonly [string, string, (c: CaseBuilder) => number[]])[] = [
    ['MOV', '89', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['ADD', '01', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['ADD', '03', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['CMP', '39', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['CMP', '83 /7', (c) => [...anyRm(c, 7, 'mem'), 1]],
    ['TEST', '85', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['SHL', 'D1 /4', (c) => anyRm(c, 4, 'mem')],
    ['BT', '0F A3', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['BT', '0F BA /4', (c) => [...anyRm(c, 4, 'mem'), 1]],
    ['NOT', 'F7 /2', (c) => anyRm(c, 2, 'reg')],
    ['MUL', 'F7 /4', (c) => anyRm(c, 4, 'mem')],
    ['XCHG', '87', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['XADD', '0F C1', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['CMPXCHG', '0F B1', (c) => anyRm(c, c.random.below(8), 'reg')],
    ['INC', '40+r', () => []],
    ['PUSH', 'FF /6', (c) => anyRm(c, 6, 'mem')],
    ['PUSH', '50+r', () => []],
    ['MOVS', 'A5', () => []],
    ['NOP', '90', () => []],
    ['LEA', '8D', (c) => anyRm(c, c.random.below(8), 'mem')],
    ['JMP', 'EB', () => [0x10]],
    ['CALL', 'E8', () => [0x10, 0, 0, 0]],
    ['RET', 'C3', () => []],
    ['SETO', '0F 90', (c) => anyRm(c, 0, 'mem')],
  ];
  return rows.map(([mnemonic, opcode, rest]) =>
    faultForm({
      ...{ mnemonic, opcode, variant: 'lock' },
      build(c, bytes) {
        c.regs[6] = 0x101100;
        c.regs[7] = 0x101200;
        c.pinned |= 0xd0;
        const prefixes = c.chance(4) ? [0x66, 0xf0] : [0xf0];
        c.code.push(...prefixes, ...bytes, ...rest(c));
      },
    }),
  );
}

/** #GP(0) in user mode with IOPL 0; nothing else is looked at first. */
function privileged(): FormSpec[] {
  const rows: readonly (readonly [string, string, (c: CaseBuilder) => number[]])[] = [
    ['HLT', 'F4', () => []],
    ['CLI', 'FA', () => []],
    ['STI', 'FB', () => []],
    ['IN', 'E4', (c) => [c.random.below(256)]],
    ['IN', 'E5', (c) => [c.random.below(256)]],
    ['OUT', 'E6', (c) => [c.random.below(256)]],
    ['OUT', 'E7', (c) => [c.random.below(256)]],
    ['IN', 'EC', () => []],
    ['IN', 'ED', () => []],
    ['OUT', 'EE', () => []],
    ['OUT', 'EF', () => []],
    ['INSB', '6C', () => []],
    ['INSD', '6D', () => []],
    ['OUTSB', '6E', () => []],
    ['OUTSD', '6F', () => []],
    ['CLTS', '0F 06', () => []],
    ['INVD', '0F 08', () => []],
    ['WBINVD', '0F 09', () => []],
    ['MOV', '0F 20', (c) => [0xc0 | (c.pick([0, 2, 3, 4]) << 3) | c.random.below(8)]],
    ['MOV', '0F 22', (c) => [0xc0 | (c.pick([0, 2, 3, 4]) << 3) | c.random.below(8)]],
    ['MOV', '0F 21', (c) => [0xc0 | (c.pick([0, 1, 2, 3, 6, 7]) << 3) | c.random.below(8)]],
    ['MOV', '0F 23', (c) => [0xc0 | (c.pick([0, 1, 2, 3, 6, 7]) << 3) | c.random.below(8)]],
    ['WRMSR', '0F 30', () => []],
    ['RDMSR', '0F 32', () => []],
    ['LLDT', '0F 00 /2', (c) => anyRm(c, 2, 'reg')],
    ['LTR', '0F 00 /3', (c) => anyRm(c, 3, 'reg')],
    ['LGDT', '0F 01 /2', (c) => anyRm(c, 2, 'mem')],
    ['LIDT', '0F 01 /3', (c) => anyRm(c, 3, 'mem')],
    ['LMSW', '0F 01 /6', (c) => anyRm(c, 6, 'reg')],
    ['INVLPG', '0F 01 /7', (c) => anyRm(c, 7, 'mem')],
  ];
  return rows.map(([mnemonic, opcode, rest]) =>
    faultForm({
      ...{ mnemonic, opcode, variant: 'privileged' },
      build(c, bytes) {
        // Where INS and OUTS would go, in case the privilege is checked last.
        c.regs[6] = 0x101100;
        c.regs[7] = 0x101200;
        c.pinned |= 0xd0;
        c.code.push(...bytes, ...rest(c));
      },
    }),
  );
}

/** INT n as Linux sets up its gates: 3 and 4 are open to user mode, 80h is the system call, all others #GP(8n + 2). */
function interrupts(): FormSpec[] {
  const vectors = Array.from({ length: 256 }, (_, n) => n).filter((n) => n !== 0x80);
  return [
    // A trap, to which no gate's privilege applies.
    faultForm({ mnemonic: 'INT1', opcode: 'F1', variant: 'trap', build: (c, bytes) => void c.code.push(...bytes) }),
    faultForm({
      ...{ mnemonic: 'INT', operands: 'Ib', opcode: 'CD', variant: 'gate', cases: vectors.length },
      build: (c, bytes) => void c.code.push(...bytes, vectors[c.index]!),
    }),
  ];
}

/** #GP(0): CS is readable and executable, never writable. */
function writesThroughCs(): FormSpec[] {
  const rows: readonly (readonly [string, string, number])[] = [
    ['MOV', '88', -1],
    ['MOV', '89', -1],
    ['ADD', '01', -1],
    ['XCHG', '87', -1],
    ['NOT', 'F7 /2', 2],
    ['SHL', 'D1 /4', 4],
    ['BTS', '0F AB', -1],
    ['POP', '8F /0', 0],
  ];
  return rows.map(([mnemonic, opcode, digit]) =>
    faultForm({
      ...{ mnemonic, opcode, variant: 'cs' },
      build(c, bytes) {
        const reg = digit < 0 ? c.random.below(8) : digit;
        if (mnemonic === 'BTS') c.pin(reg === 4 ? 0 : reg, c.random.below(32));
        c.code.push(0x2e, ...bytes, ...anyRm(c, mnemonic === 'BTS' && reg === 4 ? 0 : reg, 'mem'));
      },
    }),
  );
}

/** 15 bytes are an instruction, 16 are #GP(0). Prefixes make them up. */
function longInstructions(): FormSpec[] {
  const body = (c: CaseBuilder): number[] =>
    c.pick([
      [0x90],
      [0x01, 0xc0 | c.random.below(64)],
      [0x81, 0xc0 | c.random.below(64), ...littleEndian(c.value(), 32)],
      [0x0f, 0xaf, 0xc0 | c.random.below(64)],
    ]);
  return [14, 15, 16, 20].map((length) =>
    faultForm({
      ...{ mnemonic: 'PREFIXES', opcode: '', variant: `length ${length}` },
      build(c) {
        const bytes = body(c);
        // 66 would shorten the immediate.
        const prefix = bytes.length > 4 ? [0x26, 0x36, 0x3e, 0x64, 0x65] : [0x26, 0x36, 0x3e, 0x64, 0x65, 0x66];
        while (c.code.length + bytes.length < length) c.code.push(c.pick(prefix));
        c.code.push(...bytes);
      },
    }),
  );
}

/** An instruction across two code pages runs; one that reaches over the end of the code faults in its fetch, with CR2
 *  at the first byte that is missing. */
function fetches(): FormSpec[] {
  const bodies: readonly (readonly number[])[] = [
    [0x81, 0xc1, 0x78, 0x56, 0x34, 0x12],
    [0x66, 0x0f, 0xaf, 0xca],
    [0x8d, 0x84, 0x8b, 0x44, 0x33, 0x22, 0x11],
    [0xb8, 0x01, 0x02, 0x03, 0x04],
    [0x0f, 0xb6, 0xcb],
  ];
  return [
    faultForm({
      ...{ mnemonic: 'FETCH', opcode: '', variant: 'across pages' },
      build(c) {
        const body = c.pick(bodies);
        c.eip = 0x200000 + 0x1000 * (1 + c.random.below(3)) - 1 - c.random.below(body.length - 1);
        c.code.push(...body);
      },
    }),
    faultForm({
      ...{ mnemonic: 'FETCH', opcode: '', variant: 'missing page' },
      build(c) {
        const body = c.pick(bodies);
        const there = 1 + c.random.below(body.length - 1);
        c.eip = 0x204000 - there;
        c.code.push(...body.slice(0, there));
      },
    }),
    faultForm({
      ...{ mnemonic: 'FETCH', opcode: '', variant: 'wild jump' },
      // JMP to where nothing is: EIP is already the target when the fetch faults.
      build: (c) =>
        void c.code.push(
          0xe9,
          ...littleEndian(c.pick([0x103000, 0x204000, 0x1000000]) + c.random.below(0x1000) - c.eip - 5, 32),
        ),
    }),
  ];
}

/** Everything that is meant to fault. */
export function faultForms(): FormSpec[] {
  return [
    undefinedOpcodes(),
    illegalLocks(),
    privileged(),
    interrupts(),
    writesThroughCs(),
    longInstructions(),
    fetches(),
  ].flat();
}

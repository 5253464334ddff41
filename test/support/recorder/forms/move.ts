// Forms that move, convert, exchange and take addresses: MOV in all encodings, LEA through every ModRM and SIB byte,
// conditional moves and sets, and the flag instructions.
import { littleEndian } from '../builder.ts';
import { assemble, type FormSpec, immediate, modrmForms, plainForm, SIZES } from '../form.ts';

const family = 'move';
const CONDITIONS: readonly string[] = 'O NO B AE E NE BE A S NS P NP L GE LE G'.split(' ');

function opcode(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function moves(): FormSpec[] {
  const mov = { family, mnemonic: 'MOV' } as const;
  return [
    modrmForms({ ...mov, operands: 'Eb,Gb', opcode: '88', size: 8, access: 'w' }),
    modrmForms({ ...mov, operands: 'Gb,Eb', opcode: '8A', size: 8, access: 'r' }),
    modrmForms({ ...mov, operands: 'Eb,Ib', opcode: 'C6 /0', size: 8, access: 'w', immediate: immediate(8) }),
    plainForm({ ...mov, operands: 'Zb,Ib', opcode: 'B0+r', size: 8, plusReg: true, rest: immediate(8) }),
    SIZES.map((size) => [
      modrmForms({ ...mov, operands: 'Ev,Gv', opcode: '89', size, access: 'w' }),
      modrmForms({ ...mov, operands: 'Gv,Ev', opcode: '8B', size, access: 'r' }),
      modrmForms({ ...mov, operands: 'Ev,Iz', opcode: 'C7 /0', size, access: 'w', immediate: immediate(size) }),
      plainForm({ ...mov, operands: 'Zv,Iv', opcode: 'B8+r', size, plusReg: true, rest: immediate(size) }),
      modrmForms({ family, mnemonic: 'MOVZX', operands: 'Gv,Eb', opcode: '0F B6', size, bits: 8, access: 'r' }),
      modrmForms({ family, mnemonic: 'MOVZX', operands: 'Gv,Ew', opcode: '0F B7', size, bits: 16, access: 'r' }),
      modrmForms({ family, mnemonic: 'MOVSX', operands: 'Gv,Eb', opcode: '0F BE', size, bits: 8, access: 'r' }),
      modrmForms({ family, mnemonic: 'MOVSX', operands: 'Gv,Ew', opcode: '0F BF', size, bits: 16, access: 'r' }),
      modrmForms({ family, mnemonic: 'MOVBE', operands: 'Gv,Mv', opcode: '0F 38 F0', size, access: 'r', only: 'mem' }),
      modrmForms({ family, mnemonic: 'MOVBE', operands: 'Mv,Gv', opcode: '0F 38 F1', size, access: 'w', only: 'mem' }),
    ]),
    modrmForms({ family, mnemonic: 'MOVNTI', operands: 'My,Gy', opcode: '0F C3', size: 32, access: 'w', only: 'mem' }),
  ].flat(3);
}

/** A0 to A3: the operand's address is the immediate, of 32 or (67) 16 bits. */
function offsetMoves(): FormSpec[] {
  const rows = [
    ['A0', 'AL,Ob', 8],
    ['A1', 'eAX,Ov', 16],
    ['A1', 'eAX,Ov', 32],
    ['A2', 'Ob,AL', 8],
    ['A3', 'Ov,eAX', 16],
    ['A3', 'Ov,eAX', 32],
  ] as const;
  return rows.flatMap(([code, operands, size]) =>
    [32, 16].map((address): FormSpec => {
      const loads = code < 'A2';
      return {
        form: { family, mnemonic: 'MOV', operands, opcode: code, size, variant: `address ${address}` },
        cases: 100,
        faults: address === 32 ? 16 : 0,
        build(c) {
          const low = 0x8000 + c.random.below(0x2000 - size / 8);
          const la = address === 16 ? low : c.place(size / 8, loads ? 'r' : 'w');
          if (loads && !c.faulting) c.pokeValue(la, c.value(), size);
          const prefixes = [...(size === 16 ? [0x66] : []), ...(address === 16 ? [0x67] : [])];
          assemble(c, prefixes, [parseInt(code, 16), ...littleEndian(la, address)]);
        },
      };
    }),
  );
}

/** LEA through all 24 memory ModRM forms with all 256 SIB bytes; ESP holds anything. */
function lea(size: number): FormSpec[] {
  const encodings: number[][] = [];
  for (const mod of [0, 1, 2]) {
    for (let rm = 0; rm < 8; rm++) {
      for (let sib = 0; sib < (rm === 4 ? 256 : 1); sib++)
        encodings.push([(mod << 6) | rm, ...(rm === 4 ? [sib] : [])]);
    }
  }
  const form = { family, mnemonic: 'LEA', operands: 'Gv,M', opcode: '8D', size };
  const start = size === 16 ? [0x66] : [];
  return [
    {
      form: { ...form, variant: 'address 32' },
      cases: encodings.length,
      faults: 0,
      build(c) {
        c.regs[4] = c.value();
        const [modrm, ...sib] = encodings[c.index] as [number, ...number[]];
        const mod = modrm >> 6;
        const noBase = mod === 0 && ((sib.length > 0 ? sib[0]! : modrm) & 7) === 5;
        const displacement = mod === 1 ? 8 : mod === 2 || noBase ? 32 : 0;
        const rest = [modrm | (c.random.below(8) << 3), ...sib, ...littleEndian(c.value(), displacement)];
        assemble(c, start, [0x8d, ...rest]);
      },
    },
    {
      form: { ...form, variant: 'address 16' },
      cases: 240,
      faults: 0,
      build(c) {
        const [mod, rm] = [Math.trunc((c.index % 24) / 8), c.index % 8];
        const displacement = mod === 1 ? 8 : mod === 2 || rm === 6 ? 16 : 0;
        const modrm = (mod << 6) | (c.random.below(8) << 3) | rm;
        assemble(c, [...start, 0x67], [0x8d, modrm, ...littleEndian(c.value(), displacement)]);
      },
    },
  ];
}

function exchanges(): FormSpec[] {
  const xchg = { family, mnemonic: 'XCHG', access: 'rw', lock: true } as const;
  return [
    modrmForms({ ...xchg, operands: 'Eb,Gb', opcode: '86', size: 8 }),
    SIZES.map((size) => [
      modrmForms({ ...xchg, operands: 'Ev,Gv', opcode: '87', size }),
      plainForm({ family, mnemonic: 'XCHG', operands: 'Zv,eAX', opcode: '90+r', size, plusReg: true }),
    ]),
  ].flat(3);
}

function conditional(): FormSpec[] {
  return CONDITIONS.flatMap((condition, i) => [
    ...modrmForms({
      ...{ family, mnemonic: `SET${condition}`, operands: 'Eb', opcode: `0F ${opcode(0x90 + i)}` },
      ...{ size: 8, access: 'w' },
    }),
    // A conditional move loads even when the condition is false, and faults.
    ...SIZES.flatMap((size) =>
      modrmForms({
        ...{ family, mnemonic: `CMOV${condition}`, operands: 'Gv,Ev', opcode: `0F ${opcode(0x40 + i)}` },
        ...{ size, access: 'r' },
      }),
    ),
  ]);
}

/** XLATB reads DS:[EBX + AL]; with 67 BX, wrapping at 64 KiB. */
function translate(): FormSpec[] {
  return [32, 16].map((address) => ({
    form: { family, mnemonic: 'XLATB', operands: 'BBb', opcode: 'D7', size: 8, variant: `address ${address}` },
    cases: 100,
    faults: address === 32 ? 16 : 0,
    build(c) {
      const la = address === 32 ? c.place(1, 'r') : 0x8000 + c.random.below(0x2000);
      const base = la - (c.regs[0]! & 0xff);
      c.regs[3] = address === 32 ? base : (c.regs[3]! & ~0xffff) | (base & 0xffff);
      assemble(
        c,
        [...(address === 16 ? [0x67] : []), ...(c.chance(4) ? [c.pick([0x26, 0x2e, 0x36, 0x3e])] : [])],
        [0xd7],
      );
    },
  }));
}

function simple(): FormSpec[] {
  const rows = [
    ['CBW/CWDE', '98', SIZES],
    ['CWD/CDQ', '99', SIZES],
    ['NOP', '90', SIZES],
    ['PAUSE', 'F3 90', [0]],
    ['SAHF', '9E', [0]],
    ['LAHF', '9F', [0]],
    ['SALC', 'D6', [0]],
    ['CMC', 'F5', [0]],
    ['CLC', 'F8', [0]],
    ['STC', 'F9', [0]],
    ['CLD', 'FC', [0]],
    ['STD', 'FD', [0]],
  ] as const;
  return [
    rows.flatMap(([mnemonic, code, sizes]) =>
      sizes.map((size) => plainForm({ family, mnemonic, operands: '', opcode: code, size })),
    ),
    // Multi-byte NOPs take an address and never touch it; prefetches do not fault either.
    SIZES.map((size) => modrmForms({ family, mnemonic: 'NOP', operands: 'Ev', opcode: '0F 1F /0', size, access: 'a' })),
    ['0F 18', '0F 19', '0F 1A', '0F 1B', '0F 1C', '0F 1D', '0F 1E'].map((opcode) =>
      modrmForms({ family, mnemonic: 'NOP', operands: 'Ev', opcode, size: 32, access: 'a' }),
    ),
    modrmForms({ family, mnemonic: 'PREFETCHW', operands: 'Mb', opcode: '0F 0D', size: 0, access: 'a', only: 'mem' }),
    plainForm({ family, mnemonic: 'ENDBR32', operands: '', opcode: 'F3 0F 1E FB', size: 0 }),
  ].flat(2);
}

/** MOV MOVZX MOVSX MOVBE MOVNTI LEA XCHG XLATB SETcc CMOVcc CBW CWD NOP SAHF LAHF SALC CMC CLC STC CLD STD. */
export function moveForms(): FormSpec[] {
  return [moves(), offsetMoves(), SIZES.flatMap(lea), exchanges(), conditional(), translate(), simple()].flat();
}

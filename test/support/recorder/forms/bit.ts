// Forms that test, count, scan and check bits: BT and its kin with bit offsets far outside the operand, BSF and BSR,
// POPCNT, TZCNT, LZCNT, BSWAP, CRC32.
import { assemble, type FormSpec, modrmForms, parseOpcode, plainForm, SIZES } from '../form.ts';
import { FLAG } from '../memory-map.ts';

const family = 'bit';
const { AF, CF, OF, PF, SF } = FLAG;

/** BT with its bit offset in a register and its operand in memory: the offset is signed and reaches 256 MiB. */
function farBit(mnemonic: string, opcode: string, size: number, variant: 'mem' | 'lock'): FormSpec {
  const access = mnemonic === 'BT' ? 'r' : 'rw';
  const shift = size === 16 ? 4 : 5;
  return {
    form: { family, mnemonic, operands: 'Ev,Gv', opcode, size, variant },
    cases: 120,
    faults: 16,
    undefined: OF | SF | AF | PF,
    build(c) {
      const reg = c.chooseReg(size);
      c.pinned |= 1 << reg;
      const offset = size === 16 ? (c.regs[reg]! << 16) >> 16 : c.regs[reg]!;
      const la = c.place(size / 8, access);
      if (!c.faulting) c.pokeValue(la, c.value(), size);
      const [modrm, ...address] = c.address32((la - (offset >> shift) * (size / 8)) | 0) as [number, ...number[]];
      const prefixes = [...(size === 16 ? [0x66] : []), ...(variant === 'lock' ? [0xf0] : [])];
      assemble(c, prefixes, [...parseOpcode(opcode).bytes, modrm | (reg << 3), ...address]);
    },
  };
}

function bitTests(): FormSpec[] {
  const operations = [
    ['BT', '0F A3', 4],
    ['BTS', '0F AB', 5],
    ['BTR', '0F B3', 6],
    ['BTC', '0F BB', 7],
  ] as const;
  return operations.flatMap(([mnemonic, opcode, digit]) => {
    const writes = mnemonic !== 'BT';
    const common = {
      family,
      mnemonic,
      access: writes ? 'rw' : 'r',
      lock: writes,
      undefined: OF | SF | AF | PF,
    } as const;
    return SIZES.flatMap((size) => [
      ...modrmForms({ ...common, operands: 'Ev,Gv', opcode, size, only: 'reg', lock: false }),
      farBit(mnemonic, opcode, size, 'mem'),
      ...(writes ? [farBit(mnemonic, opcode, size, 'lock')] : []),
      ...modrmForms({
        ...{ ...common, operands: 'Ev,Ib', opcode: `0F BA /${digit}`, size },
        immediate: (c) => [c.chance(12) ? c.random.below(size) : c.random.below(256)],
      }),
    ]);
  });
}

function scans(): FormSpec[] {
  return ['BSF', 'BSR'].flatMap((mnemonic, i) =>
    SIZES.flatMap((size) =>
      modrmForms({
        ...{ family, mnemonic, operands: 'Gv,Ev', opcode: `0F B${'CD'[i]}`, size, access: 'r' },
        cases: 120,
        undefined: (c, eflags) => {
          c.undefinedFlags |= CF | OF | SF | AF | PF;
          // With a zero source (ZF) the SDM leaves the destination undefined. All CPUs known to us leave it unchanged.
          if (eflags & FLAG.ZF) c.undefinedRegs[c.reg]! |= size === 16 ? 0xffff : -1;
        },
      }),
    ),
  );
}

function counts(): FormSpec[] {
  const rows = [
    ['POPCNT', 'F3 0F B8', 0],
    ['TZCNT', 'F3 0F BC', OF | SF | AF | PF],
    ['LZCNT', 'F3 0F BD', OF | SF | AF | PF],
  ] as const;
  return rows.flatMap(([mnemonic, opcode, undef]) =>
    SIZES.flatMap((size) =>
      modrmForms({ family, mnemonic, operands: 'Gv,Ev', opcode, size, access: 'r', undefined: undef, cases: 120 }),
    ),
  );
}

/** BT BTS BTR BTC BSF BSR POPCNT TZCNT LZCNT BSWAP CRC32. */
export function bitForms(): FormSpec[] {
  const crc = { family, mnemonic: 'CRC32', access: 'r' } as const;
  return [
    bitTests(),
    scans(),
    counts(),
    // With 16 bits the SDM leaves the result undefined: nothing to record.
    plainForm({ family, mnemonic: 'BSWAP', operands: 'Zv', opcode: '0F C8+r', size: 32, plusReg: true }),
    modrmForms({ ...crc, operands: 'Gd,Eb', opcode: 'F2 0F 38 F0', size: 8 }),
    SIZES.map((size) => modrmForms({ ...crc, operands: 'Gd,Ev', opcode: 'F2 0F 38 F1', size })),
  ].flat(2);
}

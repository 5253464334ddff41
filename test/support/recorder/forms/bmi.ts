// Forms of BMI1 and BMI2: VEX-encoded integer instructions. Their own file, because a translator may do without them.
import type { FormSpec, Undefined } from '../form.ts';
import { FLAG } from '../memory-map.ts';

const family = 'bmi';
const { AF, PF, SF } = FLAG;

interface VexRow {
  readonly mnemonic: string;
  readonly operands: string;
  /** Opcode map: 2 is 0F38, 3 is 0F3A. */
  readonly map: number;
  /** 0 none, 1 66, 2 F3, 3 F2. */
  readonly pp: number;
  readonly opcode: number;
  /** The reg field's digit or -1. */
  readonly digit: number;
  /** False where vvvv must be 1111b. */
  readonly third: boolean;
  readonly immediate?: true;
  readonly undefined: Undefined;
}

// biome-ignore format: opcode table
const ROWS: readonly VexRow[] = [
  { mnemonic: 'ANDN',   operands: 'Gy,By,Ey',    map: 2, pp: 0, opcode: 0xf2, digit: -1, third: true, undefined: AF | PF },
  { mnemonic: 'BLSR',   operands: 'By,Ey',       map: 2, pp: 0, opcode: 0xf3, digit: 1,  third: true, undefined: AF | PF },
  { mnemonic: 'BLSMSK', operands: 'By,Ey',       map: 2, pp: 0, opcode: 0xf3, digit: 2,  third: true, undefined: AF | PF },
  { mnemonic: 'BLSI',   operands: 'By,Ey',       map: 2, pp: 0, opcode: 0xf3, digit: 3,  third: true, undefined: AF | PF },
  { mnemonic: 'BZHI',   operands: 'Gy,Ey,By',    map: 2, pp: 0, opcode: 0xf5, digit: -1, third: true, undefined: AF | PF },
  { mnemonic: 'PEXT',   operands: 'Gy,By,Ey',    map: 2, pp: 2, opcode: 0xf5, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'PDEP',   operands: 'Gy,By,Ey',    map: 2, pp: 3, opcode: 0xf5, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'MULX',   operands: 'Gy,By,Ey',    map: 2, pp: 3, opcode: 0xf6, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'BEXTR',  operands: 'Gy,Ey,By',    map: 2, pp: 0, opcode: 0xf7, digit: -1, third: true, undefined: AF | SF | PF },
  { mnemonic: 'SHLX',   operands: 'Gy,Ey,By',    map: 2, pp: 1, opcode: 0xf7, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'SARX',   operands: 'Gy,Ey,By',    map: 2, pp: 2, opcode: 0xf7, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'SHRX',   operands: 'Gy,Ey,By',    map: 2, pp: 3, opcode: 0xf7, digit: -1, third: true, undefined: 0 },
  { mnemonic: 'RORX',   operands: 'Gy,Ey,Ib',    map: 3, pp: 3, opcode: 0xf0, digit: -1, third: false, immediate: true, undefined: 0 },
];

function opcodeText({ map, pp, opcode, digit }: VexRow): string {
  const prefix = ['', '66.', 'F3.', 'F2.'][pp]!;
  const hex = opcode.toString(16).toUpperCase();
  return `VEX.LZ.${prefix}${map === 2 ? '0F38' : '0F3A'}.W0 ${hex}${digit < 0 ? '' : ` /${digit}`}`;
}

function vexForm(row: VexRow, variant: 'reg' | 'mem'): FormSpec {
  const { mnemonic, operands, map, pp, digit, third } = row;
  return {
    form: { family, mnemonic, operands, opcode: opcodeText(row), size: 32, variant },
    cases: 120,
    faults: variant === 'mem' ? 16 : 0,
    undefined: row.undefined,
    build(c) {
      const second = third ? c.chooseReg(32) : 0;
      const extract = mnemonic === 'BEXTR' || mnemonic === 'BZHI';
      // Start and length of BEXTR are two bytes of a register: keep them small most of the time.
      if (extract && second !== 4 && c.chance(12)) c.pin(second, c.random.below(40) | (c.random.below(40) << 8));
      c.pinned |= 1 << second;
      const rm = variant === 'mem' ? c.memoryOperand(4, 'r') : { prefixes: [], bytes: [0xc0 | c.chooseReg(32)] };
      const reg = digit >= 0 ? digit : c.chooseReg(32);
      const [modrm, ...address] = rm.bytes as [number, ...number[]];
      // R, X and B are inverted and must be 1 here (R and X) or are ignored (B); so is W outside 64-bit mode.
      const third8 = ((~second & 15) << 3) | pp;
      c.code.push(...rm.prefixes, 0xc4, 0xe0 | map, third8, row.opcode, modrm | (reg << 3), ...address);
      if (row.immediate) c.code.push(c.random.below(256));
    },
  };
}

/** ANDN BLSR BLSMSK BLSI BZHI PEXT PDEP MULX BEXTR SHLX SARX SHRX RORX. */
export function bmiForms(): FormSpec[] {
  return ROWS.flatMap((row) => [vexForm(row, 'reg'), vexForm(row, 'mem')]);
}

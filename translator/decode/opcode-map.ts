/**
 * The opcode map: from opcode map, opcode byte, prefix class and ModRM byte to a plan of decoding, in two look-ups.
 *
 * Built once from the rows when a decoder is made. Building refuses rows that claim the same encoding and rows that no
 * encoding can reach, so the tables of isa/ cannot contradict each other unseen.
 */
import { LOCK } from './attributes.ts';
import type { OpcodeRow } from './instruction.ts';
import { CLASS_F2, CLASS_F3, MAP_0F, MAP_COUNT, type OpcodePattern, parseOpcode } from './opcode-notation.ts';
import { type Method, type OperandCode, type OperandForm, operandForms } from './operand-codes.ts';

/** All that decoding one opcode needs to know, worked out beforehand. */
export interface Plan<Row extends OpcodeRow> {
  readonly row: Row;
  /** Mnemonics at size 16 and 32; the same unless the row's is written with '/' or ':'. */
  readonly name16: string;
  readonly name32: string;
  /** The name goes by address size rather than by operand size. */
  readonly nameByAddress: boolean;
  readonly hasModrm: boolean;
  /** A ModRM byte below C0 is followed by address bytes: always but in moves of control and debug registers. */
  readonly addresses: boolean;
  readonly lockable: boolean;
  /** F2 or F3 is part of the opcode. */
  readonly takesRep: boolean;
  /** VEX.vvvv names an operand; otherwise it must be 1111. */
  readonly usesVvvv: boolean;
  readonly operands: readonly OperandForm[];
}

/** The index over all plans. */
export interface OpcodeMap<Row extends OpcodeRow> {
  readonly plans: readonly Plan<Row>[];
  /**
   * By `map << 10 | byte << 2 | class`: 0 undefined, n > 0 plan n - 1, n < 0 the plan depends on the ModRM byte,
   * see `byModrm[-n - 1 << 8 | modrm]`.
   */
  readonly roots: Int32Array;
  /** 0 undefined, n > 0 plan n - 1. */
  readonly byModrm: Int16Array;
}

// biome-ignore format: letters
const modrmMethods: ReadonlySet<Method> = new Set<Method>([
  'E', 'G', 'R', 'T', 'M', 'S', 'L', 'C', 'D', 'P', 'Q', 'N', 'V', 'W', 'U', 'sti',
]);
const registerOnly: ReadonlySet<Method> = new Set<Method>(['R', 'N', 'U']);
/** Bytes of the one-byte map that are prefixes or escapes and can never be opcodes. */
const notOpcodes: ReadonlySet<number> = new Set([
  0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
]);

const allModrms: readonly number[] = Array.from({ length: 256 }, (_, modrm) => modrm);

const describe = (row: OpcodeRow): string => `${row.opcode} ${row.mnemonic} ${row.operands.join(', ')}`.trim();

/** Whether a row can mean an instruction with this ModRM byte. */
function admits(pattern: OpcodePattern, operands: readonly OperandForm[], modrm: number): boolean {
  const reg = (modrm >> 3) & 7;
  const register = modrm >= 0xc0;
  if (pattern.modrm >= 0 && (modrm < pattern.modrm || modrm >= pattern.modrm + pattern.modrmSpread)) return false;
  if (pattern.reg >= 0 && reg !== pattern.reg) return false;
  if (pattern.form !== 'any' && register !== (pattern.form === 'r')) return false;
  for (const { method } of operands) {
    if (method === 'M' && register) return false;
    if (registerOnly.has(method) && !register) return false;
    if (method === 'S' && reg > 5) return false;
    if (method === 'L' && (reg > 5 || reg === 1)) return false;
    if (method === 'C' && (reg === 1 || reg > 4)) return false;
  }
  return true;
}

/** Does the row take every ModRM byte? */
function admitsAll(pattern: OpcodePattern, operands: readonly OperandForm[]): boolean {
  if (pattern.modrm >= 0 || pattern.reg >= 0 || pattern.form !== 'any') return false;
  return operands.every(({ method }) => !'MSLC'.includes(method) && !registerOnly.has(method));
}

function planOf<Row extends OpcodeRow>(row: Row, pattern: OpcodePattern): Plan<Row> {
  const operands = row.operands.map((code) => {
    const form = operandForms[code as OperandCode];
    if (form === undefined) throw new Error(`row '${describe(row)}': no operand code '${code}'`);
    return form;
  });
  const hasModrm =
    pattern.modrm >= 0 ||
    pattern.reg >= 0 ||
    pattern.form !== 'any' ||
    operands.some(({ method }) => modrmMethods.has(method));
  const [name16, name32] = row.mnemonic.split(/[/:]/) as [string, string?];
  return {
    row,
    name16,
    name32: name32 ?? name16,
    nameByAddress: row.mnemonic.includes(':'),
    hasModrm,
    addresses: hasModrm && !operands.some(({ method }) => method === 'T'),
    lockable: (row.attributes & LOCK) !== 0,
    takesRep: pattern.explicit && (pattern.classes & ((1 << CLASS_F3) | (1 << CLASS_F2))) !== 0,
    usesVvvv: operands.some(({ method }) => method === 'B'),
    operands,
  };
}

/**
 * Index the rows.
 * @throws Error naming both rows when two claim one encoding, or the row when nothing reaches it.
 */
export function buildOpcodeMap<Row extends OpcodeRow>(rows: readonly Row[]): OpcodeMap<Row> {
  const patterns = rows.map((row) => parseOpcode(row.opcode));
  const plans = rows.map((row, index) => planOf(row, patterns[index]!));
  const cells: (Int16Array | undefined)[] = new Array(MAP_COUNT << 10);
  const claimed = new Uint8Array(rows.length);

  // Rows that write their prefix out come first, the others take what is left.
  const order = [...rows.keys()].sort((a, b) => Number(patterns[b]!.explicit) - Number(patterns[a]!.explicit));
  for (const number of order) {
    const pattern = patterns[number]!;
    // Most rows take every ModRM byte; saying so at once saves most of the time that starting takes.
    const { operands } = plans[number]!;
    const open = admitsAll(pattern, operands);
    const admitted = open ? allModrms : allModrms.filter((modrm) => admits(pattern, operands, modrm));
    for (let step = 0; step < pattern.spread; step++) {
      const byte = pattern.byte + step;
      if (isUnreachable(pattern.map, byte)) throw new Error(`row '${describe(rows[number]!)}' is unreachable`);
      for (let prefix = 0; prefix < 4; prefix++) {
        if ((pattern.classes & (1 << prefix)) === 0) continue;
        const key = (pattern.map << 10) | (byte << 2) | prefix;
        const known = cells[key];
        if (known === undefined && open) {
          cells[key] = new Int16Array(256).fill(number + 1);
          claimed[number] = 1;
          continue;
        }
        const cell = known ?? new Int16Array(256);
        cells[key] = cell;
        for (const modrm of admitted) {
          const other = cell[modrm]! - 1;
          if (other < 0) {
            cell[modrm] = number + 1;
            claimed[number] = 1;
          } else if (patterns[other]!.explicit === pattern.explicit) {
            throw new Error(`rows '${describe(rows[other]!)}' and '${describe(rows[number]!)}' overlap`);
          }
        }
      }
    }
    if (claimed[number] === 0) throw new Error(`row '${describe(rows[number]!)}' is unreachable`);
  }
  return { plans, ...pack(cells) };
}

function isUnreachable(map: number, byte: number): boolean {
  return (map === 0 && notOpcodes.has(byte)) || (map === MAP_0F && (byte === 0x38 || byte === 0x3a));
}

/** Lay the cells out in two flat arrays; a cell that is the same for every ModRM byte needs no second look-up. */
function pack(cells: readonly (Int16Array | undefined)[]): { roots: Int32Array; byModrm: Int16Array } {
  const roots = new Int32Array(cells.length);
  const tables: Int16Array[] = [];
  cells.forEach((cell, key) => {
    if (cell === undefined) return;
    const first = cell[0]!;
    if (first > 0 && cell.every((entry) => entry === first)) {
      roots[key] = first;
      return;
    }
    // The prefix classes of one opcode mostly mean the same, and then share a table.
    for (let same = key & ~3; same < key; same++) {
      if (roots[same]! < 0 && cells[same]!.every((entry, modrm) => entry === cell[modrm])) {
        roots[key] = roots[same]!;
        return;
      }
    }
    roots[key] = -tables.push(cell);
  });
  const byModrm = new Int16Array(tables.length << 8);
  tables.forEach((table, index) => {
    byModrm.set(table, index << 8);
  });
  return { roots, byModrm };
}

/**
 * The opcode map: from opcode map, opcode byte, prefix class and ModRM byte to a plan of decoding, in two look-ups.
 *
 * A program uses a tenth of all opcodes, so each is worked out from its rows when it is first met; all at once would
 * take a third of the time that a short program runs. Rows that claim the same encoding are refused then, and
 * checkOpcodes(), which the tests call, refuses those and rows that no encoding can reach, so the tables of isa/ cannot
 * contradict each other unseen.
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

/** Entry of `roots` for what no row claims. */
export const UNDEFINED: number = 1 << 30;

// biome-ignore format: letters
const modrmMethods: ReadonlySet<Method> = new Set<Method>([
  'E', 'G', 'R', 'T', 'M', 'S', 'L', 'C', 'D', 'P', 'Q', 'N', 'V', 'W', 'U', 'sti',
]);
const registerOnly: ReadonlySet<Method> = new Set<Method>(['R', 'N', 'U']);
/** Bytes of the one-byte map that are prefixes or escapes and can never be opcodes. */
const notOpcodes: ReadonlySet<number> = new Set([
  0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
]);

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

const allModrm: readonly number[] = Array.from({ length: 256 }, (_, modrm) => modrm);

/** ModRM bytes that a row may take, before its operands are asked: for a group's row those with its number. */
function candidates({ modrm, modrmSpread, reg }: OpcodePattern): readonly number[] {
  if (modrm >= 0) return allModrm.slice(modrm, modrm + modrmSpread);
  if (reg < 0) return allModrm;
  return Array.from({ length: 32 }, (_, i) => ((i >> 3) << 6) | (reg << 3) | (i & 7));
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

/** The index over all plans. */
export class OpcodeMap<Row extends OpcodeRow> {
  /**
   * By `map << 10 | byte << 2 | class`: 0 not met yet, n > 0 plan n - 1 or UNDEFINED, n < 0 the plan depends on the
   * ModRM byte, see `tables[-n - 1]`.
   */
  readonly roots: Int32Array = new Int32Array(MAP_COUNT << 10);
  /** By ModRM byte: 0 undefined, n > 0 plan n - 1. */
  readonly tables: Int16Array[] = [];
  private readonly plans: (Plan<Row> | undefined)[] = [];
  private readonly rows: readonly Row[];
  private readonly patterns: readonly OpcodePattern[];
  /** By `map << 8 | byte`: numbers of its rows; those that write their prefix out first, the others take what is left. */
  private readonly numbers: (number[] | undefined)[] = new Array(MAP_COUNT << 8);

  constructor(rows: readonly Row[]) {
    this.rows = rows;
    this.patterns = rows.map((row) => parseOpcode(row.opcode));
    for (const explicit of [true, false]) {
      for (let number = 0; number < rows.length; number++) {
        const pattern = this.patterns[number]!;
        if (pattern.explicit !== explicit) continue;
        const first = (pattern.map << 8) | pattern.byte;
        for (let at = first; at < first + pattern.spread; at++) {
          const known = this.numbers[at];
          if (known === undefined) this.numbers[at] = [number];
          else known.push(number);
        }
      }
    }
  }

  /** Plan of row `number`. */
  plan(number: number): Plan<Row> {
    let plan = this.plans[number];
    if (plan === undefined) {
      plan = planOf(this.rows[number]!, this.patterns[number]!);
      this.plans[number] = plan;
    }
    return plan;
  }

  /** Work out the entries of `roots` for the opcode of `key`, and return that for `key`. */
  resolve(key: number): number {
    const cells: (Int16Array | undefined)[] = [undefined, undefined, undefined, undefined];
    for (const number of this.numbers[key >> 2] ?? []) this.claim(number, cells);
    for (let prefix = 0; prefix < 4; prefix++) this.roots[(key & ~3) | prefix] = this.pack(cells, prefix);
    return this.roots[key]!;
  }

  /** Put a row in the cells of its prefix classes, where no row has been put before. */
  private claim(number: number, cells: (Int16Array | undefined)[]): void {
    const { patterns } = this;
    const pattern = patterns[number]!;
    const { operands } = this.plan(number);
    const open = admitsAll(pattern, operands);
    const admitted = open ? undefined : candidates(pattern).filter((modrm) => admits(pattern, operands, modrm));
    for (let prefix = 0; prefix < 4; prefix++) {
      if ((pattern.classes & (1 << prefix)) === 0) continue;
      const known = cells[prefix];
      if (known === undefined && open) {
        cells[prefix] = new Int16Array(256).fill(number + 1);
        continue;
      }
      const cell = known ?? new Int16Array(256);
      cells[prefix] = cell;
      for (const modrm of admitted ?? allModrm) {
        const other = cell[modrm]! - 1;
        if (other < 0) cell[modrm] = number + 1;
        else if (patterns[other]!.explicit === pattern.explicit) {
          throw new Error(`rows '${describe(this.rows[other]!)}' and '${describe(this.rows[number]!)}' overlap`);
        }
      }
    }
  }

  /** The entry of `roots` for a cell; one that is the same for every ModRM byte needs no second look-up. */
  private pack(cells: readonly (Int16Array | undefined)[], prefix: number): number {
    const cell = cells[prefix];
    if (cell === undefined) return UNDEFINED;
    const first = cell[0]!;
    if (first > 0 && cell.every((entry) => entry === first)) return first;
    return -this.tables.push(cell);
  }
}

/**
 * Refuse rows that contradict each other.
 * @throws Error naming both rows when two claim one encoding, or the row when nothing reaches it.
 */
export function checkOpcodes(rows: readonly OpcodeRow[]): void {
  const map = new OpcodeMap(rows);
  const reached = new Set<number>();
  for (let key = 0; key < map.roots.length; key++) {
    if (isUnreachable(key >> 10, (key >> 2) & 255)) continue;
    const root = map.roots[key] === 0 ? map.resolve(key) : map.roots[key]!;
    if (root > 0) reached.add(root - 1);
    else for (const entry of map.tables[-root - 1]!) reached.add(entry - 1);
  }
  const lost = rows.find((_, number) => !reached.has(number));
  if (lost !== undefined) throw new Error(`row '${describe(lost)}' is unreachable`);
}

function isUnreachable(map: number, byte: number): boolean {
  return (map === 0 && notOpcodes.has(byte)) || (map === MAP_0F && (byte === 0x38 || byte === 0x3a));
}

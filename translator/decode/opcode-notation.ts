/**
 * Reads the opcode notation of rows ('F3 0F B8', '80 /3', 'D8 C0+i', 'VEX.LZ.F2.0F38.W0 F5') into plain numbers.
 *
 * Runs once per row when a decoder is made; the opcode map works on what comes out. The notation itself is described
 * in isa/row.ts, where rows are written.
 */

/** Opcode maps by number: one-byte, 0F, 0F 38, 0F 3A, and the three VEX maps 0F, 0F38, 0F3A. */
export const MAP_COUNT: number = 7;
export const MAP_0F: number = 1;
export const MAP_0F38: number = 2;
export const MAP_0F3A: number = 3;
/** VEX map m-mmmm stands at VEX_MAPS + m-mmmm, m-mmmm being 1 to 3. */
export const VEX_MAPS: number = 3;

/** Mandatory prefix classes, numbered like VEX.pp: none, 66, F3, F2. */
export const CLASS_NONE: number = 0;
export const CLASS_66: number = 1;
export const CLASS_F3: number = 2;
export const CLASS_F2: number = 3;

/** An opcode as numbers. */
export interface OpcodePattern {
  /** 0..MAP_COUNT - 1. */
  readonly map: number;
  /** The last opcode byte; the first of eight when `spread` is 8. */
  readonly byte: number;
  /** 8 for '+r', else 1. */
  readonly spread: 1 | 8;
  /** Set of prefix classes, bit n for class n. */
  readonly classes: number;
  /** Whether the classes were written out; rows without them give way to rows with them. */
  readonly explicit: boolean;
  /** Required ModRM.reg, or -1. */
  readonly reg: number;
  /** Required form: memory, register or either. */
  readonly form: 'm' | 'r' | 'any';
  /** First ModRM byte required, or -1. */
  readonly modrm: number;
  /** Number of ModRM bytes from `modrm` on: 8 for '+i', else 1. */
  readonly modrmSpread: 1 | 8;
}

const prefixClasses: Readonly<Record<string, number>> = {
  NP: 1 << CLASS_NONE,
  '66': 1 << CLASS_66,
  F3: 1 << CLASS_F3,
  F2: 1 << CLASS_F2,
  NFx: (1 << CLASS_NONE) | (1 << CLASS_66),
};
const ALL_CLASSES = 15;
const vexMaps: Readonly<Record<string, number>> = { '0F': 1, '0F38': 2, '0F3A': 3 };

/**
 * Parse an opcode.
 * @throws Error naming the opcode when it is not in the notation of isa/row.ts.
 */
export function parseOpcode(opcode: string): OpcodePattern {
  const parts = opcode.split(' ');
  let part = 0;
  const next = (): string => parts[part++] ?? '';
  const bad = (): Error => new Error(`opcode '${opcode}' is not in the notation of isa/row.ts`);

  let map = 0;
  let classes: number | undefined;
  let first = next();
  if (first.startsWith('VEX')) {
    const vex = /^VEX\.LZ\.(?:(66|F3|F2)\.)?(0F|0F38|0F3A)\.W0$/.exec(first);
    if (vex === null) throw bad();
    classes = prefixClasses[vex[1] ?? 'NP']!;
    map = VEX_MAPS + vexMaps[vex[2]!]!;
    first = next();
  } else {
    // 66, F2 and F3 are prefixes, never opcodes, so in front they can only be mandatory prefixes.
    classes = prefixClasses[first];
    if (classes !== undefined) first = next();
    if (first === '0F') {
      map = MAP_0F;
      first = next();
      if (first === '38' || first === '3A') {
        map = first === '38' ? MAP_0F38 : MAP_0F3A;
        first = next();
      }
    }
  }
  const byte = /^([0-9A-F]{2})(\+r)?$/.exec(first);
  if (byte === null) throw bad();

  let reg = -1;
  let form: OpcodePattern['form'] = 'any';
  let modrm = -1;
  let modrmSpread: OpcodePattern['modrmSpread'] = 1;
  for (; part < parts.length; part++) {
    const word = parts[part]!;
    const exact = /^([0-9A-F]{2})(\+i)?$/.exec(word);
    if (/^\/[0-7]$/.test(word)) reg = Number(word[1]);
    else if (word === 'm' || word === 'r') form = word;
    else if (exact !== null) {
      modrm = Number.parseInt(exact[1]!, 16);
      modrmSpread = exact[2] === undefined ? 1 : 8;
    } else throw bad();
  }
  return {
    map,
    byte: Number.parseInt(byte[1]!, 16),
    spread: byte[2] === undefined ? 1 : 8,
    classes: classes ?? ALL_CLASSES,
    explicit: classes !== undefined,
    reg,
    form,
    modrm,
    modrmSpread,
  };
}

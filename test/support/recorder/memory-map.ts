// The machine that every recorded vector runs on: its linear memory, segment bases and the pseudo-random rules for the
// values that a vector does not spell out. Both sides use this file, the recorder to lay out the real process and the
// reader to give back complete cases, so nothing in here may change without recording all vectors again
// (scripts/record-vectors.sh); each fixture's first line carries a copy of the map and is compared with it.

/** One run of mapped pages; everything between regions is unmapped. */
export interface Region {
  readonly name: string;
  /** First linear address, u32, page-aligned. */
  readonly base: number;
  /** Bytes, a multiple of 4096. */
  readonly size: number;
  /** Rights of user mode: 1 read, 2 write, 4 execute, added up. */
  readonly access: number;
}

/** The mapped regions in ascending order. `low` and `wrap` are there for 16-bit addresses. */
export const REGIONS: readonly Region[] = [
  { name: 'low', base: 0x8000, size: 0x2000, access: 3 },
  { name: 'wrap', base: 0xf000, size: 0x2000, access: 3 },
  { name: 'scratch', base: 0x101000, size: 0x2000, access: 3 },
  { name: 'writable', base: 0x104000, size: 0x1000, access: 3 },
  { name: 'readonly', base: 0x105000, size: 0x1000, access: 1 },
  { name: 'stack', base: 0x108000, size: 0x2000, access: 3 },
  { name: 'code', base: 0x200000, size: 0x4000, access: 5 },
];

/** Where a case's instruction lies unless the case says otherwise. */
export const CODE_ADDRESS = 0x201000;
/** ESP at the start of a case unless the case says otherwise. */
export const STACK_POINTER = 0x108f00;
/** Bases of FS and GS. CS, DS, ES and SS are flat, base 0; all limits are 4 GiB and all six segments are 32-bit. */
export const FS_BASE = 0x100f00;
/** See {@link FS_BASE}. */
export const GS_BASE: number = 0xfff00000 | 0;

/** EFLAGS bits by name. Source: SDM vol. 1 §3.4.3. */
export const FLAG = { CF: 1, PF: 4, AF: 0x10, ZF: 0x40, SF: 0x80, DF: 0x400, OF: 0x800 } as const;
/** CF PF AF ZF SF OF. */
export const STATUS_FLAGS = 0x8d5;
/** The bits that a vector varies and compares: the status flags and DF. */
export const VECTOR_FLAGS = 0xcd5;
/** IF and the bit that always reads 1: set in EFLAGS before and after every case. */
export const FIXED_FLAGS = 0x202;

/** The byte that a region holds before any patch: INT3 throughout the code region (it ends every case), elsewhere the
 *  top byte of the address times 2^32 divided by the golden ratio.
 *  @param la linear address, u32 or i32. */
export function baseByte(la: number): number {
  return la >>> 0 >= 0x200000 ? 0xcc : Math.imul(la, 0x9e3779b1) >>> 24;
}

/** xorshift32 (Marsaglia, 13/17/5): the only source of randomness in recorder and reader. */
export class Xorshift32 {
  state: number;

  /** @param seed any i32; 0, the one state xorshift never leaves, becomes 1. */
  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  /** The next i32. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return (this.next() >>> 4) % bound;
  }
}

// Chosen so that the low 8 and 16 bits of an edge value are often an edge of the narrower size as well.
// biome-ignore format: table
const EDGES: readonly number[] = [
  0, 1, 2, -1, -2, 0x7fffffff, -0x80000000, -0x7fffffff, 0x7ffffffe, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff,
  0x10000, 0x55555555, 0xaaaaaaaa | 0, 0x80808080 | 0, 0x7f7f7f7f, 0x80008000 | 0, 0x7fff7fff, 0x00ff00ff, 0xff00ff00 | 0,
  0x0f0f0f0f, 0x99999999 | 0, 0x12345678, 0xffff0000 | 0, 0xffffff80 | 0, 0xffff8000 | 0, 0x09090909,
];

/** A test operand, i32: an edge value, a small signed number, or (every other time) 32 random bits. */
export function operandValue(random: Xorshift32): number {
  const pick = random.next();
  if (pick & 0x100) return random.next();
  return pick & 0x200 ? EDGES[(pick >>> 16) & 31]! : (pick << 8) >> 24;
}

/** FNV-1a of the form's name, mixed with the case's number: the seed of one case, i32. */
export function caseSeed(form: string, index: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < form.length; i++) hash = Math.imul(hash ^ form.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash + Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Registers and flags that a case starts from before its own settings: eight operand values in ModRM order
 *  (EAX ECX EDX EBX ESP EBP ESI EDI) with ESP replaced by {@link STACK_POINTER}, then EFLAGS. */
export function seedState(random: Xorshift32, regs: Int32Array): number {
  for (let i = 0; i < 8; i++) regs[i] = operandValue(random);
  // Equal operands are too rare by chance for compare and exchange; bits of one draw decide which pair is made equal.
  const twin = random.next();
  if ((twin & 0x700) === 0) regs[twin & 7] = regs[(twin >>> 3) & 7]!;
  regs[4] = STACK_POINTER;
  return (random.next() & VECTOR_FLAGS) | FIXED_FLAGS;
}

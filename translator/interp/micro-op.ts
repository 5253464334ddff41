/**
 * The micro-operations of tier 0: numbers and operand layout. encode.ts writes them, loop.ts runs them.
 *
 * A micro-operation is a number and a few words in one Int32Array. Operands are slots of the state array: registers,
 * flags, temporaries and interned constants are all just slots, so no operation needs a variant for each.
 * The numbers also stand as literals in loop.ts, because V8 makes a jump table only of literal cases; the test
 * test/translator/interp/micro-op.test.ts compares the two.
 */
// biome-ignore format: opcode table
export const Op = {
  // d, a
  not: 1, neg: 2, sext8: 3, sext16: 4, zext8: 5, zext16: 6, high8: 7, bswap: 8, clz: 9, ctz: 10, popcnt: 11, parity: 12,
  // d, a, b
  add: 20, sub: 21, mul: 22, and: 23, or: 24, xor: 25, shl: 26, shr: 27, sar: 28, rol: 29, ror: 30, mulhu: 31, mulhs: 32, pdep: 33, pext: 34,
  rol9: 35, rol17: 36, mulo: 37,
  eq: 40, ne: 41, lts: 42, les: 43, gts: 44, ges: 45, ltu: 46, leu: 47, gtu: 48, geu: 49,
  // d, condition, a, b
  select: 50,
  // d, a
  mov: 51,
  // d, word
  loadConstant: 52,
  // slot, a: write part of a slot
  set8: 53, set8h: 54, set16: 55,
  // d, slot: read part of a slot, sign-extended
  get8: 56, get8h: 57, get16: 58,
  // d, base, displacement word
  load8s: 60, load8z: 61, load16s: 62, load16z: 63, load32: 64,
  // d, base, index, shift word, displacement word
  load8sIndexed: 65, load8zIndexed: 66, load16sIndexed: 67, load16zIndexed: 68, load32Indexed: 69,
  // base, displacement word, value
  store8: 70, store16: 71, store32: 72,
  // base, index, shift word, displacement word, value
  store8Indexed: 73, store16Indexed: 74, store32Indexed: 75,
  // d, base, displacement word: load after checking for writing
  modify8: 76, modify16: 77, modify32: 78,
  // value; ESP moves after the store
  push32: 80,
  // d; ESP moves before d is written
  pop32: 81,
  // a, b, r: flag setters
  flagsAdd: 90, flagsAdc: 91, flagsSub: 92, flagsSbb: 93, flagsLogic: 94, flagsInc: 95, flagsDec: 96, flagsGiven: 97,
  flagsRotate: 98, flagsCarry: 99, flagsWords: 100, flagsOverflow: 101,
  // value, words to skip when it is zero
  skipIfZero: 102,
  // d, a, b: operation and its flags
  addFlags: 110, subFlags: 111, andFlags: 112, orFlags: 113, xorFlags: 114,
  // a, b: flags alone
  compare: 115, test: 116,
  // d, a
  incFlags: 117, decFlags: 118,
  // d, helper number, arguments
  call0: 120, call1: 121, call2: 122, call3: 123, call4: 124, call5: 125,
  // link, EIP
  jump: 130,
  // condition, taken link, taken EIP, next link, next EIP
  branch: 131,
  // a, b, taken link, taken EIP, next link, next EIP
  branchEq: 132, branchNe: 133, branchLts: 134, branchLes: 135, branchGts: 136, branchGes: 137, branchLtu: 138, branchLeu: 139, branchGtu: 140, branchGeu: 141,
  // the same, setting the flags of a comparison of a with b
  compareBranchEq: 142, compareBranchNe: 143, compareBranchLts: 144, compareBranchLes: 145, compareBranchGts: 146, compareBranchGes: 147,
  compareBranchLtu: 148, compareBranchLeu: 149, compareBranchGtu: 150, compareBranchGeu: 151,
  // target, EIPs seen so far (SEEN_TARGETS words)
  indirect: 152,
  // call number, EIP of the instruction, EIP of the next, argument count, arguments
  vmm: 153,
  // r, taken link, taken EIP, next link, next EIP: flags of logic on r, branch when r is zero, or is not
  testBranchEq: 154, testBranchNe: 155,
  // target of a near return
  return: 156,
} as const;

export type OpName = keyof typeof Op;

/** Words before a block's first micro-operation. */
export const HEADER_WORDS = 6;
/** Header: guest instructions in the block; executions left until it is hot; TLB word of its page; offset of its sites; mode. */
export const HEADER_COUNT = 0;
export const HEADER_HEAT = 1;
export const HEADER_MAPPING = 2;
export const HEADER_SITES = 3;
export const HEADER_MODE = 4;
/** Position of the indirect jump or call that ends the block, from its start; 0 for none. */
export const HEADER_INDIRECT = 5;

/** Different targets that an indirect jump remembers for forming regions. */
export const SEEN_TARGETS = 6;
/** Entries of the table that leads indirect jumps from EIP to block: pairs of EIP and position. */
export const JUMP_ENTRIES = 4096;

/** Index of an EIP's pair in the jump table. */
export function jumpIndex(eip: number): number {
  return ((eip ^ (eip >>> 12)) & (JUMP_ENTRIES - 1)) << 1;
}

/**
 * Operand layout of each micro-operation, a letter a word: d slot written, s slot read, b slot of an address base,
 * w plain word, h helper number, l link word with the EIP it leads to.
 */
const groups: readonly (readonly [layout: string, ops: readonly OpName[]])[] = [
  [
    'ds',
    ['not', 'neg', 'sext8', 'sext16', 'zext8', 'zext16', 'high8', 'bswap', 'clz', 'ctz', 'popcnt', 'parity', 'mov'],
  ],
  [
    'dss',
    [
      'add',
      'sub',
      'mul',
      'and',
      'or',
      'xor',
      'shl',
      'shr',
      'sar',
      'rol',
      'ror',
      'mulhu',
      'mulhs',
      'pdep',
      'pext',
      'rol9',
      'rol17',
      'mulo',
    ],
  ],
  ['dss', ['eq', 'ne', 'lts', 'les', 'gts', 'ges', 'ltu', 'leu', 'gtu', 'geu']],
  ['dsss', ['select']],
  ['dw', ['loadConstant']],
  ['ds', ['set8', 'set8h', 'set16', 'get8', 'get8h', 'get16']],
  ['dbw', ['load8s', 'load8z', 'load16s', 'load16z', 'load32', 'modify8', 'modify16', 'modify32']],
  ['dbsww', ['load8sIndexed', 'load8zIndexed', 'load16sIndexed', 'load16zIndexed', 'load32Indexed']],
  ['bws', ['store8', 'store16', 'store32']],
  ['bswws', ['store8Indexed', 'store16Indexed', 'store32Indexed']],
  ['s', ['push32', 'return']],
  ['d', ['pop32']],
  [
    'sss',
    [
      'flagsAdd',
      'flagsAdc',
      'flagsSub',
      'flagsSbb',
      'flagsLogic',
      'flagsInc',
      'flagsDec',
      'flagsGiven',
      'flagsRotate',
      'flagsCarry',
      'flagsWords',
      'flagsOverflow',
    ],
  ],
  ['sw', ['skipIfZero']],
  ['dss', ['addFlags', 'subFlags', 'andFlags', 'orFlags', 'xorFlags']],
  ['ss', ['compare', 'test']],
  ['ds', ['incFlags', 'decFlags']],
  ['dh', ['call0']],
  ['dhs', ['call1']],
  ['dhss', ['call2']],
  ['dhsss', ['call3']],
  ['dhssss', ['call4']],
  ['dhsssss', ['call5']],
  ['l', ['jump']],
  ['sll', ['branch', 'testBranchEq', 'testBranchNe']],
  [
    'ssll',
    [
      'branchEq',
      'branchNe',
      'branchLts',
      'branchLes',
      'branchGts',
      'branchGes',
      'branchLtu',
      'branchLeu',
      'branchGtu',
      'branchGeu',
    ],
  ],
  [
    'ssll',
    [
      'compareBranchEq',
      'compareBranchNe',
      'compareBranchLts',
      'compareBranchLes',
      'compareBranchGts',
      'compareBranchGes',
      'compareBranchLtu',
      'compareBranchLeu',
      'compareBranchGtu',
      'compareBranchGeu',
    ],
  ],
  ['swwwwww', ['indirect']],
  ['wwww', ['vmm']],
];

/** Layout and name by number. */
export const microOps: ReadonlyMap<number, { readonly name: OpName; readonly layout: string }> = new Map(
  groups.flatMap(([layout, names]) => names.map((name) => [Op[name], { name, layout }] as const)),
);

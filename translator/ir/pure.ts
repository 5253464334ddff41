/**
 * Every pure operator of the IR, stated once, as a typed arrow over i32 values.
 *
 * Three readers share these arrows: tier 0 and constant folding call them; tier 1 parses their text (emit/reflect.ts)
 * and inlines the expression into generated JavaScript. Hence the rules: an arrow with an expression body uses only
 * its parameters, literals and Math, and is inlined; an arrow with a block body is called from generated code.
 * Arguments and results are i32; comparisons give booleans, which count as 0 and 1 wherever a word is wanted.
 * Narrow (8- and 16-bit) values travel sign-extended: that keeps order, sign and zero tests valid at any width.
 */

type Unary = (a: number) => number;
type Binary = (a: number, b: number) => number;
type Test = (a: number, b: number) => boolean;

const unary = {
  not: (a) => ~a,
  neg: (a) => -a | 0,
  sext8: (a) => (a << 24) >> 24,
  sext16: (a) => (a << 16) >> 16,
  zext8: (a) => a & 255,
  zext16: (a) => a & 65535,
  /** Bits 15..8 sign-extended: AH of EAX. */
  high8: (a) => (a << 16) >> 24,
  bswap: (a) => (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24),
  clz: (a) => Math.clz32(a),
  /** Trailing zeros, 32 for 0. */
  ctz: (a) => 32 - Math.clz32(~a & (a - 1)),
  popcnt: (a) => {
    const pairs = (a - ((a >>> 1) & 0x55555555)) | 0;
    const nibbles = ((pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)) | 0;
    return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  },
  /** 1 when the low byte has an even number of ones (PF), else 0. */
  parity: (a) => (0x9669 >>> ((a ^ (a >>> 4)) & 15)) & 1,
} as const satisfies Record<string, Unary>;

const binary = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  /** Shift counts are taken modulo 32, as in the guest's and the host's shifts. */
  shl: (a, b) => a << b,
  shr: (a, b) => (a >>> b) | 0,
  sar: (a, b) => a >> b,
  rol: (a, b) => (a << b) | (a >>> -b),
  ror: (a, b) => (a >>> b) | (a << -b),
  /** Rotate left by any count >= 0 within 9 and 17 bits; bits above those of the result have no meaning. */
  rol9: (a, b) => (a << (b % 9)) | (a >>> (9 - (b % 9))),
  rol17: (a, b) => (a << (b % 17)) | (a >>> (17 - (b % 17))),
  /** 1 when the signed product does not fit 32 bits: then its double is not the low word, however it was rounded. */
  mulo: (a, b) => (a * b === Math.imul(a, b) ? 0 : 1),
  /** High word of the unsigned 64-bit product. */
  mulhu: (a, b) => {
    const low = Math.imul(a & 65535, b & 65535);
    const middle = (Math.imul(a >>> 16, b & 65535) + (low >>> 16)) | 0;
    const other = (Math.imul(a & 65535, b >>> 16) + (middle & 65535)) | 0;
    return (Math.imul(a >>> 16, b >>> 16) + (middle >>> 16) + (other >>> 16)) | 0;
  },
  /** High word of the signed 64-bit product. */
  mulhs: (a, b) => {
    const low = Math.imul(a & 65535, b & 65535);
    const middle = (Math.imul(a >> 16, b & 65535) + (low >>> 16)) | 0;
    const other = (Math.imul(a & 65535, b >> 16) + (middle & 65535)) | 0;
    return (Math.imul(a >> 16, b >> 16) + (middle >> 16) + (other >> 16)) | 0;
  },
  /** Parallel bit deposit and extract (SDM vol. 2B PDEP, PEXT): (source, mask). */
  pdep: (a, b) => {
    let result = 0;
    let source = a;
    for (let mask = b; mask !== 0; mask &= mask - 1) {
      if (source & 1) result |= mask & -mask;
      source >>>= 1;
    }
    return result;
  },
  pext: (a, b) => {
    let result = 0;
    let bit = 1;
    for (let mask = b; mask !== 0; mask &= mask - 1) {
      if (a & mask & -mask) result |= bit;
      bit <<= 1;
    }
    return result;
  },
} as const satisfies Record<string, Binary>;

const tests = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  /** Signed order. */
  lts: (a, b) => a < b,
  les: (a, b) => a <= b,
  gts: (a, b) => a > b,
  ges: (a, b) => a >= b,
  /** Unsigned order. */
  ltu: (a, b) => a >>> 0 < b >>> 0,
  leu: (a, b) => a >>> 0 <= b >>> 0,
  gtu: (a, b) => a >>> 0 > b >>> 0,
  geu: (a, b) => a >>> 0 >= b >>> 0,
} as const satisfies Record<string, Test>;

const ternary = {
  /** b when a is not zero, else c. Both are computed. */
  select: (a: number, b: number, c: number): number => (a ? b : c),
} as const;

export type UnaryName = keyof typeof unary;
export type BinaryName = keyof typeof binary;
export type TestName = keyof typeof tests;
export type TernaryName = keyof typeof ternary;
export type PureName = UnaryName | BinaryName | TestName | TernaryName;

/** All pure operators by kind. */
export const pure: {
  readonly unary: Readonly<Record<UnaryName, Unary>>;
  readonly binary: Readonly<Record<BinaryName, Binary>>;
  readonly tests: Readonly<Record<TestName, Test>>;
  readonly ternary: Readonly<Record<TernaryName, (a: number, b: number, c: number) => number>>;
} = { unary, binary, tests, ternary };

/** Is the result of this operator a boolean (0 or 1)? */
export function isTest(name: string): name is TestName {
  return Object.hasOwn(tests, name);
}

const operators: Readonly<Record<string, (...args: never[]) => number | boolean>> = {
  ...unary,
  ...binary,
  ...tests,
  ...ternary,
};

/** The arrow of an operator, whatever its arity. */
export function pureOperator(name: PureName): (...args: number[]) => number | boolean {
  const arrow = operators[name];
  if (arrow === undefined) throw new Error(`no pure operator named ${name}`);
  return arrow as (...args: number[]) => number | boolean;
}

/** Tests with the opposite outcome. */
export const negatedTest: Readonly<Record<TestName, TestName>> = {
  eq: 'ne',
  ne: 'eq',
  lts: 'ges',
  les: 'gts',
  gts: 'les',
  ges: 'lts',
  ltu: 'geu',
  leu: 'gtu',
  gtu: 'leu',
  geu: 'ltu',
};

// Arithmetic on pairs of doubles gives what the general path does, which was compared with a CPU: result, exactness and
// direction of rounding; or says that it is not certain. Numbers are those that such code gets wrong: few bits, all ones,
// just beside powers of two, halfway between doubles, equal and close exponents.
import { expect, test } from 'vitest';
import { PairOperation, type PairResult, pairOperation } from '../../../runtime/abi/pair.ts';
import { extendedOfPair, pairOfExtended } from '../../../runtime/cpu/extended.ts';
import { add, divide, multiply, squareRoot } from '../../../runtime/helpers/x87/arithmetic.ts';
import { type Operand, type Real, unpack } from '../../../runtime/helpers/x87/format.ts';
import { FloatEnvironment, PE } from '../../../runtime/helpers/x87/round.ts';

const SEED = Number(process.env['SEED'] ?? 20241124);
const CASES = 60_000;
/** Places of a, which is also that of the result, of b, and of the residue. */
const [A, B, RESIDUE] = [0, 2, 4];

let state = SEED;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}
const random64 = (): bigint => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));

function significand(): bigint {
  const m = random64();
  switch (random(8)) {
    case 0:
      return m & (-1n << BigInt(random(64)));
    case 1:
      return (m >> 11n) << 11n;
    case 2:
      return (m >> 40n) << 40n;
    case 3:
      return -1n - BigInt(random(4096));
    case 4:
      return BigInt(random(4096));
    case 5:
      return ((m >> 11n) << 11n) | 1024n | BigInt(random(3) === 0);
    default:
      return m;
  }
}

function number(): Real {
  const sign = random(2) << 15;
  if (random(40) === 0) return { se: sign, sig: 0n };
  const exponent = 16363 + random(random(3) === 0 ? 40 : 6);
  return { se: sign | exponent, sig: BigInt.asUintN(64, significand()) | (1n << 63n) };
}

const words = new Int32Array(3);
const F = new Float64Array(6);
const R: PairResult = new Float64Array(3);
const env = new FloatEnvironment();

function load({ se, sig }: Real, at: number): void {
  if (!pairOfExtended(Number(sig & 0xffffffffn) | 0, Number(sig >> 32n) | 0, se, R)) throw new Error('no pair');
  F[at] = R[0]!;
  F[at + 1] = R[1]!;
}

function stored(at: number): Real {
  extendedOfPair(F[at]!, F[at + 1]!, words, 0);
  return { se: words[2]!, sig: (BigInt(words[1]! >>> 0) << 32n) | BigInt(words[0]! >>> 0) };
}

const show = ({ se, sig }: Real): string => `${se.toString(16)}:${sig.toString(16).padStart(16, '0')}`;

interface Operation {
  readonly name: keyof typeof PairOperation;
  readonly applies: (a: Real, b: Real) => boolean;
  readonly exact: (a: Operand, b: Operand) => Real;
  /** Most cases in a thousand that may be left to the general path. */
  readonly unsure: number;
}

const always = (): boolean => true;
const operations: readonly Operation[] = [
  { name: 'Sum', applies: always, exact: (a, b) => add(env, a, b, false), unsure: 20 },
  { name: 'Difference', applies: always, exact: (a, b) => add(env, a, b, true), unsure: 20 },
  { name: 'DifferenceReversed', applies: always, exact: (a, b) => add(env, b, a, true), unsure: 20 },
  { name: 'Product', applies: always, exact: (a, b) => multiply(env, a, b), unsure: 120 },
  // By a double, and with all bits of both.
  { name: 'Product', applies: (_, { sig }) => (sig & 2047n) === 0n, exact: (a, b) => multiply(env, a, b), unsure: 5 },
  { name: 'Product', applies: ({ sig }) => (sig & 2047n) === 0n, exact: (a, b) => multiply(env, a, b), unsure: 5 },
  { name: 'Quotient', applies: (_, { sig }) => sig !== 0n, exact: (a, b) => divide(env, a, b), unsure: 150 },
  { name: 'QuotientReversed', applies: ({ sig }) => sig !== 0n, exact: (a, b) => divide(env, b, a), unsure: 150 },
  {
    name: 'Root',
    applies: (_, { se, sig }) => se < 0x8000 && sig !== 0n,
    exact: (_, b) => squareRoot(env, b),
    unsure: 200,
  },
];

test.each(operations)('$name', ({ name, applies, exact, unsure }) => {
  let [cases, refused] = [0, 0];
  for (let n = 0; n < CASES; n++) {
    const a = number();
    const b = random(30) === 0 ? a : number();
    if (!applies(a, b)) continue;
    load(a, A);
    load(b, B);
    expect([stored(A), stored(B)]).toEqual([a, b]);
    cases++;
    if (!pairOperation(F, PairOperation[name], A, B, RESIDUE)) {
      refused++;
      expect([stored(A), stored(B)]).toEqual([a, b]);
      continue;
    }
    env.begin(0x37f);
    const result = exact(unpack(a), unpack(b));
    const here = `${show(stored(A))} ${F[RESIDUE] !== 0} ${F[RESIDUE]! < 0} ${F[A] === F[A]! + F[A + 1]!}`;
    const there = `${show(result)} ${(env.raised & PE) !== 0} ${env.c1 === 1} true`;
    if (here !== there) expect.fail(`seed ${SEED}, case ${n}: ${show(a)} ${show(b)}: general ${there}, pairs ${here}`);
  }
  expect((refused * 1000) / cases).toBeLessThan(unsure);
  expect(cases).toBeGreaterThan(CASES / 10);
});

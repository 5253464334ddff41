// Arithmetic on pairs of doubles in WebAssembly gives what the function of JavaScript gives that it is made of: the same
// pair, the same residue, PE where something was lost, or NaN where that one is not certain, and then nothing is written.
import { expect, test } from 'vitest';
import { PairOperation, pairOperation } from '../../../../runtime/abi/pair.ts';
import { X87_INEXACT, X87_LOW, X87_RESIDUE } from '../../../../runtime/abi/state.ts';
import { webAssembly } from '../../../../runtime/abi/web-assembly.ts';
import { elements } from '../../../../translator/emit/wasm/environment.ts';
import { pairModule } from '../../../../translator/emit/wasm/pairs.ts';
import { randomWords } from '../../../support/objdump-sample.ts';

const host = webAssembly!;
const SEED = 23;
const CASES = 40_000;
const PE = 32;
const [RESIDUE, LOW] = [X87_RESIDUE >> 1, X87_LOW >> 1];

const memory = new host.Memory({ initial: 1, maximum: 65536 });
const D = new Float64Array(memory.buffer);
const S = new Int32Array(memory.buffer);
const arrays = { S: { base: 0, ...elements.i32 }, D: { base: 0, ...elements.f64 } };
const { exports } = new host.Instance(new host.Module(pairModule(arrays, false).bytes), { m: { m: memory } });

const next = randomWords(SEED);
const F = new Float64Array(5);

/** Few bits, many bits, low parts or none; close exponents or distant ones. */
function randomPair(): [number, number] {
  const word = (): number => (next() | 0) >> (next() % 32);
  F.set([word(), 0, 1 + (next() & 0xff), 0]);
  if (next() % 3 !== 0) F[2] = (1 + (next() >>> 0)) * 2 ** ((next() % 30) - 15);
  if (next() % 4 !== 0) pairOperation(F, [PairOperation.Product, PairOperation.Quotient][next() % 2]!, 0, 2, 4);
  return [F[0]!, F[1]!];
}

test.each([
  ['pairSum', PairOperation.Sum],
  ['pairProduct', PairOperation.Product],
  ['pairQuotient', PairOperation.Quotient],
  ['pairRoot', PairOperation.Root],
])('%s', (name, operation) => {
  const run = exports[name] as (...parts: number[]) => number;
  let certain = 0;
  for (let n = 0; n < CASES; n++) {
    const [x, y] = [randomPair(), next() % 50 === 0 ? ([0, 0] as const) : randomPair()];
    F.set([...x, ...y, 7]);
    D[RESIDUE] = 7;
    S[X87_INEXACT] = 0;
    const isCertain = pairOperation(F, operation, 0, 2, 4);
    const high = run(...x, ...y);
    const here = isCertain ? [high, D[LOW], D[RESIDUE], S[X87_INEXACT]] : [high, D[RESIDUE], S[X87_INEXACT]];
    const there = isCertain ? [F[0], F[1], F[4], F[4] === 0 ? 0 : PE] : [Number.NaN, 7, 0];
    expect(here, `seed ${SEED}, case ${n}: ${x} and ${y}`).toEqual(there);
    if (isCertain) certain++;
  }
  expect(certain).toBeGreaterThan(CASES / 3);
});

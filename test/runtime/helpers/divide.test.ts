// The division helpers against BigInt arithmetic: quotient, remainder and #DE on edge and random operands, with
// quotients near the limits more frequent than chance would have them.
import { describe, expect, it } from 'vitest';
import { SCRATCH, STATE_SLOTS } from '../../../runtime/abi/state.ts';
import { Vector } from '../../../runtime/abi/vector.ts';
import { GuestFault } from '../../../runtime/cpu/fault.ts';
import { divideHelpers } from '../../../runtime/helpers/divide.ts';
import type { Memory } from '../../../runtime/memory/memory.ts';
import { operandValue, Xorshift32 } from '../../support/recorder/memory-map.ts';

const CASES = 40_000;
const state = new Int32Array(STATE_SLOTS);
const fault = new GuestFault();
const helpers = divideHelpers({ state, fault, memory: undefined as unknown as Memory });

/** What a helper did: [quotient, remainder] or the vector it raised. */
function run(helper: (...args: number[]) => number, args: readonly number[]): [bigint, bigint] | number {
  try {
    const quotient = helper(...args);
    return [BigInt(quotient), BigInt(state[SCRATCH]!)];
  } catch (error) {
    if (error !== fault) throw error;
    return fault.vector;
  }
}

function divide(dividend: bigint, divisor: bigint, size: number, signed: boolean): [bigint, bigint] | number {
  const cut = (value: bigint): bigint => (signed ? BigInt.asIntN(size, value) : BigInt.asUintN(size, value));
  if (divisor === 0n || cut(dividend / divisor) !== dividend / divisor) return Vector.DE;
  return [dividend / divisor, dividend % divisor];
}

/** A dividend of twice `size` bits: any, or near divisor * quotient for an edge quotient, so that it just fits or not. */
function dividendFor(divisor: bigint, size: number, signed: boolean, random: Xorshift32): bigint {
  const any = (BigInt(operandValue(random)) << 32n) | BigInt(operandValue(random) >>> 0);
  let dividend = BigInt.asIntN(64, any) >> BigInt(64 - 2 * size);
  if (random.below(3) > 0) {
    const top = 1n << BigInt(signed ? size - 1 : size);
    const quotients = [top, -top, top - 1n, 1n - top, 0n, 1n, -1n, BigInt(operandValue(random))];
    dividend = divisor * quotients[random.below(quotients.length)]! + BigInt(random.below(5) - 2);
    if (random.below(2) === 0) dividend += divisor - 1n;
  }
  return signed ? BigInt.asIntN(2 * size, dividend) : BigInt.asUintN(2 * size, dividend);
}

const word = (value: bigint, size: number, signed: boolean): number =>
  signed || size === 32 ? Number(BigInt.asIntN(size, value)) : Number(BigInt.asUintN(size, value));

describe.each([8, 16, 32])('%i bits', (size) => {
  it.each([false, true])('signed: %s', (signed) => {
    const name = `${signed ? 'idiv' : 'div'}${size}` as keyof typeof helpers;
    const random = new Xorshift32(size * 2 + Number(signed));
    let raised = 0;
    for (let i = 0; i < CASES; i++) {
      const cut = (value: number): bigint =>
        signed ? BigInt.asIntN(size, BigInt(value)) : BigInt.asUintN(size, BigInt(value));
      const divisor = cut(operandValue(random));
      const dividend = dividendFor(divisor, size, signed, random);
      const whole = size === 8 || (signed && size === 16);
      const args = whole
        ? [word(dividend, 2 * size, signed)]
        : [word(dividend >> BigInt(size), size, signed), word(dividend, size, signed)];
      const expected = divide(dividend, divisor, size, signed);
      let actual = run(helpers[name], [...args, word(divisor, size, signed)]);
      // 32-bit results are i32 whatever they mean.
      if (typeof actual !== 'number' && !signed)
        actual = [BigInt.asUintN(32, actual[0]), BigInt.asUintN(32, actual[1])];
      if (String(actual) !== String(expected)) expect.fail(`${dividend} / ${divisor}: ${actual}, not ${expected}`);
      if (expected === Vector.DE) raised++;
    }
    expect(raised).toBeGreaterThan(CASES / 20);
    expect(raised).toBeLessThan(CASES * 0.9);
  });
});

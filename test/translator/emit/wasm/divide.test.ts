// The divisions in WebAssembly against BigInt; what raises #DE goes to the helper, with the operands as they are.
import { expect, test } from 'vitest';
import { SCRATCH } from '../../../../runtime/abi/state.ts';
import { webAssembly } from '../../../../runtime/abi/web-assembly.ts';
import { ModuleWriter, ValueType } from '../../../../translator/emit/wasm/binary.ts';
import { divideCode, divideLocals } from '../../../../translator/emit/wasm/divide.ts';
import { randomWords } from '../../../support/objdump-sample.ts';

const host = webAssembly!;

const { I32 } = ValueType;
const STATE = 4096;
const REFUSED = 0x5a5a5a5a;

function divider(isSigned: boolean): { divide(high: number, low: number, divisor: number): number; state: Int32Array } {
  const memory = new host.Memory({ initial: 1, maximum: 1 });
  const type = { parameters: [I32, I32, I32], results: [I32] };
  const module = new ModuleWriter();
  module.importMemory('m', 'm', false);
  const helper = module.importFunction('s', 'f', type);
  module.exportFunction('f', type, divideLocals, divideCode(isSigned, STATE, helper));
  const compiled = new host.Module(module.finish());
  const { exports } = new host.Instance(compiled, { m: { m: memory }, s: { f: () => REFUSED } });
  return { divide: exports['f'] as never, state: new Int32Array(memory.buffer, STATE) };
}

const edges = [0, 1, -1, 2, -2, 10, 0x7fffffff, -0x80000000, 0x10000, -0x7fffffff];

test.each([false, true])('signed: %s', (isSigned) => {
  const { divide, state } = divider(isSigned);
  const next = randomWords(7);
  const wide = (bits: 32 | 64, value: bigint): bigint =>
    isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  let divided = 0;
  const check = (high: number, low: number, divisor: number): void => {
    const dividend = wide(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
    const by = wide(32, BigInt(divisor));
    const quotient = by === 0n ? undefined : dividend / by;
    const result = divide(high, low, divisor);
    const operands = `${high} ${low} / ${divisor}`;
    if (quotient === undefined || wide(32, quotient) !== quotient) expect(result, operands).toBe(REFUSED);
    else if (high !== -0x80000000) {
      divided++;
      expect(result, operands).toBe(Number(BigInt.asIntN(32, quotient)));
      expect(state[SCRATCH], `rest of ${operands}`).toBe(Number(BigInt.asIntN(32, dividend - quotient * by)));
    }
  };
  for (const high of edges) for (const low of edges) for (const divisor of edges) check(high, low, divisor);
  for (let i = 0; i < 20_000; i++) {
    const divisor = (next() | 0) >> (next() % 31);
    check((next() | 0) >> (next() % 32), next() | 0, divisor);
    check(divisor >> (1 + (next() % 8)), next() | 0, divisor);
  }
  expect(divided).toBeGreaterThan(10_000);
});

// Expressions and statements mean in WebAssembly what they mean in JavaScript: each text is compiled by V8 as it stands and,
// by way of acorn and the encoder, as a module; both are run on the same words.
import { parse, parseExpressionAt } from 'acorn';
import { describe, expect, test } from 'vitest';
import { webAssembly } from '../../../../runtime/abi/web-assembly.ts';
import type { Expression, Statement } from '../../../../translator/emit/estree.ts';
import { ByteWriter, ModuleWriter, ValueType } from '../../../../translator/emit/wasm/binary.ts';
import { type Environment, elements } from '../../../../translator/emit/wasm/environment.ts';
import { ExpressionEncoder } from '../../../../translator/emit/wasm/expressions.ts';
import { Locals } from '../../../../translator/emit/wasm/locals.ts';
import { StatementEncoder } from '../../../../translator/emit/wasm/statements.ts';
import { randomWords } from '../../../support/objdump-sample.ts';

const host = webAssembly!;

type Words = (a: number, b: number) => number;

/** The bytes that both kinds of code see; arrays of the texts begin at 1024. */
const memory = new host.Memory({ initial: 1, maximum: 1 });
const BASE = 1024;
const arrays = {
  S: new Int32Array(memory.buffer, BASE, 64),
  D: new Float64Array(memory.buffer, BASE, 32),
  SF: new Float32Array(memory.buffer, BASE, 64),
  u8: new Uint8Array(memory.buffer),
};
const environment: Environment = {
  arrays: {
    S: { ...elements.i32, base: BASE },
    D: { ...elements.f64, base: BASE },
    SF: { ...elements.f32, base: BASE },
    Q: { ...elements.v128, base: BASE },
    u8: { ...elements.u8, base: 0 },
  },
  call(name) {
    throw new Error(`nothing to call: ${name}`);
  },
};
const twoWords = { parameters: [ValueType.I32, ValueType.I32], results: [ValueType.I32] };

function instantiate(
  encode: (expressions: ExpressionEncoder, locals: Locals) => void,
  tree: readonly Statement[],
): Words {
  const module = new ModuleWriter();
  module.importMemory('m', 'm', false);
  const locals = new Locals(['a', 'b']);
  locals.count(tree);
  const code = new ByteWriter();
  encode(new ExpressionEncoder(code, locals, environment), locals);
  module.exportFunction('f', twoWords, locals.types, code);
  const compiled = new host.Module(module.finish());
  return new host.Instance(compiled, { m: { m: memory } }).exports['f'] as Words;
}

function fromExpression(text: string): Words {
  const tree = parseExpressionAt(text, 0, { ecmaVersion: 2023 }) as unknown as Expression;
  return instantiate((expressions) => expressions.word(tree), [{ type: 'ReturnStatement', argument: tree }]);
}

function fromStatements(text: string): Words {
  const tree = parse(text, { ecmaVersion: 2023, allowReturnOutsideFunction: true }).body as unknown as Statement[];
  return instantiate((expressions, locals) => new StatementEncoder(expressions, locals).list(tree), tree);
}

function script(body: string): Words {
  const names = Object.keys(arrays);
  return (a, b) => new Function(...names, 'a', 'b', body)(...Object.values(arrays), a, b) as number;
}

const edges = [0, 1, -1, 2, 31, 32, 255, 256, 0x7fffffff, -0x80000000, 0x12345678, -0x12345678];

function expectEqual(
  text: string,
  wasm: Words,
  javascript: Words,
  pairs: readonly (readonly [number, number])[],
): void {
  for (const [a, b] of pairs) {
    arrays.S.fill(0x01020304);
    const expected = javascript(a, b) | 0;
    const left = Uint8Array.from(arrays.u8.subarray(BASE, BASE + 256));
    arrays.S.fill(0x01020304);
    expect(wasm(a, b), `${text} of ${a} and ${b}`).toBe(expected);
    expect(arrays.u8.subarray(BASE, BASE + 256), `memory after ${text} of ${a} and ${b}`).toEqual(left);
  }
}

const edgePairs = edges.flatMap((a) => edges.map((b) => [a, b] as const));

describe('expressions of words', () => {
  test.each([
    'a + b | 0',
    '-a | 0',
    '~a & b',
    'a << b',
    'a >>> b',
    '(a >>> b) + (b >>> a) | 0',
    'a >>> 0 < b >>> 0 ? a : b',
    'a >>> 0 <= 0x80000000 ? 1 : 2',
    '+(a < b) + (a === b)',
    'a * b === Math.imul(a, b) ? 0 : 1',
    'a + b > 0x7fffffff ? 1 : a + b < -0x80000000 ? 2 : 3',
    'Math.clz32(a ^ b)',
    'Math.min(a, b)',
    'Math.max(a >>> 0, b >>> 0) | 0',
    '(a & 15 && b & 15) || a === 0 ? 1 : 0',
    'a !== 0 && !(b > a)',
    '(a & 31) % 9',
    'Math.abs(a / 3) < Math.abs(b * 0.5) ? 1 : 0',
    'Math.fround(a * 0.1) === a * 0.1 ? 1 : 0',
    'a > 0 ? Math.floor(Math.sqrt(a)) | 0 : 7',
  ])('%s', (text) => expectEqual(text, fromExpression(text), script(`return (${text})`), edgePairs));

  test('random ones', () => {
    const seed = 31;
    const next = randomWords(seed);
    const pick = <T>(of: readonly T[]): T => of[next() % of.length]!;
    const word = (depth: number): string => {
      if (depth === 0) return pick(['a', 'b', String(next() % 7), `${next() | 0}`]);
      const [x, y] = [word(depth - 1), word(depth - 1)];
      return pick([
        `(${x} + ${y} | 0)`,
        `(${x} - ${y} | 0)`,
        `(${x} & ${y})`,
        `(${x} | ${y})`,
        `(${x} ^ ${y})`,
        `(${x} << ${y})`,
        `(${x} >> ${y})`,
        `(${x} >>> ${y} | 0)`,
        `Math.imul(${x}, ${y})`,
        `~${x}`,
        `(${x} < ${y} ? ${x} : ${y})`,
        `(${x} >>> 0 > ${y} >>> 0 ? ${y} : ${x})`,
        `+(${x} >= ${y})`,
        `S[${next() % 8}]`,
      ]);
    };
    for (let i = 0; i < 300; i++) {
      const text = word(4);
      const pairs = [[next() | 0, next() | 0] as const, [pick(edges), pick(edges)] as const];
      expectEqual(`seed ${seed}: ${text}`, fromExpression(text), script(`return ${text}`), pairs);
    }
  });
});

describe('instructions that JavaScript does not have', () => {
  test.each([
    ['lowWord(ofLowWord(a))', 'a'],
    ['highWord(ofHighWord(b))', 'b'],
    ['highWord(a * -1.5) >>> 31', 'a >= 0 ? 1 : 0'],
    ['i32x4_extract(i32x4_add(i32x4_splat(a), i32x4_splat(b)), 2)', 'a + b | 0'],
    ['i32x4_extract(i16x8_shr_u(i32x4_splat(a), 3), 1)', 'a >>> 3 & 0x1fff1fff'],
    ['i32x4_bitmask(i32x4_replace(i32x4_splat(a), b, 1))', '(a < 0 ? 13 : 0) | (b < 0 ? 2 : 0)'],
    ['i64x2_all_true(i32x4_splat(a & b))', 'a & b ? 1 : 0'],
    ['f64x2_extract(f64x2_replace(f64x2_splat(a * 0.5), b * 0.25, 1), 0) === a * 0.5 ? 1 : 0', '1'],
    [
      'i32x4_extract(shuffle(i32x4_splat(a), i32x4_splat(b), 3, 2, 1, 0, 16, 17, 18, 19, 0, 0, 0, 0, 0, 0, 0, 0), 1)',
      'b',
    ],
  ])('%s', (text, meaning) => expectEqual(text, fromExpression(text), script(`return ${meaning}`), edgePairs));

  test('in locals and memory', () => {
    const text =
      'const v = i32x4_splat(a), w = Q[1]; Q[2] = v; V.setVector(1600, i32x4_add(w, v)); return i32x4_extract(V.getVector(1600), 3);';
    expectEqual(
      text,
      fromStatements(text),
      script(
        'S.fill(a, 8, 12); const x = S[7] + a | 0; for (let i = 0; i < 16; i++) u8[1600 + i] = x >> 8 * (i & 3); return x;',
      ),
      edgePairs,
    );
  });
});

describe('statements', () => {
  test.each([
    [
      'stores',
      'S[3] = a; S[(a & 7) + 8] = b; D[5] = a * 0.5; SF[1] = Math.fround(b * 0.25); u8[1030] = a; return S[2];',
    ],
    ['a store of an assignment', 'let x = 0, d = 0.5; S[1] = x = a; D[4] = d = b * 1.5; return x + (d > 0 ? 1 : 0);'],
    [
      'loops that are left and continued from within',
      `let x = 0, i = 0;
       out: { loop1: for (;;) { i = i + 1 | 0; if (i > 40) { x = x ^ b; break out; } if ((a >>> (i & 31) & 1) === 0) continue loop1;
       after2: { if ((b & i) === 0) break after2; x = x + i | 0; } x = Math.imul(x, 3) ^ a; continue loop1; } }
       return x;`,
    ],
    [
      'conditions of several parts',
      `let x = 0; if (a > 0 && (b > 0 || a > 100)) x = 1; else x = 2; if (!(a < b && b !== 7)) { x = x + 4; }
       if (a === 0 || b === 0 && a > 5) { x = x + 8; return x; } return -x;`,
    ],
    [
      'constants that give their local back',
      'const t0 = a + 1 | 0; S[0] = t0; const t1 = b ^ 5; S[1] = t1; const t2 = t1 & 3; return t2;',
    ],
    [
      'returns from a caught region',
      'let x = a; try { leave: { if (b > 3) { x = 9; break leave; } x = x + b | 0; } } catch (f) { return 1; } return x;',
    ],
  ])('%s', (_, text) => expectEqual(text, fromStatements(text), script(text), edgePairs));

  test('that have no WebAssembly are refused', () => {
    expect(() => fromStatements('while (a) a = a - 1; return 0;')).toThrow('no WebAssembly for WhileStatement');
    expect(() => fromExpression('Math.sin(a)')).toThrow('Math.sin');
    expect(() => fromExpression('c + 1')).toThrow('c is no local');
  });
});

/** Makers of expressions on doubles, for the inlined vector code. */
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';

export const assign = (left: Expression, right: Expression): Statement => js.statement(js.assign(left, right));

/** Math.name(x) */
export const math = (name: 'abs' | 'fround' | 'sqrt' | 'trunc', x: Expression): Expression => ({
  type: 'CallExpression',
  callee: { type: 'MemberExpression', object: js.id('Math'), property: js.id(name), computed: false, optional: false },
  arguments: [x],
  optional: false,
});

export const real = (value: number): Expression => ({ type: 'Literal', value, raw: String(value) });

/** The same, written so that WebAssembly takes it for a double even where it is an integer. */
export const double = (value: number): Expression => ({
  type: 'Literal',
  value,
  raw: Number.isInteger(value) && Math.abs(value) < 1e9 ? `${value}.0` : String(value),
});

export const infinity: Expression = js.id('Infinity');

/** Neither NaN nor, unless zero, below `least` in magnitude. */
export function isNormalOrZero(x: Expression, least: Expression): Expression {
  return either(js.binary('>=', math('abs', x), least), js.binary('===', x, js.num(0)));
}

export const either = (left: Expression, right: Expression): Expression => logical('||', left, right);
export const both = (left: Expression, right: Expression): Expression => logical('&&', left, right);

function logical(operator: '&&' | '||', left: Expression, right: Expression): Expression {
  return { type: 'LogicalExpression', operator, left, right };
}

/** All of them, or true. */
export function all(tests: readonly Expression[]): Expression {
  const [first, ...rest] = tests;
  if (first === undefined) return { type: 'Literal', value: true, raw: 'true' };
  return rest.reduce(both, first);
}

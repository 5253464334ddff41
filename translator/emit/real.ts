/** Makers of expressions on doubles, for the inlined vector code. */
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';

export const assign = (left: Expression, right: Expression): Statement => js.statement(js.assign(left, right));

/** Math.name(x) */
export const math = (name: 'abs' | 'fround' | 'sqrt' | 'trunc', x: Expression): Expression =>
  js.method('Math', name, x);

export const real = (value: number): Expression => js.literal(value);

/** The same, written so that WebAssembly takes it for a double even where it is an integer. */
export const double = (value: number): Expression =>
  js.literal(value, Number.isInteger(value) && Math.abs(value) < 1e9 ? `${value}.0` : String(value));

export const infinity: Expression = js.id('Infinity');

/** Neither NaN nor, unless zero, below `least` in magnitude. */
export function isNormalOrZero(x: Expression, least: Expression): Expression {
  return either(js.binary('>=', math('abs', x), least), js.binary('===', x, js.num(0)));
}

export const either = (left: Expression, right: Expression): Expression => js.logical('||', left, right);
export const both = (left: Expression, right: Expression): Expression => js.logical('&&', left, right);

/** All of them, or true. */
export function all(tests: readonly Expression[]): Expression {
  const [first, ...rest] = tests;
  if (first === undefined) return js.literal(true);
  return rest.reduce(both, first);
}

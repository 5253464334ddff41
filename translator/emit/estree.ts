/** Small makers of ESTree nodes: the vocabulary in which tier 1 writes JavaScript. */
import type { BinaryOperator, Expression, Identifier, Literal, Pattern, Statement, UnaryOperator } from 'estree';

export type { Expression, Statement } from 'estree';

export const id = (name: string): Identifier => ({ type: 'Identifier', name });

/** An i32 literal. Negative numbers are written as a unary minus, as JavaScript has it. */
export function num(value: number): Expression {
  const literal: Literal = { type: 'Literal', value: Math.abs(value) };
  return value < 0 ? unary('-', literal) : literal;
}

export const unary = (operator: UnaryOperator, argument: Expression): Expression => ({
  type: 'UnaryExpression',
  operator,
  prefix: true,
  argument,
});

export const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression => ({
  type: 'BinaryExpression',
  operator,
  left,
  right,
});

export const conditional = (test: Expression, consequent: Expression, alternate: Expression): Expression => ({
  type: 'ConditionalExpression',
  test,
  consequent,
  alternate,
});

export const and = (left: Expression, right: Expression): Expression => ({
  type: 'LogicalExpression',
  operator: '&&',
  left,
  right,
});

export const or = (left: Expression, right: Expression): Expression => ({
  type: 'LogicalExpression',
  operator: '||',
  left,
  right,
});

export const sequence = (...expressions: Expression[]): Expression => ({ type: 'SequenceExpression', expressions });

export const call = (callee: string, ...args: Expression[]): Expression => ({
  type: 'CallExpression',
  callee: id(callee),
  arguments: args,
  optional: false,
});

/** object.name(args) */
export const method = (object: string, name: string, ...args: Expression[]): Expression => ({
  type: 'CallExpression',
  callee: { type: 'MemberExpression', object: id(object), property: id(name), computed: false, optional: false },
  arguments: args,
  optional: false,
});

export const boolean = (value: boolean): Expression => ({ type: 'Literal', value, raw: String(value) });

/** array[index] */
export const at = (array: string, index: Expression): Expression => ({
  type: 'MemberExpression',
  object: id(array),
  property: index,
  computed: true,
  optional: false,
});

export const assign = (left: Expression, right: Expression): Expression => ({
  type: 'AssignmentExpression',
  operator: '=',
  left: left as Pattern,
  right,
});

export const statement = (expression: Expression): Statement => ({ type: 'ExpressionStatement', expression });

export const constant = (name: string, init: Expression): Statement => ({
  type: 'VariableDeclaration',
  kind: 'const',
  declarations: [{ type: 'VariableDeclarator', id: id(name), init }],
});

export const variables = (inits: readonly (readonly [string, Expression])[]): Statement => ({
  type: 'VariableDeclaration',
  kind: 'let',
  declarations: inits.map(([name, init]) => ({ type: 'VariableDeclarator', id: id(name), init })),
});

export const block = (body: Statement[]): Statement => ({ type: 'BlockStatement', body });

export const iff = (test: Expression, consequent: Statement[], alternate?: Statement[]): Statement => ({
  type: 'IfStatement',
  test,
  consequent: block(consequent),
  alternate: alternate === undefined || alternate.length === 0 ? null : block(alternate),
});

/** An `if` whose test is hardly ever true, which hosts may be told. */
export const unlikely = (test: Expression, consequent: Statement[], alternate?: Statement[]): Statement =>
  Object.assign(iff(test, consequent, alternate), { isUnlikely: true });

/** And one whose test nearly always is. */
export const usually = (test: Expression, consequent: Statement[], alternate: Statement[]): Statement =>
  Object.assign(iff(test, consequent, alternate), { isLikely: true });

/** The same as an expression. */
export const likely = (test: Expression, consequent: Expression, alternate: Expression): Expression =>
  Object.assign(conditional(test, consequent, alternate), { isLikely: true });

/** What these have noted: is the test expected to hold? */
export function expected(node: Statement | Expression): boolean | undefined {
  if ('isUnlikely' in node) return false;
  return 'isLikely' in node ? true : undefined;
}

/** label: for (;;) { body } */
export const loop = (label: string, body: Statement[]): Statement =>
  labeled(label, { type: 'ForStatement', init: null, test: null, update: null, body: block(body) });

export const labeled = (label: string, body: Statement): Statement => ({
  type: 'LabeledStatement',
  label: id(label),
  body,
});

export const breakTo = (label: string): Statement => ({ type: 'BreakStatement', label: id(label) });

export const continueTo = (label: string): Statement => ({ type: 'ContinueStatement', label: id(label) });

export const ret = (argument: Expression): Statement => ({ type: 'ReturnStatement', argument });

/** try { body } catch (name) { recovery } */
export const tryCatch = (body: Statement[], name: string, recovery: Statement[]): Statement => ({
  type: 'TryStatement',
  block: { type: 'BlockStatement', body },
  handler: { type: 'CatchClause', param: id(name), body: { type: 'BlockStatement', body: recovery } },
  finalizer: null,
});

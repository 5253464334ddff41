/** Small makers of ESTree nodes: the vocabulary in which tier 1 writes JavaScript. */
import type { BinaryOperator, Expression, Identifier, LogicalOperator, Statement, UnaryOperator } from 'estree';

export type { Expression, Statement } from 'estree';

/**
 * One literal for all expressions, so that they have one hidden class: translation runs cold, and V8 reads a field of many
 * shapes slowly (8 % of a run that compiled all the time). What a kind of expression does not have, it has too, and nobody looks at.
 *
 * @param text name or operator.
 * @param first,second,third operands in order: of a call its callee, of a member its object and property.
 */
function expression(
  type: Expression['type'],
  text: string,
  value: number | boolean,
  first?: Expression,
  second?: Expression,
  third?: Expression,
  list?: readonly Expression[],
  raw?: string,
  isLikely?: boolean,
): Expression {
  const node = {
    type,
    name: text,
    operator: text,
    prefix: true,
    value,
    left: first,
    right: second,
    argument: first,
    test: first,
    consequent: second,
    alternate: third,
    object: first,
    property: second,
    computed: value,
    callee: first,
    arguments: list,
    expressions: list,
    optional: false,
    raw,
    likely: isLikely,
  };
  return node as unknown as Expression;
}

export const id = (name: string): Identifier => expression('Identifier', name, 0) as Identifier;

/** An i32 literal. Negative numbers are written as a unary minus, as JavaScript has it. */
export const num = (value: number): Expression => (value < 0 ? unary('-', literal(-value)) : literal(value));

/** @param text how it is written, where that says more than its value. */
export const literal = (value: number | boolean, text?: string): Expression =>
  expression('Literal', '', value, undefined, undefined, undefined, undefined, text);

export const unary = (operator: UnaryOperator, argument: Expression): Expression =>
  expression('UnaryExpression', operator, 0, argument);

export const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression =>
  expression('BinaryExpression', operator, 0, left, right);

export const conditional = (test: Expression, consequent: Expression, alternate: Expression): Expression =>
  expression('ConditionalExpression', '', 0, test, consequent, alternate);

export const logical = (operator: LogicalOperator, left: Expression, right: Expression): Expression =>
  expression('LogicalExpression', operator, 0, left, right);

export const and = (left: Expression, right: Expression): Expression => logical('&&', left, right);

export const or = (left: Expression, right: Expression): Expression => logical('||', left, right);

export const sequence = (...expressions: Expression[]): Expression =>
  expression('SequenceExpression', '', 0, undefined, undefined, undefined, expressions);

export const call = (callee: string, ...args: Expression[]): Expression => called(id(callee), args);

export const called = (callee: Expression, args: readonly Expression[]): Expression =>
  expression('CallExpression', '', 0, callee, undefined, undefined, args);

/** object.name(args) */
export const method = (object: string, name: string, ...args: Expression[]): Expression =>
  called(member(object, name), args);

/** object.name */
export const member = (object: string, name: string): Expression =>
  expression('MemberExpression', '', false, id(object), id(name));

/** array[index] */
export const at = (array: string, index: Expression): Expression =>
  expression('MemberExpression', '', true, id(array), index);

export const assign = (left: Expression, right: Expression): Expression =>
  expression('AssignmentExpression', '=', 0, left, right);

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

/** @param likely what is expected of the test, where something is: hosts may be told (wasm/binary.ts). */
export const iff = (
  test: Expression,
  consequent: Statement[],
  alternate?: Statement[],
  likely?: boolean,
): Statement => {
  const other = alternate === undefined || alternate.length === 0 ? null : block(alternate);
  const node = { type: 'IfStatement', test, consequent: block(consequent), alternate: other, likely };
  return node as Statement;
};

/** An `if` whose test is hardly ever true. */
export const unlikely = (test: Expression, consequent: Statement[], alternate?: Statement[]): Statement =>
  iff(test, consequent, alternate, false);

/** And one whose test nearly always is. */
export const usually = (test: Expression, consequent: Statement[], alternate: Statement[]): Statement =>
  iff(test, consequent, alternate, true);

/** The same as an expression. */
export const likely = (test: Expression, consequent: Expression, alternate: Expression): Expression =>
  expression('ConditionalExpression', '', 0, test, consequent, alternate, undefined, undefined, true);

/** What these have noted: is the test expected to hold? */
export const expected = (node: Statement | Expression): boolean | undefined =>
  (node as { readonly likely?: boolean }).likely;

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

/**
 * Operators as templates: parses the text of a pure arrow (ir/pure.ts, ir/flags.ts) once and hands out copies of its
 * body with the parameters replaced, so that tier 1 inlines the very expression that tier 0 calls.
 *
 * A body may be an expression, or constants and a return. Arrows with any other body can't be inlined; templateOf says so,
 * and the emitter calls them instead. A parameter that occurs more than once needs an atom (a name or a number) for its
 * argument.
 */
import { type Expression as AcornExpression, type BlockStatement, parseExpressionAt } from 'acorn';
import type { Identifier } from 'estree';
import type { Expression } from './estree.ts';
import * as js from './estree.ts';

export interface Template {
  /** How often each parameter occurs. */
  readonly occurrences: readonly number[];
  /** The body with arguments in place of parameters; `name` gives each constant of the body a name. */
  expand(args: readonly Expression[], name: (step: Expression) => Expression): Expression;
}

type Arrow = (...args: never[]) => unknown;

const templates = new Map<Arrow, Template | undefined>();

/** The template of an arrow, or undefined when it has a block body. @throws SyntaxError for what is not an arrow. */
export function templateOf(arrow: Arrow): Template | undefined {
  if (!templates.has(arrow)) templates.set(arrow, parse(arrow));
  return templates.get(arrow);
}

function parse(arrow: Arrow): Template | undefined {
  const text = arrow.toString();
  const tree: AcornExpression = parseExpressionAt(text, 0, { ecmaVersion: 2023 });
  if (tree.type !== 'ArrowFunctionExpression') throw new SyntaxError(`not an arrow function: ${text}`);
  const body = bodyOf(tree.body);
  if (body === undefined) return undefined;
  const parameters = tree.params.map((parameter) => {
    if (parameter.type !== 'Identifier') throw new SyntaxError(`not a plain parameter: ${text}`);
    return parameter.name;
  });
  const occurrences = parameters.map(() => 0);
  const names = [...parameters];
  const steps: Maker[] = [];
  const reading = (name: string): number => {
    const index = names.indexOf(name);
    if (index < 0) throw new SyntaxError(`${name} is neither a parameter nor Math: ${text}`);
    if (index < parameters.length) occurrences[index]!++;
    return index;
  };
  for (const [name, init] of body.constants) {
    steps.push(makerOf(init, reading));
    names.push(name);
  }
  const result = makerOf(body.result, reading);
  return {
    occurrences,
    expand(args, name) {
      if (steps.length === 0) return result(args);
      const values = [...args];
      for (const step of steps) values.push(name(step(values)));
      return result(values);
    },
  };
}

/** Makes an expression from the values of parameters and constants. */
type Maker = (values: readonly Expression[]) => Expression;

interface Body {
  readonly constants: readonly (readonly [name: string, init: Expression])[];
  readonly result: Expression;
}

/** Constants and result of an arrow's body, or undefined when it has other statements. */
function bodyOf(body: AcornExpression | BlockStatement): Body | undefined {
  if (body.type !== 'BlockStatement') return { constants: [], result: body as unknown as Expression };
  const constants: [string, Expression][] = [];
  for (const statement of body.body) {
    if (statement.type === 'ReturnStatement' && statement.argument)
      return { constants, result: statement.argument as unknown as Expression };
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') return undefined;
    for (const { id: target, init } of statement.declarations) {
      if (target.type !== 'Identifier' || !init) return undefined;
      constants.push([target.name, init as unknown as Expression]);
    }
  }
  return undefined;
}

/** @param reading the place among the values of what a name stands for. */
function makerOf(node: Expression, reading: (name: string) => number): Maker {
  switch (node.type) {
    case 'Identifier': {
      const index = reading(node.name);
      return (values) => values[index]!;
    }
    case 'Literal': {
      const literal = js.literal(node.value as number);
      return () => literal;
    }
    case 'UnaryExpression': {
      const argument = makerOf(node.argument, reading);
      return (values) => js.unary(node.operator, argument(values));
    }
    case 'BinaryExpression': {
      const left = makerOf(node.left as Expression, reading);
      const right = makerOf(node.right, reading);
      return (values) => js.binary(node.operator, left(values), right(values));
    }
    case 'ConditionalExpression': {
      const [test, consequent, alternate] = [node.test, node.consequent, node.alternate].map((part) =>
        makerOf(part, reading),
      ) as [Maker, Maker, Maker];
      return (values) => js.conditional(test(values), consequent(values), alternate(values));
    }
    case 'CallExpression': {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier' || callee.object.name !== 'Math')
        throw new SyntaxError('operators may call functions of Math only');
      const args = node.arguments.map((argument) => makerOf(argument as Expression, reading));
      const called = js.member('Math', (callee.property as Identifier).name);
      return (values) =>
        js.called(
          called,
          args.map((argument) => argument(values)),
        );
    }
    default:
      throw new SyntaxError(`operators may not use ${node.type}`);
  }
}

/**
 * Operators as templates: parses the text of a pure arrow (ir/pure.ts, ir/flags.ts) once and hands out copies of its
 * body with the parameters replaced, so that tier 1 inlines the very expression that tier 0 calls.
 *
 * A body may be an expression, or constants and a return. Arrows with any other body can't be inlined; templateOf says so,
 * and the emitter calls them instead. A parameter that occurs more than once needs an atom (a name or a number) for its
 * argument.
 */
import { type Expression as AcornExpression, type BlockStatement, parseExpressionAt } from 'acorn';
import { type Expression, id } from './estree.ts';

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
  const steps = body.constants.map(([name]) => name);
  for (const part of [...body.constants.map(([, init]) => init), body.result]) {
    copy(part, (name) => {
      const index = parameters.indexOf(name);
      if (index >= 0) occurrences[index]!++;
      else if (name !== 'Math' && !steps.includes(name))
        throw new SyntaxError(`${name} is neither a parameter nor Math: ${text}`);
      return undefined;
    });
  }
  return {
    occurrences,
    expand(args, name) {
      const known = new Map(parameters.map((parameter, i) => [parameter, args[i]!]));
      for (const [step, init] of body.constants) known.set(step, name(copy(init, (used) => known.get(used))));
      return copy(body.result, (used) => known.get(used));
    },
  };
}

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

/** Copy an expression; `replace` gives what stands for an identifier, or undefined to keep it. */
function copy(node: Expression, replace: (name: string) => Expression | undefined): Expression {
  switch (node.type) {
    case 'Identifier':
      return replace(node.name) ?? id(node.name);
    case 'Literal':
      return node;
    case 'UnaryExpression':
      return { ...node, argument: copy(node.argument, replace) };
    case 'BinaryExpression':
      return { ...node, left: copy(node.left as Expression, replace), right: copy(node.right, replace) };
    case 'ConditionalExpression':
      return {
        ...node,
        test: copy(node.test, replace),
        consequent: copy(node.consequent, replace),
        alternate: copy(node.alternate, replace),
      };
    case 'CallExpression':
      return {
        ...node,
        callee: copy(node.callee as Expression, replace),
        arguments: node.arguments.map((argument) => copy(argument as Expression, replace)),
      };
    case 'MemberExpression':
      return { ...node, object: copy(node.object as Expression, replace) };
    default:
      throw new SyntaxError(`operators may not use ${node.type}`);
  }
}

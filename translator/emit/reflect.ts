/**
 * Operators as templates: parses the text of a pure arrow (ir/pure.ts, ir/flags.ts) once and hands out copies of its
 * body with the parameters replaced, so that tier 1 inlines the very expression that tier 0 calls.
 *
 * Arrows with a block body can't be inlined; templateOf says so, and the emitter calls them instead. A parameter that
 * occurs more than once needs an atom (a name or a number) for its argument.
 */
import { type Expression as AcornExpression, parseExpressionAt } from 'acorn';
import { type Expression, id } from './estree.ts';

export interface Template {
  /** How often each parameter occurs. */
  readonly occurrences: readonly number[];
  /** The body with arguments in place of parameters. */
  expand(args: readonly Expression[]): Expression;
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
  if (tree.body.type === 'BlockStatement') return undefined;
  const parameters = tree.params.map((parameter) => {
    if (parameter.type !== 'Identifier') throw new SyntaxError(`not a plain parameter: ${text}`);
    return parameter.name;
  });
  const body = tree.body as unknown as Expression;
  const occurrences = parameters.map(() => 0);
  copy(body, (name) => {
    const index = parameters.indexOf(name);
    if (index >= 0) occurrences[index]!++;
    else if (name !== 'Math') throw new SyntaxError(`${name} is neither a parameter nor Math: ${text}`);
    return undefined;
  });
  return {
    occurrences,
    expand: (args) => copy(body, (name) => args[parameters.indexOf(name)]),
  };
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

/**
 * Statements written as JavaScript text with holes, parsed once and copied with the holes filled: for code that is too
 * long to be put together node by node and still be read. Holes are identifiers that begin with `$`; one that is a
 * statement by itself takes statements.
 */
import { parse } from 'acorn';
import type { Node } from 'estree';
import type { Expression, Statement } from './estree.ts';

/** What fills a hole: an expression, or statements. */
export type Filling = Expression | readonly Statement[];

export type Snippet = (fillings: Readonly<Record<string, Filling>>) => Statement[];

/** Make a snippet. The text is parsed when it is first used. */
export function snippet(text: string): Snippet {
  let body: readonly Statement[] | undefined;
  return (fillings) => {
    body ??= parse(text, { ecmaVersion: 2023 }).body as unknown as Statement[];
    return copyList(body, fillings) as Statement[];
  };
}

function copyList(list: readonly unknown[], fillings: Readonly<Record<string, Filling>>): unknown[] {
  return list.flatMap((item) => {
    const name = holeOf(item);
    const filling = name === undefined ? undefined : fillings[name];
    if (Array.isArray(filling)) return filling as unknown[];
    return [copy(item, fillings)];
  });
}

/** The name of a statement that is a hole. */
function holeOf(item: unknown): string | undefined {
  const node = item as Node;
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'Identifier') return undefined;
  const { name } = node.expression;
  return name.startsWith('$') ? name : undefined;
}

function copy(value: unknown, fillings: Readonly<Record<string, Filling>>): unknown {
  if (Array.isArray(value)) return copyList(value, fillings);
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Node;
  if (node.type === 'Identifier' && node.name.startsWith('$')) {
    const filling = fillings[node.name];
    if (filling === undefined) throw new SyntaxError(`nothing fills ${node.name}`);
    return filling;
  }
  const copied: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(node))
    if (key !== 'start' && key !== 'end') copied[key] = copy(field, fillings);
  return copied;
}

/**
 * A function for one value of a parameter: its text is parsed, what follows from that value is decided, and what is left is
 * statements for the encoder. So the arithmetic of runtime/abi/pair.ts, which one function of JavaScript does, becomes a
 * function of WebAssembly for each operation.
 *
 * The function must be closed but for methods of `Math` and those below: bundlers rename what stands around it. Its numbers
 * come out written with a point where they are no words, because the encoder would take them for such.
 */
import { type FunctionDeclaration, parse } from 'acorn';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { double } from './real.ts';

/** What the function's text has under other names. */
export interface Specialisation {
  /** Values of parameters, by position. */
  readonly known: ReadonlyMap<number, number>;
  /** What stands for an element of the array that is parameter 0, by the text of its index: a read, or the target of a write. */
  readonly element: (index: Expression, parameters: readonly string[]) => Expression;
  /** What is returned, by what the function returns. */
  readonly result: (value: boolean) => Statement[];
}

/** @throws SyntaxError for what such functions may not use. */
export function specialise(text: string, how: Specialisation): Statement[] {
  const [declared] = parse(text, { ecmaVersion: 2023 }).body as FunctionDeclaration[];
  const parameters = declared!.params.map((parameter) => {
    if (parameter.type !== 'Identifier') throw new SyntaxError('not a plain parameter');
    return parameter.name;
  });
  const values = new Map<string, number | boolean>();
  for (const [position, value] of how.known) values.set(parameters[position]!, value);
  return new Specialiser(parameters, values, how).list(declared!.body.body as unknown as Statement[]);
}

class Specialiser {
  private readonly parameters: readonly string[];
  /** Names that are known to have a value. */
  private readonly values: Map<string, number | boolean>;
  /** Names of words. */
  private readonly words = new Set<string>();
  private readonly how: Specialisation;

  constructor(parameters: readonly string[], values: Map<string, number | boolean>, how: Specialisation) {
    this.parameters = parameters;
    this.values = values;
    this.how = how;
  }

  list(statements: readonly Statement[]): Statement[] {
    return statements.flatMap((statement) => this.statement(statement));
  }

  private statement(statement: Statement): Statement[] {
    switch (statement.type) {
      case 'EmptyStatement':
        return [];
      case 'BlockStatement':
        return this.list(statement.body);
      case 'ExpressionStatement':
        return [js.statement(this.expression(statement.expression))];
      case 'VariableDeclaration':
        return statement.declarations.flatMap(({ id, init }) => {
          if (id.type !== 'Identifier') throw new SyntaxError('a pattern is declared');
          const value = this.expression(init!);
          const known = constantOf(value);
          if (this.isWord(init!)) this.words.add(id.name);
          if (statement.kind !== 'const' || typeof known !== 'boolean') return [js.constant(id.name, value)];
          this.values.set(id.name, known);
          return [];
        });
      case 'IfStatement': {
        const test = this.expression(statement.test);
        const known = constantOf(test);
        const { consequent, alternate } = statement;
        if (known !== undefined) return this.list(known ? [consequent] : alternate ? [alternate] : []);
        return [js.iff(test, this.list([consequent]), alternate ? this.list([alternate]) : undefined)];
      }
      case 'ReturnStatement':
        return this.how.result(constantOf(statement.argument!) === true);
      default:
        throw new SyntaxError(`such functions may not use ${statement.type}`);
    }
  }

  /** Is it a word, and no double? */
  private isWord(e: Expression): boolean {
    switch (e.type) {
      case 'Identifier':
        return this.words.has(e.name);
      case 'CallExpression':
        return methodOf(e.callee as Expression) === WORD;
      case 'BinaryExpression':
        if (/^([&|^]|<<|>>>?)$/.test(e.operator)) return true;
        return /^[-+]$/.test(e.operator) && (this.isWord(e.left as Expression) || this.isWord(e.right));
      default:
        return false;
    }
  }

  private callee(callee: Expression): Expression {
    const name = methodOf(callee);
    return name !== undefined && wordFunctions.has(name) ? js.id(name) : callee;
  }

  private expression(e: Expression): Expression {
    switch (e.type) {
      case 'Literal':
        return typeof e.value === 'number' ? double(e.value) : e;
      case 'Identifier': {
        const known = this.values.get(e.name);
        return known === undefined ? js.id(e.name) : typeof known === 'number' ? double(known) : js.literal(known);
      }
      case 'UnaryExpression': {
        const argument = this.expression(e.argument);
        const known = constantOf(argument);
        return e.operator === '!' && known !== undefined ? js.literal(!known) : js.unary(e.operator, argument);
      }
      case 'BinaryExpression': {
        const [left, right] = [e.left as Expression, e.right];
        const isOfWords = this.isWord(left) || this.isWord(right);
        const part = (side: Expression): Expression =>
          isOfWords && side.type === 'Literal' ? side : this.expression(side);
        return decided(e.operator, part(left), part(right));
      }
      case 'LogicalExpression': {
        const left = this.expression(e.left);
        const right = this.expression(e.right);
        const known = constantOf(left);
        if (known === undefined) return js.logical(e.operator, left, right);
        return (e.operator === '&&') === known ? right : left;
      }
      case 'ConditionalExpression': {
        const test = this.expression(e.test);
        const known = constantOf(test);
        if (known !== undefined) return this.expression(known ? e.consequent : e.alternate);
        return js.conditional(test, this.expression(e.consequent), this.expression(e.alternate));
      }
      case 'AssignmentExpression':
        return js.assign(this.expression(e.left as Expression), this.expression(e.right));
      case 'CallExpression':
        return js.called(
          this.callee(e.callee as Expression),
          e.arguments.map((argument) => this.expression(argument as Expression)),
        );
      case 'MemberExpression':
        if (e.object.type !== 'Identifier' || e.object.name !== this.parameters[0]) throw unknown(e);
        return this.how.element(e.property as Expression, this.parameters);
      default:
        throw unknown(e);
    }
  }
}

function constantOf(e: Expression): number | boolean | undefined {
  return e.type === 'Literal' && typeof e.value === 'boolean' ? e.value : undefined;
}

/** Functions of parts of doubles, as methods of whatever object, and as the encoder knows them. */
const WORD = 'highWord';
const wordFunctions: ReadonlySet<string> = new Set([WORD, 'ofHighWord', 'upperHalf']);

function methodOf(callee: Expression): string | undefined {
  const isMethod = callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier';
  return isMethod ? (callee.property as { name: string }).name : undefined;
}

/** An operator on two expressions, or what a comparison of two numbers gives. */
function decided(operator: Parameters<typeof js.binary>[0], left: Expression, right: Expression): Expression {
  if (left.type === 'Literal' && right.type === 'Literal') {
    if (operator === '===') return js.literal(left.value === right.value);
    if (operator === '<') return js.literal(Number(left.value) < Number(right.value));
  }
  return js.binary(operator, left, right);
}

function unknown(e: { type: string }): SyntaxError {
  return new SyntaxError(`such functions may not use ${e.type}`);
}

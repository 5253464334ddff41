/**
 * Which of JavaScript's numbers an expression is, word or double: follows from its operators, as they are used in a region's
 * tree (expressions.ts).
 */
import type { CallExpression, MemberExpression } from 'estree';
import type { Expression } from '../estree.ts';
import { isPairFunction } from '../pair-functions.ts';
import { type ArrayAccess, type Environment, type Kind, type Local, viewMethods } from './environment.ts';
import { typedIntrinsics } from './intrinsics.ts';
import type { Locals } from './locals.ts';
import { Op } from './opcodes.ts';

/** Signed, unsigned, real. */
export const comparisons: Readonly<Record<string, readonly [number, number, number]>> = {
  '===': [Op.I32Eq, Op.I32Eq, Op.F64Eq],
  '!==': [Op.I32Ne, Op.I32Ne, Op.F64Ne],
  '<': [Op.I32LtS, Op.I32LtU, Op.F64Lt],
  '>': [Op.I32GtS, Op.I32GtU, Op.F64Gt],
  '<=': [Op.I32LeS, Op.I32LeU, Op.F64Le],
  '>=': [Op.I32GeS, Op.I32GeU, Op.F64Ge],
};
export class ExpressionKinds {
  protected readonly locals: Locals;
  protected readonly environment: Environment;

  constructor(locals: Locals, environment: Environment) {
    this.locals = locals;
    this.environment = environment;
  }

  kind(e: Expression): Kind {
    switch (e.type) {
      case 'Literal': {
        const { value } = e;
        if (typeof value === 'boolean') return 'test';
        if (typeof value !== 'number') throw unknown(e);
        // Written with a point it is a double, whatever its value.
        if (!Number.isInteger(value) || value > 0xffffffff || e.raw?.includes('.')) return 'f64';
        return value > 0x7fffffff ? 'u32' : 'i32';
      }
      case 'Identifier':
        return e.name === 'Infinity' ? 'f64' : this.local(e.name).kind;
      case 'UnaryExpression':
        if (e.operator === '!') return 'test';
        if (e.operator === '~' || (e.operator === '+' && this.kind(e.argument) === 'test')) return 'i32';
        if (e.argument.type === 'Literal' && this.kind(e.argument) !== 'f64') return 'i32';
        return this.kind(e.argument) === 'f64' ? 'f64' : 'number';
      case 'BinaryExpression':
        return this.binaryKind(e.operator, e.left as Expression, e.right);
      case 'LogicalExpression':
        return 'test';
      case 'ConditionalExpression':
        return join(this.kind(e.consequent), this.kind(e.alternate));
      case 'SequenceExpression':
        return this.kind(e.expressions.at(-1)!);
      case 'AssignmentExpression':
        if (e.left.type === 'Identifier') return this.local(e.left.name).kind;
        return this.elementKind(e.left as MemberExpression);
      case 'MemberExpression':
        return this.elementKind(e);
      case 'CallExpression':
        return this.callKind(e);
      default:
        throw unknown(e);
    }
  }

  private binaryKind(operator: string, left: Expression, right: Expression): Kind {
    if (operator in comparisons) return 'test';
    if (operator === '>>>') return 'u32';
    if (operator === '/') return 'f64';
    if (operator === '+' || operator === '-' || operator === '*')
      return this.kind(left) === 'f64' || this.kind(right) === 'f64' ? 'f64' : 'number';
    return 'i32';
  }

  private elementKind(e: MemberExpression): Kind {
    return kindOfElement(this.array(e));
  }

  protected callKind(e: CallExpression): Kind {
    const { callee } = e;
    if (callee.type === 'MemberExpression') {
      const name = propertyOf(callee);
      if (nameOf(callee.object as Expression) === 'V') return kindOfElement(viewMethods[name]!);
      if (name === 'imul' || name === 'clz32') return 'i32';
      if (name === 'min' || name === 'max') return this.isUnsigned(e.arguments as Expression[]) ? 'u32' : 'i32';
      return 'f64';
    }
    const name = nameOf(callee as Expression);
    return typedIntrinsics.get(name)?.result ?? (isPairFunction(name) ? 'f64' : 'i32');
  }

  protected isUnsigned(words: readonly Expression[]): boolean {
    return words.every((word) => this.kind(word) === 'u32');
  }

  protected local(name: string): Local {
    const local = this.locals.find(name);
    if (local === undefined) throw new SyntaxError(`${name} is no local`);
    return local;
  }

  protected array(e: MemberExpression): ArrayAccess {
    const array = this.environment.arrays[nameOf(e.object as Expression)];
    if (array === undefined || !e.computed) throw unknown(e);
    return array;
  }
}

function kindOfElement({ kind }: Pick<ArrayAccess, 'kind'>): 'i32' | 'f64' | 'v128' {
  return kind === 'f32' ? 'f64' : kind;
}

function join(a: Kind, b: Kind): Kind {
  if (a === b) return a === 'test' ? 'i32' : a;
  if (a === 'f64' || b === 'f64') return 'f64';
  const isSigned = (kind: Kind): boolean => kind === 'i32' || kind === 'test';
  return isSigned(a) && isSigned(b) ? 'i32' : 'number';
}

export function nameOf(e: Expression): string {
  if (e.type !== 'Identifier') throw unknown(e);
  return e.name;
}

export function propertyOf(e: MemberExpression): string {
  return nameOf(e.property as Expression);
}

export function unknown(e: { type: string }): SyntaxError {
  return new SyntaxError(`no WebAssembly for ${JSON.stringify(e).slice(0, 200)}`);
}

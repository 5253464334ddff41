/**
 * Locals of a function: by name, and reused. A constant of the tree is in scope for the block of IR that made it, and
 * most live for a statement or two; each gives its local back where its name stands for the last time, so that a
 * function of a thousand constants has a few dozen locals. V8's baseline tier zeroes and merges all of them again and again.
 */
import type { Node, Statement } from 'estree';
import { ValueType } from './binary.ts';
import type { Local } from './environment.ts';

type Kind = Local['kind'];

/** Is it a name that is made once and stands for one value (FunctionFrame.temporary)? */
function isConstant(name: string): boolean {
  const digit = name.charCodeAt(1) - 0x30;
  return name.charCodeAt(0) === 0x74 && digit >= 0 && digit <= 9;
}

export class Locals {
  /** Types of all locals but the parameters, in order. */
  readonly types: ValueType[] = [];
  private readonly byName = new Map<string, Local>();
  private readonly uses = new Map<string, number>();
  private readonly free: Record<Kind, number[]> = { i32: [], u32: [], f64: [], v128: [] };
  private readonly parameters: number;

  /** @param kind of all parameters. */
  constructor(parameters: readonly string[], kind: 'i32' | 'f64' = 'i32') {
    this.parameters = parameters.length;
    parameters.forEach((name, index) => {
      this.byName.set(name, { index, type: kind === 'f64' ? ValueType.F64 : ValueType.I32, kind });
    });
  }

  /** Count what names statements use. */
  count(statements: readonly Statement[]): void {
    for (const statement of statements) this.countIn(statement);
  }

  /** Spelled out by type, since every node of every region comes by. */
  private countIn(node: Node): void {
    switch (node.type) {
      case 'Identifier':
        if (isConstant(node.name)) this.uses.set(node.name, (this.uses.get(node.name) ?? 0) + 1);
        return;
      case 'Literal':
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'BinaryExpression':
      case 'AssignmentExpression':
      case 'LogicalExpression':
        this.countIn(node.left);
        this.countIn(node.right);
        return;
      case 'ExpressionStatement':
        this.countIn(node.expression);
        return;
      case 'MemberExpression':
        if (node.computed) this.countIn(node.property);
        return;
      case 'UnaryExpression':
        this.countIn(node.argument);
        return;
      case 'ConditionalExpression':
        this.countIn(node.test);
        this.countIn(node.consequent);
        this.countIn(node.alternate);
        return;
      case 'SequenceExpression':
        for (const part of node.expressions) this.countIn(part);
        return;
      case 'CallExpression':
        for (const argument of node.arguments) this.countIn(argument);
        return;
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) {
          this.countIn(id);
          this.countIn(init!);
        }
        return;
      case 'IfStatement':
        this.countIn(node.test);
        this.countIn(node.consequent);
        if (node.alternate) this.countIn(node.alternate);
        return;
      case 'BlockStatement':
        this.count(node.body as Statement[]);
        return;
      case 'LabeledStatement':
      case 'ForStatement':
        this.countIn(node.body);
        return;
      case 'ReturnStatement':
        this.countIn(node.argument!);
        return;
      case 'TryStatement':
        this.countIn(node.block);
        this.countIn(node.handler!.body);
        return;
      default:
        throw new SyntaxError(`no WebAssembly for ${node.type}`);
    }
  }

  /** The local of a name that is declared with values of a kind: a new one, or the one that it had before. */
  declare(name: string, kind: Kind): Local {
    const known = this.byName.get(name);
    if (known?.kind === kind && !isConstant(name)) return known;
    const type = kind === 'f64' ? ValueType.F64 : kind === 'v128' ? ValueType.V128 : ValueType.I32;
    const free = this.free[kind === 'u32' ? 'i32' : kind];
    const index = free.pop() ?? this.parameters + this.types.push(type) - 1;
    const local: Local = { index, type, kind };
    this.byName.set(name, local);
    this.used(name);
    return local;
  }

  find(name: string): Local | undefined {
    return this.byName.get(name);
  }

  /** A name has been used once more. */
  used(name: string): void {
    const left = this.uses.get(name);
    if (left === undefined) return;
    this.uses.set(name, left - 1);
    if (left !== 1) return;
    const { index, kind } = this.byName.get(name)!;
    this.free[kind === 'u32' ? 'i32' : kind].push(index);
  }
}

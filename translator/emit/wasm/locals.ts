/**
 * Locals of a function: by name, and reused. A constant of the tree is in scope for the block of IR that made it, and
 * most live for a statement or two; each gives its local back where its name stands for the last time, so that a
 * function of a thousand constants has a few dozen locals. V8's baseline tier zeroes and merges all of them again and again.
 */
import type { Node } from 'estree';
import { ValueType } from './binary.ts';
import type { Local } from './environment.ts';

type Kind = Local['kind'];

/** Names that are made once and stand for one value (FunctionFrame.temporary). */
const CONSTANT = /^t\d+$/;

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

  /** Count what names a tree uses. */
  count(node: unknown): void {
    if (Array.isArray(node)) {
      for (const item of node) this.count(item);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const tree = node as Node;
    switch (tree.type) {
      case 'Identifier':
        if (CONSTANT.test(tree.name)) this.uses.set(tree.name, (this.uses.get(tree.name) ?? 0) + 1);
        return;
      case 'BinaryExpression':
      case 'AssignmentExpression':
        this.count(tree.left);
        this.count(tree.right);
        return;
      case 'ExpressionStatement':
        this.count(tree.expression);
        return;
      case 'MemberExpression':
        if (tree.computed) this.count(tree.property);
        return;
      case 'Literal':
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      default:
        for (const part of Object.values(tree)) this.count(part);
    }
  }

  /** The local of a name that is declared with values of a kind: a new one, or the one that it had before. */
  declare(name: string, kind: Kind): Local {
    const known = this.byName.get(name);
    if (known?.kind === kind && !CONSTANT.test(name)) return known;
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

/**
 * Statements of a region's tree as WebAssembly: labelled blocks and loops are its blocks and loops, a break or continue is
 * a branch out of so many of them.
 */
import { type Expression, expected, type Statement } from '../estree.ts';
import type { ByteWriter } from './binary.ts';
import type { Local } from './environment.ts';
import type { ExpressionEncoder } from './expressions.ts';
import type { Locals } from './locals.ts';
import { NO_RESULT, Op } from './opcodes.ts';

export class StatementEncoder {
  private readonly code: ByteWriter;
  private readonly locals: Locals;
  private readonly expressions: ExpressionEncoder;
  private readonly result: 'i32' | 'f64';
  /** What is open, the innermost last: a label, or nothing that one can branch to. */
  private readonly open: (string | undefined)[] = [];

  /** @param result kind of what the function returns. */
  constructor(expressions: ExpressionEncoder, locals: Locals, result: 'i32' | 'f64' = 'i32') {
    this.result = result;
    this.code = expressions.code;
    this.locals = locals;
    this.expressions = expressions;
  }

  /** Encode statements; nothing after a jump is reached. @returns whether control comes to their end. */
  list(statements: readonly Statement[]): boolean {
    for (const statement of statements) if (!this.statement(statement)) return false;
    return true;
  }

  /** @returns whether control may come to its end. */
  private statement(statement: Statement): boolean {
    switch (statement.type) {
      case 'ExpressionStatement':
        this.expressions.effect(statement.expression);
        return true;
      case 'BlockStatement':
        return this.list(statement.body);
      case 'VariableDeclaration':
        for (const { id, init } of statement.declarations) {
          if (id.type !== 'Identifier') throw new SyntaxError('a pattern is declared');
          this.declare(id.name, init!);
        }
        return true;
      case 'IfStatement':
        return this.condition(
          statement.test,
          statement.consequent,
          statement.alternate ?? undefined,
          expected(statement),
        );
      case 'LabeledStatement':
        return this.labelled(statement.label.name, statement.body);
      case 'BreakStatement':
      case 'ContinueStatement':
        this.branch(Op.Branch, statement.label!.name);
        return false;
      case 'ReturnStatement':
        this.expressions.push(statement.argument!, this.result);
        this.code.byte(Op.Return);
        return false;
      case 'TryStatement':
        return this.tried(statement.block.body, statement.handler!.body.body);
      default:
        throw new SyntaxError(`no WebAssembly for ${statement.type}`);
    }
  }

  private begin(opcode: number, label?: string): void {
    this.code.byte(opcode);
    this.code.byte(NO_RESULT);
    this.open.push(label);
  }

  private end(): void {
    this.code.byte(Op.End);
    this.open.pop();
  }

  private branch(opcode: number, label: string): void {
    const depth = this.open.length - 1 - this.open.lastIndexOf(label);
    if (depth >= this.open.length) throw new SyntaxError(`no label ${label}`);
    this.code.byte(opcode);
    this.code.unsigned(depth);
  }

  private declare(name: string, init: Expression): void {
    const kind = this.expressions.kind(init);
    const kept: Local['kind'] = kind === 'test' ? 'i32' : kind === 'number' ? 'f64' : kind;
    this.expressions.push(init, kept);
    const { index } = this.locals.declare(name, kept);
    this.code.byte(Op.LocalSet);
    this.code.unsigned(index);
  }

  private condition(
    test: Expression,
    consequent: Statement,
    alternate: Statement | undefined,
    holds: boolean | undefined,
  ): boolean {
    const only = soleJump(consequent);
    if (only !== undefined && alternate === undefined) {
      this.jump(test, true, only, holds);
      return true;
    }
    if (alternate === undefined && isCompound(test)) {
      const over = this.fresh();
      this.begin(Op.Block, over);
      this.jump(test, false, over, not(holds));
      this.statement(consequent);
      this.end();
      return true;
    }
    this.expressions.test(test);
    this.expressions.expect(holds);
    this.begin(Op.If);
    const first = this.statement(consequent);
    let second = true;
    if (alternate !== undefined) {
      this.code.byte(Op.Else);
      second = this.statement(alternate);
    }
    this.end();
    if (!first && !second) this.code.byte(Op.Unreachable);
    return first || second;
  }

  /**
   * Branch to a label if a test comes out as `when`; parts of it that decide alone branch on their own.
   * @param isTaken what is expected.
   */
  private jump(test: Expression, when: boolean, label: string, isTaken: boolean | undefined): void {
    if (test.type === 'UnaryExpression' && test.operator === '!') {
      this.jump(test.argument, !when, label, isTaken);
    } else if (test.type !== 'LogicalExpression') {
      this.expressions.test(test);
      if (!when) this.code.byte(Op.I32Eqz);
      this.expressions.expect(isTaken);
      this.branch(Op.BranchIf, label);
    } else if ((test.operator === '||') === when) {
      this.jump(test.left, when, label, isTaken);
      this.jump(test.right, when, label, isTaken);
    } else {
      const over = this.fresh();
      this.begin(Op.Block, over);
      this.jump(test.left, !when, over, not(isTaken));
      this.jump(test.right, when, label, isTaken);
      this.end();
    }
  }

  /** A label that no statement has. */
  private fresh(): string {
    return `#${this.open.length}`;
  }

  private labelled(label: string, body: Statement): boolean {
    if (body.type !== 'ForStatement') {
      this.begin(Op.Block, label);
      this.statement(body);
      this.end();
      return true;
    }
    if (body.test || body.init || body.update) throw new SyntaxError('a loop with a head');
    this.begin(Op.Loop, label);
    if (this.statement(body.body)) this.branch(Op.Branch, label);
    this.end();
    this.code.byte(Op.Unreachable);
    return false;
  }

  private tried(body: readonly Statement[], recovery: readonly Statement[]): boolean {
    this.begin(Op.Try);
    this.list(body);
    this.code.byte(Op.CatchAll);
    this.list(recovery);
    this.end();
    return true;
  }
}

const not = (holds: boolean | undefined): boolean | undefined => (holds === undefined ? undefined : !holds);

/** Is it made of parts that decide alone? */
function isCompound(test: Expression): boolean {
  return test.type === 'LogicalExpression' || (test.type === 'UnaryExpression' && test.operator === '!');
}

/** The label that a statement jumps to and nothing else. */
function soleJump(statement: Statement): string | undefined {
  if (statement.type === 'BlockStatement' && statement.body.length === 1) return soleJump(statement.body[0]!);
  if (statement.type === 'BreakStatement' || statement.type === 'ContinueStatement') return statement.label!.name;
  return undefined;
}

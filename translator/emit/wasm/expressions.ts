/**
 * Expressions of a region's tree as WebAssembly.
 *
 * JavaScript has one kind of number, WebAssembly words and doubles. Which of them an expression is follows from its
 * operators, as they are used here: the operators on bits take and give words, arrays and calls have their element's or
 * result's type, a sum of words is a word wherever only its low 32 bits are asked for (`word`), and exact where it is compared
 * or goes into a double (`real`). Doubles become words only where they are known to fit.
 */
import type { CallExpression, ConditionalExpression, MemberExpression } from 'estree';
import * as js from '../estree.ts';
import { type Expression, expected } from '../estree.ts';
import { type BranchHint, type ByteWriter, ValueType } from './binary.ts';
import { type ArrayAccess, type Environment, type Kind, viewMethods } from './environment.ts';
import { type Intrinsic, typedIntrinsics } from './intrinsics.ts';
import { comparisons, ExpressionKinds, nameOf, propertyOf, unknown } from './kinds.ts';
import type { Locals } from './locals.ts';
import { NO_RESULT, Op, TRUNC_SAT_F64_S, TRUNC_SAT_F64_U, VECTOR } from './opcodes.ts';

const wordOperators: Readonly<Record<string, number>> = {
  '&': Op.I32And,
  '|': Op.I32Or,
  '^': Op.I32Xor,
  '<<': Op.I32Shl,
  '>>': Op.I32ShrS,
  '>>>': Op.I32ShrU,
  '+': Op.I32Add,
  '-': Op.I32Sub,
  '%': Op.I32RemS,
};
const realOperators: Readonly<Record<string, number>> = {
  '+': Op.F64Add,
  '-': Op.F64Sub,
  '*': Op.F64Mul,
  '/': Op.F64Div,
};
const realFunctions: Readonly<Record<string, number>> = {
  abs: Op.F64Abs,
  ceil: Op.F64Ceil,
  floor: Op.F64Floor,
  trunc: Op.F64Trunc,
  sqrt: Op.F64Sqrt,
};
/** Functions of the tree that are one instruction here: operators of ir/pure.ts by name. */
const intrinsics: Readonly<Record<string, number>> = {
  op_rol: Op.I32Rotl,
  op_ror: Op.I32Rotr,
  op_ctz: Op.I32Ctz,
  op_popcnt: Op.I32Popcnt,
};
/** High words of products: how the factors are widened. */
const products: Readonly<Record<string, number>> = {
  op_mulhu: Op.I64ExtendI32U,
  op_mulhs: Op.I64ExtendI32S,
};

/** Operators of ir/pure.ts that the tree should call by name instead of spelling them out. */
export const intrinsicOperators: ReadonlySet<string> = new Set(
  [...Object.keys(intrinsics), ...Object.keys(products)].map((name) => name.slice('op_'.length)),
);

export class ExpressionEncoder extends ExpressionKinds {
  readonly code: ByteWriter;
  readonly hints: BranchHint[] = [];

  constructor(code: ByteWriter, locals: Locals, environment: Environment) {
    super(locals, environment);
    this.code = code;
  }

  // ---- values -----------------------------------------------------------------------------------------------------

  private op(first: number, second?: number): void {
    this.code.byte(first);
    if (second !== undefined) this.code.byte(second);
  }

  /** The next instruction is a branch, of which that is expected. */
  expect(isTaken: boolean | undefined): void {
    if (isTaken !== undefined) this.hints.push({ offset: this.code.length, isTaken });
  }

  constant(value: number): void {
    this.code.byte(Op.I32Const);
    this.code.signed(value);
  }

  private double(value: number): void {
    this.code.byte(Op.F64Const);
    this.code.double(value);
  }

  /** Push the low 32 bits of an expression. */
  word(e: Expression): void {
    switch (e.type) {
      case 'Literal':
        this.constant(Number(e.value));
        return;
      case 'Identifier':
        this.identifier(e.name);
        if (this.locals.find(e.name)?.kind === 'f64' || e.name === 'Infinity') this.truncate();
        this.locals.used(e.name);
        return;
      case 'UnaryExpression':
        this.unaryWord(e.operator, e.argument);
        return;
      case 'BinaryExpression':
        this.binaryWord(e.operator, e.left as Expression, e.right);
        return;
      case 'LogicalExpression':
        this.test(e);
        return;
      case 'ConditionalExpression':
        this.choose(e, ValueType.I32);
        return;
      case 'SequenceExpression':
        this.leading(e.expressions);
        this.word(e.expressions.at(-1)!);
        return;
      case 'AssignmentExpression':
        this.assignment(e.left as Expression, e.right, true);
        if (this.kind(e.left as Expression) === 'f64') this.truncate();
        return;
      case 'MemberExpression':
        this.load(e);
        if (this.array(e).kind !== 'i32') this.truncate();
        return;
      case 'CallExpression':
        this.call(e);
        if (this.callKind(e) === 'f64') this.truncate();
        return;
      default:
        throw unknown(e);
    }
  }

  /** Push an expression as a double. */
  real(e: Expression): void {
    const kind = this.kind(e);
    if (kind === 'i32' || kind === 'u32' || kind === 'test') {
      if (e.type === 'Literal') this.double(Number(e.value));
      else {
        this.word(e);
        this.op(kind === 'u32' ? Op.F64ConvertI32U : Op.F64ConvertI32S);
      }
      return;
    }
    switch (e.type) {
      case 'Literal':
        this.double(Number(e.value));
        return;
      case 'Identifier':
        if (e.name === 'Infinity') this.double(Number.POSITIVE_INFINITY);
        else this.identifier(e.name);
        this.locals.used(e.name);
        return;
      case 'UnaryExpression':
        this.real(e.argument);
        if (e.operator === '-') this.op(Op.F64Neg);
        return;
      case 'BinaryExpression':
        this.real(e.left as Expression);
        this.real(e.right);
        this.op(realOperators[e.operator]!);
        return;
      case 'ConditionalExpression':
        this.choose(e, ValueType.F64);
        return;
      case 'SequenceExpression':
        this.leading(e.expressions);
        this.real(e.expressions.at(-1)!);
        return;
      case 'AssignmentExpression':
        this.assignment(e.left as Expression, e.right, true);
        return;
      case 'MemberExpression':
        this.load(e);
        return;
      case 'CallExpression':
        this.call(e);
        return;
      default:
        throw unknown(e);
    }
  }

  /** Push an expression as what a local or element of a kind holds. */
  push(e: Expression, kind: Kind): void {
    if (kind === 'f64') this.real(e);
    else if (kind === 'v128') this.vector(e);
    else this.word(e);
  }

  /** Push a vector. */
  private vector(e: Expression): void {
    if (this.kind(e) !== 'v128') throw unknown(e);
    switch (e.type) {
      case 'Identifier':
        this.identifier(e.name);
        this.locals.used(e.name);
        return;
      case 'MemberExpression':
        this.load(e);
        return;
      case 'CallExpression':
        this.call(e);
        return;
      case 'ConditionalExpression':
        this.choose(e, ValueType.V128);
        return;
      case 'SequenceExpression':
        this.leading(e.expressions);
        this.vector(e.expressions.at(-1)!);
        return;
      default:
        throw unknown(e);
    }
  }

  /** Push a word that is zero when the expression is false. */
  test(e: Expression): void {
    if (e.type === 'LogicalExpression') {
      this.test(e.left);
      this.op(Op.If, ValueType.I32);
      if (e.operator === '&&') this.test(e.right);
      else this.constant(1);
      this.op(Op.Else);
      if (e.operator === '&&') this.constant(0);
      else this.test(e.right);
      this.op(Op.End);
      return;
    }
    if (e.type === 'UnaryExpression' && e.operator === '!') {
      this.test(e.argument);
      this.op(Op.I32Eqz);
      return;
    }
    if (e.type === 'BinaryExpression' && e.operator in comparisons) {
      this.compare(e.operator, e.left as Expression, e.right);
      return;
    }
    if (e.type === 'SequenceExpression') {
      this.leading(e.expressions);
      this.test(e.expressions.at(-1)!);
      return;
    }
    if (this.kind(e) === 'f64') throw unknown(e);
    this.word(e);
  }

  private compare(operator: string, left: Expression, right: Expression): void {
    const [signed, unsigned, real] = comparisons[operator]!;
    const [l, r] = [this.kind(left), this.kind(right)];
    const isSigned = (kind: Kind): boolean => kind === 'i32' || kind === 'test';
    const isUnsigned = (kind: Kind, e: Expression): boolean =>
      kind === 'u32' || (kind === 'i32' && e.type === 'Literal');
    if (isSigned(l) && isSigned(r)) {
      if (operator === '===' && isZero(right)) {
        this.word(left);
        this.op(Op.I32Eqz);
        return;
      }
      this.word(left);
      this.word(right);
      this.op(signed);
    } else if (isUnsigned(l, left) && isUnsigned(r, right)) {
      this.word(left);
      this.word(right);
      this.op(unsigned);
    } else {
      this.real(left);
      this.real(right);
      this.op(real);
    }
  }

  private unaryWord(operator: string, argument: Expression): void {
    if (operator === '+') this.word(argument);
    else if (operator === '!') {
      this.test(argument);
      this.op(Op.I32Eqz);
    } else if (operator === '-' && argument.type === 'Literal') this.constant(-Number(argument.value));
    else if (operator === '-') {
      this.constant(0);
      this.word(argument);
      this.op(Op.I32Sub);
    } else {
      this.word(argument);
      this.constant(-1);
      this.op(Op.I32Xor);
    }
  }

  private binaryWord(operator: string, left: Expression, right: Expression): void {
    if (operator in comparisons) {
      this.compare(operator, left, right);
      return;
    }
    const code = wordOperators[operator];
    if (code === undefined || (code === Op.I32Add || code === Op.I32Sub ? this.isReal(left, right) : false)) {
      this.real(js.binary(operator as '+', left, right));
      this.truncate();
      return;
    }
    // `x | 0` only says that a word is asked for.
    if (operator === '|' && isZero(right)) {
      this.word(left);
      return;
    }
    this.word(left);
    this.word(right);
    this.op(code);
  }

  private isReal(left: Expression, right: Expression): boolean {
    return this.kind(left) === 'f64' || this.kind(right) === 'f64';
  }

  /** A double on the stack that is known to fit becomes a word. */
  private truncate(): void {
    this.op(Op.Saturating, TRUNC_SAT_F64_S);
  }

  private identifier(name: string): void {
    this.op(Op.LocalGet);
    this.code.unsigned(this.local(name).index);
  }

  private choose(e: ConditionalExpression, type: ValueType): void {
    const { test, consequent, alternate } = e;
    const push = (e: Expression): void =>
      this.push(e, type === ValueType.F64 ? 'f64' : type === ValueType.V128 ? 'v128' : 'i32');
    if (isSimple(consequent) && isSimple(alternate)) {
      push(consequent);
      push(alternate);
      this.test(test);
      this.op(Op.Select);
      return;
    }
    this.test(test);
    this.expect(expected(e));
    this.op(Op.If, type);
    push(consequent);
    this.op(Op.Else);
    push(alternate);
    this.op(Op.End);
  }

  /** All of a sequence but its last expression. */
  private leading(expressions: readonly Expression[]): void {
    for (const e of expressions.slice(0, -1)) this.effect(e);
  }

  // ---- memory -----------------------------------------------------------------------------------------------------

  /** Push an element's address but for a constant. @returns the constant. */
  private address({ base, shift }: ArrayAccess, index: Expression): number {
    if (index.type === 'Literal') {
      this.constant(0);
      return base + (Number(index.value) << shift);
    }
    const [rest, count] =
      index.type === 'BinaryExpression' && index.operator === '+' ? withConstant(index) : [index, 0];
    // The index of a place in RAM: places are aligned when they are tested.
    if (shift > 0 && rest.type === 'BinaryExpression' && rest.operator === '>>' && isLiteral(rest.right, shift)) {
      this.word(rest.left as Expression);
      return base + (count << shift);
    }
    this.word(shift === 0 ? index : rest);
    if (shift === 0) return base;
    this.constant(shift);
    this.op(Op.I32Shl);
    return base + (count << shift);
  }

  private load(e: MemberExpression): void {
    const array = this.array(e);
    const offset = this.address(array, e.property as Expression);
    this.access(array.load, array.shift, offset);
    if (array.kind === 'f32') this.op(Op.F64PromoteF32);
  }

  /** @param align as a power of two: where it is not certain, 0. */
  private access(opcode: number, align: number, offset: number): void {
    this.op(opcode & 0xff);
    if ((opcode & 0xff) === VECTOR) this.op(opcode >> 8);
    this.code.unsigned(align);
    this.code.unsigned(offset);
  }

  /** Assign; with `keep`, push the value too. */
  private assignment(left: Expression, right: Expression, keep: boolean): void {
    if (left.type === 'Identifier') {
      const { index, kind } = this.local(left.name);
      this.push(right, kind);
      this.op(keep ? Op.LocalTee : Op.LocalSet);
      this.code.unsigned(index);
      this.locals.used(left.name);
      return;
    }
    if (keep || left.type !== 'MemberExpression') throw unknown(left);
    const array = this.array(left);
    const offset = this.address(array, left.property as Expression);
    this.stored(array.kind, right);
    this.access(array.store, array.shift, offset);
  }

  private stored(kind: ArrayAccess['kind'], value: Expression): void {
    this.push(value, kind === 'f32' ? 'f64' : kind);
    if (kind === 'f32') this.op(Op.F32DemoteF64);
  }

  // ---- calls ------------------------------------------------------------------------------------------------------

  /** Push a call's result, if it has one. @returns whether it has. */
  private call(e: CallExpression): boolean {
    const args = e.arguments as Expression[];
    const { callee } = e;
    if (callee.type === 'MemberExpression') {
      const object = nameOf(callee.object as Expression);
      return object === 'V' ? this.viewAccess(propertyOf(callee), args) : this.math(propertyOf(callee), args);
    }
    const name = nameOf(callee as Expression);
    const short = intrinsics[name];
    if (short !== undefined) {
      for (const arg of args) this.word(arg);
      this.op(short);
      return true;
    }
    const typed = typedIntrinsics.get(name);
    if (typed !== undefined) {
      this.typed(typed, args);
      return true;
    }
    const widen = products[name];
    if (widen !== undefined) {
      for (const arg of args) {
        this.word(arg);
        this.op(widen);
      }
      this.op(Op.I64Mul);
      this.op(Op.I64Const, 32);
      this.op(Op.I64ShrU, Op.I32WrapI64);
      return true;
    }
    const { index, parameters, results, trailing } = this.environment.call(name);
    // What was thrown, the last argument of F, is no word.
    const own = name === 'F' ? args.slice(0, 1) : args;
    if (own.length + (trailing === undefined ? 0 : 1) !== parameters.length) throw unknown(e);
    own.forEach((arg, i) => {
      this.push(arg, parameters[i] === ValueType.F64 ? 'f64' : 'i32');
    });
    if (trailing !== undefined) this.constant(trailing);
    this.op(Op.Call);
    this.code.unsigned(index);
    return results.length > 0;
  }

  private typed({ args: kinds, code, immediates }: Intrinsic, args: readonly Expression[]): void {
    if (args.length !== kinds.length + immediates) throw new SyntaxError('an instruction has other arguments');
    for (const [i, kind] of kinds.entries()) this.push(args[i]!, kind);
    for (const byte of code) this.code.byte(byte);
    for (const immediate of args.slice(kinds.length)) {
      if (immediate.type !== 'Literal') throw unknown(immediate);
      this.code.byte(Number(immediate.value));
    }
  }

  private viewAccess(name: string, [place, value]: readonly Expression[]): boolean {
    const method = viewMethods[name]!;
    this.word(place!);
    if (name.startsWith('get')) {
      this.access(method.load, 0, 0);
      return true;
    }
    this.stored(method.kind, value!);
    this.access(method.store, 0, 0);
    return false;
  }

  private math(name: string, args: readonly Expression[]): boolean {
    const [a, b] = args as [Expression, Expression];
    if (name === 'imul') {
      this.word(a);
      this.word(b);
      this.op(Op.I32Mul);
    } else if (name === 'clz32') {
      this.word(a);
      this.op(Op.I32Clz);
    } else if (name === 'min' || name === 'max') {
      // Of words, which are exact as doubles.
      this.real(a);
      this.real(b);
      this.op(name === 'min' ? Op.F64Min : Op.F64Max, Op.Saturating);
      this.op(this.isUnsigned(args) ? TRUNC_SAT_F64_U : TRUNC_SAT_F64_S);
    } else if (name === 'fround') {
      this.real(a);
      this.op(Op.F32DemoteF64, Op.F64PromoteF32);
    } else {
      const code = realFunctions[name];
      if (code === undefined) throw new SyntaxError(`Math.${name} has no instruction`);
      this.real(a);
      this.op(code);
    }
    return true;
  }

  /** Evaluate for the effect only. */
  effect(e: Expression): void {
    if (e.type === 'AssignmentExpression') this.assignment(e.left as Expression, e.right, false);
    else if (e.type === 'CallExpression') {
      if (this.call(e)) this.op(Op.Drop);
    } else if (e.type === 'ConditionalExpression') {
      this.test(e.test);
      this.op(Op.If, NO_RESULT);
      this.effect(e.consequent);
      this.op(Op.Else);
      this.effect(e.alternate);
      this.op(Op.End);
    } else if (e.type === 'SequenceExpression') for (const part of e.expressions) this.effect(part);
    else {
      const kind = this.kind(e);
      this.push(e, kind === 'number' || kind === 'test' ? 'i32' : kind);
      this.op(Op.Drop);
    }
  }
}

/** An expression that may be evaluated whether it is needed or not, at no cost. */
function isSimple(e: Expression): boolean {
  if (e.type === 'UnaryExpression') return e.operator === '-' && e.argument.type === 'Literal';
  return e.type === 'Identifier' || e.type === 'Literal';
}

function isLiteral(e: Expression, value: number): boolean {
  return e.type === 'Literal' && e.value === value;
}

function isZero(e: Expression): boolean {
  return isLiteral(e, 0);
}

/** A sum with a literal as the rest and the literal; the literal 0 when there is none. */
function withConstant(e: Extract<Expression, { type: 'BinaryExpression' }>): [Expression, number] {
  if (e.right.type === 'Literal') return [e.left as Expression, Number(e.right.value)];
  if (e.left.type === 'Literal') return [e.right, Number(e.left.value)];
  return [e, 0];
}

/**
 * Folding at construction: constants by calling the operator itself (ir/pure.ts), and the identities that lifts
 * produce all the time. Everything here returns an existing or cheaper value, or undefined for "build the node".
 */
import type { Value } from './node.ts';
import { negatedTest, type PureName, pureOperator, type TestName } from './pure.ts';

/** What folding asks of the builder. */
export interface Folder {
  const(value: number): Value;
  pure(name: PureName, ...args: Value[]): Value;
}

const operators = new Map<string, (...args: number[]) => number | boolean>();

function operator(name: PureName): (...args: number[]) => number | boolean {
  let arrow = operators.get(name);
  if (arrow === undefined) {
    arrow = pureOperator(name);
    operators.set(name, arrow);
  }
  return arrow;
}

const isConst = (value: Value | undefined, n: number): boolean => value?.op === 'const' && value.value === n;
const isTestNode = (value: Value): boolean => value.op === 'pure' && value.name in negatedTest;
const commutative: ReadonlySet<PureName> = new Set<PureName>([
  'add',
  'mul',
  'and',
  'or',
  'xor',
  'eq',
  'ne',
  'mulhu',
  'mulhs',
]);

const isBelow = (value: Value, limit: number): boolean =>
  value.op === 'const' && value.value >= 0 && value.value < limit;

/** Is this value known to be a sign-extended word of `bits` bits? */
function isNarrow(value: Value, bits: 8 | 16): boolean {
  if (value.op === 'const') return (value.value << (32 - bits)) >> (32 - bits) === value.value;
  if (value.op === 'load') return value.size <= bits && !(value.zero && value.size === bits);
  if (value.op === 'get') return value.part === 'r8' || value.part === 'r8h' || (value.part === 'r16' && bits === 16);
  if (value.op !== 'pure') return false;
  switch (value.name) {
    case 'sext8':
    case 'high8':
      return true;
    case 'sext16':
    case 'zext8':
      return bits === 16;
    case 'and':
      if (isBelow(value.args[1]!, 1 << (bits - 1))) return true;
      return isNarrow(value.args[0]!, bits) && isNarrow(value.args[1]!, bits);
    case 'or':
    case 'xor':
      return isNarrow(value.args[0]!, bits) && isNarrow(value.args[1]!, bits);
    case 'not':
    case 'sar':
      return isNarrow(value.args[0]!, bits);
    case 'shr': {
      const [word, count] = value.args as [Value, Value];
      if (count.op !== 'const' || (count.value & 31) === 0 || word.op !== 'pure') return false;
      return word.name === 'zext8' || (word.name === 'zext16' && bits === 16);
    }
    default:
      return isTestNode(value);
  }
}

/** The value under an operation that does not change its low `bits` bits. */
function lowBits(value: Value, bits: 8 | 16): Value {
  if (value.op !== 'pure') return value;
  const { name } = value;
  if (name === 'sext16' || name === 'zext16' || (bits === 8 && (name === 'sext8' || name === 'zext8'))) {
    return lowBits(value.args[0]!, bits);
  }
  return value;
}

function foldUnary(ir: Folder, name: PureName, a: Value): Value | undefined {
  switch (name) {
    case 'sext8':
    case 'sext16': {
      const bits = name === 'sext8' ? 8 : 16;
      if (isNarrow(a, bits)) return a;
      const inner = lowBits(a, bits);
      return inner === a ? undefined : ir.pure(name, inner);
    }
    case 'zext8':
    case 'zext16': {
      const bits = name === 'zext8' ? 8 : 16;
      if (isTestNode(a)) return a;
      const inner = lowBits(a, bits);
      return inner === a ? undefined : ir.pure(name, inner);
    }
    default:
      return undefined;
  }
}

function foldConstantRight(ir: Folder, name: PureName, a: Value, c: number): Value | undefined {
  switch (name) {
    case 'add':
      if (c === 0) return a;
      if (a.op === 'pure' && a.name === 'add' && a.args[1]!.op === 'const') {
        return ir.pure('add', a.args[0]!, ir.const((a.args[1]!.value + c) | 0));
      }
      return undefined;
    case 'sub':
      return ir.pure('add', a, ir.const(-c | 0));
    case 'or':
    case 'xor':
      if (c === 0) return a;
      if (c === -1) return name === 'or' ? ir.const(-1) : ir.pure('not', a);
      return undefined;
    case 'shl':
    case 'shr':
      if ((c & 31) === 0) return a;
      if (a.op === 'pure' && a.name === name && a.args[1]!.op === 'const') {
        const count = (a.args[1]!.value & 31) + (c & 31);
        return count > 31 ? ir.const(0) : ir.pure(name, a.args[0]!, ir.const(count));
      }
      return undefined;
    case 'sar':
    case 'rol':
    case 'ror':
      return (c & 31) === 0 ? a : undefined;
    case 'and':
      if (c === 0) return ir.const(0);
      if (c === -1) return a;
      if (a.op === 'pure' && a.name === 'and' && a.args[1]!.op === 'const') {
        return ir.pure('and', a.args[0]!, ir.const(a.args[1]!.value & c));
      }
      if (c === 1 && isTestNode(a)) return a;
      return undefined;
    case 'mul':
      return c === 1 ? a : c === 0 ? ir.const(0) : undefined;
    case 'ne':
      return c === 0 && isTestNode(a) ? a : undefined;
    case 'eq':
      if (c !== 0 || a.op !== 'pure' || !isTestNode(a)) return undefined;
      return ir.pure(negatedTest[a.name as TestName], ...a.args);
    default:
      return undefined;
  }
}

function foldSame(ir: Folder, name: PureName, a: Value): Value | undefined {
  switch (name) {
    case 'xor':
    case 'sub':
      return ir.const(0);
    case 'and':
    case 'or':
      return a;
    default:
      return undefined;
  }
}

/** A cheaper value for `name(args)`, or undefined. */
export function foldPure(ir: Folder, name: PureName, args: Value[]): Value | undefined {
  const [a, b] = args as [Value, Value | undefined];
  if (args.every((arg) => arg.op === 'const')) {
    return ir.const(Number(operator(name)(...args.map((arg) => (arg.op === 'const' ? arg.value : 0)))));
  }
  if (b === undefined) return foldUnary(ir, name, a);
  if (name === 'select') {
    if (a.op === 'const') return a.value ? b : args[2];
    return b === args[2] ? b : undefined;
  }
  if (a.op === 'const') {
    if (commutative.has(name)) return ir.pure(name, b, a);
    if (name === 'sub' && isConst(a, 0)) return ir.pure('neg', b);
    return undefined;
  }
  if (b.op === 'const') return foldConstantRight(ir, name, a, b.value);
  return a === b ? foldSame(ir, name, a) : undefined;
}

/**
 * IR nodes: values and effects in program order, the form between lifts and back ends.
 *
 * A block is a list of nodes in which every value stands before its uses. Values are i32. State slots (registers,
 * flags) are read by `get` and written by `set` and `flags`; memory by `load` and `store`; everything a back end must
 * keep in order is an effect, listed with what it reads, writes and raises in ops.ts.
 *
 * All nodes come out of one literal, so that they have one hidden class: translation runs cold, and V8 reads fields of many
 * shapes slowly.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import type { FlagKindName } from './flags.ts';
import type { PureName } from './pure.ts';

/** Part of a 32-bit state slot: whole, low word, low byte, or second byte (AH). Narrow parts read sign-extended. */
export type Part = 'r32' | 'r16' | 'r8' | 'r8h';

export type MemorySize = 8 | 16 | 32;

/** What passes and back ends note on each node while they work on a block. */
interface Notes {
  id: number;
  /** Number of uses of the value (passes/dead-code.ts). */
  uses: number;
  /** Position of its last use, and slot it is in, or -1 (interp/). */
  last: number;
  place: number;
}

export interface Const extends Notes {
  readonly op: 'const';
  value: number;
}

export interface Pure extends Notes {
  readonly op: 'pure';
  readonly name: PureName;
  args: Value[];
}

export interface Get extends Notes {
  readonly op: 'get';
  readonly slot: number;
  readonly part: Part;
}

export interface SetSlot extends Notes {
  readonly op: 'set';
  readonly slot: number;
  readonly part: Part;
  value: Value;
}

/**
 * A test of the line table (abi/lines.ts) for the bytes from `lowest` up to `highest`, at most LINE_REACH of them: may they
 * be read, or written too? Both are distances from `base`, or addresses when there is none.
 */
export interface LineTest {
  readonly kind: 'line';
  base: Value | undefined;
  readonly lowest: number;
  readonly highest: number;
  readonly writes: boolean;
}

/**
 * A test of the TLB's word (abi/tlb.ts) for `bytes` bytes from `lowest` on, a distance from `base`: do they lie on one page
 * that may be read, or written too, and is the first of them aligned to `align` bytes?
 */
export interface PageTest {
  readonly kind: 'page';
  base: Value;
  lowest: number;
  bytes: number;
  align: number;
  writes: boolean;
}

/** How an access is let through: by a test that it makes, also for others; by an earlier one; or on its own. */
type SharedTest = LineTest | PageTest | 'passed' | undefined;

/** Where an access lies in what a page test has let through: bytes from its first. */
export interface PagePlace {
  readonly test: PageTest;
  readonly offset: number;
}

export interface Load extends Notes {
  readonly op: 'load';
  readonly size: MemorySize;
  /** Zero-extended instead of sign-extended (8 and 16 bits). */
  zero: boolean;
  /** Checks write permission too: the first half of a read-modify-write. */
  readonly write: boolean;
  /** Linear address. */
  address: Value;
  test: SharedTest;
  within: PagePlace | undefined;
}

export interface Store extends Notes {
  readonly op: 'store';
  readonly size: MemorySize;
  address: Value;
  value: Value;
  /** The load that has already checked this address for writing. */
  after: Load | undefined;
  test: SharedTest;
  within: PagePlace | undefined;
}

export interface Flags extends Notes {
  readonly op: 'flags';
  readonly kind: FlagKindName;
  /** Components to write: a subset of flagMask(kind). Passes clear bits. */
  mask: number;
  /** (a, b, r) of ir/flags.ts. */
  args: [Value, Value, Value];
  /** Written only when this is not zero (shift counts in CL). */
  when: Value | undefined;
}

export interface Call extends Notes {
  readonly op: 'call';
  readonly helper: HelperName;
  args: Value[];
  /** Of helpers that access memory at their second argument (ops.ts, laneAccess). */
  test: SharedTest;
}

/** Start of a guest instruction. */
export interface Mark extends Notes {
  readonly op: 'mark';
  readonly eip: number;
  /** Ordinal of the instruction within its block, from 0. */
  readonly index: number;
}

export type Value = Const | Pure | Get | Load | Call;
export type Node = Value | SetSlot | Store | Flags | Mark;

/**
 * One literal for all nodes. Arguments stand one by one, since an object of them would have as many hidden classes as there
 * are kinds; what a kind does not have, it has too, and nobody looks at.
 *
 * @param text name, kind or helper.
 * @param number slot, mask or EIP.
 */
function node(
  op: Node['op'],
  text: string,
  args: Value[],
  number: number,
  index: number,
  part: Part,
  size: MemorySize,
  write: boolean,
  value: number | Value,
  address?: Value,
  after?: Load,
  when?: Value,
): unknown {
  return {
    op,
    id: 0,
    uses: 0,
    last: -1,
    place: -1,
    name: text,
    kind: text,
    helper: text,
    args,
    slot: number,
    mask: number,
    eip: number,
    index,
    part,
    size,
    zero: false,
    write,
    value,
    address,
    after,
    when,
    test: undefined,
    within: undefined,
  };
}

export const makeConst = (value: number): Const => node('const', '', none, 0, 0, 'r32', 32, false, value) as Const;

export const makePure = (name: PureName, args: Value[]): Pure =>
  node('pure', name, args, 0, 0, 'r32', 32, false, 0) as Pure;

export const makeGet = (slot: number, part: Part): Get => node('get', '', none, slot, 0, part, 32, false, 0) as Get;

export const makeSet = (slot: number, part: Part, value: Value): SetSlot =>
  node('set', '', none, slot, 0, part, 32, false, value) as SetSlot;

/** @param write it is the first half of a read-modify-write. */
export const makeLoad = (size: MemorySize, write: boolean, address: Value): Load =>
  node('load', '', none, 0, 0, 'r32', size, write, 0, address) as Load;

/** @param after the load whose place it writes again. */
export const makeStore = (size: MemorySize, address: Value, value: Value, after: Load | undefined): Store =>
  node('store', '', none, 0, 0, 'r32', size, false, value, address, after) as Store;

export const makeFlags = (kind: FlagKindName, mask: number, args: Value[], when: Value | undefined): Flags =>
  node('flags', kind, args, mask, 0, 'r32', 32, false, 0, undefined, undefined, when) as Flags;

export const makeCall = (helper: HelperName, args: Value[]): Call =>
  node('call', helper, args, 0, 0, 'r32', 32, false, 0) as Call;

export const makeMark = (eip: number, index: number): Mark =>
  node('mark', '', none, eip, index, 'r32', 32, false, 0) as Mark;

const none: Value[] = [];

/** What an access's own test reads. */
function testOperands({ test }: Load | Store | Call): readonly Value[] {
  return test === undefined || test === 'passed' || test.base === undefined ? none : [test.base];
}

function visitTest({ test }: Load | Store | Call, visit: (value: Value) => void): void {
  if (test !== undefined && test !== 'passed' && test.base !== undefined) visit(test.base);
}

function changeTest({ test }: Load | Store | Call, change: (value: Value) => Value): void {
  if (test !== undefined && test !== 'passed' && test.base !== undefined) test.base = change(test.base);
}

/** The operand values of a node, in order. */
export function operandsOf(node: Node): readonly Value[] {
  switch (node.op) {
    case 'const':
    case 'get':
    case 'mark':
      return [];
    case 'pure':
      return node.args;
    case 'call':
      return node.test === undefined ? node.args : [...node.args, ...testOperands(node)];
    case 'set':
      return [node.value];
    case 'load':
      return [node.address, ...testOperands(node)];
    case 'store':
      return [node.address, node.value, ...(node.after ? [node.after] : testOperands(node))];
    case 'flags':
      return node.when ? [...node.args, node.when] : node.args;
  }
}

/** Call `visit` for each operand value of a node, in order. */
export function forEachOperand(node: Node, visit: (value: Value) => void): void {
  switch (node.op) {
    case 'pure':
      for (const arg of node.args) visit(arg);
      return;
    case 'call':
      for (const arg of node.args) visit(arg);
      visitTest(node, visit);
      return;
    case 'set':
      visit(node.value);
      return;
    case 'load':
      visit(node.address);
      visitTest(node, visit);
      return;
    case 'store':
      visit(node.address);
      visit(node.value);
      if (node.after) visit(node.after);
      else visitTest(node, visit);
      return;
    case 'flags':
      for (const arg of node.args) visit(arg);
      if (node.when) visit(node.when);
      return;
    default:
  }
}

/** Put other values in the place of a node's operands. */
export function replaceOperands(node: Node, change: (value: Value) => Value): void {
  switch (node.op) {
    case 'pure':
      node.args = node.args.map(change);
      return;
    case 'call':
      node.args = node.args.map(change);
      changeTest(node, change);
      return;
    case 'set':
      node.value = change(node.value);
      return;
    case 'load':
      node.address = change(node.address);
      changeTest(node, change);
      return;
    case 'store':
      node.address = change(node.address);
      node.value = change(node.value);
      changeTest(node, change);
      return;
    case 'flags':
      node.args = [change(node.args[0]), change(node.args[1]), change(node.args[2])];
      if (node.when) node.when = change(node.when);
      return;
    default:
  }
}

/** An address as a value and a constant distance from it; no value for absolute addresses. */
export function splitAddress(address: Value): { readonly base: Value | undefined; readonly distance: number } {
  if (address.op === 'const') return { base: undefined, distance: address.value };
  if (address.op === 'pure' && address.name === 'add') {
    const [base, distance] = address.args as [Value, Value];
    if (distance.op === 'const') return { base, distance: distance.value };
  }
  return { base: address, distance: 0 };
}

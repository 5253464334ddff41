/**
 * IR nodes: values and effects in program order, the form between lifts and back ends.
 *
 * A block is a list of nodes in which every value stands before its uses. Values are i32. State slots (registers,
 * flags) are read by `get` and written by `set` and `flags`; memory by `load` and `store`; everything a back end must
 * keep in order is an effect, listed with what it reads, writes and raises in ops.ts.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import type { FlagKindName } from './flags.ts';
import type { PureName } from './pure.ts';

/** Part of a 32-bit state slot: whole, low word, low byte, or second byte (AH). Narrow parts read sign-extended. */
export type Part = 'r32' | 'r16' | 'r8' | 'r8h';

export type MemorySize = 8 | 16 | 32;

export interface Const {
  readonly op: 'const';
  id: number;
  readonly value: number;
}

export interface Pure {
  readonly op: 'pure';
  id: number;
  readonly name: PureName;
  args: Value[];
}

export interface Get {
  readonly op: 'get';
  id: number;
  readonly slot: number;
  readonly part: Part;
}

export interface SetSlot {
  readonly op: 'set';
  id: number;
  readonly slot: number;
  readonly part: Part;
  value: Value;
}

export interface Load {
  readonly op: 'load';
  id: number;
  readonly size: MemorySize;
  /** Zero-extended instead of sign-extended (8 and 16 bits). */
  zero: boolean;
  /** Checks write permission too: the first half of a read-modify-write. */
  readonly write: boolean;
  /** Linear address. */
  address: Value;
}

export interface Store {
  readonly op: 'store';
  id: number;
  readonly size: MemorySize;
  address: Value;
  value: Value;
  /** The load that has already checked this address for writing. */
  readonly after: Load | undefined;
}

export interface Flags {
  readonly op: 'flags';
  id: number;
  readonly kind: FlagKindName;
  /** Components to write: a subset of flagMask(kind). Passes clear bits. */
  mask: number;
  /** (a, b, r) of ir/flags.ts. */
  args: [Value, Value, Value];
  /** Written only when this is not zero (shift counts in CL). */
  when: Value | undefined;
}

export interface Call {
  readonly op: 'call';
  id: number;
  readonly helper: HelperName;
  args: Value[];
}

/** Start of a guest instruction. */
export interface Mark {
  readonly op: 'mark';
  id: number;
  readonly eip: number;
  /** Ordinal of the instruction within its block, from 0. */
  readonly index: number;
}

export type Value = Const | Pure | Get | Load | Call;
export type Node = Value | SetSlot | Store | Flags | Mark;

/** The operand values of a node, in order. */
export function operandsOf(node: Node): readonly Value[] {
  switch (node.op) {
    case 'const':
    case 'get':
    case 'mark':
      return [];
    case 'pure':
    case 'call':
      return node.args;
    case 'set':
      return [node.value];
    case 'load':
      return [node.address];
    case 'store':
      return node.after ? [node.address, node.value, node.after] : [node.address, node.value];
    case 'flags':
      return node.when ? [...node.args, node.when] : node.args;
  }
}

// Runs IR by walking its nodes over the state array: the plainest back end there can be, so that a lift can be judged
// without tier 0 and tier 1. It also is stricter than they are: a value used before it is computed and a breach of the
// commit rule (a register or flag written before the last operation of its instruction that can fault) are errors.
import { helperSignatures, type VmmCallName } from '../../runtime/abi/calls.ts';
import { EIP, FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, SCRATCH, VECTOR_SCRATCH } from '../../runtime/abi/state.ts';
import type { HelperTable } from '../../runtime/helpers/index.ts';
import type { Memory } from '../../runtime/memory/memory.ts';
import type { IrBlock } from '../../translator/ir/block.ts';
import { AUX, CF, type FlagKind, flagKinds, OF, RES } from '../../translator/ir/flags.ts';
import type { Flags, Load, Node, Part, Value } from '../../translator/ir/node.ts';
import { pureOperator } from '../../translator/ir/pure.ts';

/** What a block runs against. */
export interface EvaluationMachine {
  readonly state: Int32Array;
  readonly memory: Memory;
  readonly helpers: HelperTable;
}

/** How a block ended. State has the EIP: where control goes, or for `vmm` the instruction itself. */
export type Ending =
  | { readonly kind: 'next' }
  | { readonly kind: 'vmm'; readonly call: VmmCallName; readonly args: readonly number[]; readonly next: number };

const next: Ending = { kind: 'next' };

/** Run one block from its first node.
 *  @throws GuestFault (the machine's own) with EIP at the instruction that faulted; Error when the IR is wrong. */
export function evaluate(block: Pick<IrBlock, 'nodes' | 'terminator'>, machine: EvaluationMachine): Ending {
  const { state } = machine;
  const values: (number | undefined)[] = [];
  const word = (value: Value): number => {
    const known = values[value.id];
    if (known === undefined) throw new Error(`value ${value.id} (${value.op}) is used before it is computed`);
    return known;
  };
  let committed: Node | undefined;
  for (const node of block.nodes) {
    if (node.op === 'mark') {
      committed = undefined;
      state[EIP] = node.eip;
    } else if (mayFault(node) && committed !== undefined) {
      throw new Error(`${node.op} at ${(state[EIP]! >>> 0).toString(16)} follows a ${committed.op}: the commit rule`);
    } else if (node.op === 'flags' || (node.op === 'set' && node.slot !== SCRATCH && node.slot < VECTOR_SCRATCH))
      committed = node;
    values[node.id] = step(node, machine, word);
  }
  const { terminator } = block;
  switch (terminator.kind) {
    case 'jump':
      state[EIP] = terminator.target;
      return next;
    case 'branch':
      state[EIP] = word(terminator.condition) !== 0 ? terminator.taken : terminator.next;
      return next;
    case 'indirect':
      state[EIP] = word(terminator.target);
      return next;
    case 'vmm':
      state[EIP] = terminator.at;
      return { kind: 'vmm', call: terminator.call, args: terminator.args.map(word), next: terminator.next };
  }
}

function mayFault(node: Node): boolean {
  return node.op === 'load' || node.op === 'store' || (node.op === 'call' && helperSignatures[node.helper].faults);
}

/** Run one node; undefined for nodes that are no values. */
function step(node: Node, machine: EvaluationMachine, word: (value: Value) => number): number | undefined {
  const { state, memory, helpers } = machine;
  switch (node.op) {
    case 'mark':
      return undefined;
    case 'const':
      return node.value;
    case 'pure':
      return Number(pureOperator(node.name)(...node.args.map(word)));
    case 'get':
      return readPart(state[node.slot]!, node.part);
    case 'set':
      state[node.slot] = writePart(state[node.slot]!, node.part, word(node.value));
      return undefined;
    case 'load':
      return load(node, memory, word(node.address));
    case 'store': {
      const address = word(node.address);
      if (node.after !== undefined && word(node.after.address) !== address) {
        throw new Error('a store after a checked load goes to another address');
      }
      const write = node.size === 8 ? memory.write8 : node.size === 16 ? memory.write16 : memory.write32;
      write.call(memory, address, word(node.value));
      return undefined;
    }
    case 'flags':
      setFlags(node, state, word);
      return undefined;
    case 'call':
      return helpers[node.helper](...node.args.map(word));
  }
}

function load(node: Load, memory: Memory, address: number): number {
  if (node.size === 32) return node.write ? memory.modify32(address) : memory.read32(address);
  if (node.size === 16) {
    const half = node.write ? memory.modify16(address) : memory.read16(address);
    return node.zero ? half & 0xffff : half;
  }
  const byte = node.write ? memory.modify8(address) : memory.read8(address);
  return node.zero ? byte & 0xff : byte;
}

function setFlags(node: Flags, state: Int32Array, word: (value: Value) => number): void {
  if (node.when !== undefined && word(node.when) === 0) return;
  const kind: FlagKind = flagKinds[node.kind];
  const [a, b, r] = node.args.map(word) as [number, number, number];
  if (node.mask & CF) state[FLAG_CF] = kind.cf!(a, b, r);
  if (node.mask & OF) state[FLAG_OF] = kind.of!(a, b, r);
  if (node.mask & RES) state[FLAG_RES] = kind.res!(a, b, r);
  if (node.mask & AUX) state[FLAG_AUX] = kind.aux!(a, b, r);
}

function readPart(word: number, part: Part): number {
  switch (part) {
    case 'r32':
      return word;
    case 'r16':
      return (word << 16) >> 16;
    case 'r8':
      return (word << 24) >> 24;
    case 'r8h':
      return (word << 16) >> 24;
  }
}

function writePart(word: number, part: Part, value: number): number {
  switch (part) {
    case 'r32':
      return value;
    case 'r16':
      return (word & ~0xffff) | (value & 0xffff);
    case 'r8':
      return (word & ~0xff) | (value & 0xff);
    case 'r8h':
      return (word & ~0xff00) | ((value & 0xff) << 8);
  }
}

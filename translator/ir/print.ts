/**
 * IR as text, for people: explain, dumps and the golden blocks of fixtures/blocks/.
 *
 * One node a line. Values are numbered %0, %1, … in the order of their definition whatever their ids are, so that a
 * pass which drops a node renumbers the text but not its sense; constants stand where they are used.
 */
import { helperSignatures } from '../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../runtime/abi/signature.ts';
import {
  DF,
  EFLAGS_SYSTEM,
  FLAG_AUX,
  FLAG_CF,
  FLAG_OF,
  FLAG_RES,
  MXCSR,
  registerNames,
  SCRATCH,
  SEGMENT_BASE,
  SELECTOR,
  VECTOR_SCRATCH,
  XMM,
} from '../../runtime/abi/state.ts';
import type { IrBlock } from './block.ts';
import { ALL_FLAGS, AUX, CF, OF, RES } from './flags.ts';
import type { Call, Node, Part, Value } from './node.ts';
import type { Terminator } from './terminator.ts';

const segmentNames = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const slotNames: Readonly<Record<number, string>> = {
  [FLAG_RES]: 'flag.res',
  [FLAG_AUX]: 'flag.aux',
  [FLAG_CF]: 'flag.cf',
  [FLAG_OF]: 'flag.of',
  [DF]: 'df',
  [EFLAGS_SYSTEM]: 'eflags',
  [SCRATCH]: 'scratch',
  [MXCSR]: 'mxcsr',
};
const components: readonly (readonly [number, string])[] = [
  [CF, 'cf'],
  [OF, 'of'],
  [RES, 'res'],
  [AUX, 'aux'],
];

/** Text of a block: a line for each node, the terminator last; every line ends with a newline. */
export function printBlock(block: IrBlock): string {
  const numbers = new Map<Value, number>();
  const lines: string[] = [];
  const name = (value: Value): string => {
    if (value.op === 'const') return printConstant(value.value);
    const number = numbers.get(value);
    return number === undefined ? '%undefined' : `%${number}`;
  };
  for (const node of block.nodes) {
    if (node.op === 'const') continue;
    const text = printNode(node, name);
    if (!isValue(node)) lines.push(text);
    else {
      numbers.set(node, numbers.size);
      lines.push(`  ${name(node)} = ${text}`);
    }
  }
  lines.push(printTerminator(block.terminator, name));
  return `${lines.join('\n')}\n`;
}

function isValue(node: Node): node is Value {
  return node.op === 'pure' || node.op === 'get' || node.op === 'load' || node.op === 'call';
}

function printNode(node: Exclude<Node, { op: 'const' }>, name: (value: Value) => string): string {
  switch (node.op) {
    case 'mark':
      return `${printAddress(node.eip)}:`;
    case 'pure':
      return `${node.name} ${node.args.map(name).join(', ')}`;
    case 'get':
      return `get ${slotPartName(node.slot, node.part)}`;
    case 'set':
      return `  set ${slotPartName(node.slot, node.part)}, ${name(node.value)}`;
    case 'load':
      return `${node.write ? 'modify' : 'load'}${node.size}${node.zero ? 'z' : ''} [${name(node.address)}]`;
    case 'store':
      return `  store${node.size} [${name(node.address)}], ${name(node.value)}${node.after ? ` after ${name(node.after)}` : ''}`;
    case 'flags':
      return `  flags ${node.kind}${printMask(node.mask)} ${node.args.map(name).join(', ')}${
        node.when ? ` when ${name(node.when)}` : ''
      }`;
    case 'call':
      return `call ${[node.helper, ...callArguments(node, name)].join(', ')}`;
  }
}

/** Arguments by name, vector registers by theirs. */
function callArguments(node: Call, name: (value: Value) => string): string[] {
  const { lanes }: HelperSignature = helperSignatures[node.helper];
  const slots = lanes === undefined ? 0 : lanes.reads === 0 ? 1 : 2;
  return node.args.map((arg, i) => (i < slots && arg.op === 'const' ? vectorName(arg.value) : name(arg)));
}

/** A vector register by its first slot. */
function vectorName(slot: number): string {
  return slotName(slot).replace(/\.0$/, '');
}

function printTerminator(terminator: Terminator, name: (value: Value) => string): string {
  switch (terminator.kind) {
    case 'jump':
      return `  jump ${printAddress(terminator.target)}${printReturn(terminator.call)}`;
    case 'branch': {
      const { condition, taken, next } = terminator;
      return `  branch ${name(condition)}, ${printAddress(taken)}, else ${printAddress(next)}`;
    }
    case 'indirect':
      return `  indirect ${terminator.via} ${name(terminator.target)}${printReturn(terminator.returnTo)}`;
    case 'vmm': {
      const { call, args, at, next } = terminator;
      return `  vmm ${[call, ...args.map(name)].join(', ')} at ${printAddress(at)} next ${printAddress(next)}`;
    }
  }
}

function printReturn(address: number | undefined): string {
  return address === undefined ? '' : ` returning to ${printAddress(address)}`;
}

/** Components that a setter writes, `.cf.of`; nothing when it writes all four. */
function printMask(mask: number): string {
  if (mask === ALL_FLAGS) return '';
  return components.map(([bit, label]) => (mask & bit ? `.${label}` : '')).join('');
}

/** Small constants in decimal, the others as hexadecimal words. */
export function printConstant(value: number): string {
  return Math.abs(value) < 256 ? String(value) : `0x${(value >>> 0).toString(16)}`;
}

function printAddress(eip: number): string {
  return (eip >>> 0).toString(16).padStart(8, '0');
}

/** Name of a state slot or of a part of it, as the manual names registers: `eax`, `ax`, `al`, `ah`, `fs.base`. */
export function slotPartName(slot: number, part: Part): string {
  const register = registerNames[slot];
  if (register !== undefined) {
    if (part === 'r32') return register;
    if (part === 'r16') return register.slice(1);
    return `${register[1]}${part === 'r8' ? 'l' : 'h'}`;
  }
  return `${slotName(slot)}${part === 'r32' ? '' : `.${part}`}`;
}

function slotName(slot: number): string {
  const segment = segmentNames[slot - SELECTOR];
  if (segment !== undefined) return segment;
  if (slot >= XMM && slot < VECTOR_SCRATCH) return `xmm${(slot - XMM) >> 2}.${slot & 3}`;
  if (slot >= VECTOR_SCRATCH && slot < MXCSR) return `vector${(slot - VECTOR_SCRATCH) >> 2}.${slot & 3}`;
  const based = segmentNames[slot - SEGMENT_BASE];
  if (based !== undefined) return `${based}.base`;
  return slotNames[slot] ?? `slot${slot}`;
}

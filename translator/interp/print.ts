/**
 * Tier-0 code as text, for explain: one micro-operation a line, slots by the names that IR text gives them, interned
 * constants as numbers.
 */
import { helperNames, vmmCallNames } from '../../runtime/abi/calls.ts';
import { CONSTANT, STATE_SLOTS, TEMPORARY } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { printConstant, slotPartName } from '../ir/print.ts';
import { ConstantSlots } from './constants.ts';
import { encode } from './encode.ts';
import { HEADER_WORDS, microOps, Op } from './micro-op.ts';

/** Encode a block for tier 0 and print what came of it; every line ends with a newline. */
export function printMicroOps(block: IrBlock): string {
  const state = new Int32Array(STATE_SLOTS);
  const { words } = encode(block, new ConstantSlots(state));
  const lines: string[] = [];
  for (let at = HEADER_WORDS; at < words.length; ) {
    const { text, length } = printOne(words, at, state);
    lines.push(`  ${text}\n`);
    at += length;
  }
  return lines.join('');
}

function printOne(words: readonly number[], at: number, state: Int32Array): { text: string; length: number } {
  const number = words[at]!;
  const op = microOps.get(number);
  if (op === undefined) throw new Error(`no micro-operation ${number} at word ${at}`);
  const slot = (position: number): string => slotText(words[position]!, state);
  if (number === Op.vmm) {
    const [call, eip, next, count] = words.slice(at + 1, at + 5) as [number, number, number, number];
    const args = Array.from({ length: count }, (_, i) => slot(at + 5 + i));
    const text = ['vmm', vmmCallNames[call], ...args, `at ${address(eip)}`, `next ${address(next)}`].join(' ');
    return { text, length: 5 + count };
  }
  // The words behind the target are for targets that have been seen.
  if (number === Op.indirect) return { text: `indirect ${slot(at + 1)}`, length: 1 + op.layout.length };
  const operands: string[] = [];
  let position = at + 1;
  for (const letter of op.layout) {
    if (letter === 'l') operands.push(address(words[++position]!));
    else if (letter === 'h') operands.push(helperNames[words[position]!]!);
    else if (letter === 'w') operands.push(`+${printConstant(words[position]!)}`);
    else operands.push(slot(position));
    position++;
  }
  return { text: `${op.name} ${operands.join(', ')}`, length: position - at };
}

/** A slot as an operand: a register or flag slot, a temporary `t0`, or the constant that it holds. */
function slotText(slot: number, state: Int32Array): string {
  if (slot >= CONSTANT) return printConstant(state[slot]!);
  return slot >= TEMPORARY ? `t${slot - TEMPORARY}` : slotPartName(slot, 'r32');
}

function address(eip: number): string {
  return (eip >>> 0).toString(16).padStart(8, '0');
}

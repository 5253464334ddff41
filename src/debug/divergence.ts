/** What `--verify` found, as text: the wrong block with its IR, and both states (runtime/exec/verifier.ts). */
import { EIP, registerNames } from '../../runtime/abi/state.ts';
import { readEflags } from '../../runtime/cpu/eflags.ts';
import type { BlockBytes, DivergenceFacts } from '../../runtime/exec/divergence.ts';
import type { Difference } from '../../runtime/exec/state-difference.ts';
import { explainRegion } from '../../translator/index.ts';
import { printCode } from './explain.ts';

/** Longest instruction, in bytes (SDM vol. 2A §2.3.11). */
const MAX_LENGTH = 15;

/** Many lines; the last ends without a line feed. */
export function printDivergence(facts: DivergenceFacts): string {
  const { region, mode, blocks, path, instructions, ends, memory } = facts;
  const heads = blocks.map(({ eip }) => word(eip)).join(' ');
  const parts = [
    `compiled code differs from tier 0 within ${instructions} instructions of the region at ${word(region)}`,
    `blocks of the region: ${heads}`,
    path.length === 1 ? 'the block that ran:' : `the last ${path.length} blocks that ran, in order:`,
    ...path.map((block) => explainBlock(block, mode)),
    ...ends.map((line) => `== end\n${line}`),
    printStates(facts),
  ];
  if (memory.length > 0) {
    const rows = memory.map(({ what, left, right }) => `${what.padEnd(12)}${''.padEnd(12)}${pair(left, right)}`);
    parts.push(['memory       before      compiled    tier 0', ...rows].join('\n'));
  }
  return parts.join('\n');
}

/** Guest code and IR, before and after the passes. */
function explainBlock({ eip, bytes }: BlockBytes, mode: number): string {
  const explained = explainRegion(eip, mode, (at) =>
    at === eip
      ? { bytes, offset: 0, end: bytes.length, mapping: 0, crossing: () => bytes.subarray(0, MAX_LENGTH) }
      : undefined,
  );
  const block = explained?.blocks[0];
  if (block === undefined) return `block ${word(eip)}: ${Array.from(bytes, byte).join(' ')} (on two pages)`;
  const code = printCode(block, { eip: eip >>> 0, bytes });
  return `block ${word(eip)}\n== asm\n${code}== ir\n${block.lifted}== opt\n${block.optimised.trimEnd()}`;
}

function printStates({ before, compiled, interpreted, registers }: DivergenceFacts): string {
  const always = [...registerNames.map((name, slot) => [name, slot] as const), ['eip', EIP] as const];
  const rows = always.map(([name, slot]) => row(name, before[slot]!, compiled[slot]!, interpreted[slot]!));
  rows.push(row('eflags', readEflags(before), readEflags(compiled), readEflags(interpreted)));
  const printed: ReadonlySet<string> = new Set([...always.map(([name]) => name), 'eflags']);
  const others: readonly Difference[] = registers.filter(({ what }) => !printed.has(what));
  for (const { what, left, right } of others) rows.push(`${what.padEnd(24)} ${pair(left, right)}`);
  return ['state        before      compiled    tier 0', ...rows].join('\n');
}

function row(name: string, before: number, compiled: number, interpreted: number): string {
  return `${name.padEnd(12)} ${word(before).padEnd(12)}${pair(compiled, interpreted)}`;
}

function pair(compiled: number, interpreted: number): string {
  const mark = compiled === interpreted ? '' : '  <<<';
  return `${word(compiled).padEnd(12)}${word(interpreted)}${mark}`;
}

function word(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

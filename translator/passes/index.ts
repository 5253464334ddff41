/** The passes over one block, in order; each can be switched off by name, to find a wrong one by bisection. */
import { MODE_IDENTITY } from '../../runtime/abi/mode.ts';
import type { IrBlock } from '../ir/block.ts';
import { deadCode } from './dead-code.ts';
import { deadState } from './dead-state.ts';
import { forwardLoads } from './forward-loads.ts';
import { lineTests } from './line-tests.ts';
import { pageTests } from './page-tests.ts';
import { zeroExtend } from './zero-extend.ts';

interface Pass {
  readonly name: string;
  readonly run: (block: IrBlock) => void;
}

const passes: readonly Pass[] = [
  { name: 'dead-state', run: deadState },
  { name: 'dead-code', run: deadCode },
  { name: 'zero-extend', run: zeroExtend },
];

/** Before the others, for blocks of regions in identity-mapped code. */
const identityPasses: readonly Pass[] = [
  { name: 'line-tests', run: lineTests },
  { name: 'forward-loads', run: forwardLoads },
];

/** The same where memory is mapped by page tables. */
const pagedPasses: readonly Pass[] = [
  { name: 'page-tests', run: pageTests },
  { name: 'forward-loads', run: forwardLoads },
];

export interface PassOptions {
  /** The block is for tier 1. */
  readonly inRegion?: boolean;
  /** Names of passes that do not run. */
  readonly off?: ReadonlySet<string> | undefined;
  /** Sees the block after each pass. */
  readonly observe?: (pass: string, block: IrBlock) => void;
}

/** Run the passes. */
export function optimise(block: IrBlock, { inRegion = false, off, observe }: PassOptions = {}): void {
  if (inRegion) run(block, block.mode & MODE_IDENTITY ? identityPasses : pagedPasses, off, observe);
  run(block, passes, off, observe);
}

function run(block: IrBlock, list: readonly Pass[], off: PassOptions['off'], observe: PassOptions['observe']): void {
  for (const pass of list) {
    if (off?.has(pass.name)) continue;
    pass.run(block);
    observe?.(pass.name, block);
  }
}

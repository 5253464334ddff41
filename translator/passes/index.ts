/** The passes over one block, in order; each can be switched off by name, to find a wrong one by bisection. */
import type { IrBlock } from '../ir/block.ts';
import { deadCode } from './dead-code.ts';
import { deadState } from './dead-state.ts';
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

/** Run all passes but those named in `off`; `observe` sees the block after each. */
export function optimise(
  block: IrBlock,
  off?: ReadonlySet<string>,
  observe?: (pass: string, block: IrBlock) => void,
): void {
  for (const pass of passes) {
    if (off?.has(pass.name)) continue;
    pass.run(block);
    observe?.(pass.name, block);
  }
}

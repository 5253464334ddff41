/**
 * Every stage of a translation as text: guest code, IR after the lift, IR after the passes, tier-0 micro-operations,
 * generated JavaScript. It runs the recipe of translate.ts and looks on; nothing is executed.
 */
import { createEntries, ENTRY_WORDS } from '../runtime/abi/entries.ts';
import { STATE_SLOTS } from '../runtime/abi/state.ts';
import type { CodeBytes } from '../runtime/abi/translator.ts';
import { createDecoder, type Instruction } from './decode/index.ts';
import { functionText, scriptTraits } from './emit/compile.ts';
import { printMicroOps } from './interp/print.ts';
import type { IrBlock } from './ir/block.ts';
import { printBlock } from './ir/print.ts';
import { rows } from './isa/index.ts';
import { lift } from './lift.ts';
import { optimise } from './passes/index.ts';
import { compileRegion } from './translate.ts';

/** One guest block, stage by stage. */
export interface ExplainedBlock {
  /** EIP of its first instruction (i32). */
  readonly eip: number;
  readonly instructions: readonly Instruction[];
  /** IR after the lift and after the last pass of tier 1, and the micro-operations of tier 0. */
  readonly lifted: string;
  readonly optimised: string;
  readonly microOps: string;
}

export interface ExplainedRegion {
  /** In the order in which they were taken into the region, the head first. */
  readonly blocks: readonly ExplainedBlock[];
  /** Body of the function that makes the region's function: what `new Function` gets. */
  readonly javascript: string;
}

const decoder = createDecoder(rows);

/**
 * Explain the block at `eip` and those that `codeAt` has bytes for beyond it, as if each of them had run.
 * @param mode mode bits of runtime/abi/mode.ts.
 * @returns undefined when no region can be made of it, as of an instruction that lies on two pages.
 */
export function explainRegion(
  eip: number,
  mode: number,
  codeAt: (eip: number) => CodeBytes | undefined,
): ExplainedRegion | undefined {
  const drafts = new Map<IrBlock, { instructions: readonly Instruction[]; lifted: string; microOps: string }>();
  const tier0 = (at: number): string => {
    const { block } = lift(decoder, codeAt(at)!, at, mode);
    optimise(block);
    return printMicroOps(block);
  };
  const blocks: ExplainedBlock[] = [];
  const region = compileRegion({
    decoder,
    compiler: {
      host: scriptTraits,
      compile: (name, body, frame) => ({ run: () => 0, source: functionText(name, body, frame), size: 0 }),
    },
    eip,
    mode,
    codeAt,
    profile: { executions: () => 1, targets: () => [], separateTests: false, pairs: true },
    place: {
      number: 0,
      inner: [],
      entries: createEntries(
        new Int32Array(STATE_SLOTS),
        { enter: () => 0, proceed: () => 0 },
        new Int32Array(ENTRY_WORDS),
      ),
    },
    observe: {
      lifted: ({ block, instructions }) =>
        drafts.set(block, { instructions, lifted: printBlock(block), microOps: tier0(block.eip) }),
      optimised: (block) =>
        blocks.push({
          eip: block.eip,
          ...drafts.get(block)!,
          optimised: printBlock(block),
        }),
    },
  });
  return region && { blocks, javascript: region.source };
}

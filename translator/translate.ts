/**
 * The recipe of tier 1, read top to bottom: form a region → lift and optimise its blocks → graph → emit → compile.
 */
import type { CodeBytes, Profile, RegionCode, RegionPlace } from '../runtime/abi/translator.ts';
import type { Decoder } from './decode/index.ts';
import type { Compiler } from './emit/compiler.ts';
import { emitRegion, type PageCheck } from './emit/region.ts';
import type { IrBlock } from './ir/block.ts';
import type { Row } from './isa/row.ts';
import { lift } from './lift.ts';
import type { RegionObserver } from './observer.ts';
import { optimise } from './passes/index.ts';
import { formRegion, regionLimits } from './region/form.ts';
import { buildGraph } from './region/graph.ts';

export interface RegionRequest {
  readonly decoder: Decoder<Row>;
  readonly compiler: Compiler;
  readonly eip: number;
  readonly mode: number;
  readonly codeAt: (eip: number) => CodeBytes | undefined;
  readonly profile: Profile;
  /** Guest instructions in the region; left out, as many as usual. */
  readonly maxInstructions?: number | undefined;
  readonly place: RegionPlace;
  readonly observe?: RegionObserver | undefined;
}

/** Passes that let accesses share tests. */
const sharing: ReadonlySet<string> = new Set(['page-tests']);

/** Compile the region headed by `eip`; undefined when its head cannot be compiled. */
export function compileRegion(request: RegionRequest): RegionCode | undefined {
  const { decoder, compiler, eip, mode, codeAt, profile, place, maxInstructions, observe } = request;
  const mappings = new Map<number, number>();
  const liftAt = (at: number): IrBlock | undefined => {
    const code = codeAt(at);
    if (code === undefined) return undefined;
    const lifted = lift(decoder, code, at, mode);
    if (lifted.crosses) return undefined;
    mappings.set((code.offset ^ code.mapping) >>> 12, code.mapping);
    observe?.lifted(lifted);
    return lifted.block;
  };
  const blocks = formRegion(eip, place.inner, { ...profile, liftAt }, regionLimits(maxInstructions));
  if (blocks === undefined) return undefined;
  for (const { block } of blocks) {
    optimise(block, { inRegion: true, off: profile.separateTests ? sharing : undefined });
    observe?.optimised(block);
  }
  const { nodes, entries } = buildGraph(blocks, place.inner);
  const pages: PageCheck[] = [...mappings].map(([page, mapping]) => ({ page, mapping }));
  const { run, source, size, exits } = emitRegion(eip, nodes[0]!, pages, place, compiler, profile.pairs);
  return {
    run,
    entries,
    source,
    size,
    exits,
    blocks: blocks.map(({ block: { eip: at, length, instructions } }) => ({ eip: at, length, instructions })),
  };
}

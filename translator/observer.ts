/** Who looks on while a region is made: dumps (explain.ts), and tests that put mistakes in. */
import type { IrBlock } from './ir/block.ts';
import type { LiftedBlock } from './lift.ts';

/** Sees the blocks of a region as they pass the stages; the same objects each time. */
export interface RegionObserver {
  lifted(lifted: LiftedBlock): void;
  optimised(block: IrBlock): void;
}

/** Nodes of a region's control-flow graph: what graph.ts builds and emit/structure.ts reads. */
import type { IrBlock } from '../ir/block.ts';

/** Where control goes from a node; `select` is the number of the switch's target when the edge leads to a switch. */
export interface RegionEdge {
  readonly to: RegionNode;
  readonly select: number | undefined;
}

/** A guest block of a region in one call context, or a switch. */
export interface RegionNode {
  /** Undefined in a switch. */
  readonly block: IrBlock | undefined;
  /** Is it the region's switch over addresses? Then it is the head, and its edges are by EIP. */
  readonly isAddressed: boolean;
  /** Position in reverse postorder; the head is 0. */
  readonly order: number;
  /** Nodes that control can go to inside the region, by EIP; of a switch, by the number that selects them. */
  readonly edges: ReadonlyMap<number, RegionEdge>;
  /** Of a computed jump: the region's own switch over addresses, for those that are not among its edges. */
  readonly computed: RegionNode | undefined;
  /** Immediate dominator; the head's is itself. */
  readonly dominator: RegionNode;
  /** Nodes that this one immediately dominates, in reverse postorder. */
  readonly children: readonly RegionNode[];
  /** Is it the target of a back edge? */
  readonly isLoopHead: boolean;
  /** Is it the target of more than one forward edge? */
  readonly isMerge: boolean;
  /** Guest instructions from here to the next budget check, on the longest path. */
  readonly longest: number;
}

interface DraftEdge extends RegionEdge {
  readonly to: Draft;
}

export class Draft implements RegionNode {
  readonly block: IrBlock | undefined;
  readonly isAddressed: boolean;
  order = 0;
  readonly edges = new Map<number, DraftEdge>();
  computed: Draft | undefined;
  dominator: Draft = this;
  readonly children: Draft[] = [];
  isLoopHead = false;
  isMerge = false;
  longest = 0;

  constructor(block: IrBlock | undefined, isAddressed = false) {
    this.block = block;
    this.isAddressed = isAddressed;
  }

  /** Distinct targets. */
  get successors(): Set<Draft> {
    const found = new Set<Draft>();
    for (const { to } of this.edges.values()) found.add(to);
    if (this.computed !== undefined) found.add(this.computed);
    return found;
  }
}

/**
 * Control-flow graph of a region: nodes in reverse postorder, dominators, loop heads and merge points.
 *
 * What emit/structure.ts needs to write the region as nested loops and labelled blocks. Edges that would make the graph
 * irreducible (into the middle of a loop) become exits: the dispatcher then enters the region headed there, in which
 * the loop has one entry.
 */
import type { IrBlock } from '../ir/block.ts';
import type { RegionBlock } from './form.ts';

/** One guest block of a region, in one call context. */
export interface RegionNode {
  readonly block: IrBlock;
  /** Position in reverse postorder; the head is 0. */
  readonly order: number;
  /** Nodes that control can go to inside the region, by EIP. */
  readonly edges: ReadonlyMap<number, RegionNode>;
  /** Addresses that control would go to inside the region but for the graph's shape. */
  readonly cut: ReadonlySet<number>;
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

class Draft implements RegionNode {
  readonly block: IrBlock;
  readonly order: number;
  readonly edges = new Map<number, Draft>();
  readonly cut = new Set<number>();
  dominator: Draft = this;
  readonly children: Draft[] = [];
  isLoopHead = false;
  isMerge = false;
  longest = 0;

  constructor(block: IrBlock, order: number) {
    this.block = block;
    this.order = order;
  }

  /** Distinct targets. */
  get successors(): Set<Draft> {
    return new Set(this.edges.values());
  }
}

/** Build the graph of the blocks reachable from the first one; nodes in reverse postorder, the head first. */
export function buildGraph(blocks: readonly RegionBlock[]): readonly RegionNode[] {
  const order = depthFirst(blocks[0]!).reverse();
  const drafts = new Map(order.map((block, at) => [block, new Draft(block.block, at)]));
  for (const [{ edges }, draft] of drafts) for (const [eip, to] of edges) draft.edges.set(eip, drafts.get(to)!);
  const nodes = [...drafts.values()];
  findDominators(nodes);
  if (cutIrreducible(nodes)) findDominators(nodes);
  findShape(nodes);
  findLongestPaths(nodes);
  return nodes;
}

function depthFirst(head: RegionBlock): RegionBlock[] {
  const seen = new Set([head]);
  const postorder: RegionBlock[] = [];
  // The first edge (fall-through) is visited last, so that it comes right after its block in the order.
  const stack = [{ block: head, targets: [...head.edges.values()] }];
  while (stack.length > 0) {
    const { block, targets } = stack.at(-1)!;
    const next = targets.pop();
    if (next === undefined) {
      postorder.push(block);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ block: next, targets: [...next.edges.values()] });
    }
  }
  return postorder;
}

/** Cooper, Harvey and Kennedy's iterative algorithm over reverse postorder. */
function findDominators(nodes: readonly Draft[]): void {
  const predecessors = predecessorsOf(nodes);
  const dominators: (Draft | undefined)[] = new Array<undefined>(nodes.length).fill(undefined);
  dominators[0] = nodes[0]!;
  let changed = true;
  while (changed) {
    changed = false;
    for (const node of nodes.slice(1)) {
      let common: Draft | undefined;
      for (const from of predecessors[node.order]!) {
        if (dominators[from.order] === undefined) continue;
        common = common === undefined ? from : intersect(common, from, dominators);
      }
      if (dominators[node.order] !== common) {
        dominators[node.order] = common;
        changed = true;
      }
    }
  }
  for (const node of nodes) node.dominator = dominators[node.order]!;
}

function intersect(a: Draft, b: Draft, dominators: readonly (Draft | undefined)[]): Draft {
  let left = a;
  let right = b;
  while (left !== right) {
    while (left.order > right.order) left = dominators[left.order]!;
    while (right.order > left.order) right = dominators[right.order]!;
  }
  return left;
}

function predecessorsOf(nodes: readonly Draft[]): Draft[][] {
  const predecessors: Draft[][] = nodes.map(() => []);
  for (const node of nodes) for (const to of node.successors) predecessors[to.order]!.push(node);
  return predecessors;
}

/** Does `a` dominate `b`? */
function dominates(a: RegionNode, b: RegionNode): boolean {
  let node = b;
  while (node.order > a.order) node = node.dominator;
  return node === a;
}

/**
 * Drop edges that go backwards to a node which does not dominate their source. All nodes stay reachable through forward
 * edges. @returns true when there was one.
 */
function cutIrreducible(nodes: readonly Draft[]): boolean {
  let cut = false;
  for (const node of nodes) {
    for (const [eip, to] of node.edges) {
      if (to.order > node.order || dominates(to, node)) continue;
      node.edges.delete(eip);
      node.cut.add(eip);
      cut = true;
    }
  }
  return cut;
}

function findShape(nodes: readonly Draft[]): void {
  const forward = nodes.map(() => 0);
  for (const node of nodes) {
    if (node.order > 0) node.dominator.children.push(node);
    for (const to of node.successors) {
      if (to.order <= node.order) to.isLoopHead = true;
      else forward[to.order]!++;
    }
  }
  for (const node of nodes) node.isMerge = forward[node.order]! > 1;
}

/**
 * Longest way, in guest instructions, to where the budget is checked anew, or out: the next loop head, or the end of a call
 * that is not part of the region.
 */
function findLongestPaths(nodes: readonly Draft[]): void {
  for (const node of [...nodes].reverse()) {
    let rest = 0;
    const after = returnAddress(node.block);
    for (const [eip, to] of node.edges)
      if (eip !== after && to.order > node.order && !to.isLoopHead) rest = Math.max(rest, to.longest);
    node.longest = node.block.instructions + rest;
  }
}

/** The address after a call that a block ends with; control gets there by an edge only when the callee is another region. */
function returnAddress({ terminator }: IrBlock): number | undefined {
  if (terminator.kind === 'jump') return terminator.call === terminator.target ? undefined : terminator.call;
  return terminator.kind === 'indirect' ? terminator.returnTo : undefined;
}

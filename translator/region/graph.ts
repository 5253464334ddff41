/**
 * Control-flow graph of a region: nodes in reverse postorder, dominators, loop heads and merge points.
 *
 * What emit/structure.ts needs to write the region as nested loops and labelled blocks. Edges that would make the graph
 * irreducible (into the middle of a loop) become exits: the dispatcher then enters the region headed there, in which
 * the loop has one entry.
 */
import type { IrBlock } from '../ir/block.ts';
import { successorsOf } from '../ir/terminator.ts';

/** One guest block of a region. */
export interface RegionNode {
  readonly block: IrBlock;
  /** Position in reverse postorder; the head is 0. */
  readonly order: number;
  /** Nodes that control can go to inside the region. */
  readonly successors: readonly RegionNode[];
  /** Immediate dominator; the head's is itself. */
  dominator: RegionNode;
  /** Nodes that this one immediately dominates, in reverse postorder. */
  readonly children: RegionNode[];
  /** Is it the target of a back edge? */
  isLoopHead: boolean;
  /** Is it the target of more than one forward edge? */
  isMerge: boolean;
  /** Guest instructions from here to the next budget check, on the longest path. */
  longest: number;
}

export interface RegionGraph {
  /** In reverse postorder, the head first. */
  readonly nodes: readonly RegionNode[];
  /** Node of a block's EIP, if an edge from `from` may go there directly. */
  target(from: RegionNode, eip: number): RegionNode | undefined;
}

type Draft = { -readonly [K in keyof RegionNode]: RegionNode[K] } & { successors: RegionNode[] };

/** Build the graph of the blocks reachable from the first one. */
export function buildGraph(blocks: readonly IrBlock[]): RegionGraph {
  const byEip = new Map(blocks.map((block) => [block.eip, block]));
  const postorder = depthFirst(blocks[0]!, byEip);
  const nodes: Draft[] = [];
  const byBlock = new Map<IrBlock, Draft>();
  for (const block of postorder.reverse()) {
    const node = {
      block,
      order: nodes.length,
      successors: [],
      children: [],
      isLoopHead: false,
      isMerge: false,
      longest: 0,
    } as unknown as Draft;
    nodes.push(node);
    byBlock.set(block, node);
  }
  for (const node of nodes) {
    const targets = new Set(successorsOf(node.block.terminator).map((eip) => byEip.get(eip)));
    for (const target of targets) if (target) node.successors.push(byBlock.get(target)!);
  }
  findDominators(nodes);
  if (cutIrreducible(nodes)) findDominators(nodes);
  findShape(nodes);
  findLongestPaths(nodes);
  return {
    nodes,
    target: (from, eip) => from.successors.find((node) => node.block.eip === eip),
  };
}

function depthFirst(head: IrBlock, byEip: ReadonlyMap<number, IrBlock>): IrBlock[] {
  const seen = new Set<IrBlock>([head]);
  const postorder: IrBlock[] = [];
  const stack: { block: IrBlock; targets: IrBlock[] }[] = [];
  // The last successor (fall-through) is visited first, so that it comes right after its block in the order.
  const targetsOf = (block: IrBlock): IrBlock[] =>
    successorsOf(block.terminator)
      .map((eip) => byEip.get(eip))
      .filter((target) => target !== undefined);
  stack.push({ block: head, targets: targetsOf(head) });
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const next = top.targets.shift();
    if (next === undefined) {
      postorder.push(top.block);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ block: next, targets: targetsOf(next) });
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
    const kept = node.successors.filter((to) => to.order > node.order || dominates(to, node));
    cut ||= kept.length < node.successors.length;
    node.successors = kept;
  }
  return cut;
}

function findShape(nodes: readonly Draft[]): void {
  const forward = nodes.map(() => 0);
  for (const node of nodes) {
    if (node.order > 0) (node.dominator as Draft).children.push(node);
    for (const to of node.successors) {
      if (to.order <= node.order) to.isLoopHead = true;
      else forward[to.order]!++;
    }
  }
  for (const node of nodes) node.isMerge = forward[node.order]! > 1;
}

/** Longest way, in guest instructions, to the next loop head (which checks the budget anew) or out. */
function findLongestPaths(nodes: readonly Draft[]): void {
  for (const node of [...nodes].reverse()) {
    let rest = 0;
    for (const to of node.successors) if (to.order > node.order && !to.isLoopHead) rest = Math.max(rest, to.longest);
    node.longest = node.block.instructions + rest;
  }
}

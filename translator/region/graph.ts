/**
 * Control-flow graph of a region: nodes in reverse postorder, dominators, loop heads and merge points.
 *
 * What emit/structure.ts needs to write the region as nested loops and labelled blocks. A loop that control enters in
 * several places gets one head: a switch, to which all edges into these places lead and which goes on to the right one
 * (region/reducible.ts).
 */
import type { IrBlock } from '../ir/block.ts';
import type { RegionBlock } from './form.ts';
import { Draft, type RegionNode } from './node.ts';
import { makeReducible } from './reducible.ts';

/** Computed jumps with more targets than this in the region go through its switch over addresses. */
const MAX_COMPARED = 2;

export interface RegionGraph {
  /** In reverse postorder, the head first. */
  readonly nodes: readonly RegionNode[];
  /** Where control can enter, by EIP; more than one when the head is a switch over addresses. */
  readonly entries: readonly number[];
}

/**
 * Build the graph of a region's blocks, the head first.
 * @param inner other blocks that it is to be entered at, by EIP.
 */
export function buildGraph(blocks: readonly RegionBlock[], inner: readonly number[]): RegionGraph {
  const drafts = new Map(blocks.map((block) => [block, new Draft(block.block)]));
  for (const [{ edges }, draft] of drafts)
    for (const [eip, to] of edges) draft.edges.set(eip, { to: drafts.get(to)!, select: undefined });
  const all = [...drafts.values()];
  const landings = findLandings(blocks, inner, drafts);
  if (landings.size > 1) all.unshift(addressSwitch(landings, all));
  const head = makeReducible(all);
  const nodes = depthFirst(head).reverse();
  for (const [order, node] of nodes.entries()) node.order = order;
  findDominators(nodes);
  findShape(nodes);
  findLongestPaths(nodes);
  return { nodes, entries: [...landings.keys()] };
}

/** The blocks that control comes to by an address: the head, inner entries, and targets of computed jumps that have many. */
function findLandings(
  blocks: readonly RegionBlock[],
  inner: readonly number[],
  drafts: ReadonlyMap<RegionBlock, Draft>,
): Map<number, Draft> {
  const [head] = blocks;
  const landings = new Map([[head!.block.eip, drafts.get(head!)!]]);
  for (const block of blocks) {
    if (block.context === undefined && inner.includes(block.block.eip))
      landings.set(block.block.eip, drafts.get(block)!);
    if (!isComputedJump(block.block) || block.edges.size <= MAX_COMPARED) continue;
    for (const [eip, to] of block.edges) if (to.context === undefined) landings.set(eip, drafts.get(to)!);
  }
  return landings;
}

/** The head of a region with several landings: a switch, to which its computed jumps go too. */
function addressSwitch(landings: ReadonlyMap<number, Draft>, drafts: readonly Draft[]): Draft {
  const added = new Draft(undefined, true);
  for (const [eip, to] of landings) added.edges.set(eip, { to, select: undefined });
  for (const draft of drafts) {
    if (draft.block === undefined || !isComputedJump(draft.block)) continue;
    draft.computed = added;
    if (draft.edges.size > MAX_COMPARED) draft.edges.clear();
  }
  return added;
}

function isComputedJump({ terminator }: IrBlock): boolean {
  return terminator.kind === 'indirect' && terminator.via === 'jump';
}

function depthFirst(head: Draft): Draft[] {
  const seen = new Set([head]);
  const postorder: Draft[] = [];
  // The first edge (fall-through) is visited last, so that it comes right after its block in the order.
  const stack = [{ node: head, targets: [...head.successors] }];
  while (stack.length > 0) {
    const { node, targets } = stack.at(-1)!;
    const next = targets.pop();
    if (next === undefined) {
      postorder.push(node);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ node: next, targets: [...next.successors] });
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

function findShape(nodes: readonly Draft[]): void {
  const forward = nodes.map(() => 0);
  for (const node of nodes) {
    if (node.order > 0) node.dominator.children.push(node);
    const targets = [...node.edges.values()].map(({ to }) => to);
    if (node.computed !== undefined) targets.push(node.computed);
    for (const to of targets) {
      if (to.order <= node.order) to.isLoopHead = true;
      else forward[to.order]!++;
    }
  }
  for (const node of nodes) node.isMerge = forward[node.order]! > 1;
}

/**
 * Longest way, in guest instructions, to where the budget is checked anew, or out: the next loop head, or the end of a call
 * that is not part of the region. A switch looks behind the loop heads that it leads to: else control would leave there for
 * want of budget, only to come back through the switch.
 */
function findLongestPaths(nodes: readonly Draft[]): void {
  for (const node of [...nodes].reverse()) {
    let rest = 0;
    const after = node.block && returnAddress(node.block);
    for (const [eip, { to }] of node.edges)
      if (eip !== after && to.order > node.order && (!to.isLoopHead || node.block === undefined))
        rest = Math.max(rest, to.longest);
    node.longest = (node.block?.instructions ?? 0) + rest;
  }
}

/** The address after a call that a block ends with; control gets there by an edge only when the callee is another region. */
function returnAddress({ terminator }: IrBlock): number | undefined {
  if (terminator.kind === 'jump') return terminator.call === terminator.target ? undefined : terminator.call;
  return terminator.kind === 'indirect' ? terminator.returnTo : undefined;
}

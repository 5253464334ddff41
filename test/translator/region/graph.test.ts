// A region's graph keeps every way through the blocks, and each of its loops has one head, however the blocks jump.
import { describe, expect, it } from 'vitest';
import type { IrBlock } from '../../../translator/ir/block.ts';
import type { RegionBlock } from '../../../translator/region/form.ts';
import { buildGraph, type RegionGraph } from '../../../translator/region/graph.ts';
import type { RegionNode } from '../../../translator/region/node.ts';
import { Random } from '../../support/random.ts';

/** Blocks with EIPs from 1 on that go to the given EIPs; more than two targets are a computed jump's. */
function blocksOf(targets: readonly (readonly number[])[]): RegionBlock[] {
  const blocks = targets.map((to, i): RegionBlock => {
    const isComputed = to.length > 2;
    const block: IrBlock = {
      eip: i + 1,
      length: 1,
      instructions: i + 1,
      mode: 0,
      nodes: [],
      terminator: isComputed
        ? { kind: 'indirect', target: { op: 'const', value: 0 } as never, via: 'jump', returnTo: undefined }
        : { kind: 'jump', target: 0, call: undefined },
    };
    return { block, context: undefined, edges: new Map() };
  });
  for (const [i, to] of targets.entries()) for (const eip of to) blocks[i]!.edges.set(eip, blocks[eip - 1]!);
  return blocks;
}

/** Blocks that control can reach from the first, as formRegion would give them. */
function reachable(targets: readonly (readonly number[])[], inner: readonly number[]): Set<number> {
  const seen = new Set([1, ...inner]);
  for (const eip of seen) for (const to of targets[eip - 1]!) seen.add(to);
  return seen;
}

/** The block that control is at after an edge: switches go on as they were told. */
function settle(node: RegionNode, select: number | undefined, eip: number): RegionNode {
  if (node.block !== undefined) return node;
  const edge = node.edges.get(node.isAddressed ? eip : select!)!;
  return settle(edge.to, edge.select, eip);
}

function step(node: RegionNode, eip: number): RegionNode | undefined {
  const edge = node.edges.get(eip);
  if (edge !== undefined) return settle(edge.to, edge.select, eip);
  return node.computed?.edges.has(eip) ? settle(node.computed, undefined, eip) : undefined;
}

function dominates(a: RegionNode, b: RegionNode): boolean {
  let node = b;
  while (node.order > a.order) node = node.dominator;
  return node === a;
}

function successors(node: RegionNode): RegionNode[] {
  const to = [...node.edges.values()].map((edge) => edge.to);
  return node.computed === undefined ? to : [...to, node.computed];
}

function check({ nodes, entries }: RegionGraph, targets: readonly (readonly number[])[], text: string): void {
  for (const node of nodes) {
    for (const to of successors(node)) {
      if (to.order <= node.order)
        expect(dominates(to, node), `back edge ${node.order} to ${to.order}: ${text}`).toBe(true);
    }
    if (node.block === undefined) continue;
    for (const eip of targets[node.block.eip - 1]!)
      expect(step(node, eip)?.block?.eip, `${node.block.eip} to ${eip}: ${text}`).toBe(eip);
  }
  const blocks = nodes.filter(({ block }) => block !== undefined);
  expect(new Set(blocks.map(({ block }) => block!.eip)).size, text).toBe(blocks.length);
  const [head] = nodes;
  for (const eip of entries) expect(settle(head!, 0, eip).block!.eip, `entry ${eip}: ${text}`).toBe(eip);
}

describe('buildGraph', () => {
  it('leaves a loop with one entry alone', () => {
    const { nodes } = buildGraph(blocksOf([[2], [3, 4], [2], []]), []);
    expect(nodes.map(({ block }) => block?.eip)).toEqual([1, 2, 3, 4]);
    expect(nodes.filter(({ isLoopHead }) => isLoopHead).map(({ block }) => block?.eip)).toEqual([2]);
  });

  it('puts a switch before a loop that is entered in two places', () => {
    const targets = [[2, 3], [3], [2]];
    const graph = buildGraph(blocksOf(targets), []);
    check(graph, targets, 'two entries');
    const switches = graph.nodes.filter(({ block }) => block === undefined);
    expect(switches.map(({ isLoopHead, edges }) => [isLoopHead, edges.size])).toEqual([[true, 2]]);
    // The longest way from the switch on is that through its longest target, or control would come back for ever.
    expect(switches[0]!.longest).toBe(3);
  });

  it('lets a region be entered in the middle of a loop', () => {
    const targets = [[2], [3], [2]];
    const graph = buildGraph(blocksOf(targets), [3]);
    check(graph, targets, 'inner entry');
    expect(graph.entries).toEqual([1, 3]);
    expect(graph.nodes[0]!.isAddressed).toBe(true);
  });

  it('sends computed jumps with many targets through the switch over addresses', () => {
    const targets = [[2, 3, 4], [1], [1], [1]];
    const graph = buildGraph(blocksOf(targets), []);
    check(graph, targets, 'computed');
    expect(graph.entries).toEqual([1, 2, 3, 4]);
    expect(graph.nodes.filter(({ computed }) => computed === graph.nodes[0]).length).toBe(1);
  });

  it.each([1, 2, 3, 4])('keeps every edge of random graphs, seed %i', (seed) => {
    const random = new Random(seed);
    for (let i = 0; i < 500; i++) {
      const count = 2 + random.below(12);
      const any = (): number => 1 + random.below(count);
      const targets = Array.from({ length: count }, () => [
        ...new Set(Array.from({ length: random.below(4) + (random.below(4) === 0 ? 2 : 0) }, any)),
      ]);
      const inner = Array.from({ length: random.below(3) }, any);
      const kept = reachable(targets, inner);
      // Unreachable blocks are no part of a region.
      const order = [...kept];
      const renamed = order.map((eip) => targets[eip - 1]!.map((to) => order.indexOf(to) + 1));
      const entries = inner.map((eip) => order.indexOf(eip) + 1);
      const text = `seed ${seed}, graph ${i}: ${JSON.stringify(renamed)} entries ${JSON.stringify(entries)}`;
      check(buildGraph(blocksOf(renamed), entries), renamed, text);
    }
  });
});

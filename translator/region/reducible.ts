/**
 * Makes a region's graph reducible: every loop gets one node through which control enters it.
 *
 * A loop is a strongly connected component. Where it has several entries, all edges to any of them are led to a new node,
 * a switch, and say which one they mean; the switch then is the loop's head. What is left of a loop without its head is
 * searched for inner loops in the same way.
 */
import { Draft } from './node.ts';

/** @param nodes the region's head first. @returns the head: the same node, or a switch with it as target 0. */
export function makeReducible(nodes: readonly Draft[]): Draft {
  let head = nodes[0]!;
  const all = new Set(nodes);
  const work: ReadonlySet<Draft>[] = [all];
  for (let part = work.pop(); part !== undefined; part = work.pop()) {
    for (const loop of loopsWithin(part)) {
      const entries = [...loop].filter((node) => node === head);
      for (const from of all) {
        if (loop.has(from)) continue;
        for (const to of from.successors) if (loop.has(to) && !entries.includes(to)) entries.push(to);
      }
      let top = entries[0]!;
      if (entries.length > 1) {
        top = addSwitch(entries, all);
        if (entries.includes(head)) head = top;
        all.add(top);
      }
      const rest = new Set(loop);
      rest.delete(top);
      work.push(rest);
    }
  }
  return head;
}

/** Lead all edges to the entries to a new node; a region's switch over addresses is never one of several entries. */
function addSwitch(entries: readonly Draft[], all: ReadonlySet<Draft>): Draft {
  const added = new Draft(undefined);
  for (const from of all) {
    for (const [key, { to }] of from.edges) {
      const select = entries.indexOf(to);
      if (select >= 0) from.edges.set(key, { to: added, select });
    }
  }
  for (const [i, to] of entries.entries()) added.edges.set(i, { to, select: undefined });
  return added;
}

/** Strongly connected components of a part of the graph that are loops (Tarjan). */
function loopsWithin(part: ReadonlySet<Draft>): Set<Draft>[] {
  const index = new Map<Draft, number>();
  const low = new Map<Draft, number>();
  const open = new Set<Draft>();
  const path: Draft[] = [];
  const loops: Set<Draft>[] = [];
  for (const start of part) {
    if (index.has(start)) continue;
    const visits = [visit(start)];
    while (visits.length > 0) {
      const { node, targets } = visits.at(-1)!;
      const to = targets.pop();
      if (to !== undefined) {
        if (!part.has(to)) continue;
        if (!index.has(to)) visits.push(visit(to));
        else if (open.has(to)) low.set(node, Math.min(low.get(node)!, index.get(to)!));
        continue;
      }
      visits.pop();
      const parent = visits.at(-1)?.node;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(node)!));
      if (low.get(node) === index.get(node)) close(node);
    }
  }
  return loops;

  function visit(node: Draft): { node: Draft; targets: Draft[] } {
    low.set(node, index.size);
    index.set(node, index.size);
    open.add(node);
    path.push(node);
    return { node, targets: [...node.successors] };
  }

  function close(root: Draft): void {
    const members = path.splice(path.lastIndexOf(root));
    for (const member of members) open.delete(member);
    if (members.length > 1 || root.successors.has(root)) loops.push(new Set(members));
  }
}

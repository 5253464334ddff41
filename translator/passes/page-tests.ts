/**
 * Memory accesses through the TLB: which of them share one test.
 *
 * Accesses to constant distances from one value that lie within PAGE_REACH bytes form a cluster: its first access tests the
 * TLB's word for all of them, and that all lie on that page; the others find their place in RAM from the same word and cannot
 * fault any more. Where the test fails the region leaves before the cluster's first instruction, for tier 0 to find out
 * what each access really meets. Accesses that stay alone keep a test of their own, with a slow arm.
 */
import type { IrBlock } from '../ir/block.ts';
import { type Load, type PageTest, type Store, splitAddress } from '../ir/node.ts';

/**
 * Bytes that a cluster spans at most: stack frames and structures, of which few then cross a page.
 */
const PAGE_REACH = 64;

/** Accesses that may come to share a test. */
class Candidate {
  readonly test: PageTest;
  readonly members: { readonly node: Load | Store; readonly distance: number }[] = [];
  /** Members that would have a test of their own. */
  tests = 0;
  /** What distances of aligned members leave when divided by `align`, the widest of them. */
  private align = 1;
  private rest = 0;
  private lowest: number;
  private highest: number;

  constructor(test: PageTest, distance: number) {
    this.test = test;
    this.lowest = this.highest = distance;
  }

  /** Let an access in, unless it lies too far away or is aligned otherwise. */
  accept(node: Load | Store, distance: number): boolean {
    const bytes = node.size / 8;
    const lowest = Math.min(this.lowest, distance);
    const highest = Math.max(this.highest, distance + bytes);
    const common = Math.min(bytes, this.align) - 1;
    if (highest - lowest > PAGE_REACH || ((distance ^ this.rest) & common) !== 0) return false;
    if (bytes > this.align) {
      this.align = bytes;
      this.rest = distance & (bytes - 1);
    }
    this.lowest = lowest;
    this.highest = highest;
    if (node.op === 'store' || node.write) this.test.writes = true;
    if (node.op === 'load' || node.after === undefined) this.tests++;
    this.members.push({ node, distance });
    return true;
  }

  /** Let the members share the test. */
  settle(): void {
    const { test } = this;
    test.align = this.align;
    // Aligned, so that the word's low bits tell; that is in the same word of memory and so on the same page.
    test.lowest = this.lowest - ((this.lowest - this.rest) & (this.align - 1));
    test.bytes = this.highest - test.lowest;
    for (const [i, { node, distance }] of this.members.entries()) {
      node.test = i === 0 ? test : 'passed';
      node.within = { test, offset: distance - test.lowest };
      if (node.op === 'store') node.after = undefined;
    }
  }
}

export function pageTests(block: IrBlock): void {
  const all: Candidate[] = [];
  let open: Candidate[] = [];
  const homes = new Map<Load, Candidate>();
  for (const node of block.nodes) {
    // It may change what is mapped where.
    if (node.op === 'call') open = [];
    if (node.op !== 'load' && node.op !== 'store') continue;
    const { base, distance } = splitAddress(node.address);
    if (base === undefined) continue;
    if (node.op === 'store' && node.after !== undefined) {
      // The load's test was for writing.
      homes.get(node.after)?.accept(node, distance);
      continue;
    }
    let home = open.find((candidate) => candidate.test.base === base && candidate.accept(node, distance));
    if (home === undefined) {
      home = new Candidate({ kind: 'page', base, lowest: 0, bytes: 0, align: 1, writes: false }, distance);
      home.accept(node, distance);
      open.push(home);
      all.push(home);
    }
    if (node.op === 'load' && node.write) homes.set(node, home);
  }
  for (const candidate of all) if (candidate.tests > 1) candidate.settle();
}

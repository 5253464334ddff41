/**
 * Memory accesses of identity-mapped code: which of them test the line table, for which stretch.
 *
 * Only regions use it (MODE_IDENTITY). Accesses to constant distances from one value form a cluster of at most
 * LINE_REACH bytes; its first access tests for all, the others need no test and cannot fault any more. The test is that of
 * the lowest address, and where it fails the region leaves before the cluster's first instruction, for tier 0 to find
 * out what each access really meets.
 */
import { LINE_REACH } from '../../runtime/abi/lines.ts';
import type { IrBlock } from '../ir/block.ts';
import { type Call, type LineTest, type Load, type Store, splitAddress, type Value } from '../ir/node.ts';
import { isLaneCall, laneAccess } from '../ir/ops.ts';

interface Cluster extends LineTest {
  lowest: number;
  highest: number;
  writes: boolean;
}

export function lineTests(block: IrBlock): void {
  let clusters: Cluster[] = [];
  for (const node of block.nodes) {
    if (node.op === 'call') {
      const access = laneAccess(node);
      if (access !== undefined) place(node, node.args[1]!, access.bytes, access.writes, clusters);
      // It may change what is mapped where.
      else if (!isLaneCall(node)) clusters = [];
    } else if (node.op === 'store' && node.after !== undefined) {
      // The load's test was for writing.
      node.after = undefined;
      node.test = 'passed';
    } else if (node.op === 'load' || node.op === 'store') {
      place(node, node.address, node.size / 8, node.op === 'store' || node.write, clusters);
    }
  }
}

/** Let an access join a cluster, or be the first of its own. */
function place(node: Load | Store | Call, address: Value, bytes: number, writes: boolean, clusters: Cluster[]): void {
  const { base, distance } = splitAddress(address);
  const end = distance + bytes;
  for (const cluster of clusters) {
    if (cluster.base !== base) continue;
    const lowest = Math.min(cluster.lowest, distance);
    const highest = Math.max(cluster.highest, end);
    if (highest - lowest > LINE_REACH) continue;
    cluster.lowest = lowest;
    cluster.highest = highest;
    cluster.writes ||= writes;
    node.test = 'passed';
    return;
  }
  const cluster: Cluster = { kind: 'line', base, lowest: distance, highest: end, writes };
  node.test = cluster;
  clusters.push(cluster);
}

/**
 * Regions by EIP: where regions that are left for a computed address look for the one that goes on there, without a
 * lookup of blocks. Direct-mapped; what another region has displaced is found the long way.
 */
import type { Region } from './translation.ts';

const SIZE = 1 << 12;

function indexOf(eip: number): number {
  return (eip ^ (eip >>> 12)) & (SIZE - 1);
}

export class RegionTable {
  private readonly entries: (Region | undefined)[] = new Array<Region | undefined>(SIZE).fill(undefined);

  add(region: Region): void {
    this.entries[indexOf(region.head.eip)] = region;
  }

  remove(region: Region): void {
    const index = indexOf(region.head.eip);
    if (this.entries[index] === region) this.entries[index] = undefined;
  }

  /** The region headed by the block at an EIP in the mode and CS base of another one, if it is known and mapped. */
  find(eip: number, { head: { mode, base } }: Region): Region | undefined {
    const region = this.entries[indexOf(eip)];
    if (region === undefined || region.head.eip !== eip || region.head.mode !== mode || region.head.base !== base)
      return undefined;
    return region.execute[region.page] === region.mapping ? region : undefined;
  }
}

/**
 * The ways out of a region, by ordinal: what the function returns is a number, and where that leads stands in this table.
 *
 * So an exit is two short statements. It touches no array: V8 has no type feedback for code that never ran, and throws the
 * optimised function away when such code runs at last; an assignment of a number and a break need no feedback.
 */
import type { RegionExit } from '../../runtime/abi/translator.ts';
import type { Statement } from './estree.ts';
import * as js from './estree.ts';
import { EXIT_LOCAL, LEAVE } from './names.ts';

/** Keeps the keys of links that make no region grow apart from addresses. */
const FIXED = 2 ** 32;

export class Exits {
  readonly table: RegionExit[] = [];
  private readonly links = new Map<number, number>();

  /** Control goes to an address outside the region, which might take it in. */
  link(eip: number, mayGrow: boolean): Statement[] {
    const key = mayGrow ? eip : eip + FIXED;
    let ordinal = this.links.get(key);
    if (ordinal === undefined) {
      ordinal = this.table.push({ kind: 'link', eip, mayGrow }) - 1;
      this.links.set(key, ordinal);
    }
    return leave(ordinal);
  }

  /** Tier 0 has to run the instruction at `eip`; `remaining` instructions were counted and have not run.
   * @param pairs because of the x87 (RegionExit).
   */
  slow(eip: number, remaining: number, pairs: boolean): Statement[] {
    const last = this.table.at(-1);
    if (last?.kind !== 'slow' || last.eip !== eip || last.remaining !== remaining || last.pairs !== pairs)
      this.table.push({ kind: 'slow', eip, remaining, pairs });
    return leave(this.table.length - 1);
  }

  /** A near CALL that the region makes itself. @returns its ordinal. */
  call(eip: number, isIndirect: boolean, next: number): number {
    return this.table.push({ kind: 'call', eip, isIndirect, next }) - 1;
  }

  /** A VMM call, whose arguments are in the locals of `vmmArgument`. */
  vmm(call: number, eip: number, next: number): Statement[] {
    return leave(this.table.push({ kind: 'vmm', call, eip, next }) - 1);
  }
}

/** Leave the region; the end of its function writes the state back. */
export function leave(exit: number): Statement[] {
  return [js.statement(js.assign(js.id(EXIT_LOCAL), js.num(exit))), js.breakTo(LEAVE)];
}

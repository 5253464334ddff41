/**
 * What a region's function needs around its blocks: which state lives in locals, temporaries, fault sites, and the
 * statements that load and write back the locals. Blocks report what they use while they are emitted; the statements
 * are filled in at the end, when everything is known.
 */
import type { HelperName } from '../../runtime/abi/calls.ts';
import { BUDGET, EIP, VMM_ARGUMENT } from '../../runtime/abi/state.ts';
import type { PureName } from '../ir/pure.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { Exits } from './exits.ts';
import { BUDGET_LOCAL, EIP_LOCAL, FLOOR_LOCAL, laneName, slotName, trainingName, vmmArgument } from './names.ts';
import { infinity } from './real.ts';
import { XmmLocals } from './simd/locals.ts';
import type { HostTraits } from './traits.ts';

export class FunctionFrame {
  /** Slots that live in locals, and those of them that are written. */
  readonly used: Set<number> = new Set();
  readonly modified: Set<number> = new Set();
  readonly helpers: Set<HelperName> = new Set();
  readonly operators: Set<PureName> = new Set();
  /** Pairs by site number: EIP, guest instructions of the block that had not retired, the faulting one included. */
  readonly sites: number[] = [];
  /** Vector lanes that live in locals as well as in their slots. */
  private readonly lanes = new Set<number>();
  /** Blocks that count their first runs, in variables around the function. */
  private trained = 0;
  /** Extra mutable locals. */
  readonly locals: string[] = [];
  readonly exits: Exits = new Exits();
  /** Other regions are called. */
  calls = false;
  /** Most arguments of a VMM call. */
  vmmArguments = 0;
  private temporaries = 0;
  /** Blocks with vector instructions need `lo` and `tz`. */
  usesVectors = false;
  readonly host: HostTraits;
  /** XMM registers, on hosts with vectors. */
  readonly xmm: XmmLocals;
  /** x87 instructions are done on pairs where the host can do that. */
  readonly usesPairs: boolean;
  private readonly saves: Statement[][] = [];
  private readonly restores: Statement[][] = [];
  private readonly laneReloads: (readonly [number, Statement[]])[] = [];

  /** @param wholes XMM registers that are vectors. */
  constructor(host: HostTraits, usesPairs: boolean, wholes: ReadonlySet<number> = new Set()) {
    this.host = host;
    this.usesPairs = usesPairs;
    this.xmm = new XmmLocals(wholes);
  }

  use(slot: number): void {
    this.used.add(slot);
  }

  modify(slot: number): void {
    this.used.add(slot);
    this.modified.add(slot);
  }

  useLane(lane: number): void {
    this.lanes.add(lane);
  }

  /** Load a lane's local from its slots; nothing if no block uses it. Complete after finish(). */
  reloadLane(lane: number): Statement {
    const list: Statement[] = [];
    this.laneReloads.push([lane, list]);
    return js.block(list);
  }

  /** A fresh variable around the function, 0 at first: counts the runs of a block that trains V8 (emit/lanes.ts). */
  training(): string {
    return trainingName(this.trained++);
  }

  /** All of them. */
  get trainings(): string[] {
    return Array.from({ length: this.trained }, (_, i) => trainingName(i));
  }

  useHelper(name: HelperName): void {
    this.helpers.add(name);
  }

  useOperator(name: PureName): void {
    this.operators.add(name);
  }

  /** A fresh name for a constant. */
  temporary(): string {
    return `t${this.temporaries++}`;
  }

  /** A fresh mutable local. */
  local(): string {
    const name = `p${this.locals.length}`;
    this.locals.push(name);
    return name;
  }

  /** May an exception come out of a call? */
  get throws(): boolean {
    return this.sites.length > 0;
  }

  site(eip: number, remaining: number): number {
    const { sites } = this;
    const last = sites.length - 2;
    if (last < 0 || sites[last] !== eip || sites[last + 1] !== remaining) sites.push(eip, remaining);
    return sites.length / 2 - 1;
  }

  /** Write all changed state back; complete after finish(). */
  save(): Statement[] {
    const list: Statement[] = [];
    this.saves.push(list);
    return [js.block(list)];
  }

  /** Load all state that lives in locals anew; complete after finish(). */
  restore(): Statement[] {
    const list: Statement[] = [];
    this.restores.push(list);
    return [js.block(list)];
  }

  /** Fill in save() and restore(). */
  finish(): void {
    for (const list of this.saves) list.push(...this.writeBack());
    for (const list of this.restores) list.push(...this.reload());
    for (const [lane, list] of this.laneReloads) {
      if (this.lanes.has(lane)) list.push(js.statement(js.assign(js.id(laneName(lane)), js.at('D', js.num(lane)))));
    }
  }

  private slots(set: ReadonlySet<number>): number[] {
    return [...set].sort((a, b) => a - b);
  }

  private writeBack(): Statement[] {
    const pairs: [number, string][] = this.slots(this.modified).map((slot) => [slot, slotName(slot)]);
    pairs.push([BUDGET, BUDGET_LOCAL]);
    const words = pairs.map(([slot, name]) => js.statement(js.assign(js.at('S', js.num(slot)), js.id(name))));
    return [...words, ...this.xmm.writeBack()];
  }

  private reload(): Statement[] {
    return this.initial().map(([name, init]) => js.statement(js.assign(js.id(name), init)));
  }

  /** What only some exits need, written on all of them. */
  exitState(): Statement[] {
    const pairs: [number, string][] = [[EIP, EIP_LOCAL]];
    for (let i = 0; i < this.vmmArguments; i++) pairs.push([VMM_ARGUMENT + i, vmmArgument(i)]);
    return pairs.map(([slot, name]) => js.statement(js.assign(js.at('S', js.num(slot)), js.id(name))));
  }

  /** Locals with what they hold on entry. */
  initial(): (readonly [string, Expression])[] {
    const pairs: [number, string][] = this.slots(this.used).map((slot) => [slot, slotName(slot)]);
    pairs.push([BUDGET, BUDGET_LOCAL]);
    return [
      ...pairs.map(([slot, name]) => [name, js.at('S', js.num(slot))] as const),
      ...(this.usesVectors ? [[FLOOR_LOCAL, infinity] as const] : []),
      ...this.xmm.initial(),
      ...[...this.lanes].map((lane) => [laneName(lane), js.at('D', js.num(lane))] as const),
    ];
  }
}

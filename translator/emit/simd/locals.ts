/**
 * Which XMM registers a region holds in locals, and in which form: most as two doubles, so that scalar arithmetic has its
 * operands where it wants them; one vector where the region works on the whole register more often.
 *
 * Between instructions the locals are what counts: state slots are written on the way out of the region, when it faults,
 * and for helpers that work on them. In WebAssembly alone (HostTraits.vectors): lanes.ts has what is done in JavaScript.
 */
import { helperSignatures } from '../../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../../runtime/abi/signature.ts';
import { VECTOR_SCRATCH, XMM } from '../../../runtime/abi/state.ts';
import type { Node } from '../../ir/node.ts';
import { constantOf } from '../../ir/ops.ts';
import type { RegionNode } from '../../region/node.ts';
import type { Expression, Statement } from '../estree.ts';
import * as js from '../estree.ts';
import { FAST_LOCAL, laneName } from '../names.ts';

/** Registers, by number; two more are scratch registers, which blocks share nothing of. */
export const REGISTERS: number = (VECTOR_SCRATCH - XMM) / 4;

/** Moves that do in any form. */
const indifferent: ReadonlySet<string> = new Set(['move128', 'zero128', 'and128', 'xor128', 'or128', 'andNot128']);

export const registerOf = (slot: number): number => (slot - XMM) >> 2;
export const laneOfRegister = (register: number): number => (XMM >> 1) + 2 * register;
/** A register's vector. */
export const registerName = (register: number): string => `v${register}`;
/** A register among the state seen as vectors. */
export const vectorAt = (register: number): Expression => js.at('Q', js.num((XMM >> 2) + register));

export class XmmLocals {
  private readonly wholes: ReadonlySet<number>;
  private readonly used = new Set<number>();
  private readonly modified = new Set<number>();
  /** `FAST_LOCAL` is used. */
  usesMode = false;

  constructor(wholes: ReadonlySet<number>) {
    this.wholes = wholes;
  }

  isWhole(register: number): boolean {
    return this.wholes.has(register);
  }

  use(register: number): void {
    this.used.add(register);
  }

  modify(register: number): void {
    this.used.add(register);
    this.modified.add(register);
  }

  /** Locals with what they hold on entry. */
  initial(): (readonly [string, Expression])[] {
    return [...this.used].flatMap((register) => this.places(register));
  }

  writeBack(): Statement[] {
    return [...this.modified].flatMap((register) =>
      this.places(register).map(([name, place]) => js.statement(js.assign(place, js.id(name)))),
    );
  }

  /** What is no state. */
  extra(): (readonly [string, Expression])[] {
    return this.usesMode ? [[FAST_LOCAL, js.num(0)]] : [];
  }

  private places(register: number): (readonly [string, Expression])[] {
    if (this.isWhole(register)) return [[registerName(register), vectorAt(register)]];
    const lane = laneOfRegister(register);
    return [lane, lane + 1].map((i) => [laneName(i), js.at('D', js.num(i))] as const);
  }
}

/** The registers that a region uses as wholes more often than by lanes. */
export function findWholes(head: RegionNode): Set<number> {
  const balance: number[] = new Array<number>(REGISTERS).fill(0);
  const visit = (node: RegionNode): void => {
    for (const each of node.block?.nodes ?? []) count(each, balance);
    for (const child of node.children) visit(child);
  };
  visit(head);
  return new Set([...balance.keys()].filter((register) => balance[register]! > 0));
}

function count(node: Node, balance: number[]): void {
  if (node.op !== 'call' || indifferent.has(node.helper)) return;
  const { lanes }: HelperSignature = helperSignatures[node.helper];
  if (lanes === undefined) return;
  const add = (i: number, bits: number): void => {
    const register = registerOf(constantOf(node.args[i]!));
    if (register >= 0 && register < REGISTERS) balance[register]! += bits === 128 ? 1 : -1;
  };
  add(0, node.helper === 'load64Zero' ? 64 : Math.max(lanes.writes, lanes.keeps));
  if (lanes.reads !== 0) add(1, lanes.reads);
}

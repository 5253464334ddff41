/**
 * The x87's register stack while a block is emitted, as far as it consists of pairs (runtime/abi/pair.ts): which expressions
 * registers hold, and what of that is not in the state yet. So exchanges and copies of registers cost nothing, TOP and tags
 * are looked at once for a run of instructions, and written once after it.
 *
 * A run begins with a guard: that X87_FAST holds, that registers which the run reads before it writes them are pairs, and that
 * those that it pushes to are empty. What that is comes out as the run is emitted, so the guard's masks are filled in at its
 * end. Registers are numbered from the run's first TOP on.
 */
import {
  X87_FAST,
  X87_INEXACT,
  X87_REGISTER,
  X87_REGISTER_SLOTS,
  X87_RESIDUE,
  X87_TAGS,
  X87_TOP,
} from '../../runtime/abi/state.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { assign } from './real.ts';

if (X87_REGISTER_SLOTS !== 4) throw new Error('a register of the x87 is not two doubles');

/** A number as a pair, of names or literals; without a low part that is zero. */
export interface Pair {
  readonly h: Expression;
  readonly l: Expression | undefined;
}

/** What the emitter of a block does for this one. */
export interface StackHost {
  add(statement: Statement): void;
  atom(expression: Expression): Expression;
  /** Leave for tier 0 before the instruction that is being emitted, because it cannot be done on pairs. */
  leave(): Statement[];
}

interface Register {
  /** Its place in the state: bytes from the first register's. */
  place: Expression | undefined;
  pair: Pair | undefined;
  /** Is it in use? undefined: not known. */
  used: boolean | undefined;
  /** What the state's tags say of it. */
  written: 'ready' | 'empty' | 'unknown';
  /** What the state has of it, if that is known. */
  kept: Pair | undefined;
}

/** C1 is to be the sign of this; undefined: the state has it already. */
type Residue = Expression | undefined;

const READY = 0x101;
const EMPTY = 1;
const PE = 32;
const FIRST_DOUBLE: number = X87_REGISTER >> 1;
const zero: Expression = js.num(0);
const slot = (index: number): Expression => js.at('S', js.num(index));
const or = (...parts: Expression[]): Expression => parts.reduce((a, b) => js.binary('|', a, b));
/** Bits 0 to 7 repeated in bits 8 to 15. */
const doubled = (e: Expression): Expression => or(e, js.binary('<<', e, js.num(8)));

export class X87Stack {
  private readonly host: StackHost;
  private registers: Register[] = [];
  private top: Expression | undefined;
  /** TOP's distance from what it was when the run began; and what the state has. */
  private depth = 0;
  private writtenDepth = 0;
  private residue: Residue;
  /** Slots of pointers that the state does not have yet. */
  private readonly pointers = new Map<number, Expression>();
  /** The guard's masks: of bits of the tags, those that have to be set. */
  private looked = { mask: 0, set: 0 };
  private guard: { test: Expression } | undefined;

  constructor(host: StackHost) {
    this.host = host;
  }

  get isActive(): boolean {
    return this.top !== undefined;
  }

  /** Begin a run, if none has begun. */
  begin(): void {
    if (this.top !== undefined) return;
    const { host } = this;
    const tags = host.atom(slot(X87_TAGS));
    const top = host.atom(slot(X87_TOP));
    const used = host.atom(js.binary('&', tags, js.num(0xff)));
    const pairs = host.atom(js.binary('>>', tags, js.num(8)));
    const turned = (bits: Expression): Expression => js.binary('&', js.binary('>>', doubled(bits), top), js.num(0xff));
    const relative = host.atom(or(turned(used), js.binary('<<', turned(pairs), js.num(8))));
    const test = js.binary('!==', slot(X87_FAST), js.num(1));
    const statement = js.iff(test, host.leave());
    host.add(statement);
    this.guard = statement as { test: Expression };
    this.looked = { mask: 0, set: 0 };
    this.relative = relative;
    this.top = top;
    this.depth = 0;
    this.writtenDepth = 0;
    this.registers = Array.from({ length: 8 }, () => ({
      place: undefined,
      pair: undefined,
      used: undefined,
      written: 'unknown',
      kept: undefined,
    }));
  }

  private relative: Expression = zero;

  /** Somebody else changes the stack, or the block ends: what the state does not have yet is written, and the run is over. */
  end(): void {
    if (this.top === undefined) return;
    this.flush();
    const { mask, set } = this.looked;
    if (mask !== 0) {
      const differs = js.binary('!==', js.binary('&', this.relative, js.num(mask)), js.num(set));
      this.guard!.test = js.or(this.guard!.test, differs);
    }
    this.top = undefined;
  }

  // ---- registers --------------------------------------------------------------------------------------------------

  private number(i: number): number {
    return (this.depth + i) & 7;
  }

  private look(number: number, mask: number, set: number): void {
    this.looked.mask |= mask << number;
    this.looked.set |= set << number;
  }

  private place(number: number): Expression {
    const register = this.registers[number]!;
    const place = js.binary(
      '<<',
      js.binary('&', or(js.binary('+', this.top!, js.num(number)), zero), js.num(7)),
      js.num(4),
    );
    register.place ??= this.host.atom(place);
    return register.place;
  }

  private double(number: number, part: 0 | 1): Expression {
    return js.at('D', js.binary('+', js.binary('>>', this.place(number), js.num(3)), js.num(FIRST_DOUBLE + part)));
  }

  /** ST(i) can be read: it is in use, as far as is known. */
  isReadable(i: number): boolean {
    return this.registers[this.number(i)]!.used !== false;
  }

  /** There is room for one more, as far as is known. */
  isPushable(): boolean {
    return this.registers[this.number(7)]!.used !== true;
  }

  /** ST(i), which is readable. */
  read(i: number): Pair {
    const number = this.number(i);
    const register = this.registers[number]!;
    if (register.used === undefined) {
      this.look(number, READY, READY);
      register.used = true;
      register.written = 'ready';
    }
    if (register.pair === undefined) {
      register.pair = { h: this.host.atom(this.double(number, 0)), l: this.host.atom(this.double(number, 1)) };
      register.kept = register.pair;
    }
    return register.pair;
  }

  /** Write ST(i), whatever it was. */
  write(i: number, pair: Pair): void {
    const number = this.number(i);
    this.place(number);
    const register = this.registers[number]!;
    register.pair = pair;
    register.used = true;
  }

  /** Push a number; there is room. */
  push(pair: Pair): void {
    const number = this.number(7);
    const register = this.registers[number]!;
    if (register.used === undefined) {
      this.look(number, EMPTY, 0);
      register.written = 'empty';
    }
    this.depth = (this.depth - 1) & 7;
    this.write(0, pair);
  }

  /** Pop registers that have been read. */
  pop(count: number): void {
    for (let n = 0; n < count; n++) {
      this.registers[this.number(0)]!.used = false;
      this.depth = (this.depth + 1) & 7;
    }
  }

  exchange(i: number): void {
    const [a, b] = [this.read(0), this.read(i)];
    this.write(0, b);
    this.write(i, a);
  }

  // ---- status and pointers ----------------------------------------------------------------------------------------

  /** C1 becomes the sign of a number. */
  setResidue(residue: Expression): void {
    this.residue = residue;
  }

  /** C1 has been written by what was called. */
  residueWritten(): void {
    this.residue = undefined;
  }

  /** PE is raised when a number is not zero. */
  noteInexact(rest: Expression): void {
    this.host.add(js.iff(js.binary('!==', rest, zero), [assign(slot(X87_INEXACT), js.num(PE))]));
  }

  /** One of the pointers to the last instruction, as a name or literal. */
  point(index: number, value: Expression): void {
    this.pointers.set(index, value);
  }

  // ---- writing ----------------------------------------------------------------------------------------------------

  /** Write what the state does not have yet; the run goes on. */
  flush(): void {
    if (this.top === undefined) return;
    for (const statement of this.pending()) this.host.add(statement);
    for (const register of this.registers) {
      register.kept = register.pair;
      if (register.used !== undefined) register.written = register.used ? 'ready' : 'empty';
    }
    this.writtenDepth = this.depth;
    this.residue = undefined;
    this.pointers.clear();
  }

  /** Statements that do so, for a way out: afterwards everything is as it was. */
  pending(): Statement[] {
    if (this.top === undefined) return [];
    const statements: Statement[] = [];
    let taken = 0;
    let freed = 0;
    let paired = 0;
    for (const [number, { pair, kept, used, written }] of this.registers.entries()) {
      const bit = 1 << number;
      if (pair !== undefined && pair !== kept) {
        statements.push(assign(this.double(number, 0), pair.h), assign(this.double(number, 1), pair.l ?? zero));
        if (written !== 'ready') paired |= bit;
      }
      if (used === true && written !== 'ready') taken |= bit;
      if (used === false && written !== 'empty') freed |= bit;
    }
    if ((taken | freed | paired) !== 0) statements.push(this.writeTags(taken, freed, paired));
    if (this.depth !== this.writtenDepth) {
      const top = js.binary('&', or(js.binary('+', this.top, js.num(this.depth)), zero), js.num(7));
      statements.push(assign(slot(X87_TOP), top));
    }
    if (this.residue !== undefined) statements.push(assign(js.at('D', js.num(X87_RESIDUE >> 1)), this.residue));
    for (const [index, value] of this.pointers) statements.push(assign(slot(index), value));
    return statements;
  }

  /** Tags of registers, by their numbers in the run, that are taken or freed, and of those that have become pairs. */
  private writeTags(taken: number, freed: number, paired: number): Statement {
    const turned = (bits: number): Expression => js.binary('<<', js.num(bits * 0x101), this.top!);
    let tags: Expression = slot(X87_TAGS);
    if (freed !== 0) {
      const bits = js.binary('&', js.binary('>>', turned(freed), js.num(8)), js.num(0xff));
      tags = js.binary('&', tags, js.unary('~', bits));
    }
    if (taken !== 0) tags = or(tags, js.binary('&', js.binary('>>', turned(taken), js.num(8)), js.num(0xff)));
    if (paired !== 0) tags = or(tags, js.binary('&', turned(paired), js.num(0xff00)));
    return assign(slot(X87_TAGS), tags);
  }
}

/**
 * XMM registers while a block is emitted: their lanes, wholes and words as expressions, in whatever form they are at hand,
 * and what is known of the numbers in them.
 *
 * What is known of a lane holds while `FAST_LOCAL` is not zero: a helper that met a number which is neither zero nor normal
 * clears it for the rest of the block.
 */
import { FLOAT_FAST, VECTOR_SCRATCH, XMM } from '../../../runtime/abi/state.ts';
import type { Call, Value } from '../../ir/node.ts';
import type { Expression, Statement } from '../estree.ts';
import * as js from '../estree.ts';
import type { FunctionFrame } from '../frame.ts';
import { FAST_LOCAL, laneName } from '../names.ts';
import { assign } from '../real.ts';
import { laneOfRegister, REGISTERS, registerName, registerOf, vectorAt } from './locals.ts';

/** What the emitter of a block does for this one. */
export interface XmmHost {
  readonly frame: FunctionFrame;
  add(statement: Statement): void;
  value(value: Value): Expression;
  atom(expression: Expression): Expression;
  /** Give a call's result a name. */
  name(value: Value, expression: Expression): void;
  /** A call's result is an order: bit 0 and, above it, bit 1. */
  nameOrder(value: Value, less: Expression, equal: Expression): void;
  /** Statements that leave the region before the instruction that is being emitted. */
  leave(): Statement[];
}

/** Forms of a register that constants of the block hold. */
interface Forms {
  whole: Expression | undefined;
  readonly lanes: [Expression | undefined, Expression | undefined];
  /** Of scratch registers that words were written to, by their number; the others hold nothing. */
  words: Map<number, Expression>;
}

/** The next value's number. */
let fresh = 0;

/** First slot after the scratch registers. */
const END: number = VECTOR_SCRATCH + 8;

export const intrinsic = (name: string, ...args: Expression[]): Expression => js.call(name, ...args);
export const fast: Expression = js.id(FAST_LOCAL);

/** Four words as a vector. */
export function constant(...words: readonly [number, number, number, number]): Expression {
  const bytes = words.flatMap((word) => [0, 8, 16, 24].map((shift) => js.num((word >>> shift) & 0xff)));
  return intrinsic('v128_const', ...bytes);
}

const zeros: Expression = constant(0, 0, 0, 0);

/** Is it a slot of an XMM or scratch register? */
export const isXmm = (slot: number): boolean => slot >= XMM && slot < END;

export class XmmRegisters {
  readonly host: XmmHost;
  private readonly forms: Forms[] = [];
  /** A number for the value of each lane: copies have the same. Values that are zero or a normal number. */
  private readonly values = new Map<number, number>();
  private readonly clean = new Set<number>();
  /** Registers whose singles all do. */
  private readonly singles = new Set<number>();
  private hasMode = false;

  /** @param before what was known at the end of the only block that this one comes after. */
  constructor(host: XmmHost, before?: XmmRegisters) {
    this.host = host;
    this.clear();
    if (before === undefined) return;
    for (const [lane, value] of before.values) this.values.set(lane, value);
    for (const value of before.clean) this.clean.add(value);
    for (const register of before.singles) this.singles.add(register);
    this.hasMode = before.hasMode;
  }

  private clear(): void {
    for (let i = 0; i < REGISTERS + 2; i++)
      this.forms[i] = { whole: undefined, lanes: [undefined, undefined], words: new Map() };
  }

  private isScratch(register: number): boolean {
    return register >= REGISTERS;
  }

  private isWhole(register: number): boolean {
    return !this.isScratch(register) && this.host.frame.xmm.isWhole(register);
  }

  private isTwo(register: number): boolean {
    return !this.isScratch(register) && !this.host.frame.xmm.isWhole(register);
  }

  /** Is the register at a slot held as two doubles? */
  isPair(slot: number): boolean {
    return this.isTwo(registerOf(slot));
  }

  private use(register: number): void {
    if (!this.isScratch(register)) this.host.frame.xmm.use(register);
  }

  private modify(register: number): void {
    if (!this.isScratch(register)) this.host.frame.xmm.modify(register);
  }

  /** A constant with an expression's value, which stays when locals change. */
  private kept(expression: Expression): Expression {
    const name = this.host.frame.temporary();
    this.host.add(js.constant(name, expression));
    return js.id(name);
  }

  // ---- reading ----------------------------------------------------------------------------------------------------

  /** A lane of 64 bits as a double; by its number in the state seen as doubles. */
  lane(lane: number): Expression {
    if (!isXmm(2 * lane)) return js.at('D', js.num(lane));
    const register = registerOf(2 * lane);
    this.use(register);
    if (this.isTwo(register)) return js.id(laneName(lane));
    const i = lane & 1;
    const { lanes, words, whole } = this.forms[register]!;
    const known = lanes[i];
    if (known !== undefined) return known;
    if (whole === undefined && !this.isWhole(register) && words.size === 0) return js.num(0);
    let value: Expression;
    if (words.size > 0) {
      value = intrinsic('ofLowWord', words.get(2 * i) ?? js.num(0));
      const high = words.get(2 * i + 1);
      if (high !== undefined) {
        const both = intrinsic('i32x4_replace', intrinsic('f64x2_splat', value), high, js.num(1));
        value = intrinsic('f64x2_extract', both, js.num(0));
      }
    } else value = intrinsic('f64x2_extract', this.whole(XMM + 4 * register), js.num(i));
    const atom = this.kept(value);
    lanes[i] = atom;
    return atom;
  }

  /** A register as a vector. */
  whole(slot: number): Expression {
    const register = registerOf(slot);
    this.use(register);
    if (this.isWhole(register)) return js.id(registerName(register));
    const forms = this.forms[register]!;
    if (forms.whole === undefined) {
      const [only] = forms.words.size === 1 ? forms.words.values() : [];
      const lane = laneOfRegister(register);
      const built =
        only === undefined
          ? intrinsic('f64x2_replace', intrinsic('f64x2_splat', this.lane(lane)), this.lane(lane + 1), js.num(1))
          : intrinsic('i32x4_splat', only);
      forms.whole = this.kept(built);
    }
    return forms.whole;
  }

  /** A word of a register. */
  word(slot: number): Expression {
    const register = registerOf(slot);
    const { whole, words } = this.forms[register]!;
    const known = words.get(slot & 3);
    if (known !== undefined) return known;
    if (whole !== undefined || this.isWhole(register))
      return intrinsic('i32x4_extract', this.whole(slot & ~3), js.num(slot & 3));
    return intrinsic(slot & 1 ? 'highWord' : 'lowWord', this.lane(slot >> 1));
  }

  // ---- writing ----------------------------------------------------------------------------------------------------

  setLane(lane: number, value: Expression, clean = false): void {
    if (!isXmm(2 * lane)) {
      this.host.add(assign(js.at('D', js.num(lane)), value));
      return;
    }
    const register = registerOf(2 * lane);
    const i = lane & 1;
    const forms = this.forms[register]!;
    this.modify(register);
    if (this.isTwo(register)) this.host.add(assign(js.id(laneName(lane)), value));
    else if (this.isWhole(register)) {
      const atom = value.type === 'Literal' ? value : this.kept(value);
      const name = js.id(registerName(register));
      this.host.add(assign(name, intrinsic('f64x2_replace', name, atom, js.num(i))));
      forms.lanes[i] = atom;
    } else {
      const other = this.lane(lane ^ 1);
      forms.lanes[i] = value.type === 'Literal' ? value : this.kept(value);
      forms.lanes[1 - i] = other;
      forms.words.clear();
    }
    forms.whole = undefined;
    this.note(lane, clean);
  }

  /** Both lanes at once; each with whether it is clean. */
  setLanes(slot: number, values: readonly (readonly [value: Expression, clean: boolean])[]): void {
    const [[low, isLowClean], [high, isHighClean]] = values as [
      readonly [Expression, boolean],
      readonly [Expression, boolean],
    ];
    const register = registerOf(slot);
    const lane = laneOfRegister(register);
    if (this.isWhole(register)) {
      const [first, second] = [low, high].map((value) => (value.type === 'Literal' ? value : this.kept(value))) as [
        Expression,
        Expression,
      ];
      const isZero = second.type === 'Literal';
      const built = isZero
        ? intrinsic('f64x2_replace', zeros, first, js.num(0))
        : intrinsic('f64x2_replace', intrinsic('f64x2_splat', first), second, js.num(1));
      this.setWhole(slot, built);
      this.forms[register]!.lanes[0] = first;
      this.forms[register]!.lanes[1] = second;
      this.note(lane, isLowClean);
      this.note(lane + 1, isHighClean);
      return;
    }
    // The upper lane may come of what the lower one holds now.
    const kept = high.type === 'Literal' ? high : this.kept(high);
    this.setLane(lane, low, isLowClean);
    this.setLane(lane + 1, kept, isHighClean);
  }

  setWhole(slot: number, value: Expression, clean = false): void {
    const register = registerOf(slot);
    const forms = this.forms[register]!;
    const lane = laneOfRegister(register);
    this.modify(register);
    forms.lanes[0] = forms.lanes[1] = undefined;
    forms.words.clear();
    if (this.isWhole(register)) this.host.add(assign(js.id(registerName(register)), value));
    else {
      forms.whole = this.kept(value);
      if (this.isTwo(register)) {
        for (const i of [0, 1])
          this.host.add(assign(js.id(laneName(lane + i)), intrinsic('f64x2_extract', forms.whole, js.num(i))));
      }
    }
    this.note(lane, clean);
    this.note(lane + 1, clean);
  }

  setWord(slot: number, value: Expression): void {
    const register = registerOf(slot);
    const forms = this.forms[register]!;
    if (this.isScratch(register) && forms.whole === undefined && forms.lanes.every((lane) => lane === undefined)) {
      forms.words.set(slot & 3, this.host.atom(value));
    } else if (this.isWhole(register)) {
      const whole = intrinsic('i32x4_replace', this.whole(slot & ~3), value, js.num(slot & 3));
      this.setWhole(slot & ~3, whole);
    } else if (this.isScratch(register)) {
      // Nobody wants what a scratch register held before but for the words written just now.
      forms.whole = undefined;
      forms.lanes[0] = forms.lanes[1] = undefined;
      forms.words = new Map([[slot & 3, this.host.atom(value)]]);
    } else {
      const both = intrinsic('i32x4_replace', intrinsic('f64x2_splat', this.lane(slot >> 1)), value, js.num(slot & 1));
      this.setLane(slot >> 1, intrinsic('f64x2_extract', both, js.num(0)));
    }
    this.note(slot >> 1, false);
  }

  zero(slot: number): void {
    const register = registerOf(slot);
    if (this.isTwo(register)) for (const i of [0, 1]) this.setLane(laneOfRegister(register) + i, js.num(0), true);
    else this.setWhole(slot, zeros, true);
    this.noteSingles(slot);
  }

  copyWhole(to: number, from: number): void {
    const [target, source] = [registerOf(to), registerOf(from)];
    if (target === source) return;
    const [first, second] = [laneOfRegister(target), laneOfRegister(source)];
    if (this.isTwo(target) && !this.isWhole(source)) {
      const { whole } = this.forms[source]!;
      for (const i of [0, 1]) this.setLane(first + i, this.lane(second + i));
      this.forms[target]!.whole = whole;
    } else this.setWhole(to, this.whole(from));
    for (const i of [0, 1]) this.noteCopy(first + i, second + i);
    if (this.areClean(from)) this.noteSingles(to);
  }

  // ---- slots ------------------------------------------------------------------------------------------------------

  /** Statements that put the lanes of slots there, for a helper that reads them. Values are at hand already. */
  saving(slot: number, bits: number): Statement[] {
    const statements: Statement[] = [];
    for (let lane = slot >> 1; lane < (slot + bits / 32 + 1) >> 1; lane++) {
      if (isXmm(2 * lane)) statements.push(assign(js.at('D', js.num(lane)), this.lane(lane)));
    }
    return statements;
  }

  save(slot: number, bits: number): void {
    const register = registerOf(slot);
    if (bits === 128 && isXmm(slot) && (this.isWhole(register) || this.forms[register]!.whole !== undefined))
      this.host.add(assign(vectorAt(register), this.whole(slot)));
    else for (const statement of this.saving(slot, bits)) this.host.add(statement);
  }

  /** A helper has written slots; of a lane that it wrote half of, all was saved. */
  reload(slot: number, bits: number): void {
    if (!isXmm(slot)) return;
    if (bits === 128) this.setWhole(slot, vectorAt(registerOf(slot)));
    else this.setLane(slot >> 1, js.at('D', js.num(slot >> 1)));
  }

  /** All state may have changed. `reloaded`: and locals have been loaded anew. */
  forget(reloaded: boolean): void {
    if (reloaded) {
      this.clear();
      this.values.clear();
    }
    this.clean.clear();
    this.singles.clear();
    this.hasMode = false;
  }

  // ---- numbers ----------------------------------------------------------------------------------------------------

  /** Make `FAST_LOCAL` valid. */
  begin(): void {
    if (this.hasMode) return;
    this.host.frame.xmm.usesMode = true;
    this.host.add(assign(fast, js.at('S', js.num(FLOAT_FAST))));
    this.hasMode = true;
  }

  note(lane: number, clean: boolean): void {
    this.singles.delete(registerOf(2 * lane));
    this.values.set(lane, fresh);
    if (clean) this.clean.add(fresh);
    fresh++;
  }

  /** A lane holds what another one does. */
  noteCopy(to: number, from: number): void {
    this.singles.delete(registerOf(2 * to));
    this.values.set(to, this.valueOf(from));
  }

  /** A lane's value has been found to be zero or a normal number. */
  noteClean(lane: number): void {
    this.clean.add(this.valueOf(lane));
  }

  /** The number of a lane's value; of MMX registers nothing is known. */
  valueOf(lane: number): number {
    const known = this.values.get(lane);
    if (known !== undefined) return known;
    if (isXmm(2 * lane)) this.values.set(lane, fresh);
    return fresh++;
  }

  /** All singles of a register are zero or normal numbers. */
  noteSingles(slot: number): void {
    this.singles.add(registerOf(slot));
  }

  areClean(slot: number): boolean {
    return this.singles.has(registerOf(slot));
  }

  isClean(lane: number): boolean {
    return this.clean.has(this.valueOf(lane));
  }

  helper(node: Call): Expression {
    this.host.frame.useHelper(node.helper);
    return js.call(`h_${node.helper}`, ...node.args.map((arg) => this.host.value(arg)));
  }

  /** A variable with a value. */
  variable(value: Expression): Expression {
    const name = this.host.frame.temporary();
    this.host.add(js.variables([[name, value]]));
    return js.id(name);
  }
}

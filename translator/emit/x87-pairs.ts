/**
 * x87 instructions on pairs of doubles, in WebAssembly: what runtime/helpers/x87/fast.ts does, with the registers of
 * x87-stack.ts and with arithmetic that is called with doubles (pair-functions.ts). Where the numbers have no pairs, or a
 * result is not certain, the region is left for tier 0 to do the instruction; regions that this happens to again and again
 * are compiled anew without pairs (Profile.separateTests), with a call of a helper for each instruction.
 */
import { MODE_IDENTITY } from '../../runtime/abi/mode.ts';
import {
  X87_DOUBLE,
  X87_END,
  X87_INSTRUCTION,
  X87_LOW,
  X87_OPCODE,
  X87_REGISTER,
  X87_SCRATCH,
  X87_STATUS,
} from '../../runtime/abi/state.ts';
import { X87Compare, X87Flip, X87Format, X87Move, X87Operation } from '../../runtime/abi/x87.ts';
import type { Call, Node, Value } from '../ir/node.ts';
import { constantOf, isSync, isX87 } from '../ir/ops.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { lineRefuses } from './memory.ts';
import type { PairFunction } from './pair-functions.ts';
import { all, assign, double, either, math, real } from './real.ts';
import { type Pair, type StackHost, X87Stack } from './x87-stack.ts';

/** What the emitter of a block does for this one. */
export interface PairHost extends StackHost {
  readonly mode: number;
  value(value: Value): Expression;
  /** As `atom`, but what it gives stays what it is now. */
  fixed(expression: Expression): Expression;
  /** Give a call's result a name, if anybody uses it. */
  name(node: Call, expression: Expression): void;
  /** Leave for tier 0 before the instruction that is being emitted, because memory cannot be accessed directly. */
  leaveForMemory(): Statement[];
  /** What follows may throw: note where. */
  site(): void;
}

/** Least and greatest magnitude of pairs that are not zero. */
const LEAST = 1e-120;
const GREATEST = 1e120;
const LEAST_SINGLE = 1.1754943508222875e-38;
const GREATEST_SINGLE = 3.4028234663852886e38;
/** 1.5 times 2^52: adding and taking it away rounds to an integer. */
const TO_INTEGER = 6755399441055744;
const TWO_31 = 2147483647;
const TWO_32 = 4294967296;
/** Highest offset in a page at which eight bytes lie on it. */
const LAST_DOUBLE = 4088;
const C0_SHIFT = 8;
const C3_SHIFT = 14;
const CONDITIONS = 0x4500;
const ZF_SHIFT = 6;

const zero: Expression = js.num(0);
const not = (e: Expression): Expression => js.unary('!', e);
const compare = (operator: '<' | '>' | '===' | '!==' | '>=' | '<=', a: Expression, b: Expression): Expression =>
  js.binary(operator, a, b);
const plus = (a: Expression, b: Expression): Expression => js.binary('+', a, b);
const minus = (a: Expression, b: Expression): Expression => js.binary('-', a, b);
const times = (a: Expression, b: Expression): Expression => js.binary('*', a, b);
const negated = (e: Expression): Expression => js.unary('-', e);
/** Of a low part: its zeros are positive. */
const negatedLow = (l: Expression): Expression => minus(double(0), l);
/** A word as a double. */
const toReal = (word: Expression): Expression => js.unary('+', word);

/** Pointers that each instruction writes. */
function isPointer(slot: number): boolean {
  return slot >= X87_INSTRUCTION && slot <= X87_OPCODE;
}

export class X87Pairs {
  private readonly host: PairHost;
  private readonly stack: X87Stack;

  constructor(host: PairHost) {
    this.host = host;
    this.stack = new X87Stack(host);
  }

  /** Emit a node if it is one on pairs. @returns whether it was. */
  emit(node: Node): boolean {
    if (node.op === 'set' && isPointer(node.slot) && this.stack.isActive) {
      this.stack.point(node.slot, this.host.fixed(this.host.value(node.value)));
      return true;
    }
    return node.op === 'call' && isX87(node) && this.call(node);
  }

  /** To be called before a node that is not on pairs. @param faults it may throw. */
  before(node: Node, faults: boolean): void {
    if (!this.stack.isActive) return;
    if (touches(node)) {
      if (node.op === 'call' && (node.helper === 'x87ReadStatus' || node.helper === 'x87ReadControl'))
        this.stack.flush();
      else this.stack.end();
    } else if (faults) this.stack.flush();
  }

  /** What has to be written on a way out of the middle of the block. */
  pending(): Statement[] {
    return this.stack.pending();
  }

  /** The block ends. */
  end(): void {
    this.stack.end();
  }

  // ---- instructions -----------------------------------------------------------------------------------------------

  private call(node: Call): boolean {
    const { stack } = this;
    const args = node.args.map((arg) => (arg.op === 'const' ? arg.value : 0));
    const [first = 0, second = 0, third = 0, fourth = 0] = args;
    const value = (i: number): Value => node.args[i]!;
    switch (node.helper) {
      case 'x87LoadDouble':
        return this.load(() => this.double(value(0)));
      case 'x87LoadWord':
        return this.load(() => this.word(first, value(1)));
      case 'x87LoadPair':
        return this.load(() => this.wide(value(0), value(1)));
      case 'x87StoreDouble':
        return this.storeDouble(value(0), second);
      case 'x87StoreWord':
        return this.storeWord(node, first, third);
      case 'x87Sum':
        return this.registers(first, second, third, (a, b) => this.sum(a, b, fourth));
      case 'x87Product':
        return this.registers(first, second, third, (a, b) => this.operate('pairProduct', a, b));
      case 'x87Quotient':
        return this.registers(first, second, third, (a, b) => this.quotient(a, b, fourth));
      case 'x87SumWord':
        return this.withOperand(
          () => this.word(first, value(1)),
          (a, b) => this.sum(a, b, third),
        );
      case 'x87ProductWord':
        return this.withOperand(
          () => this.word(first, value(1)),
          (a, b) => this.operate('pairProduct', a, b),
        );
      case 'x87QuotientWord':
        return this.withOperand(
          () => this.word(first, value(1)),
          (a, b) => this.quotient(a, b, third),
        );
      case 'x87SumDouble':
        return this.withOperand(
          () => this.double(value(0)),
          (a, b) => this.sum(a, b, second),
        );
      case 'x87ProductDouble':
        return this.withOperand(
          () => this.double(value(0)),
          (a, b) => this.operate('pairProduct', a, b),
        );
      case 'x87QuotientDouble':
        return this.withOperand(
          () => this.double(value(0)),
          (a, b) => this.quotient(a, b, second),
        );
      case 'x87Compare':
        return this.compareRegisters(node, first, second);
      case 'x87CompareWord':
        return this.compareWith(() => this.word(first, value(1)), third);
      case 'x87CompareDouble':
        return this.compareWith(() => this.double(value(0)), second);
      case 'x87Operation':
        return this.operation(first);
      case 'x87Move':
        return value(0).op === 'const' && this.move(first, second);
      case 'x87Wait':
        // The guard has seen that nothing is pending.
        return stack.isActive;
      default:
        return false;
    }
  }

  /** Begin, and see that registers may be read. */
  private begins(...read: readonly number[]): boolean {
    this.stack.begin();
    return read.every((i) => this.stack.isReadable(i));
  }

  private load(operand: () => Pair): boolean {
    this.stack.begin();
    if (!this.stack.isPushable()) return false;
    this.stack.push(operand());
    this.stack.setResidue(zero);
    return true;
  }

  private registers(a: number, b: number, pops: number, operate: (a: Pair, b: Pair) => Pair): boolean {
    if (!this.begins(a, b)) return false;
    this.stack.write(a, operate(this.stack.read(a), this.stack.read(b)));
    if (pops !== 0) {
      this.stack.read(0);
      this.stack.pop(pops);
    }
    return true;
  }

  private withOperand(operand: () => Pair, operate: (a: Pair, b: Pair) => Pair): boolean {
    if (!this.begins(0)) return false;
    const a = this.stack.read(0);
    this.stack.write(0, operate(a, operand()));
    return true;
  }

  private sum(a: Pair, b: Pair, flip: number): Pair {
    if (flip === X87Flip.None) return this.operate('pairSum', a, b);
    return flip === X87Flip.Source
      ? this.operate('pairSum', a, minusPair(b))
      : this.operate('pairSum', minusPair(a), b);
  }

  private quotient(a: Pair, b: Pair, flip: number): Pair {
    return flip === X87Flip.Destination ? this.operate('pairQuotient', b, a) : this.operate('pairQuotient', a, b);
  }

  /** One of abi/pair.ts's operations; where it is not certain the region is left. */
  private operate(name: PairFunction, a: Pair, b: Pair): Pair {
    const { host, stack } = this;
    const h = host.atom(js.call(name, a.h, a.l ?? zero, b.h, b.l ?? zero));
    this.leaveIf(compare('!==', h, h));
    const l = host.atom(js.at('D', js.num(X87_LOW >> 1)));
    stack.residueWritten();
    return { h, l };
  }

  private leaveIf(test: Expression): void {
    this.host.add(js.iff(test, this.host.leave()));
  }

  private operation(which: number): boolean {
    const { stack } = this;
    if (which === X87Operation.LoadOne || which === X87Operation.LoadZero) {
      const h = double(which === X87Operation.LoadOne ? 1 : 0);
      return this.load(() => ({ h, l: undefined }));
    }
    if (which === X87Operation.Test) return this.compareWith(() => ({ h: zero, l: undefined }), 0);
    const isKnown =
      which === X87Operation.ChangeSign || which === X87Operation.Absolute || which === X87Operation.SquareRoot;
    if (!isKnown || !this.begins(0)) return false;
    const a = stack.read(0);
    if (which === X87Operation.SquareRoot) stack.write(0, this.operate('pairRoot', a, a));
    else {
      stack.write(0, which === X87Operation.ChangeSign ? this.named(minusPair(a)) : this.absolute(a));
      stack.setResidue(zero);
    }
    return true;
  }

  private named({ h, l }: Pair): Pair {
    return { h: this.host.atom(h), l: l && this.host.atom(l) };
  }

  private absolute({ h, l }: Pair): Pair {
    const low = l && js.conditional(compare('<', h, zero), negatedLow(l), l);
    return this.named({ h: math('abs', h), l: low });
  }

  private move(which: number, i: number): boolean {
    const { stack } = this;
    switch (which) {
      case X87Move.Load:
        return this.begins(i) && this.load(() => stack.read(i));
      case X87Move.Exchange:
        if (!this.begins(0, i)) return false;
        stack.exchange(i);
        break;
      case X87Move.Store:
      case X87Move.StorePop:
      case X87Move.StorePopQuietly:
        if (!this.begins(0)) return false;
        // Onto a register of which nothing is known: it will be a pair in use, as its tags are to say.
        stack.write(i, stack.read(0));
        if (which !== X87Move.Store) stack.pop(1);
        break;
      default:
        return false;
    }
    stack.setResidue(zero);
    return true;
  }

  // ---- comparison -------------------------------------------------------------------------------------------------

  private compareRegisters(node: Call, i: number, bits: number): boolean {
    if (!this.begins(0, i)) return false;
    const { stack } = this;
    const { isEqual, isLess } = this.order(stack.read(0), stack.read(i));
    if (bits & X87Compare.Eflags) {
      this.host.name(node, js.binary('|', js.binary('<<', isEqual, js.num(ZF_SHIFT)), isLess));
    } else this.setConditions(isEqual, isLess);
    const pops = (bits & X87Compare.Pop ? 1 : 0) + (bits & X87Compare.PopTwice ? 2 : 0);
    // FCOMPP has read ST(1); whatever else is popped twice has not.
    if (pops === 2) stack.read(1);
    stack.pop(pops);
    return true;
  }

  private compareWith(operand: () => Pair, pops: number): boolean {
    if (!this.begins(0)) return false;
    const a = this.stack.read(0);
    const { isEqual, isLess } = this.order(a, operand());
    this.setConditions(isEqual, isLess);
    this.stack.pop(pops);
    return true;
  }

  /** Truths as words. */
  private order(a: Pair, b: Pair): { readonly isEqual: Expression; readonly isLess: Expression } {
    const { host } = this;
    const equal = toReal(compare('===', a.h, b.h));
    const less = toReal(compare('<', a.h, b.h));
    if (a.l === undefined && b.l === undefined) return { isEqual: host.atom(equal), isLess: host.atom(less) };
    const [al, bl] = [a.l ?? zero, b.l ?? zero];
    const high = host.atom(equal);
    const both = (e: Expression): Expression => js.binary('&', high, toReal(e));
    return {
      isEqual: host.atom(both(compare('===', al, bl))),
      isLess: host.atom(js.binary('|', less, both(compare('<', al, bl)))),
    };
  }

  private setConditions(isEqual: Expression, isLess: Expression): void {
    const status = js.at('S', js.num(X87_STATUS));
    const kept = js.binary('&', status, js.num(~CONDITIONS));
    const c0 = js.binary('<<', isLess, js.num(C0_SHIFT));
    const c3 = js.binary('<<', isEqual, js.num(C3_SHIFT));
    this.host.add(assign(status, js.binary('|', js.binary('|', kept, c0), c3)));
    this.stack.setResidue(zero);
  }

  // ---- operands in memory -----------------------------------------------------------------------------------------

  /** The operand of a word in one of abi/x87.ts's formats. */
  private word(format: number, value: Value): Pair {
    const { host } = this;
    const word = host.value(value);
    if (format === X87Format.Integer32) return { h: host.atom(toReal(word)), l: undefined };
    if (format === X87Format.Integer16) {
      const narrow = js.binary('>>', js.binary('<<', word, js.num(16)), js.num(16));
      return { h: host.atom(toReal(narrow)), l: undefined };
    }
    host.add(assign(js.at('S', js.num(X87_SCRATCH)), word));
    const h = host.atom(js.at('SF', js.num(X87_SCRATCH)));
    this.leaveUnlessWithin(h, LEAST_SINGLE, GREATEST_SINGLE);
    return { h, l: undefined };
  }

  private leaveUnlessWithin(h: Expression, least: number, greatest: number): void {
    const m = this.host.atom(math('abs', h));
    const isSmall = all([compare('<', m, real(least)), compare('!==', m, zero)]);
    this.leaveIf(either(isSmall, not(compare('<=', m, real(greatest)))));
  }

  /** An integer of 64 bits. */
  private wide(low: Value, high: Value): Pair {
    const { host } = this;
    const lower = host.atom(js.binary('>>>', host.value(low), zero));
    const upper = host.atom(times(host.value(high), real(TWO_32)));
    const h = host.atom(plus(upper, lower));
    return { h, l: host.atom(plus(minus(upper, h), lower)) };
  }

  /** The double at a linear address. */
  private double(address: Value): Pair {
    const { host } = this;
    const h = host.atom(host.mode & MODE_IDENTITY ? this.loadDirect(address) : this.loadMapped(address));
    this.leaveUnlessWithin(h, LEAST, GREATEST);
    return { h, l: undefined };
  }

  private loadDirect(address: Value): Expression {
    const { host } = this;
    const a = host.atom(host.value(address));
    host.add(js.iff(lineRefuses(a, 8, false), host.leaveForMemory()));
    return js.method('V', 'getFloat64', js.binary('>>>', a, zero), js.literal(true));
  }

  private loadMapped(address: Value): Expression {
    const { host } = this;
    const a = host.atom(host.value(address));
    this.stack.flush();
    host.site();
    const p = host.atom(js.binary('^', js.at('R', js.binary('>>>', a, js.num(12))), a));
    const word = (i: 0 | 1): Expression =>
      js.assign(js.at('S', js.num(X87_DOUBLE + i)), js.call('r32', i === 0 ? a : or0(plus(a, js.num(4)))));
    return js.conditional(
      isOnPage(p, a),
      js.method('V', 'getFloat64', p, js.literal(true)),
      js.sequence(word(0), word(1), js.at('D', js.num(X87_DOUBLE >> 1))),
    );
  }

  private storeDouble(address: Value, pops: number): boolean {
    if (!this.begins(0)) return false;
    const { host, stack } = this;
    const { h, l } = stack.read(0);
    const a = host.atom(host.value(address));
    if (host.mode & MODE_IDENTITY) {
      host.add(js.iff(lineRefuses(a, 8, true), host.leaveForMemory()));
      host.add(js.statement(js.method('V', 'setFloat64', js.binary('>>>', a, zero), h, js.literal(true))));
    } else this.storeMapped(a, h);
    if (l === undefined) stack.setResidue(zero);
    else {
      stack.setResidue(times(l, h));
      stack.noteInexact(l);
    }
    stack.pop(pops);
    return true;
  }

  private storeMapped(a: Expression, h: Expression): void {
    const { host } = this;
    this.stack.flush();
    host.site();
    const p = host.atom(js.binary('^', js.at('W', js.binary('>>>', a, js.num(12))), a));
    const next = or0(plus(a, js.num(4)));
    const word = (i: 0 | 1): Expression => js.at('S', js.num(X87_DOUBLE + i));
    const direct = js.statement(js.method('V', 'setFloat64', p, h, js.literal(true)));
    // Both halves are checked before one is written.
    const slow = [
      assign(js.at('D', js.num(X87_DOUBLE >> 1)), h),
      js.statement(js.call('m32', a)),
      js.statement(js.call('m32', next)),
      js.statement(js.call('w32', a, word(0))),
      js.statement(js.call('w32', next, word(1))),
    ];
    host.add(js.iff(isOnPage(p, a), [direct], slow));
  }

  /** FST of a single, FIST, FISTTP: the word to be written. */
  private storeWord(node: Call, format: number, pops: number): boolean {
    // A block that begins with it may follow on FLDCW: rounding is another one then, and there is no run of pairs.
    if (format !== X87Format.Real32 && !this.stack.isActive) return false;
    if (!this.begins(0)) return false;
    const { host, stack } = this;
    const pair = stack.read(0);
    if (format === X87Format.Real32) host.name(node, this.single(pair));
    else {
      const isTruncated = format === X87Format.Truncated16 || format === X87Format.Truncated32;
      const isNarrow = format === X87Format.Truncated16 || format === X87Format.Integer16;
      host.name(node, this.integer(pair, isTruncated, isNarrow));
    }
    stack.pop(pops);
    return true;
  }

  /** `singleOfPair` of abi/pair.ts. */
  private single({ h, l }: Pair): Expression {
    const { host } = this;
    const f = host.atom(math('fround', h));
    const t = host.atom(minus(h, f));
    const least = compare('>=', math('abs', h), real(LEAST_SINGLE));
    const isNormal = all([least, compare('<=', math('abs', f), real(GREATEST_SINGLE))]);
    this.leaveIf(not(either(isNormal, compare('===', h, zero))));
    if (l !== undefined) {
      const beyond = host.atom(plus(plus(f, t), t));
      const isSingle = compare('===', math('fround', beyond), beyond);
      this.leaveIf(all([compare('!==', l, zero), compare('!==', t, zero), isSingle]));
    }
    this.rest(l === undefined ? t : host.atom(plus(t, l)), f);
    host.add(assign(js.at('SF', js.num(X87_SCRATCH)), f));
    return js.at('S', js.num(X87_SCRATCH));
  }

  /** `integerOfPair` of abi/pair.ts, rounded to nearest, which is how it is rounded while X87_FAST holds, or toward zero. */
  private integer({ h, l }: Pair, isTruncated: boolean, isNarrow: boolean): Expression {
    const { host } = this;
    this.leaveIf(not(compare('<', math('abs', h), real(TWO_31))));
    const whole = isTruncated ? math('trunc', h) : minus(plus(h, real(TO_INTEGER)), real(TO_INTEGER));
    let n = host.atom(whole);
    if (l !== undefined) {
      const t = host.atom(minus(h, n));
      const isUp = isTruncated
        ? all([compare('===', t, zero), compare('<', h, zero), compare('>', l, zero)])
        : all([compare('===', t, real(0.5)), compare('>', l, zero)]);
      const isDown = isTruncated
        ? all([compare('===', t, zero), compare('>', h, zero), compare('<', l, zero)])
        : all([compare('===', t, real(-0.5)), compare('<', l, zero)]);
      n = host.atom(js.conditional(isUp, plus(n, real(1)), js.conditional(isDown, minus(n, real(1)), n)));
    }
    const word = host.atom(js.binary('|', n, zero));
    if (isNarrow) {
      const narrow = js.binary('>>', js.binary('<<', word, js.num(16)), js.num(16));
      this.leaveIf(compare('!==', narrow, word));
    }
    const t = minus(h, n);
    this.rest(host.atom(l === undefined ? t : plus(t, l)), h);
    return word;
  }

  /** What a conversion has lost of a number. */
  private rest(rest: Expression, of: Expression): void {
    this.stack.setResidue(times(rest, of));
    this.stack.noteInexact(rest);
  }
}

const or0 = (e: Expression): Expression => js.binary('|', e, zero);

function isOnPage(p: Expression, a: Expression): Expression {
  const isWhole = compare('<=', js.binary('&', a, js.num(4095)), js.num(LAST_DOUBLE));
  return all([compare('>=', p, zero), isWhole]);
}

function minusPair({ h, l }: Pair): Pair {
  return { h: negated(h), l: l && negatedLow(l) };
}

/** Does a node that is not on pairs read or write the x87's state? */
function touches(node: Node): boolean {
  const isState = (slot: number): boolean => slot >= X87_REGISTER && slot < X87_END && slot !== X87_SCRATCH;
  if (node.op === 'get' || node.op === 'set') return isState(node.slot);
  if (node.op !== 'call') return false;
  if (isX87(node) || isSync(node) || node.helper.startsWith('mmx')) return true;
  return node.args.some((arg) => arg.op === 'const' && isState(constantOf(arg)));
}

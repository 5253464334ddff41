/**
 * One block of IR as JavaScript statements: registers are locals, values are expressions or named constants, memory
 * accesses test the TLB inline and call a slow arm otherwise.
 */
import { helperSignatures } from '../../runtime/abi/calls.ts';
import type { HelperSignature } from '../../runtime/abi/signature.ts';
import { isVectorSlot, SCRATCH } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { type FlagKind, flagKinds } from '../ir/flags.ts';
import type { Call, Flags, Get, Load, Node, PagePlace, PageTest, Part, Pure, Store, Value } from '../ir/node.ts';
import { canFault, constantOf } from '../ir/ops.ts';
import { isTest, pureOperator } from '../ir/pure.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import { componentSlots } from './flag-slots.ts';
import type { FunctionFrame } from './frame.ts';
import { VectorLanes } from './lanes.ts';
import {
  directCell,
  isDirect,
  lineLoad,
  lineRefuses,
  lineStore,
  pageRefuses,
  placedCell,
  tlbPlace,
  tlbTest,
} from './memory.ts';
import { ADDRESS_LOCAL, SAVED_LOCAL, SITE_LOCAL, slotName } from './names.ts';
import { inlinePacked } from './packed.ts';
import { findNamed } from './placement.ts';
import { templateOf } from './reflect.ts';
import { inlineXmm } from './simd/index.ts';
import { isXmm, XmmRegisters } from './simd/registers.ts';
import { inlineVector } from './vector.ts';
import { inlineX87 } from './x87.ts';
import { type PairHost, X87Pairs } from './x87-pairs.ts';

/** The operator that zero-extends each narrow part from its own width. */
const zeroExtensions: Readonly<Partial<Record<Part, Pure['name']>>> = { r8: 'zext8', r8h: 'zext8', r16: 'zext16' };

/** Emits the nodes of one block; terminators are emit/structure.ts's. */
export class BlockEmitter {
  readonly statements: Statement[] = [];
  private readonly block: IrBlock;
  private readonly frame: FunctionFrame;
  private readonly named: ReadonlySet<Value>;
  private readonly names = new Map<Value, string>();
  /** Locals that hold the tested address of a read-modify-write until its store. */
  private readonly addresses = new Map<Load, string>();
  /** Places in RAM of what page tests have let through. */
  private readonly places = new Map<PageTest, Expression>();
  /** Results of comparisons: whether less, whether equal; both when unordered. */
  private readonly orders = new Map<Value, readonly [less: Expression, equal: Expression]>();
  private readonly vector: VectorLanes;
  /** On hosts with vectors; `vector` is the x87's alone then. */
  private readonly xmm: XmmRegisters | undefined;
  /** The x87 on pairs, where that can be. */
  private readonly pairs: X87Pairs | undefined;
  private eip: number;
  private index = 0;
  private siteEip: number | undefined;

  /** @param before the only block that this one comes after, emitted. */
  constructor(block: IrBlock, frame: FunctionFrame, before?: BlockEmitter) {
    this.block = block;
    this.frame = frame;
    this.named = findNamed(block);
    this.eip = block.eip;
    const host = {
      frame,
      add: (statement: Statement): void => this.add(statement),
      value: (value: Value): Expression => this.value(value),
      atom: (expression: Expression): Expression => this.atom(expression),
      name: (value: Value, expression: Expression): void => this.name(value, expression),
      nameOrder: (value: Value, less: Expression, equal: Expression): void =>
        void this.orders.set(value, [less, equal]),
      leave: (): Statement[] => this.leave(),
    };
    this.vector = new VectorLanes(host);
    this.xmm = frame.host.vectors ? new XmmRegisters(host, before?.xmm) : undefined;
    this.pairs = frame.host.pairs && frame.usesPairs ? new X87Pairs(this.pairHost(block.mode)) : undefined;
  }

  private pairHost(mode: number): PairHost {
    return {
      mode,
      add: (statement) => this.add(statement),
      value: (value) => this.value(value),
      atom: (expression) => this.atom(expression),
      fixed: (expression) => (expression.type === 'Identifier' ? this.fixed(expression) : this.atom(expression)),
      name: (node, expression) => {
        if (this.named.has(node)) this.name(node, expression);
      },
      leave: () => this.leave(true),
      leaveForMemory: () => this.leave(),
      site: () => this.site(),
    };
  }

  /** A name for what a local holds now. */
  private fixed(local: Expression): Expression {
    const name = this.frame.temporary();
    this.add(js.constant(name, local));
    return js.id(name);
  }

  /** Emit all nodes. */
  run(): void {
    for (const node of this.block.nodes) this.node(node);
    this.pairs?.end();
    this.vector.end();
  }

  private add(statement: Statement): void {
    this.statements.push(statement);
  }

  // ---- values -----------------------------------------------------------------------------------------------------

  /** A value as a word. */
  value(value: Value): Expression {
    const name = this.names.get(value);
    if (name !== undefined) return js.id(name);
    const order = this.orders.get(value);
    if (order !== undefined) return js.binary('|', order[0], js.binary('<<', order[1], js.num(1)));
    if (value.op === 'pure' && isTest(value.name)) return js.unary('+', this.expression(value));
    return this.expression(value);
  }

  /** A value as a condition. */
  test(value: Value): Expression {
    if (!this.names.has(value) && value.op === 'pure' && isTest(value.name)) return this.expression(value);
    return js.binary('!==', this.value(value), js.num(0));
  }

  private expression(value: Value): Expression {
    switch (value.op) {
      case 'const':
        return js.num(value.value);
      case 'get':
        return this.read(value.slot, value.part);
      case 'pure':
        return this.operator(value);
      default:
        throw new Error(`value ${value.id} (${value.op}) has no name`);
    }
  }

  private read(slot: number, part: Part): Expression {
    if (this.xmm !== undefined && isXmm(slot)) return this.xmm.word(slot);
    if (isVectorSlot(slot)) this.vector.save(slot, 32);
    if (slot === SCRATCH || isVectorSlot(slot)) return js.at('S', js.num(slot));
    this.frame.use(slot);
    const whole = js.id(slotName(slot));
    if (part === 'r32') return whole;
    return this.expand(part === 'r16' ? 'sext16' : part === 'r8' ? 'sext8' : 'high8', [whole]);
  }

  /** A narrow register part, zero-extended without sign-extending it first. */
  private readUnsigned({ slot, part }: Get): Expression {
    this.frame.use(slot);
    const whole = js.id(slotName(slot));
    const field = part === 'r8h' ? js.binary('>>>', whole, js.num(8)) : whole;
    return js.binary('&', field, js.num(part === 'r16' ? 0xffff : 0xff));
  }

  private operator(node: Pure): Expression {
    if (node.name === 'select') {
      const [condition, b, c] = node.args as [Value, Value, Value];
      return js.conditional(this.test(condition), this.value(b), this.value(c));
    }
    const [first, second] = node.args as [Value, Value | undefined];
    const order = this.orders.get(first);
    if (order !== undefined && second?.op === 'const') {
      const part = partOfOrder(node.name, second.value, order);
      if (part !== undefined) return part;
    }
    if (first.op === 'get' && zeroExtensions[first.part] === node.name && !this.names.has(first)) {
      return this.readUnsigned(first);
    }
    return this.expand(
      node.name,
      node.args.map((arg) => this.value(arg)),
    );
  }

  private expand(name: Pure['name'], args: Expression[]): Expression {
    const template = this.frame.host.intrinsics.has(name) ? undefined : templateOf(pureOperator(name));
    if (template === undefined) {
      this.frame.useOperator(name);
      return js.call(`op_${name}`, ...args);
    }
    const atoms = args.map((arg, i) => (template.occurrences[i]! > 1 ? this.atom(arg) : arg));
    return template.expand(atoms, (step) => this.atom(step));
  }

  /** A name or number for an expression that is needed more than once. */
  atom(expression: Expression): Expression {
    if (isAtom(expression)) return expression;
    const name = this.frame.temporary();
    this.add(js.constant(name, expression));
    return js.id(name);
  }

  private name(value: Value, expression: Expression): void {
    const name = this.frame.temporary();
    this.names.set(value, name);
    this.add(js.constant(name, expression));
  }

  // ---- nodes ------------------------------------------------------------------------------------------------------

  private node(node: Node): void {
    if (this.pairs?.emit(node)) return;
    const faults = canFault(node) && !this.isTested(node);
    this.pairs?.before(node, faults);
    if (faults) this.site();
    switch (node.op) {
      case 'mark':
        this.eip = node.eip;
        this.index = node.index;
        return;
      case 'const':
        return;
      case 'get':
      case 'pure':
        if (this.named.has(node)) {
          const test = node.op === 'pure' && isTest(node.name);
          this.name(node, test ? js.unary('+', this.expression(node)) : this.expression(node));
        }
        return;
      case 'set':
        this.write(node.slot, node.part, this.value(node.value));
        return;
      case 'load':
        this.load(node);
        return;
      case 'store':
        this.store(node);
        return;
      case 'flags':
        this.flags(node);
        return;
      case 'call':
        this.call(node);
    }
  }

  /** Does the node leave the region where it would fault? */
  private isTested(node: Node): boolean {
    if (node.op === 'call') return node.test !== undefined && this.xmm !== undefined && isOnXmm(node);
    return (node.op === 'load' || node.op === 'store') && node.test !== undefined;
  }

  /** Note which instruction runs, once for each that can fault. */
  private site(): void {
    if (this.siteEip === this.eip) return;
    this.siteEip = this.eip;
    const site = this.frame.site(this.eip, this.block.instructions - this.index);
    this.add(js.statement(js.assign(js.id(SITE_LOCAL), js.num(site))));
  }

  private write(slot: number, part: Part, value: Expression): void {
    if (this.xmm !== undefined && isXmm(slot)) {
      this.xmm.setWord(slot, value);
      return;
    }
    if (isVectorSlot(slot)) {
      this.vector.save(slot, 32);
      this.add(js.statement(js.assign(js.at('S', js.num(slot)), value)));
      this.vector.reload(slot, 32);
      return;
    }
    this.frame.modify(slot);
    const whole = js.id(slotName(slot));
    let merged = value;
    if (part !== 'r32') {
      const mask = part === 'r16' ? 0xffff : 0xff;
      const field = js.binary('&', value, js.num(mask));
      const shifted = part === 'r8h' ? js.binary('<<', field, js.num(8)) : field;
      merged = js.binary('|', js.binary('&', whole, js.num(part === 'r8h' ? ~0xff00 : ~mask)), shifted);
    }
    this.add(js.statement(js.assign(whole, merged)));
  }

  private flags(node: Flags): void {
    const kind: FlagKind = flagKinds[node.kind];
    const args = node.args.map((arg) => this.value(arg));
    const wanted = componentSlots.filter(([bit]) => node.mask & bit);
    const occurrences = [0, 0, 0];
    for (const [, , name] of wanted) {
      templateOf(kind[name]!)!.occurrences.forEach((times, i) => {
        occurrences[i]! += times;
      });
    }
    const atoms = args.map((arg, i) => (occurrences[i]! > 1 ? this.atom(arg) : arg));
    const writes = wanted.map(([, slot, name]) => {
      this.frame.modify(slot);
      return js.statement(
        js.assign(
          js.id(slotName(slot)),
          templateOf(kind[name]!)!.expand(atoms, (step) => this.atom(step)),
        ),
      );
    });
    if (node.when === undefined) for (const write of writes) this.add(write);
    else this.add(js.iff(this.test(node.when), writes));
  }

  private call(node: Call): void {
    this.sharedTest(node);
    if (this.inline(node)) return;
    const { sync, result, lanes }: HelperSignature = helperSignatures[node.helper];
    const vectors = this.xmm ?? this.vector;
    if (lanes !== undefined) {
      const { writes, keeps, reads } = lanes;
      // A local holds 64 bits, so that what is not written must be in its slot too.
      vectors.save(constantOf(node.args[0]!), writes === 32 ? 32 : keeps);
      if (reads !== 0) vectors.save(constantOf(node.args[1]!), reads);
    }
    const args = node.args.map((arg) => this.value(arg));
    this.frame.useHelper(node.helper);
    if (sync) for (const statement of this.frame.save()) this.add(statement);
    if (sync) this.add(js.statement(js.assign(js.id(SAVED_LOCAL), js.num(1))));
    const call = js.call(`h_${node.helper}`, ...args);
    if (result && this.named.has(node)) this.name(node, call);
    else this.add(js.statement(call));
    if (sync) {
      for (const statement of this.frame.restore()) this.add(statement);
      this.add(js.statement(js.assign(js.id(SAVED_LOCAL), js.num(0))));
    }
    if (lanes !== undefined && lanes.writes !== 0) vectors.reload(constantOf(node.args[0]!), lanes.writes);
    if (sync || node.helper === 'loadMxcsr') {
      this.vector.forget(sync);
      this.xmm?.forget(sync);
    }
  }

  /** Emit a call in another form, if there is one. */
  private inline(node: Call): boolean {
    const { vector, xmm } = this;
    if (xmm === undefined) return inlineVector(vector, node) || inlinePacked(vector, node) || inlineX87(vector, node);
    if (inlineXmm(xmm, node)) return true;
    if (isOnXmm(node)) return false;
    const { lanes }: HelperSignature = helperSignatures[node.helper];
    // MMX registers are in slots, where their operands from memory must be too.
    if (lanes !== undefined && lanes.reads !== 0) xmm.save(constantOf(node.args[1]!), lanes.reads);
    return inlinePacked(vector, node) || inlineX87(vector, node);
  }

  // ---- memory -----------------------------------------------------------------------------------------------------

  private address(value: Value): Expression {
    return this.atom(this.value(value));
  }

  private load(node: Load): void {
    const loaded = node.test === undefined ? this.tlbLoad(node) : this.sharedLoad(node);
    if (this.named.has(node)) this.name(node, loaded);
    else if (node.test === undefined) this.add(js.statement(loaded));
  }

  private tlbLoad(node: Load): Expression {
    const { size, zero, write } = node;
    const address = this.address(node.address);
    let local = ADDRESS_LOCAL;
    if (write) {
      local = this.frame.local();
      this.addresses.set(node, local);
    }
    const slow = js.call(`${write ? 'm' : 'r'}${size}`, address);
    const cut = zero ? js.binary('&', slow, js.num(size === 8 ? 0xff : 0xffff)) : slow;
    const fast = tlbTest(write ? 'W' : 'R', local, address, size);
    return js.likely(fast, directCell(size, zero, local), cut);
  }

  private sharedLoad(node: Load): Expression {
    this.sharedTest(node);
    if (node.within !== undefined) return this.placed(node.within, node.size, node.zero);
    return lineLoad(node.size, node.zero, this.value(node.address));
  }

  private placed({ test, offset }: PagePlace, size: Load['size'], zero: boolean): Expression {
    return placedCell(size, zero, this.places.get(test)!, offset);
  }

  /** Leave the region when what an access tests for cannot be accessed directly. */
  private sharedTest({ test }: Load | Store | Call): void {
    if (test === undefined || test === 'passed') return;
    const { base, lowest, writes } = test;
    let tested: Expression;
    if (base === undefined) tested = js.num(lowest);
    else if (lowest === 0) tested = this.address(base);
    else tested = this.atom(js.binary('|', js.binary('+', this.value(base), js.num(lowest)), js.num(0)));
    let refuses: Expression;
    if (test.kind === 'line') refuses = lineRefuses(tested, test.highest - lowest, writes);
    else {
      const place = this.atom(tlbPlace(writes ? 'W' : 'R', tested));
      this.places.set(test, place);
      refuses = pageRefuses(place, tested, test.bytes, test.align);
    }
    this.add(js.unlikely(refuses, this.leave()));
  }

  /** Leave the region before this instruction. @param pairs it cannot be done on pairs. */
  private leave(pairs = false): Statement[] {
    const written = this.pairs?.pending() ?? [];
    return [...written, ...this.frame.exits.slow(this.eip, this.block.instructions - this.index, pairs)];
  }

  private store(node: Store): void {
    const { size } = node;
    if (node.test !== undefined) {
      this.sharedTest(node);
      const { within } = node;
      if (within === undefined) this.add(lineStore(size, this.value(node.address), this.value(node.value)));
      else this.add(js.statement(js.assign(this.placed(within, size, false), this.value(node.value))));
      return;
    }
    const checked = node.after && this.addresses.get(node.after);
    const address = this.address(node.address);
    const value = this.value(node.value);
    const kept = isAtom(value) ? value : this.atom(value);
    const local = checked ?? ADDRESS_LOCAL;
    const test = checked ? isDirect(checked, size) : tlbTest('W', local, address, size);
    const fast = js.statement(js.assign(directCell(size, false, local), kept));
    this.add(js.usually(test, [fast], [js.statement(js.call(`w${size}`, address, kept))]));
  }
}

/** What COMISD's lift asks of an order, from its bits. */
function partOfOrder(
  name: Pure['name'],
  operand: number,
  [less, equal]: readonly [Expression, Expression],
): Expression | undefined {
  if (name === 'and' && operand === 1) return less;
  if (name === 'lts' && operand === 2) return js.binary('===', equal, js.num(0));
  if (name === 'eq' && operand === 2) return js.binary('>', equal, less);
  return undefined;
}

/** Does a call work on XMM registers? */
function isOnXmm({ args: [first] }: Call): boolean {
  return first?.op === 'const' && isXmm(first.value);
}

function isAtom(expression: Expression): boolean {
  if (expression.type === 'UnaryExpression')
    return expression.operator === '-' && expression.argument.type === 'Literal';
  return expression.type === 'Identifier' || expression.type === 'Literal';
}

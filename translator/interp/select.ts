/**
 * Instruction selection of tier 0: IR block to a list of micro-operations whose operands are still values.
 *
 * Several nodes become one micro-operation where the loop has a fused form: address arithmetic into loads and stores,
 * PUSH and POP, an operation with its flags, compare-and-branch. assign.ts then gives the values slots.
 */
import { helperNames, vmmCallNames } from '../../runtime/abi/calls.ts';
import { ESP, FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, SCRATCH, X87_CONTROL, X87_END } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import { flagMask } from '../ir/flags.ts';
import {
  type Call,
  type Flags,
  forEachOperand,
  type Load,
  type Node,
  type Pure,
  type SetSlot,
  type Store,
  type Value,
} from '../ir/node.ts';
import { canFault, isSync, isX87, writtenLanes } from '../ir/ops.ts';
import type { PureName, TestName } from '../ir/pure.ts';
import { terminatorOperands } from '../ir/terminator.ts';
import { Op, SEEN_TARGETS } from './micro-op.ts';

/** A word of a micro-operation that is not a slot: displacement, link, EIP, number, or a fixed state slot. */
export interface Word {
  readonly word: number;
}

/** One micro-operation before slot assignment. */
export interface Selected {
  readonly op: number;
  /** The value it computes, placed in its first operand. */
  readonly def: Value | undefined;
  readonly operands: readonly (Value | Word)[];
  /** State slots it writes besides `def`'s; 'all' for helpers that work on state. */
  readonly writes: readonly number[] | 'all';
  readonly faults: boolean;
  /** Guest instruction it belongs to. */
  readonly eip: number;
  readonly index: number;
}

const branchTests: Readonly<Record<TestName, readonly [plain: number, compare: number]>> = {
  eq: [Op.branchEq, Op.compareBranchEq],
  ne: [Op.branchNe, Op.compareBranchNe],
  lts: [Op.branchLts, Op.compareBranchLts],
  les: [Op.branchLes, Op.compareBranchLes],
  gts: [Op.branchGts, Op.compareBranchGts],
  ges: [Op.branchGes, Op.compareBranchGes],
  ltu: [Op.branchLtu, Op.compareBranchLtu],
  leu: [Op.branchLeu, Op.compareBranchLeu],
  gtu: [Op.branchGtu, Op.compareBranchGtu],
  geu: [Op.branchGeu, Op.compareBranchGeu],
};

const flagOps: Readonly<Record<Flags['kind'], number>> = {
  add: Op.flagsAdd,
  adc: Op.flagsAdc,
  sub: Op.flagsSub,
  sbb: Op.flagsSbb,
  logic: Op.flagsLogic,
  inc: Op.flagsInc,
  dec: Op.flagsDec,
  given: Op.flagsGiven,
  rotate: Op.flagsRotate,
  carry: Op.flagsCarry,
  words: Op.flagsWords,
  overflow: Op.flagsOverflow,
};

const logicOps: Readonly<Record<string, number>> = { and: Op.andFlags, or: Op.orFlags, xor: Op.xorFlags };
/** A pure operator without a micro-operation is a type error here. */
const pureOps: Readonly<Record<PureName, number>> = Op;
const setOps = { r32: Op.mov, r16: Op.set16, r8: Op.set8, r8h: Op.set8h } as const;
const getOps = { r32: Op.mov, r16: Op.get16, r8: Op.get8, r8h: Op.get8h } as const;
const allFlagSlots = [FLAG_CF, FLAG_OF, FLAG_RES, FLAG_AUX];

const isConst = (value: Value | undefined, n: number): boolean => value?.op === 'const' && value.value === n;
const isAdd = (value: Value): value is Pure => value.op === 'pure' && value.name === 'add';

/** Flag slots that a setter of `kind` writes in tier 0: all its components, dead ones too. */
function flagSlotsOf(kind: Flags['kind']): readonly number[] {
  const mask = flagMask(kind);
  return allFlagSlots.filter((_slot, bit) => mask & (1 << bit));
}

/** A second result is in SCRATCH (abi/calls.ts), so what an earlier call left there is gone. */
const scratchSlots: readonly number[] = [SCRATCH];
const x87Slots: readonly number[] = [
  SCRATCH,
  ...Array.from({ length: X87_END - X87_CONTROL }, (_, i) => X87_CONTROL + i),
];

/** State slots that a call writes. */
function writesOf(node: Call): readonly number[] | 'all' {
  if (isSync(node)) return 'all';
  if (isX87(node)) return x87Slots;
  const lanes = writtenLanes(node);
  if (lanes === undefined) return scratchSlots;
  return [SCRATCH, ...Array.from({ length: lanes.count }, (_, i) => lanes.slot + i)];
}

function use(value: Value): void {
  value.uses++;
}

const single = (value: Value): boolean => value.uses === 1;

/** Select micro-operations for a block. */
export function select(block: IrBlock): Selected[] {
  return new Selector(block).run();
}

class Selector {
  private readonly block: IrBlock;
  private readonly done = new Set<Node>();
  private readonly out: Selected[] = [];
  private eip: number;
  private index = 0;
  private at = 0;
  /** What the ESP slot holds, when it was written in this block. */
  private stack: Value | undefined;

  constructor(block: IrBlock) {
    this.block = block;
    this.eip = block.eip;
    // Counted here and not taken from the passes, which may be switched off.
    for (const node of block.nodes) node.uses = 0;
    for (const node of block.nodes) forEachOperand(node, use);
    for (const operand of terminatorOperands(block.terminator)) operand.uses++;
  }

  run(): Selected[] {
    this.coverCondition();
    const { nodes } = this.block;
    for (const node of nodes) this.coverAddress(node);
    for (this.at = 0; this.at < nodes.length; this.at++) {
      const node = nodes[this.at]!;
      if (node.op === 'mark') {
        this.eip = node.eip;
        this.index = node.index;
      } else if (!this.done.has(node)) this.node(node);
    }
    this.terminator();
    return this.out;
  }

  private emit(
    op: number,
    def: Value | undefined,
    operands: (Value | Word)[],
    writes: readonly number[] | 'all' = [],
    faults = false,
  ): void {
    this.out.push({ op, def, operands, writes, faults, eip: this.eip, index: this.index });
  }

  // ---- covering ---------------------------------------------------------------------------------------------------

  private coverCondition(): void {
    const { terminator } = this.block;
    if (terminator.kind !== 'branch') return;
    const { condition } = terminator;
    if (condition.op === 'pure' && condition.name in branchTests && single(condition)) this.done.add(condition);
  }

  /** Mark address arithmetic that a load or store does by itself. */
  private coverAddress(node: Node): void {
    if ((node.op !== 'load' && node.op !== 'store') || (node.op === 'load' && node.write)) return;
    if (node.op === 'store' && node.after) return;
    let sum = node.address;
    if (!isAdd(sum) || !single(sum)) return;
    this.done.add(sum);
    if (sum.args[1]!.op === 'const' && isAdd(sum.args[0]!) && single(sum.args[0]!)) {
      sum = sum.args[0] as Pure;
      this.done.add(sum);
    }
    if (this.isScaled(sum.args[1]!)) this.done.add(sum.args[1]!);
  }

  private isScaled(value: Value): boolean {
    return value.op === 'pure' && value.name === 'shl' && value.args[1]!.op === 'const' && single(value);
  }

  private address(address: Value): { base: Value | Word; index: Value | undefined; shift: number; disp: number } {
    let sum = address;
    let disp = 0;
    if (sum.op === 'const') return { base: sum, index: undefined, shift: 0, disp: 0 };
    if (!this.done.has(sum) || !isAdd(sum)) return { base: sum, index: undefined, shift: 0, disp };
    if (sum.args[1]!.op === 'const') {
      disp = sum.args[1]!.value;
      sum = sum.args[0]!;
      if (!this.done.has(sum) || !isAdd(sum)) return { base: sum, index: undefined, shift: 0, disp };
    }
    const [base, index] = sum.args as [Value, Value];
    if (this.done.has(index) && index.op === 'pure' && index.name === 'shl') {
      const count = index.args[1]!;
      return { base, index: index.args[0]!, shift: count.op === 'const' ? count.value : 0, disp };
    }
    return { base, index, shift: 0, disp };
  }

  // ---- nodes ------------------------------------------------------------------------------------------------------

  private node(node: Exclude<Node, { op: 'mark' }>): void {
    switch (node.op) {
      case 'const':
        return;
      case 'get':
        this.emit(getOps[node.part], node, [{ word: node.slot }]);
        return;
      case 'set':
        this.set(node);
        return;
      case 'pure':
        if (!this.fuseFlags(node)) this.emit(pureOps[node.name], node, node.args);
        return;
      case 'load':
        this.load(node);
        return;
      case 'store':
        this.store(node);
        return;
      case 'flags': {
        if (node.when !== undefined) this.emit(Op.skipIfZero, undefined, [node.when, { word: 0 }]);
        this.emit(flagOps[node.kind], undefined, node.args, flagSlotsOf(node.kind));
        return;
      }
      case 'call': {
        const helper = { word: helperNames.indexOf(node.helper) };
        this.emit(Op.call0 + node.args.length, node, [helper, ...node.args], writesOf(node), canFault(node));
      }
    }
  }

  private set(node: SetSlot): void {
    if (node.slot === ESP) this.stack = node.part === 'r32' ? node.value : undefined;
    this.emit(setOps[node.part], undefined, [{ word: node.slot }, node.value], [node.slot]);
  }

  private load(node: Load): void {
    if (node.write) {
      const op = node.size === 8 ? Op.modify8 : node.size === 16 ? Op.modify16 : Op.modify32;
      this.emit(op, node, [node.address, { word: 0 }], [], true);
      return;
    }
    const { base, index, shift, disp } = this.address(node.address);
    const kind = node.size === 32 ? 4 : (node.size === 8 ? 0 : 2) + (node.zero ? 1 : 0);
    if (index) this.emit(Op.load8sIndexed + kind, node, [base, index, { word: shift }, { word: disp }], [], true);
    else this.emit(Op.load8s + kind, node, [base, { word: disp }], [], true);
  }

  private store(node: Store): void {
    const move = this.pushed(node);
    if (move) {
      this.done.add(move);
      this.stack = move.value;
      this.emit(Op.push32, undefined, [node.value], [ESP], true);
      return;
    }
    const { base, index, shift, disp } = this.address(node.address);
    const kind = node.size === 8 ? 0 : node.size === 16 ? 1 : 2;
    if (index)
      this.emit(
        Op.store8Indexed + kind,
        undefined,
        [base, index, { word: shift }, { word: disp }, node.value],
        [],
        true,
      );
    else this.emit(Op.store8 + kind, undefined, [base, { word: disp }, node.value], [], true);
  }

  /** The ESP write that makes this store a PUSH: address is ESP - 4 and goes to ESP right after. */
  private pushed(node: Store): SetSlot | undefined {
    if (node.size !== 32 || node.after || !this.belowStack(node.address)) return undefined;
    for (let i = this.at + 1; i < this.block.nodes.length; i++) {
      const next = this.block.nodes[i]!;
      if (next.op === 'const') continue;
      return next.op === 'set' && next.slot === ESP && next.value === node.address ? next : undefined;
    }
    return undefined;
  }

  /** Is `address` four less than what the ESP slot holds now? */
  private belowStack(address: Value): boolean {
    if (!isAdd(address) || address.args[1]!.op !== 'const') return false;
    const base = address.args[0]!;
    const offset = address.args[1]!.value;
    const now = this.stack;
    if (now === undefined) return offset === -4 && base.op === 'get' && base.slot === ESP && base.part === 'r32';
    if (now === base) return offset === -4;
    return isAdd(now) && now.args[0] === base && now.args[1]!.op === 'const' && now.args[1]!.value === offset + 4;
  }

  // ---- flags ------------------------------------------------------------------------------------------------------

  /** Emit arithmetic together with the flags that follow it in the same instruction. */
  private fuseFlags(node: Pure): boolean {
    const setter = this.setterOf(node);
    if (setter === undefined) return false;
    const [a, b] = setter.args;
    const { kind } = setter;
    const only = single(node);
    let op: number | undefined;
    let operands: Value[] = [a, b];
    if (kind === 'logic') {
      op = logicOps[node.name];
      operands = node.args;
      if (op === Op.andFlags && only) op = Op.test;
    } else if (kind === 'inc' || kind === 'dec') {
      if (isAdd(node) && node.args[0] === a) op = kind === 'inc' ? Op.incFlags : Op.decFlags;
      operands = [a];
    } else if (kind === 'add') {
      if (isAdd(node) && ((node.args[0] === a && node.args[1] === b) || (node.args[0] === b && node.args[1] === a)))
        op = Op.addFlags;
    } else if (kind === 'sub' && subtracts(node, a, b)) op = only ? Op.compare : Op.subFlags;
    if (op === undefined) return false;
    this.done.add(setter);
    const def = op === Op.compare || op === Op.test ? undefined : node;
    this.emit(op, def, operands, flagSlotsOf(kind));
    return true;
  }

  private setterOf(node: Pure): Flags | undefined {
    const { nodes } = this.block;
    for (let i = this.at + 1; i < nodes.length; i++) {
      const other = nodes[i]!;
      if (other.op === 'flags') return other.args[2] === node && other.when === undefined ? other : undefined;
      if (other.op === 'mark' || canFault(other) || isSync(other)) return undefined;
      if (other.op === 'get' && allFlagSlots.includes(other.slot)) return undefined;
    }
    return undefined;
  }

  // ---- the end ----------------------------------------------------------------------------------------------------

  private terminator(): void {
    const { terminator } = this.block;
    switch (terminator.kind) {
      case 'jump':
        this.emit(Op.jump, undefined, [{ word: 0 }, { word: terminator.target }]);
        return;
      case 'branch': {
        const { condition, taken, next } = terminator;
        const ends: Word[] = [{ word: 0 }, { word: taken }, { word: 0 }, { word: next }];
        if (condition.op !== 'pure' || !this.done.has(condition)) {
          this.emit(Op.branch, undefined, [condition, ...ends]);
          return;
        }
        const [a, b] = condition.args as [Value, Value];
        if (!this.fuseBranch(condition.name as TestName, a, b, ends)) {
          this.emit(branchTests[condition.name as TestName][0], undefined, [a, b, ...ends]);
        }
        return;
      }
      case 'indirect':
        if (terminator.via === 'return') this.emit(Op.return, undefined, [terminator.target]);
        else this.emit(Op.indirect, undefined, [terminator.target, ...new Array<Word>(SEEN_TARGETS).fill({ word: 0 })]);
        return;
      case 'vmm': {
        const { call, at, next, args } = terminator;
        const head = [vmmCallNames.indexOf(call), at, next, args.length].map((word) => ({ word }));
        this.emit(Op.vmm, undefined, [...head, ...args]);
      }
    }
  }

  /** Merge a comparison or test that was just emitted with the branch on it. */
  private fuseBranch(name: TestName, a: Value, b: Value, ends: Word[]): boolean {
    const last = this.out.at(-1);
    if (last === undefined) return false;
    if (last.op === Op.compare && last.operands[0] === a && last.operands[1] === b) {
      this.out.pop();
      this.emit(branchTests[name][1], undefined, [a, b, ...ends], allFlagSlots);
      return true;
    }
    const zeroTest = (name === 'eq' || name === 'ne') && isConst(b, 0);
    if (zeroTest && last.op === Op.flagsLogic && last.operands[2] === a) {
      this.out.pop();
      this.emit(name === 'eq' ? Op.testBranchEq : Op.testBranchNe, undefined, [a, ...ends], allFlagSlots);
      return true;
    }
    return false;
  }
}

/** Is `node` a - b, perhaps as a + (-b) for a constant b? */
function subtracts(node: Pure, a: Value, b: Value): boolean {
  if (node.args[0] !== a) return false;
  if (node.name === 'sub') return node.args[1] === b;
  const right = node.args[1];
  return node.name === 'add' && b.op === 'const' && right?.op === 'const' && ((right.value + b.value) | 0) === 0;
}

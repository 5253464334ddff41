/**
 * IrBuilder: what lifts speak to. It appends nodes to the block under construction and, while it does, folds
 * constants, forwards state (a read after a write gives the written value) and turns conditions on flags that were
 * set in the same block into comparisons. So the list that leaves the lift is already close to what back ends want,
 * and passes only have to delete.
 */
import { type HelperName, helperSignatures, type VmmCallName } from '../../runtime/abi/calls.ts';
import {
  alignmentOf,
  isChecked,
  isFlat,
  MODE_ALIGNED,
  MODE_CODE_LIMIT,
  MODE_CODE_LIMIT_64K,
  MODE_PROTECTED,
  MODE_STACK32,
  MODE_VM86,
} from '../../runtime/abi/mode.ts';
import { CS, DF, EFLAGS_SYSTEM, ESP, SEGMENT_BASE, SELECTOR, SS } from '../../runtime/abi/state.ts';
import { Vector } from '../../runtime/abi/vector.ts';
import type { ImmediateOperand, Instruction, MemoryOperand, Operand } from '../decode/instruction.ts';
import { type Condition, conditionValue, type FlagName, flagImage, flagValue } from './condition.ts';
import { type FlagKindName, flagMask } from './flags.ts';
import { foldPure } from './fold.ts';
import {
  type Call,
  type Const,
  type Load,
  type MemorySize,
  makeCall,
  makeConst,
  makeFlags,
  makeGet,
  makeLoad,
  makeMark,
  makePure,
  makeSet,
  makeStore,
  type Node,
  type Part,
  type Value,
} from './node.ts';
import { writtenLanes } from './ops.ts';
import type { PureName } from './pure.ts';
import { SlotValues } from './slots.ts';
import type { Terminator } from './terminator.ts';

/** No block has more bytes: it ends with its page, but for an instruction that crosses into the next. */
const MAX_BLOCK_BYTES = 4096 + 15;

/** Appends IR for one block, instruction by instruction. */
export class IrBuilder {
  readonly mode: number;
  readonly nodes: Node[] = [];
  /** Set by the lift that ends the block. */
  terminator: Terminator | undefined;
  /** The instruction being lifted. */
  insn!: Instruction;
  /** Current values of state slots within the block. */
  readonly slots: SlotValues = new SlotValues();
  private readonly constants = new Map<number, Value>();
  private pendingWrite: { operand: MemoryOperand; load: Load } | undefined;
  private codeCheck: { readonly last: Const; readonly count: Const } | undefined;
  private count = 0;

  constructor(mode: number) {
    this.mode = mode;
  }

  /** Start the next guest instruction. */
  begin(insn: Instruction): void {
    this.insn = insn;
    this.pendingWrite = undefined;
    this.append(makeMark(insn.eip, this.count++));
  }

  /** Guest instructions begun so far. */
  get instructions(): number {
    return this.count;
  }

  private append<N extends Node>(node: N): N {
    node.id = this.nodes.length;
    this.nodes.push(node);
    return node;
  }

  // ---- values -----------------------------------------------------------------------------------------------------

  const(value: number): Value {
    const key = value | 0;
    let node = this.constants.get(key);
    if (node === undefined) {
      node = this.append(makeConst(key));
      this.constants.set(key, node);
    }
    return node;
  }

  /** Apply a pure operator; folds when the arguments allow it. */
  pure(name: PureName, ...args: Value[]): Value {
    const folded = foldPure(this, name, args);
    return folded ?? this.append(makePure(name, args));
  }

  add(a: Value, b: Value): Value {
    return this.pure('add', a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.pure('sub', a, b);
  }
  /** Low 32 bits of the product. */
  mul(a: Value, b: Value): Value {
    return this.pure('mul', a, b);
  }
  mulhu(a: Value, b: Value): Value {
    return this.pure('mulhu', a, b);
  }
  mulhs(a: Value, b: Value): Value {
    return this.pure('mulhs', a, b);
  }
  and(a: Value, b: Value): Value {
    return this.pure('and', a, b);
  }
  or(a: Value, b: Value): Value {
    return this.pure('or', a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.pure('xor', a, b);
  }
  not(a: Value): Value {
    return this.pure('not', a);
  }
  neg(a: Value): Value {
    return this.pure('neg', a);
  }
  /** Shifts and rotates of 32-bit words; the count is taken modulo 32. */
  shl(a: Value, b: Value): Value {
    return this.pure('shl', a, b);
  }
  shr(a: Value, b: Value): Value {
    return this.pure('shr', a, b);
  }
  sar(a: Value, b: Value): Value {
    return this.pure('sar', a, b);
  }
  rol(a: Value, b: Value): Value {
    return this.pure('rol', a, b);
  }
  ror(a: Value, b: Value): Value {
    return this.pure('ror', a, b);
  }
  eq(a: Value, b: Value): Value {
    return this.pure('eq', a, b);
  }
  ne(a: Value, b: Value): Value {
    return this.pure('ne', a, b);
  }
  lts(a: Value, b: Value): Value {
    return this.pure('lts', a, b);
  }
  ltu(a: Value, b: Value): Value {
    return this.pure('ltu', a, b);
  }
  /** b when a is not zero, else c. */
  select(a: Value, b: Value, c: Value): Value {
    return this.pure('select', a, b, c);
  }

  /** Cut a word to `size` bits, sign-extended: the form in which narrow values travel. */
  sext(size: number, a: Value): Value {
    return size === 8 ? this.pure('sext8', a) : size === 16 ? this.pure('sext16', a) : a;
  }

  /** Cut a word to `size` bits, zero-extended. */
  zext(size: number, a: Value): Value {
    return size === 8 ? this.pure('zext8', a) : size === 16 ? this.pure('zext16', a) : a;
  }

  // ---- registers --------------------------------------------------------------------------------------------------

  /** Read part of a state slot; narrow parts come sign-extended. */
  get(slot: number, part: Part = 'r32'): Value {
    const known = this.slots.read(this, slot, part);
    if (known !== undefined) return known;
    const node = this.append(makeGet(slot, part));
    this.slots.learn(slot, part, node);
    return node;
  }

  /** Write part of a state slot; only the part's bits of `value` count. */
  set(slot: number, value: Value, part: Part = 'r32'): void {
    this.append(makeSet(slot, part, value));
    this.slots.write(slot, part, value);
  }

  /** Read general register `index` at `size` bits (8-bit indices 4..7 are AH CH DH BH), sign-extended. */
  register(index: number, size: number): Value {
    if (size === 8) return this.get(index & 3, index < 4 ? 'r8' : 'r8h');
    return this.get(index, size === 16 ? 'r16' : 'r32');
  }

  setRegister(index: number, size: number, value: Value): void {
    if (size === 8) this.set(index & 3, value, index < 4 ? 'r8' : 'r8h');
    else this.set(index, value, size === 16 ? 'r16' : 'r32');
  }

  // ---- memory -----------------------------------------------------------------------------------------------------

  /** Offset of a memory operand within its segment, cut to its address size (zero-extended for 16 bits). */
  offset(operand: MemoryOperand): Value {
    let sum: Value | undefined;
    if (operand.base >= 0) sum = this.get(operand.base);
    if (operand.index >= 0) {
      const scaled = this.shl(this.get(operand.index), this.const(Math.log2(operand.scale)));
      sum = sum ? this.add(sum, scaled) : scaled;
    }
    if (sum === undefined) sum = this.const(operand.disp);
    else if (operand.disp !== 0) sum = this.add(sum, this.const(operand.disp));
    return operand.addressSize === 16 ? this.pure('zext16', sum) : sum;
  }

  /**
   * Linear address of an offset in a segment (0..5), at which `bytes` bytes are read or written: unless the mode says
   * that nothing can be wrong with them, limit, rights and alignment are checked. 0 bytes: no access, no check.
   */
  linear(segment: number, offset: Value, bytes: number, write = false): Value {
    if (bytes > 0 && isChecked(this.mode, segment)) {
      this.call('checkSegment', this.const(segment | (write ? 8 : 0) | (bytes << 4)), offset);
    }
    const la = isFlat(this.mode, segment) ? offset : this.add(this.get(SEGMENT_BASE + segment), offset);
    if (this.mode & MODE_ALIGNED && alignmentOf(bytes) > 1) {
      this.call('checkAlignment', la, this.const(bytes | (write ? 256 : 0)));
    }
    return la;
  }

  /**
   * Linear address of a memory operand, plus `extra` bytes; checked as linear() does for an access of `bits`, 0 for
   * none.
   */
  address(operand: MemoryOperand, extra = 0, write = false, bits: number = operand.size): Value {
    let offset = this.offset(operand);
    if (extra !== 0) {
      offset = this.add(offset, this.const(extra));
      if (operand.addressSize === 16) offset = this.pure('zext16', offset);
    }
    return this.linear(operand.segment, offset, bits >> 3, write);
  }

  /** Load from a linear address, sign-extended. `write`: also check that it may be written (read-modify-write). */
  loadLinear(size: MemorySize, address: Value, write = false): Load {
    return this.append(makeLoad(size, write, address));
  }

  /** Store the low `size` bits of `value`. `after`: the load that already checked this address for writing. */
  storeLinear(size: MemorySize, address: Value, value: Value, after?: Load): void {
    this.append(makeStore(size, address, value, after));
  }

  /** Read a general register, segment selector, memory or immediate operand, sign-extended to 32 bits. */
  load(operand: Operand): Value {
    switch (operand.kind) {
      case 'register':
        if (operand.class === 'segment') return this.get(SELECTOR + operand.index);
        return this.register(operand.index, operand.size);
      case 'memory':
        return this.loadLinear(operand.size as MemorySize, this.address(operand));
      case 'immediate':
        // The decoder keeps immediates as the manual writes them; a byte's sign extension to 16 bits stops there.
        return this.sext(operand.size, this.const(operand.value));
      default:
        throw new Error(`${this.insn.mnemonic}: cannot load a ${operand.kind} operand`);
    }
  }

  /**
   * To be called before a memory operand is written: in protected mode a segment override cannot make the code segment
   * writable (SDM vol. 3A §3.4.5.1).
   */
  checkWritable(operand: MemoryOperand): void {
    if (operand.segment === CS && (this.mode & (MODE_PROTECTED | MODE_VM86)) === MODE_PROTECTED) {
      this.call('raise', this.const(Vector.GP), this.const(0));
    }
  }

  /** Read an operand that the same instruction writes afterwards with store(): checks write permission now. */
  loadForWrite(operand: Operand): Value {
    if (operand.kind !== 'memory') return this.load(operand);
    this.checkWritable(operand);
    const load = this.loadLinear(operand.size as MemorySize, this.address(operand, 0, true), true);
    this.pendingWrite = { operand, load };
    return load;
  }

  /** Write a general register or memory operand; only its width counts. */
  store(operand: Operand, value: Value): void {
    if (operand.kind === 'register') {
      this.setRegister(operand.index, operand.size, value);
    } else if (operand.kind === 'memory') {
      const pending = this.pendingWrite;
      if (pending?.operand === operand) {
        this.storeLinear(pending.load.size, pending.load.address, value, pending.load);
      } else {
        this.checkWritable(operand);
        this.storeLinear(operand.size as MemorySize, this.address(operand, 0, true), value);
      }
    } else throw new Error(`${this.insn.mnemonic}: cannot store to a ${operand.kind} operand`);
  }

  /** Value of an immediate operand. */
  immediate(operand: Operand | undefined): number {
    return (operand as ImmediateOperand).value;
  }

  // ---- stack ------------------------------------------------------------------------------------------------------

  /** Width of the stack pointer in bits (SS.B). */
  get stackSize(): 16 | 32 {
    return this.mode & MODE_STACK32 ? 32 : 16;
  }

  /** Stack pointer plus `bytes`, at the stack's width (zero-extended). */
  stackOffset(bytes: number): Value {
    const moved = this.add(this.get(ESP), this.const(bytes));
    return this.stackSize === 32 ? moved : this.pure('zext16', moved);
  }

  /** Write the stack pointer at the stack's width. */
  setStack(offset: Value): void {
    this.set(ESP, offset, this.stackSize === 32 ? 'r32' : 'r16');
  }

  /** All of ESP once the stack pointer is `offset`: a 16-bit stack leaves the upper half. */
  wholeStack(offset: Value): Value {
    if (this.stackSize === 32) return offset;
    return this.or(this.and(this.get(ESP), this.const(~0xffff)), offset);
  }

  /** Push `value`: the store comes first, so a fault leaves ESP alone. */
  push(size: 16 | 32, value: Value): void {
    const top = this.stackOffset(-size / 8);
    this.storeLinear(size, this.linear(SS, top, size / 8, true), value);
    this.setStack(top);
  }

  /** Read the top of stack, sign-extended, without moving ESP; follow with setStack(stackOffset(size / 8)). */
  top(size: 16 | 32): Value {
    return this.loadLinear(size, this.linear(SS, this.stackOffset(0), size / 8));
  }

  // ---- flags ------------------------------------------------------------------------------------------------------

  /** Set flags as `kind` of ir/flags.ts defines over (a, b, r); with `when`, only if that is not zero. */
  flags(kind: FlagKindName, a: Value, b: Value, r: Value, when?: Value): void {
    const node = makeFlags(kind, flagMask(kind), [a, b, r], when);
    if (when?.op === 'const') {
      if (when.value === 0) return;
      node.when = undefined;
    }
    this.append(node);
    this.slots.writeFlags(node);
  }

  /** One status flag as 0 or 1. */
  flag(name: FlagName): Value {
    return flagValue(this, name);
  }

  /** Condition code 0..15 as encoded in Jcc, SETcc, CMOVcc (SDM vol. 1 appendix B): a test. */
  condition(cc: Condition): Value {
    return conditionValue(this, cc);
  }

  /** The status flags at their places in EFLAGS, with DF and the system bits and bit 1: what PUSHF stores. */
  eflags(): Value {
    const direction = this.and(this.get(DF), this.const(1 << 10));
    const rest = this.or(this.get(EFLAGS_SYSTEM), this.const(2));
    return this.or(this.or(flagImage(this), direction), rest);
  }

  /** CF PF AF ZF SF OF at their places in EFLAGS. */
  statusFlags(): Value {
    return flagImage(this);
  }

  // ---- calls and ends ---------------------------------------------------------------------------------------------

  /** Call a helper of abi/calls.ts. */
  call(helper: HelperName, ...args: Value[]): Call {
    const node = this.append(makeCall(helper, args));
    if (helperSignatures[helper].sync) this.slots.forgetAll();
    else this.slots.forgetScratch();
    const lanes = writtenLanes(node);
    if (lanes !== undefined) this.slots.forget(lanes.slot, lanes.count);
    return node;
  }

  /** Can code at a known offset, or at one below `bound`, lie beyond the limit of CS? */
  private isCodeLimited(bound: number): boolean {
    return (this.mode & (bound >>> 0 > 0xffff ? MODE_CODE_LIMIT : MODE_CODE_LIMIT_64K)) !== 0;
  }

  /**
   * To be called before a control transfer has written anything: raises #GP(0) if its target lies beyond the limit of
   * CS and `taken` is not zero.
   */
  checkKnownTarget(target: number, taken?: Value): void {
    if (this.isCodeLimited(target)) this.call('checkCode', taken ?? this.const(1), this.const(target));
  }

  /** The same for a computed target of an unconditional transfer. */
  checkTarget(target: Value, size: 16 | 32): void {
    if (this.isCodeLimited(size === 16 ? 0xffff : -1)) this.call('checkCode', this.const(1), target);
  }

  /**
   * At the start of a block: check that its code lies within the limit of CS, once endBlock() says where it ends.
   */
  beginBlock(insn: Instruction): void {
    // 16-bit code below 64 KiB, as in real-address mode, needs no check: it can only get there by jumping.
    if (!this.isCodeLimited(insn.next - 1) && !this.isCodeLimited(insn.eip + MAX_BLOCK_BYTES)) return;
    const last = this.append(makeConst(0));
    const count = this.append(makeConst(0));
    this.call('checkBlock', last, count);
    this.codeCheck = { last, count };
  }

  /** The block's last byte is at offset `last`. */
  endBlock(last: number): void {
    if (this.codeCheck === undefined) return;
    this.codeCheck.last.value = last | 0;
    this.codeCheck.count.value = this.count;
  }

  jump(target: number, call?: number): void {
    this.terminator = { kind: 'jump', target: target | 0, call };
  }

  branch(condition: Value, taken: number): void {
    this.terminator = { kind: 'branch', condition, taken: taken | 0, next: this.insn.next };
  }

  indirect(target: Value, via: 'jump' | 'call' | 'return'): void {
    const returnTo = via === 'call' ? this.insn.next : undefined;
    this.terminator = { kind: 'indirect', target, via, returnTo };
  }

  vmm(call: VmmCallName, ...args: Value[]): void {
    this.terminator = { kind: 'vmm', call, args, at: this.insn.eip, next: this.insn.next };
  }

  /** The instruction raises an exception. */
  fault(vector: number, errorCode = 0): void {
    this.vmm('raise', this.const(vector), this.const(errorCode));
  }

  /** Control reaches bytes at `eip` that are no instruction. */
  faultAt(eip: number, vector: number): void {
    this.append(makeMark(eip, this.count++));
    const args = [this.const(vector), this.const(0)];
    this.terminator = { kind: 'vmm', call: 'raise', args, at: eip, next: eip };
  }
}

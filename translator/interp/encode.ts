/**
 * Slot assignment and encoding of tier 0: selected micro-operations to words.
 *
 * A register read stays in the register's own slot as long as nothing overwrites it before its last use, and a value
 * that is only copied to a register is computed right into it; what is left over gets a temporary slot.
 */
import { TEMPORARIES, TEMPORARY } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import type { Get, Value } from '../ir/node.ts';
import type { ConstantSlots } from './constants.ts';
import { HEADER_WORDS, Op } from './micro-op.ts';
import { type Selected, select, type Word } from './select.ts';

/** Micro-operations of one block, header included (filled by the arena); link words are zero. */
export interface EncodedBlock {
  readonly words: number[];
  /** Where a fault's EIP is found: triples of word offset, EIP, ordinal of the instruction. */
  readonly sites: number[];
  /** Position of the indirect jump or call at its end, 0 for none. */
  readonly indirect: number;
}

const isWord = (operand: Value | Word): operand is Word => 'word' in operand;

/** Encode one block. */
export function encode(block: IrBlock, constants: ConstantSlots): EncodedBlock {
  return new Assigner(select(block), constants).run();
}

class Assigner {
  private readonly ops: readonly Selected[];
  private readonly constants: ConstantSlots;
  private readonly free: number[] = [];
  private nextTemporary = TEMPORARY;
  private readonly merged = new Set<Selected>();
  private readonly words: number[] = [];
  private readonly sites: number[] = [];
  /** Offset of a skipIfZero that waits for the length of what it skips, or -1. */
  private skipFrom = -1;
  private indirect = 0;

  constructor(ops: readonly Selected[], constants: ConstantSlots) {
    this.ops = ops;
    this.constants = constants;
    for (let i = 0; i < HEADER_WORDS; i++) this.words.push(0);
    residents.fill(-1);
    for (const { def } of ops) if (def !== undefined) def.last = def.place = -1;
    for (let at = 0; at < ops.length; at++)
      for (const operand of ops[at]!.operands) if (!isWord(operand)) operand.last = at;
  }

  run(): EncodedBlock {
    const { ops } = this;
    for (let at = 0; at < ops.length; at++) if (!this.merged.has(ops[at]!)) this.encode(ops[at]!, at);
    return { words: this.words, sites: this.sites, indirect: this.indirect };
  }

  private encode(op: Selected, at: number): void {
    const { def } = op;
    if (def?.op === 'get' && this.staysInSlot(def, at)) return;
    if (def !== undefined && def.last < 0 && !op.faults && op.writes !== 'all' && op.writes.length === 0) return;
    const operands: number[] = [];
    for (const operand of op.operands) operands.push(isWord(operand) ? operand.word : this.place(operand));
    this.releaseDead(op, at);
    if (op.op === Op.mov && def === undefined && operands[0] === operands[1]) return;
    if (op.faults) this.sites.push(this.words.length, op.eip, op.index);
    const start = this.words.length;
    if (op.op === Op.indirect) this.indirect = start;
    this.words.push(op.op);
    if (def !== undefined) this.words.push(this.destination(def, op, at));
    for (const operand of operands) this.words.push(operand);
    // The skip covers the micro-operation after it, and what loads that one's constants.
    if (this.skipFrom >= 0) this.words[this.skipFrom + 2] = this.words.length - this.skipFrom;
    this.skipFrom = op.op === Op.skipIfZero ? start : -1;
  }

  /** A register read whose register is not written before the value's last use needs no micro-operation. */
  private staysInSlot(value: Get, at: number): boolean {
    if (value.last < 0) return true;
    if (value.part !== 'r32' || this.writtenBetween(value.slot, at + 1, value.last)) return false;
    this.settle(value, value.slot);
    return true;
  }

  /** Is the slot written by a micro-operation from `from` up to and not including `to`? */
  private writtenBetween(slot: number, from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      const { writes } = this.ops[i]!;
      if (writes === 'all' || writes.includes(slot)) return true;
    }
    return false;
  }

  /** Put a value into a slot. */
  private settle(value: Value, slot: number): void {
    value.place = slot;
    if (slot < TEMPORARY) residents[slot] = Math.max(residents[slot]!, value.last);
  }

  private place(value: Value): number {
    if (value.op === 'const') return this.constant(value.value);
    if (value.place < 0) throw new Error(`tier 0: value ${value.id} has no slot`);
    return value.place;
  }

  private constant(value: number): number {
    const slot = this.constants.slotOf(value);
    if (slot !== undefined) return slot;
    const temporary = this.temporary();
    this.words.push(Op.loadConstant, temporary, value);
    return temporary;
  }

  private temporary(): number {
    const slot = this.free.pop() ?? this.nextTemporary++;
    if (slot >= TEMPORARY + TEMPORARIES) throw new Error('tier 0: a block needs too many temporaries');
    return slot;
  }

  /** Free the temporaries whose last use is here: operands are read before the destination is written. */
  private releaseDead(op: Selected, at: number): void {
    for (const operand of op.operands) {
      if (isWord(operand) || operand.last !== at || operand.place < TEMPORARY) continue;
      this.free.push(operand.place);
      operand.place = -1;
    }
  }

  private destination(def: Value, op: Selected, at: number): number {
    const slot = this.copyTarget(def, op, at) ?? this.temporary();
    this.settle(def, slot);
    if (def.last < 0 && slot >= TEMPORARY) this.free.push(slot);
    return slot;
  }

  /** The register that the value is copied to, when computing it there at once cannot be noticed. */
  private copyTarget(def: Value, op: Selected, at: number): number | undefined {
    if (def.last < 0 || op.writes === 'all') return undefined;
    for (let i = at + 1; i <= def.last; i++) {
      const next = this.ops[i]!;
      const slot = next.operands[0];
      if (
        next.op === Op.mov &&
        next.def === undefined &&
        next.operands[1] === def &&
        slot !== undefined &&
        isWord(slot)
      ) {
        // A value that is used after this point may live in the register, or the register may change again too early.
        if (residents[slot.word]! > at || this.writtenBetween(slot.word, i + 1, def.last)) return undefined;
        this.merged.add(next);
        return slot.word;
      }
      // A fault or a register read between would see the value too early; a write would be undone by moving the copy up.
      if (next.faults || next.def?.op === 'get' || next.writes === 'all' || next.writes.length > 0) return undefined;
    }
    return undefined;
  }
}

/** Position of the last use of any value that lives in each state slot. */
const residents = new Int32Array(TEMPORARY);

/**
 * Slot assignment and encoding of tier 0: selected micro-operations to words.
 *
 * A register read stays in the register's own slot as long as nothing overwrites it before its last use, and a value
 * that is only copied to a register is computed right into it; what is left over gets a temporary slot.
 */
import { TEMPORARIES, TEMPORARY } from '../../runtime/abi/state.ts';
import type { IrBlock } from '../ir/block.ts';
import type { Value } from '../ir/node.ts';
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
  private readonly lastUse = new Map<Value, number>();
  private readonly places = new Map<Value, number>();
  private readonly free: number[] = [];
  private nextTemporary = TEMPORARY;
  private readonly merged = new Set<Selected>();
  private readonly words: number[] = new Array<number>(HEADER_WORDS).fill(0);
  private readonly sites: number[] = [];
  /** Offset of a skipIfZero that waits for the length of what it skips, or -1. */
  private skipFrom = -1;
  private indirect = 0;

  constructor(ops: readonly Selected[], constants: ConstantSlots) {
    this.ops = ops;
    this.constants = constants;
    ops.forEach((op, at) => {
      for (const operand of op.operands) if (!isWord(operand)) this.lastUse.set(operand, at);
    });
  }

  run(): EncodedBlock {
    this.ops.forEach((op, at) => {
      if (!this.merged.has(op)) this.encode(op, at);
    });
    return { words: this.words, sites: this.sites, indirect: this.indirect };
  }

  private encode(op: Selected, at: number): void {
    const { def } = op;
    if (def?.op === 'get' && this.staysInSlot(def.slot, def.part === 'r32', def, at)) return;
    if (def !== undefined && !this.lastUse.has(def) && !op.faults && op.writes !== 'all' && op.writes.length === 0)
      return;
    const operands = op.operands.map((operand) => (isWord(operand) ? operand.word : this.place(operand)));
    const scratch = this.releaseDead(op, at);
    if (op.op === Op.mov && def === undefined && operands[0] === operands[1]) return;
    if (op.faults) this.sites.push(this.words.length, op.eip, op.index);
    const destination = def === undefined ? [] : [this.destination(def, op, at)];
    const start = this.words.length;
    if (op.op === Op.indirect) this.indirect = start;
    this.words.push(op.op, ...destination, ...operands);
    // The skip covers the micro-operation after it, and what loads that one's constants.
    if (this.skipFrom >= 0) this.words[this.skipFrom + 2] = this.words.length - this.skipFrom;
    this.skipFrom = op.op === Op.skipIfZero ? start : -1;
    for (const slot of scratch) this.free.push(slot);
  }

  /** A register read whose register is not written before the value's last use needs no micro-operation. */
  private staysInSlot(slot: number, whole: boolean, value: Value, at: number): boolean {
    const last = this.lastUse.get(value);
    if (last === undefined) return true;
    if (!whole) return false;
    for (let i = at + 1; i < last; i++) {
      const { writes } = this.ops[i]!;
      if (writes === 'all' || writes.includes(slot)) return false;
    }
    this.places.set(value, slot);
    return true;
  }

  private place(value: Value): number {
    if (value.op === 'const') return this.constant(value.value);
    const slot = this.places.get(value);
    if (slot === undefined) throw new Error(`tier 0: value ${value.id} has no slot`);
    return slot;
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

  /** Temporaries whose last use is here. Operands are read before the destination is written, so it may reuse one. */
  private releaseDead(op: Selected, at: number): number[] {
    const kept: number[] = [];
    for (const operand of op.operands) {
      if (isWord(operand) || this.lastUse.get(operand) !== at) continue;
      const slot = this.places.get(operand);
      if (slot === undefined) continue;
      this.places.delete(operand);
      if (slot < TEMPORARY) continue;
      if (op.faults) kept.push(slot);
      else this.free.push(slot);
    }
    return kept;
  }

  private destination(def: Value, op: Selected, at: number): number {
    const slot = this.copyTarget(def, op, at) ?? this.temporary();
    this.places.set(def, slot);
    if (!this.lastUse.has(def) && slot >= TEMPORARY) this.free.push(slot);
    return slot;
  }

  /** The register that the value is copied to, when computing it there at once cannot be noticed. */
  private copyTarget(def: Value, op: Selected, at: number): number | undefined {
    const last = this.lastUse.get(def);
    if (last === undefined || op.writes === 'all') return undefined;
    for (let i = at + 1; i <= last; i++) {
      const next = this.ops[i]!;
      const slot = next.operands[0];
      if (
        next.op === Op.mov &&
        next.def === undefined &&
        next.operands[1] === def &&
        slot !== undefined &&
        isWord(slot)
      ) {
        if (this.holds(slot.word, at) || this.writtenUntil(slot.word, i, last)) return undefined;
        this.merged.add(next);
        return slot.word;
      }
      if (next.faults || next.writes === 'all') return undefined;
      // A register read between would see the value too early; a write would be undone by moving the copy up.
      if (next.def?.op === 'get' || next.writes.length > 0) return undefined;
    }
    return undefined;
  }

  /** Does a value that is used after `at` live in this state slot? */
  private holds(slot: number, at: number): boolean {
    for (const [value, place] of this.places) {
      if (place === slot && (this.lastUse.get(value) ?? -1) > at) return true;
    }
    return false;
  }

  /** Is the slot written after `from`, up to and not including `to`? */
  private writtenUntil(slot: number, from: number, to: number): boolean {
    for (let i = from + 1; i < to; i++) {
      const { writes } = this.ops[i]!;
      if (writes === 'all' || writes.includes(slot)) return true;
    }
    return false;
  }
}

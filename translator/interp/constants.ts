/**
 * Interned constants of tier 0: each distinct word gets a slot of the state array, so that an operand is always a slot.
 * When the slots run out, encode.ts loads the constant into a temporary instead.
 */
import { CONSTANT, STATE_SLOTS } from '../../runtime/abi/state.ts';

export class ConstantSlots {
  private readonly state: Int32Array;
  private readonly slots = new Map<number, number>();

  constructor(state: Int32Array) {
    this.state = state;
  }

  /** Slot that holds `value`, or undefined when none is left. */
  slotOf(value: number): number | undefined {
    const known = this.slots.get(value);
    if (known !== undefined) return known;
    const slot = CONSTANT + this.slots.size;
    if (slot >= STATE_SLOTS) return undefined;
    this.state[slot] = value;
    this.slots.set(value, slot);
    return slot;
  }
}

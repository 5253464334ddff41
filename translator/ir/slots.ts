/**
 * What the builder knows about state slots at the current point of a block: the value last written or read, by part,
 * and which flag setter each flag component comes from. This is state forwarding done while lifting.
 */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, SCRATCH } from '../../runtime/abi/state.ts';
import { AUX, CF, OF, RES } from './flags.ts';
import type { Flags, Part, Value } from './node.ts';
import type { PureName } from './pure.ts';

/** What SlotValues asks of the builder. */
interface PureMaker {
  pure(name: PureName, ...args: Value[]): Value;
}

/** The setter of each flag component when it is known, else undefined. */
export interface FlagSetters {
  cf: Flags | undefined;
  of: Flags | undefined;
  res: Flags | undefined;
  aux: Flags | undefined;
}

const extension: Readonly<Record<Part, PureName | undefined>> = {
  r32: undefined,
  r16: 'sext16',
  r8: 'sext8',
  r8h: 'high8',
};

export class SlotValues {
  private readonly whole = new Map<number, Value>();
  /** Narrow parts that are known while the whole is not, keyed slot * 4 + part. Values are already sign-extended. */
  private readonly narrow = new Map<string, Value>();
  readonly setters: FlagSetters = { cf: undefined, of: undefined, res: undefined, aux: undefined };

  /** Value of a part if it can be had without reading state. */
  read(maker: PureMaker, slot: number, part: Part): Value | undefined {
    const whole = this.whole.get(slot);
    if (whole !== undefined) {
      const extend = extension[part];
      return extend === undefined ? whole : maker.pure(extend, whole);
    }
    const known = this.narrow.get(slot + part);
    if (known === undefined) return undefined;
    // A narrow write keeps the value as given; only its low bits count.
    const extend = part === 'r8h' ? 'sext8' : extension[part];
    return extend === undefined ? known : maker.pure(extend, known);
  }

  /** A read gave this value. */
  learn(slot: number, part: Part, value: Value): void {
    if (part === 'r32') this.whole.set(slot, value);
    else this.narrow.set(slot + part, value);
  }

  write(slot: number, part: Part, value: Value): void {
    this.forgetFlagSlot(slot);
    if (part === 'r32') {
      this.whole.set(slot, value);
      for (const narrower of ['r16', 'r8', 'r8h']) this.narrow.delete(slot + narrower);
      return;
    }
    this.whole.delete(slot);
    if (part !== 'r16') this.narrow.delete(`${slot}r16`);
    if (part === 'r16') {
      this.narrow.delete(`${slot}r8`);
      this.narrow.delete(`${slot}r8h`);
    }
    this.narrow.set(slot + part, value);
  }

  /** A flag setter was appended. */
  writeFlags(node: Flags): void {
    const setter = node.when === undefined ? node : undefined;
    if (node.mask & CF) this.setComponent('cf', FLAG_CF, setter);
    if (node.mask & OF) this.setComponent('of', FLAG_OF, setter);
    if (node.mask & RES) this.setComponent('res', FLAG_RES, setter);
    if (node.mask & AUX) this.setComponent('aux', FLAG_AUX, setter);
  }

  private setComponent(name: keyof FlagSetters, slot: number, setter: Flags | undefined): void {
    this.setters[name] = setter;
    this.whole.delete(slot);
  }

  private forgetFlagSlot(slot: number): void {
    if (slot === FLAG_CF) this.setters.cf = undefined;
    else if (slot === FLAG_OF) this.setters.of = undefined;
    else if (slot === FLAG_RES) this.setters.res = undefined;
    else if (slot === FLAG_AUX) this.setters.aux = undefined;
  }

  /** A helper may have written its second result. */
  forgetScratch(): void {
    this.whole.delete(SCRATCH);
  }

  /** A helper may have written any state. */
  forgetAll(): void {
    this.whole.clear();
    this.narrow.clear();
    this.setters.cf = this.setters.of = this.setters.res = this.setters.aux = undefined;
  }
}

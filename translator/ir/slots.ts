/**
 * What the builder knows about state slots at the current point of a block: the value last written or read, by part,
 * and which flag setter each flag component comes from. This is state forwarding done while lifting.
 */
import { FLAG_AUX, FLAG_CF, FLAG_OF, FLAG_RES, SCRATCH, X87_SCRATCH } from '../../runtime/abi/state.ts';
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

const parts: readonly Part[] = ['r32', 'r16', 'r8', 'r8h'];
const R16 = 1;
const R8 = 2;
const R8H = 3;
/** How each part is cut out of the whole slot, and out of a value that was written to the part. */
const fromWhole: readonly (PureName | undefined)[] = [undefined, 'sext16', 'sext8', 'high8'];
const fromPart: readonly (PureName | undefined)[] = [undefined, 'sext16', 'sext8', 'sext8'];

export class SlotValues {
  /** Known values at slot * 4 + part (in the order of `parts`); narrow ones only count while the whole is not known. */
  private readonly known: (Value | undefined)[] = [];
  readonly setters: FlagSetters = { cf: undefined, of: undefined, res: undefined, aux: undefined };

  /** Value of a part if it can be had without reading state. */
  read(maker: PureMaker, slot: number, part: Part): Value | undefined {
    const whole = this.known[slot * 4];
    const index = parts.indexOf(part);
    if (whole !== undefined) return cut(maker, fromWhole[index], whole);
    // A narrow write keeps the value as given; only its low bits count.
    const narrow = this.known[slot * 4 + index];
    return narrow === undefined ? undefined : cut(maker, fromPart[index], narrow);
  }

  /** A read gave this value. */
  learn(slot: number, part: Part, value: Value): void {
    this.known[slot * 4 + parts.indexOf(part)] = value;
  }

  write(slot: number, part: Part, value: Value): void {
    const { known } = this;
    const at = slot * 4;
    this.forgetFlagSlot(slot);
    known[at] = undefined;
    if (part !== 'r8h') known[at + R8] = undefined;
    if (part !== 'r8') known[at + R8H] = undefined;
    known[at + R16] = undefined;
    known[at + parts.indexOf(part)] = value;
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
    this.known[slot * 4] = undefined;
  }

  private forgetFlagSlot(slot: number): void {
    if (slot === FLAG_CF) this.setters.cf = undefined;
    else if (slot === FLAG_OF) this.setters.of = undefined;
    else if (slot === FLAG_RES) this.setters.res = undefined;
    else if (slot === FLAG_AUX) this.setters.aux = undefined;
  }

  /** A helper may have written its second and third result. */
  forgetScratch(): void {
    this.known[SCRATCH * 4] = undefined;
    this.known[X87_SCRATCH * 4] = undefined;
  }

  /** A helper wrote these slots. */
  forget(slot: number, count: number): void {
    for (let i = slot; i < slot + count; i++) this.known[i * 4] = undefined;
  }

  /** A helper may have written any state. */
  forgetAll(): void {
    this.known.length = 0;
    this.setters.cf = this.setters.of = this.setters.res = this.setters.aux = undefined;
  }
}

function cut(maker: PureMaker, name: PureName | undefined, value: Value): Value {
  return name === undefined ? value : maker.pure(name, value);
}

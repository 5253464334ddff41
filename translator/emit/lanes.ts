/**
 * Lanes of vector registers in tier 1: which local stands for which, what is known of it, and the calls of helpers that
 * work on their slots.
 *
 * The lanes of XMM registers that blocks compute with are held in locals, as doubles, besides their state slots, which
 * are always written at once, so that helpers, faults and exits find them as they are; the locals only save reading them
 * back. Lanes of the scratch registers are in locals alone until somebody asks for their slots.
 *
 * V8 throws optimised code away when a path is taken that never ran before, and a helper's call is taken rarely. So the
 * first time that a block runs, it takes its slow paths: `lo` and `tz` make the tests of vector.ts fail.
 */
import { FLOAT_FLOOR_DOUBLE, VECTOR_SCRATCH } from '../../runtime/abi/state.ts';
import type { Call, Value } from '../ir/node.ts';
import type { Expression, Statement } from './estree.ts';
import * as js from './estree.ts';
import type { FunctionFrame } from './frame.ts';
import { FLOOR_LOCAL, laneName } from './names.ts';
import { all, assign, infinity, isNormalOrZero } from './real.ts';
import { type Snippet, snippet } from './snippet.ts';

/** What the emitter of a block does for this one. */
export interface VectorHost {
  readonly frame: FunctionFrame;
  add(statement: Statement): void;
  value(value: Value): Expression;
  atom(expression: Expression): Expression;
  /** Give a call's result a name. */
  name(value: Value, expression: Expression): void;
}

/** First lane of the scratch registers, and the first one after them. */
const SCRATCH_LANE: number = VECTOR_SCRATCH >> 1;
const LANES_END: number = SCRATCH_LANE + 4;
const FIRST_LANE: number = SCRATCH_LANE - 16;

/** Is this lane of 64 bits held in a local? */
function isLane(lane: number): boolean {
  return lane >= FIRST_LANE && lane < LANES_END;
}

/** `tz` is what the bits of an address that must be zero are compared with. */
const training = snippet(`
  if ($n === 0) {
    $n = 1;
    tz = 16;
    lo = Infinity;
  } else {
    tz = 0;
    lo = D[$floor];
  }
`);

/** The vector lanes of one block. */
export class VectorLanes {
  readonly host: VectorHost;
  /** Lanes that are no denormals. */
  private readonly clean = new Set<number>();
  /** Scratch lanes whose slots do not hold them yet. */
  private readonly unsaved = new Set<number>();
  /** Lanes whose slots hold more than their locals. */
  private readonly stale = new Set<number>();
  private hasBegun = false;
  private hasFloor = false;

  constructor(host: VectorHost) {
    this.host = host;
  }

  /** To be called before somebody reads slots. */
  save(slot: number, bits: number): void {
    for (let lane = slot >> 1; lane < (slot + bits / 32 + 1) >> 1; lane++) {
      if (!this.unsaved.delete(lane)) continue;
      this.host.add(assign(js.at('D', js.num(lane)), js.id(laneName(lane))));
    }
  }

  /** To be called after somebody wrote slots. */
  reload(slot: number, bits: number): void {
    for (let lane = slot >> 1; lane < (slot + bits / 32 + 1) >> 1; lane++) {
      if (!isLane(lane)) continue;
      this.unsaved.delete(lane);
      this.clean.delete(lane);
      this.stale.add(lane);
    }
  }

  /** The block ends: other blocks take the locals as they are, where one of them uses a lane at all. */
  end(): void {
    for (const lane of this.stale) this.host.add(this.host.frame.reloadLane(lane));
    this.stale.clear();
  }

  /** All state may have changed; `reloaded`: and locals have been loaded anew. */
  forget(reloaded: boolean): void {
    if (reloaded) this.stale.clear();
    this.clean.clear();
    this.unsaved.clear();
    this.hasFloor = false;
  }

  /** The local of a lane, with its value. */
  lane(lane: number): Expression {
    const local = this.target(lane);
    if (this.stale.delete(lane)) this.host.add(assign(local, js.at('D', js.num(lane))));
    return local;
  }

  /** The local of a lane that is about to be written. */
  private target(lane: number): Expression {
    this.host.frame.useLane(lane);
    return js.id(laneName(lane));
  }

  emit(code: Snippet, fillings: Parameters<Snippet>[0]): void {
    for (const statement of code(fillings)) this.host.add(statement);
  }

  /** A lane gets a value; its slots too, unless it is scratch. */
  set(lane: number, value: Expression, clean: boolean): void {
    const local = this.target(lane);
    this.stale.delete(lane);
    if (lane >= SCRATCH_LANE) {
      this.host.add(assign(local, value));
      this.unsaved.add(lane);
    } else this.host.add(assign(js.at('D', js.num(lane)), js.assign(local, value)));
    this.note(lane, clean);
  }

  /** A lane got a value by other code, which left its slots alone. */
  loaded(lane: number): void {
    this.note(lane, false);
    if (lane >= SCRATCH_LANE) this.unsaved.add(lane);
    else this.host.add(assign(js.at('D', js.num(lane)), this.lane(lane)));
  }

  note(lane: number, clean: boolean): void {
    if (clean) this.clean.add(lane);
    else this.clean.delete(lane);
  }

  isClean(lane: number): boolean {
    return this.clean.has(lane);
  }

  /** Do the slots of all these lanes hold more than their locals? Then integers were written there, as words. */
  areWords(...lanes: readonly number[]): boolean {
    return lanes.every((lane) => this.stale.has(lane));
  }

  copy(to: number, from: number): void {
    if (this.stale.has(from)) {
      // A host reads as words what it has just written so much sooner than as one double.
      for (const slot of [0, 1]) {
        this.host.add(assign(js.at('S', js.num(2 * to + slot)), js.at('S', js.num(2 * from + slot))));
      }
      this.reload(2 * to, 64);
      return;
    }
    this.set(to, this.lane(from), this.isClean(from));
  }

  /** Make `lo` and `tz` valid. */
  begin(): void {
    const floor = js.num(FLOAT_FLOOR_DOUBLE >> 1);
    const { frame } = this.host;
    frame.usesVectors = true;
    if (!this.hasBegun && frame.host.learns) this.emit(training, { $n: js.id(frame.training()), $floor: floor });
    else if (!this.hasFloor) this.host.add(assign(js.id(FLOOR_LOCAL), js.at('D', floor)));
    this.hasBegun = true;
    this.hasFloor = true;
  }

  /** That none of these lanes is a denormal; afterwards they are clean. */
  checkOperands(lanes: readonly number[]): Expression {
    const checks = [...new Set(lanes)]
      .filter((lane) => !this.isClean(lane))
      .map((lane) => isNormalOrZero(this.lane(lane), js.id(FLOOR_LOCAL)));
    for (const lane of lanes) this.note(lane, true);
    return all(checks);
  }

  /** The call itself, with the slots that it reads in place. */
  slow(node: Call): Statement[] {
    return [...this.pending(node), js.statement(this.helper(node))];
  }

  /** The same for helpers that tell of denormals: their result is not 0 then. */
  slowTelling(node: Call): Statement[] {
    const told = js.binary('!==', this.helper(node), js.num(0));
    return [...this.pending(node), js.iff(told, [assign(js.id(FLOOR_LOCAL), infinity)])];
  }

  helper(node: Call): Expression {
    this.host.frame.useHelper(node.helper);
    return js.call(`h_${node.helper}`, ...node.args.map((arg) => this.host.value(arg)));
  }

  /** Statements that put scratch lanes into their slots, for a call on a path of its own. */
  private pending(node: Call): Statement[] {
    const statements: Statement[] = [];
    for (const arg of node.args) {
      if (arg.op !== 'const') continue;
      for (const lane of [arg.value >> 1, (arg.value >> 1) + 1]) {
        if (this.unsaved.has(lane)) statements.push(assign(js.at('D', js.num(lane)), js.id(laneName(lane))));
      }
    }
    return statements;
  }
}

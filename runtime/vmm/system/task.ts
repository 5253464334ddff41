/**
 * Hardware task switches: the state of the old task into its task state segment, that of the new one out of its own,
 * and the checks of the new task's segments, whose faults are the new task's.
 *
 * Source: SDM vol. 3A §8.3 (order of a switch), §8.2 and §8.6 (32- and 16-bit task state segments), table 8-1 (faults).
 */
import {
  CR0,
  CR3,
  CS,
  DR6,
  DR7,
  DS,
  EAX,
  EDI,
  EFLAGS_NT,
  EFLAGS_VM,
  EIP,
  ES,
  ESP,
  FS,
  GS,
  LDTR,
  SEGMENT_LIMIT,
  SELECTOR,
  SS,
  SYSTEM_ACCESS,
  SYSTEM_BASE,
  SYSTEM_LIMIT,
  TR,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { readEflags } from '../../cpu/eflags.ts';
import { loadLegacySegment, loadSegmentRegister, nullDescriptor } from '../../cpu/segment.ts';
import type { Processor } from './context.ts';
import { CR0_PG, CR0_TS, loadPageDirectory, refreshVectorMode } from './control.ts';
import { refreshBreakpoints } from './debug.ts';
import { FetchedDescriptor, SystemType, selectorError } from './descriptor.ts';
import { ALL_FLAGS, enterCode, setFlags, setPrivilege } from './mode.ts';
import { fetchStackSegment, loadDataSegment } from './segment.ts';

/** What causes the switch: IRET with NT set is a return; exceptions and interrupts come through a task gate. */
export type TaskCause = 'jump' | 'call' | 'return' | 'interrupt';

/**
 * Switch to the task whose state segment `selector` names.
 * @param eip where the old task goes on.  @param flags what its saved EFLAGS have in addition.
 * @param external EXT of error codes.  @param errorCode pushed on the new task's stack.
 * @throws GuestFault in the old task with nothing changed, or in the new one.
 */
export type TaskSwitch = (
  selector: number,
  cause: TaskCause,
  eip: number,
  flags: number,
  external: number,
  errorCode?: number | undefined,
) => void;

/** Where a task state segment keeps what: byte offsets, and the width in bits of its registers. */
interface Layout {
  readonly size: 16 | 32;
  /** Smallest limit. */
  readonly limit: number;
  readonly cr3: number;
  readonly eip: number;
  readonly flags: number;
  readonly registers: number;
  readonly segments: number;
  readonly segmentCount: number;
  readonly ldt: number;
}

// biome-ignore format: offsets
const task32: Layout = {
  size: 32, limit: 0x67, cr3: 28, eip: 32, flags: 36, registers: 40, segments: 72, segmentCount: 6, ldt: 96,
};
// biome-ignore format: offsets
const task16: Layout = {
  size: 16, limit: 0x2b, cr3: -1, eip: 14, flags: 16, registers: 18, segments: 34, segmentCount: 4, ldt: 42,
};
/** The trap bit of a 32-bit task state segment. */
const TRAP = 100;
/** DR6.BT, and the local enables of DR7. */
const DR6_BT = 1 << 15;
const DR7_LOCAL = 0x155;

/** Is the current task state segment a 32-bit one? */
export function isTask32(S: Int32Array): boolean {
  return (S[TR + SYSTEM_ACCESS]! & 8) !== 0;
}

export function createTaskSwitch(processor: Processor): TaskSwitch {
  const { state: S, memory, descriptors, stack, fault } = processor;
  const { implicit } = memory;
  const task = new FetchedDescriptor();
  const scratch = new FetchedDescriptor();
  /** What was read of the new task: EIP, EFLAGS, registers, segment selectors, LDT selector, trap bit, CR3. */
  const registers = new Int32Array(8);
  const selectors = new Int32Array(6);
  const incoming = { eip: 0, flags: 0, ldt: 0, trap: 0, cr3: 0 };

  const readWord = (at: number, size: 16 | 32): number =>
    size === 32 ? implicit.read32(at | 0) : implicit.read16(at | 0) & 0xffff;
  const writeWord = (at: number, size: 16 | 32, value: number): void => {
    if (size === 32) implicit.write32(at | 0, value);
    else implicit.write16(at | 0, value);
  };

  const check = (selector: number, cause: TaskCause, external: number): void => {
    const error = selectorError(selector) | external;
    const wrong = cause === 'return' ? Vector.TS : Vector.GP;
    if (selector & 4 || !descriptors.fetch(selector, task)) fault.raise(wrong, error);
    const wanted = cause === 'return' ? SystemType.BusyTask16 : SystemType.AvailableTask16;
    if ((task.type & ~8) !== wanted) fault.raise(wrong, error);
    if (!task.isPresent) fault.raise(Vector.NP, error);
    if (task.limit >>> 0 < (task.type & 8 ? task32 : task16).limit) fault.raise(Vector.TS, error);
  };

  /** Read all of the new task before anything is written: a page fault is still the old task's. */
  const readTask = (layout: Layout): void => {
    const { base } = task;
    const { size } = layout;
    const step = size / 8;
    const high = size === 32 ? 0 : 0xffff0000 | 0;
    incoming.eip = readWord(base + layout.eip, size);
    incoming.flags = readWord(base + layout.flags, size);
    for (let i = 0; i < 8; i++) registers[i] = readWord(base + layout.registers + i * step, size) | high;
    selectors.fill(0);
    for (let i = 0; i < layout.segmentCount; i++) selectors[i] = readWord(base + layout.segments + i * step, 16);
    incoming.ldt = readWord(base + layout.ldt, 16);
    incoming.trap = size === 32 ? readWord(base + TRAP, 16) & 1 : 0;
    incoming.cr3 = size === 32 ? readWord(base + layout.cr3, 32) : 0;
  };

  const saveTask = (layout: Layout, eip: number, flags: number): void => {
    const base = S[TR + SYSTEM_BASE]!;
    const { size } = layout;
    const step = size / 8;
    implicit.probeWrite((base + layout.eip) | 0, 32);
    implicit.probeWrite((base + layout.limit - 3) | 0, 32);
    writeWord(base + layout.eip, size, eip);
    writeWord(base + layout.flags, size, flags);
    for (let i = 0; i < 8; i++) writeWord(base + layout.registers + i * step, size, S[i]!);
    for (let i = 0; i < layout.segmentCount; i++) writeWord(base + layout.segments + i * step, 16, S[SELECTOR + i]!);
  };

  /** Load the LDT of the new task. */
  const loadTaskLdt = (selector: number): void => {
    const error = selectorError(selector);
    S[LDTR] = selector;
    S[LDTR + SYSTEM_ACCESS] = 0;
    if (error === 0) return;
    const valid = (selector & 4) === 0 && descriptors.fetch(selector, scratch) && scratch.type === SystemType.Ldt;
    if (!valid || !scratch.isPresent) fault.raise(Vector.TS, error);
    setSystemRegister(S, LDTR, selector, scratch);
  };

  /** Load the new task's segment registers, all in its own context. */
  const loadTaskSegments = (): void => {
    // Until it is loaded, no segment can be used.
    for (let i = ES; i <= GS; i++) loadSegmentRegister(S, i, selectors[i]!, nullDescriptor);
    if (incoming.flags & EFLAGS_VM) {
      setPrivilege(S, 3);
      for (let i = ES; i <= GS; i++) loadLegacySegment(S, i, selectors[i]!, true);
      loadTaskLdt(incoming.ldt);
      return;
    }
    const cpl = selectors[CS]! & 3;
    setPrivilege(S, cpl);
    loadTaskLdt(incoming.ldt);
    const error = selectorError(selectors[CS]!);
    if (!descriptors.fetch(selectors[CS]!, scratch) || !scratch.isCode) fault.raise(Vector.TS, error);
    if (scratch.isConforming ? scratch.privilege > cpl : scratch.privilege !== cpl) fault.raise(Vector.TS, error);
    if (!scratch.isPresent) fault.raise(Vector.NP, error);
    descriptors.markAccessed(scratch);
    enterCode(S, selectors[CS]!, scratch, cpl);
    fetchStackSegment(processor, selectors[SS]!, cpl, scratch, Vector.TS, 0);
    descriptors.markAccessed(scratch);
    loadSegmentRegister(S, SS, selectors[SS]!, scratch);
    for (const segment of dataSegments) {
      loadDataSegment(processor, segment, selectors[segment]!, scratch, Vector.TS);
    }
  };

  return (selector, cause, eip, flags, external, errorCode) => {
    check(selector, cause, external);
    const oldLayout = isTask32(S) ? task32 : task16;
    const layout = task.type & 8 ? task32 : task16;
    const old = S[TR]!;
    if (S[TR + SYSTEM_LIMIT]! >>> 0 < oldLayout.limit) fault.raise(Vector.TS, selectorError(old) | external);
    readTask(layout);
    const nested = cause === 'call' || cause === 'interrupt';
    if (nested) implicit.probeWrite(task.base, 16);
    saveTask(oldLayout, eip, cause === 'return' ? readEflags(S) & ~EFLAGS_NT : readEflags(S) | flags);
    if (!nested) descriptors.markBusy(old, false);
    if (nested) implicit.write16(task.base, old);
    if (cause !== 'return') descriptors.markBusy(selector, true);
    setSystemRegister(S, TR, selector, task);
    S[TR + SYSTEM_ACCESS]! |= SystemType.BusyTask16;
    S[CR0]! |= CR0_TS;
    refreshVectorMode(S);
    if (S[DR7]! & DR7_LOCAL) {
      S[DR7]! &= ~DR7_LOCAL;
      refreshBreakpoints(processor);
    }
    if (layout.size === 32 && S[CR0]! & CR0_PG && S[CR3] !== incoming.cr3) loadPageDirectory(processor, incoming.cr3);
    for (let i = EAX; i <= EDI; i++) S[i] = registers[i]!;
    S[EIP] = incoming.eip;
    setFlags(S, nested ? incoming.flags | EFLAGS_NT : incoming.flags, ALL_FLAGS | EFLAGS_VM);
    loadTaskSegments();
    if (errorCode !== undefined) {
      stack.useCurrent(external);
      stack.push(errorCode, layout.size);
      S[ESP] = stack.pointer;
    }
    if (S[EIP]! >>> 0 > S[SEGMENT_LIMIT + CS]! >>> 0) fault.raise(Vector.GP);
    if (incoming.trap !== 0) {
      S[DR6]! |= DR6_BT;
      fault.raise(Vector.DB);
    }
  };
}

const dataSegments = [DS, ES, FS, GS];

/** Load LDTR or TR with its hidden parts. */
export function setSystemRegister(
  S: Int32Array,
  register: typeof LDTR | typeof TR,
  selector: number,
  { base, limit, access }: FetchedDescriptor,
): void {
  S[register] = selector;
  S[register + SYSTEM_BASE] = base;
  S[register + SYSTEM_LIMIT] = limit;
  S[register + SYSTEM_ACCESS] = access;
}

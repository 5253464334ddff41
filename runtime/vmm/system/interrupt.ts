/**
 * Delivery of exceptions, traps, software and external interrupts: through the interrupt vector table of real-address
 * mode, the gates of the IDT, or task gates.
 *
 * Nothing of the processor's state changes before the last access that may fault, so a fault on the way leaves it as it
 * was and escalates (escalation.ts). Source: SDM vol. 2A, INT n; vol. 3A chapter 6 and §20.2, §20.3.
 */
import { MODE_PROTECTED, MODE_SHADOW, MODE_VM86 } from '../../abi/mode.ts';
import {
  CPL,
  CS,
  DR7,
  DS,
  EFLAGS_AC,
  EFLAGS_IF,
  EFLAGS_NT,
  EFLAGS_RF,
  EFLAGS_TF,
  EFLAGS_VM,
  EIP,
  ES,
  ESP,
  FS,
  GS,
  IDTR_BASE,
  IDTR_LIMIT,
  MODE,
  SELECTOR,
  SS,
  SYSTEM_BASE,
  SYSTEM_LIMIT,
  TR,
} from '../../abi/state.ts';
import { pushesErrorCode, Vector } from '../../abi/vector.ts';
import { readEflags } from '../../cpu/eflags.ts';
import { loadLegacySegment, loadSegmentRegister, nullDescriptor } from '../../cpu/segment.ts';
import type { Processor } from './context.ts';
import { DR7_GD } from './debug.ts';
import { FetchedDescriptor, SystemType, selectorError } from './descriptor.ts';
import { enterCode, setSystemFlags } from './mode.ts';
import { fetchStackSegment } from './segment.ts';
import { isTask32, type TaskSwitch } from './task.ts';

/**
 * What is delivered. A fault returns to its instruction with RF set, so that a breakpoint there does not hit again; a
 * trap comes after its instruction; software interrupts (INT n, INT3, INTO) must pass the gate's privilege; external
 * ones come from outside.
 */
export type EventKind = 'exception' | 'trap' | 'software' | 'external';

/** In an error code: the selector part is an index of the IDT; the event was not caused by the program itself. */
const ERROR_IDT = 2;
const ERROR_EXTERNAL = 1;

/** Delivers one event. @throws GuestFault when that fails, with all state as it was, or in the task switched to. */
export type Deliver = (vector: number, errorCode: number, kind: EventKind, eip: number) => void;

export function createDelivery(processor: Processor, switchTask: TaskSwitch): Deliver {
  const { state: S, memory, descriptors, stack, fault } = processor;
  const gate = new FetchedDescriptor();
  const code = new FetchedDescriptor();
  const inner = new FetchedDescriptor();

  /** Real-address mode: FLAGS, CS and IP to the stack, CS:IP from the vector table. */
  const deliverReal = (vector: number, eip: number): void => {
    if (vector * 4 + 3 > S[IDTR_LIMIT]!) fault.raise(Vector.GP);
    stack.useCurrent();
    stack.push(readEflags(S), 16);
    stack.push(S[SELECTOR + CS]!, 16);
    stack.push(eip, 16);
    const entry = memory.implicit.read32((S[IDTR_BASE]! + vector * 4) | 0);
    S[ESP] = stack.pointer;
    setSystemFlags(S, 0, EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF);
    loadLegacySegment(S, CS, entry >>> 16, false);
    S[EIP] = entry & 0xffff;
  };

  return (vector, errorCode, kind, eip) => {
    S[MODE]! &= ~MODE_SHADOW;
    if ((S[MODE]! & MODE_PROTECTED) === 0) return deliverReal(vector, eip);
    const external = kind === 'software' ? 0 : ERROR_EXTERNAL;
    const vectorError = vector * 8 + ERROR_IDT + external;
    const hasError = (kind === 'exception' || kind === 'trap') && pushesErrorCode(vector);
    if (vector * 8 + 7 > S[IDTR_LIMIT]!) fault.raise(Vector.GP, vectorError);
    descriptors.read((S[IDTR_BASE]! + vector * 8) | 0, gate);
    const { type } = gate;
    const isTask = type === SystemType.TaskGate;
    // The types of interrupt and trap gates are 6, 7, 14 and 15.
    if (!isTask && (type & ~9) !== SystemType.InterruptGate16) fault.raise(Vector.GP, vectorError);
    if (kind === 'software' && gate.privilege < S[CPL]!) fault.raise(Vector.GP, vectorError);
    if (!gate.isPresent) fault.raise(Vector.NP, vectorError);
    if (isTask) {
      const flags = kind === 'exception' ? EFLAGS_RF : 0;
      return switchTask(gate.gateSelector, 'interrupt', eip, flags, external, hasError ? errorCode : undefined);
    }
    const size = type & 8 ? 32 : 16;
    const selector = gate.gateSelector;
    const error = selectorError(selector) | external;
    if (!descriptors.fetch(selector, code)) fault.raise(Vector.GP, error);
    if (!code.isCode || code.privilege > S[CPL]!) fault.raise(Vector.GP, error);
    if (!code.isPresent) fault.raise(Vector.NP, error);
    const offset = gate.gateOffset;
    const vm86 = (S[MODE]! & MODE_VM86) !== 0;
    const cpl = code.isConforming ? S[CPL]! : code.privilege;
    if (vm86 && (code.isConforming || cpl !== 0)) fault.raise(Vector.GP, error);
    const flags = kind === 'exception' ? readEflags(S) | EFLAGS_RF : readEflags(S);
    let stackSelector = 0;
    if (cpl === S[CPL]) stack.useCurrent(external);
    else {
      stackSelector = useInnerStack(processor, cpl, inner, external);
      if (vm86) for (let segment = GS; segment >= DS; segment--) stack.push(S[SELECTOR + segment]!, size);
      if (vm86) stack.push(S[SELECTOR + ES]!, size);
      stack.push(S[SELECTOR + SS]!, size);
      stack.push(S[ESP]!, size);
    }
    stack.push(flags, size);
    stack.push(S[SELECTOR + CS]!, size);
    stack.push(eip, size);
    if (hasError) stack.push(errorCode, size);
    if (offset >>> 0 > code.limit >>> 0) fault.raise(Vector.GP, external);
    descriptors.markAccessed(code);
    if (cpl !== S[CPL]) {
      descriptors.markAccessed(inner);
      if (vm86) {
        for (const segment of vm86Segments) loadSegmentRegister(S, segment, 0, nullDescriptor);
      }
      loadSegmentRegister(S, SS, stackSelector, inner);
    }
    S[ESP] = stack.pointer;
    // The debugger may use the debug registers.
    if (vector === Vector.DB) S[DR7]! &= ~DR7_GD;
    const cleared = EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM;
    setSystemFlags(S, 0, type & 1 ? cleared : cleared | EFLAGS_IF);
    enterCode(S, selector, code, cpl);
    S[EIP] = offset;
  };
}

const vm86Segments = [ES, DS, FS, GS];

/**
 * Take the stack for an inner privilege level from the task state segment and start to use it.
 * @returns its selector. @throws GuestFault #TS, #SS.
 */
export function useInnerStack(processor: Processor, cpl: number, into: FetchedDescriptor, external: number): number {
  const { state: S, memory, stack, fault } = processor;
  const { implicit } = memory;
  const is32 = isTask32(S);
  const at = is32 ? cpl * 8 + 4 : cpl * 4 + 2;
  if (at + (is32 ? 5 : 3) > S[TR + SYSTEM_LIMIT]! >>> 0) fault.raise(Vector.TS, selectorError(S[TR]!) | external);
  const base = (S[TR + SYSTEM_BASE]! + at) | 0;
  const esp = is32 ? implicit.read32(base) : implicit.read16(base) & 0xffff;
  const selector = implicit.read16((base + (is32 ? 4 : 2)) | 0) & 0xffff;
  fetchStackSegment(processor, selector, cpl, into, Vector.TS, external);
  stack.useOther(into, esp, cpl, selectorError(selector) | external);
  return selector;
}

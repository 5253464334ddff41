/**
 * Far transfers in all modes: CALL and JMP to code segments, through call gates, task gates and task state segments,
 * and far RET, to the same or an outer level.
 *
 * Source: SDM vol. 2A CALL, JMP; vol. 2B RET; vol. 3A §5.8. All checks and memory accesses come before the first write.
 */
import { MODE_VM86 } from '../../abi/mode.ts';
import { CPL, CS, EIP, ES, ESP, GS, MODE, SEGMENT_ACCESS, SEGMENT_LIMIT, SELECTOR, SS } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import {
  ACCESS_BIG,
  ACCESS_CODE,
  ACCESS_CONFORMING,
  ACCESS_S,
  loadLegacySegment,
  loadSegmentRegister,
  nullDescriptor,
  privilegeOf,
} from '../../cpu/segment.ts';
import type { VmmPart, VmmResult } from '../table.ts';
import type { Processor } from './context.ts';
import { FetchedDescriptor, SystemType, selectorError } from './descriptor.ts';
import { useInnerStack } from './interrupt.ts';
import { enterCode, setPrivilege } from './mode.ts';
import { fetchStackSegment, isLegacy } from './segment.ts';
import { Stack } from './stack.ts';
import type { TaskSwitch } from './task.ts';

type Calls = 'farCall' | 'farJump' | 'farReturn';

export function farCalls(processor: Processor, switchTask: TaskSwitch): VmmPart<Calls> {
  const { state: S, memory, descriptors, stack, fault } = processor;
  const target = new FetchedDescriptor();
  const code = new FetchedDescriptor();
  const inner = new FetchedDescriptor();
  const parameters = new Stack(S, memory, fault);

  /** Real-address and virtual-8086 mode: CS is a paragraph number. */
  const enterLegacy = (selector: number, offset: number): VmmResult => {
    loadLegacySegment(S, CS, selector, (S[MODE]! & MODE_VM86) !== 0);
    S[EIP] = offset;
    return undefined;
  };
  const checkLegacyLimit = (offset: number): void => {
    if (offset >>> 0 > S[SEGMENT_LIMIT + CS]! >>> 0) fault.raise(Vector.GP);
  };

  const pushReturn = (next: number, size: number): void => {
    stack.push(S[SELECTOR + CS]!, size);
    stack.push(next, size);
  };

  /** Enter checked code on the stack that has been worked on. */
  const enter = (selector: number, descriptor: FetchedDescriptor, offset: number, cpl: number): VmmResult => {
    descriptors.markAccessed(descriptor);
    enterCode(S, selector, descriptor, cpl);
    S[EIP] = offset;
    return undefined;
  };

  const checkOffset = (offset: number, { limit }: FetchedDescriptor): void => {
    if (offset >>> 0 > limit >>> 0) fault.raise(Vector.GP);
  };

  /** Fetch what a far pointer names, and for code check that it may be entered at this level. */
  const fetchTarget = (selector: number): void => {
    const error = selectorError(selector);
    if (!descriptors.fetch(selector, target)) fault.raise(Vector.GP, error);
    if (target.isCode) {
      const cpl = S[CPL]!;
      const allowed = target.isConforming ? target.privilege <= cpl : (selector & 3) <= cpl && target.privilege === cpl;
      if (!allowed) fault.raise(Vector.GP, error);
    } else if (target.privilege < Math.max(S[CPL]!, selector & 3)) fault.raise(Vector.GP, error);
  };

  /** The code segment that a call gate leads to: present, and of no lower privilege. */
  const fetchGateCode = (gate: FetchedDescriptor): number => {
    const selector = gate.gateSelector;
    const error = selectorError(selector);
    if (!descriptors.fetch(selector, code)) fault.raise(Vector.GP, error);
    if (!code.isCode || code.privilege > S[CPL]!) fault.raise(Vector.GP, error);
    return selector;
  };

  /** Tasks and task gates, for CALL and JMP alike. @returns false when the target is something else. */
  const toTask = (selector: number, next: number, cause: 'call' | 'jump'): boolean => {
    const { type } = target;
    if (type === SystemType.TaskGate) {
      if (!target.isPresent) fault.raise(Vector.NP, selectorError(selector));
      switchTask(target.gateSelector, cause, next, 0, 0);
      return true;
    }
    if ((type & ~10) !== SystemType.AvailableTask16) return false;
    switchTask(selector, cause, next, 0, 0);
    return true;
  };

  const callGate = (selector: number, next: number): VmmResult => {
    if (!target.isPresent) fault.raise(Vector.NP, selectorError(selector));
    const codeSelector = fetchGateCode(target);
    if (!code.isPresent) fault.raise(Vector.NP, selectorError(codeSelector));
    const size = target.type & 8 ? 32 : 16;
    const offset = target.gateOffset;
    const cpl = code.isConforming ? S[CPL]! : code.privilege;
    checkOffset(offset, code);
    if (cpl === S[CPL]) {
      stack.useCurrent();
      pushReturn(next, size);
      S[ESP] = stack.pointer;
      return enter(codeSelector, code, offset, cpl);
    }
    const stackSelector = useInnerStack(processor, cpl, inner, 0);
    parameters.useCurrent();
    stack.push(S[SELECTOR + SS]!, size);
    stack.push(S[ESP]!, size);
    for (let i = target.gateCount - 1; i >= 0; i--) stack.push(parameters.peek(i * (size >> 3), size), size);
    pushReturn(next, size);
    descriptors.markAccessed(inner);
    setPrivilege(S, cpl);
    loadSegmentRegister(S, SS, stackSelector, inner);
    S[ESP] = stack.pointer;
    return enter(codeSelector, code, offset, cpl);
  };

  return {
    farCall(_at, next, selector, offset, size) {
      if (isLegacy(S)) {
        checkLegacyLimit(offset);
        stack.useCurrent();
        pushReturn(next, size);
        S[ESP] = stack.pointer;
        return enterLegacy(selector, offset);
      }
      fetchTarget(selector);
      if (target.isCode) {
        if (!target.isPresent) fault.raise(Vector.NP, selectorError(selector));
        stack.useCurrent();
        pushReturn(next, size);
        checkOffset(offset, target);
        S[ESP] = stack.pointer;
        return enter(selector, target, offset, S[CPL]!);
      }
      if (toTask(selector, next, 'call')) return undefined;
      if ((target.type & ~8) !== SystemType.CallGate16) fault.raise(Vector.GP, selectorError(selector));
      return callGate(selector, next);
    },
    farJump(_at, next, selector, offset) {
      if (isLegacy(S)) {
        checkLegacyLimit(offset);
        return enterLegacy(selector, offset);
      }
      fetchTarget(selector);
      if (target.isCode) {
        if (!target.isPresent) fault.raise(Vector.NP, selectorError(selector));
        checkOffset(offset, target);
        return enter(selector, target, offset, S[CPL]!);
      }
      if (toTask(selector, next, 'jump')) return undefined;
      const error = selectorError(selector);
      if ((target.type & ~8) !== SystemType.CallGate16) fault.raise(Vector.GP, error);
      if (!target.isPresent) fault.raise(Vector.NP, error);
      const codeSelector = fetchGateCode(target);
      // JMP changes no privilege.
      if (!code.isConforming && code.privilege !== S[CPL]) fault.raise(Vector.GP, selectorError(codeSelector));
      if (!code.isPresent) fault.raise(Vector.NP, selectorError(codeSelector));
      checkOffset(target.gateOffset, code);
      return enter(codeSelector, code, target.gateOffset, S[CPL]!);
    },
    farReturn(_at, _next, size, release) {
      stack.useCurrent();
      const offset = stack.pop(size);
      const selector = stack.pop(size) & 0xffff;
      stack.skip(release);
      if (isLegacy(S)) {
        checkLegacyLimit(offset);
        S[ESP] = stack.pointer;
        return enterLegacy(selector, offset);
      }
      fetchReturnCode(processor, selector, code);
      if ((selector & 3) === S[CPL]) {
        checkOffset(offset, code);
        S[ESP] = stack.pointer;
        return enter(selector, code, offset, S[CPL]!);
      }
      const esp = stack.pop(size);
      const stackSelector = stack.pop(size) & 0xffff;
      fetchStackSegment(processor, stackSelector, selector & 3, inner, Vector.GP, 0);
      checkOffset(offset, code);
      descriptors.markAccessed(code);
      enterOuter(processor, selector, code, stackSelector, inner, esp);
      const mask = inner.access & ACCESS_BIG ? -1 : 0xffff;
      S[ESP] = (S[ESP]! & ~mask) | ((S[ESP]! + release) & mask);
      S[EIP] = offset;
      return undefined;
    },
  };
}

/** Fetch and check the code segment that far RET or IRET goes back to: its RPL is the level. @throws GuestFault. */
export function fetchReturnCode(
  { state: S, descriptors, fault }: Processor,
  selector: number,
  into: FetchedDescriptor,
): void {
  const error = selectorError(selector);
  const rpl = selector & 3;
  if (!descriptors.fetch(selector, into) || !into.isCode || rpl < S[CPL]!) fault.raise(Vector.GP, error);
  if (into.isConforming ? into.privilege > rpl : into.privilege !== rpl) fault.raise(Vector.GP, error);
  if (!into.isPresent) fault.raise(Vector.NP, error);
}

/**
 * Enter an outer level with its stack: the popped ESP counts as far as the stack is wide, and segment registers that the
 * level may not use become null.
 */
export function enterOuter(
  { state: S, descriptors }: Processor,
  selector: number,
  code: FetchedDescriptor,
  stackSelector: number,
  stackSegment: FetchedDescriptor,
  esp: number,
): void {
  const cpl = selector & 3;
  descriptors.markAccessed(stackSegment);
  setPrivilege(S, cpl);
  loadSegmentRegister(S, SS, stackSelector, stackSegment);
  S[ESP] = stackSegment.access & ACCESS_BIG ? esp : (S[ESP]! & ~0xffff) | (esp & 0xffff);
  for (let segment = ES; segment <= GS; segment++) {
    if (segment !== CS && segment !== SS && isTooPrivileged(S[SEGMENT_ACCESS + segment]!, cpl)) {
      loadSegmentRegister(S, segment, 0, nullDescriptor);
    }
  }
  enterCode(S, selector, code, cpl);
}

/** Data or non-conforming code that is not for level `cpl`. */
function isTooPrivileged(access: number, cpl: number): boolean {
  const conforming = ACCESS_S | ACCESS_CODE | ACCESS_CONFORMING;
  return (access & ACCESS_S) !== 0 && (access & conforming) !== conforming && privilegeOf(access) < cpl;
}

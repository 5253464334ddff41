/**
 * IRET in all modes: to the same level, an outer one, virtual-8086 mode, or the task that was interrupted.
 *
 * Source: SDM vol. 2A, IRET; vol. 3A §8.4 (nested tasks), §20.2.3 and §20.3 (virtual-8086 mode).
 */
import { MODE_PROTECTED, MODE_VM86 } from '../../abi/mode.ts';
import {
  CPL,
  CR4,
  CS,
  DS,
  EFLAGS_IF,
  EFLAGS_IOPL,
  EFLAGS_NT,
  EFLAGS_RF,
  EFLAGS_SYSTEM,
  EFLAGS_VIF,
  EFLAGS_VIP,
  EFLAGS_VM,
  EIP,
  ES,
  ESP,
  FS,
  GS,
  MODE,
  SEGMENT_LIMIT,
  SS,
  SYSTEM_BASE,
  TR,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { loadLegacySegment } from '../../cpu/segment.ts';
import type { VmmPart, VmmResult } from '../table.ts';
import type { Processor } from './context.ts';
import { CR4_VME } from './control.ts';
import { FetchedDescriptor } from './descriptor.ts';
import { enterOuter, fetchReturnCode } from './far.ts';
import { popVirtualFlags } from './flags.ts';
import { ALL_FLAGS, enterCode, ioPrivilege, setFlags, setPrivilege, USER_FLAGS } from './mode.ts';
import { fetchStackSegment } from './segment.ts';
import type { TaskSwitch } from './task.ts';

/** Segment registers in the order in which they stand on the stack under a virtual-8086 program's frame. */
const vm86Order = [ES, DS, FS, GS];

export function returnCalls(processor: Processor, switchTask: TaskSwitch): VmmPart<'interruptReturn'> {
  const { state: S, memory, descriptors, stack, fault } = processor;
  const code = new FetchedDescriptor();
  const outer = new FetchedDescriptor();
  const popped = new Int32Array(4);

  /** What IRET may take from an image at this level. */
  const flagMask = (size: number): number => {
    let mask = USER_FLAGS | EFLAGS_RF;
    if (S[CPL]! <= ioPrivilege(S)) mask |= EFLAGS_IF;
    if (S[CPL] === 0) mask |= EFLAGS_IOPL | EFLAGS_VIF | EFLAGS_VIP;
    return size === 16 ? mask & 0xffff : mask;
  };

  const returnLegacy = (size: number): VmmResult => {
    const vm86 = (S[MODE]! & MODE_VM86) !== 0;
    const virtual = vm86 && ioPrivilege(S) < 3;
    if (virtual && (size !== 16 || (S[CR4]! & CR4_VME) === 0)) fault.raise(Vector.GP);
    stack.useCurrent();
    const offset = stack.pop(size);
    const selector = stack.pop(size) & 0xffff;
    const image = stack.pop(size);
    if (offset >>> 0 > S[SEGMENT_LIMIT + CS]! >>> 0) fault.raise(Vector.GP);
    if (virtual) popVirtualFlags(processor, image);
    else {
      const mask = vm86 ? USER_FLAGS | EFLAGS_IF | EFLAGS_RF : ALL_FLAGS & ~(EFLAGS_VIF | EFLAGS_VIP);
      setFlags(S, image, size === 16 ? mask & 0xffff : mask);
    }
    S[ESP] = stack.pointer;
    loadLegacySegment(S, CS, selector, vm86);
    S[EIP] = offset;
    return undefined;
  };

  /** CPL 0 goes to a virtual-8086 program: its stack and data segments are on this stack as well. */
  const returnToVm86 = (offset: number, selector: number, image: number): VmmResult => {
    const esp = stack.pop(32);
    const stackSelector = stack.pop(32) & 0xffff;
    for (let i = 0; i < 4; i++) popped[i] = stack.pop(32) & 0xffff;
    if (offset >>> 0 > 0xffff) fault.raise(Vector.GP);
    setFlags(S, image, ALL_FLAGS | EFLAGS_VM);
    setPrivilege(S, 3);
    vm86Order.forEach((segment, i) => {
      loadLegacySegment(S, segment, popped[i]!, true);
    });
    loadLegacySegment(S, SS, stackSelector, true);
    loadLegacySegment(S, CS, selector, true);
    S[ESP] = esp;
    S[EIP] = offset;
    return undefined;
  };

  return {
    interruptReturn(_at, next, size) {
      if ((S[MODE]! & (MODE_PROTECTED | MODE_VM86)) !== MODE_PROTECTED) return returnLegacy(size);
      if (S[EFLAGS_SYSTEM]! & EFLAGS_NT) {
        const link = memory.implicit.read16(S[TR + SYSTEM_BASE]!) & 0xffff;
        switchTask(link, 'return', next, 0, 0);
        return undefined;
      }
      stack.useCurrent();
      const offset = stack.pop(size);
      const selector = stack.pop(size) & 0xffff;
      const image = stack.pop(size);
      if (size === 32 && image & EFLAGS_VM && S[CPL] === 0) return returnToVm86(offset, selector, image);
      fetchReturnCode(processor, selector, code);
      const mask = flagMask(size);
      if ((selector & 3) === S[CPL]) {
        if (offset >>> 0 > code.limit >>> 0) fault.raise(Vector.GP);
        S[ESP] = stack.pointer;
        setFlags(S, image, mask);
        descriptors.markAccessed(code);
        enterCode(S, selector, code, S[CPL]!);
      } else {
        const esp = stack.pop(size);
        const stackSelector = stack.pop(size) & 0xffff;
        fetchStackSegment(processor, stackSelector, selector & 3, outer, Vector.GP, 0);
        if (offset >>> 0 > code.limit >>> 0) fault.raise(Vector.GP);
        descriptors.markAccessed(code);
        setFlags(S, image, mask);
        enterOuter(processor, selector, code, stackSelector, outer, esp);
      }
      S[EIP] = offset;
      return undefined;
    },
  };
}

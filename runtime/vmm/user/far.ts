/**
 * Far transfers of a process: CALL, JMP, RET and IRET between code segments of CPL 3. There are no gates and no inner
 * levels to go to, and an outer level there is none; so all that changes is CS, EIP, the stack pointer and, by IRET, flags.
 */
import { MODE_STACK32 } from '../../abi/mode.ts';
import { CS, EFLAGS_NT, EFLAGS_SYSTEM, EIP, ESP, MODE, SEGMENT_BASE, SELECTOR, SS } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import {
  ACCESS_CODE,
  ACCESS_CONFORMING,
  ACCESS_PRESENT,
  ACCESS_S,
  type Descriptor,
  loadSegmentRegister,
  privilegeOf,
} from '../../cpu/segment.ts';
import type { VmmPart, VmmResult } from '../table.ts';
import type { UserVmmContext } from './context.ts';
import { setUserFlags } from './flags.ts';
import { selectorError } from './segment.ts';

/** A process's privilege level. */
const CPL = 3;

type Calls = 'farCall' | 'farJump' | 'farReturn' | 'interruptReturn';

/** Source: SDM vol. 2A CALL, JMP, IRET; vol. 2B RET. */
export function farCalls(context: UserVmmContext): VmmPart<Calls> {
  const { state: S, memory, fault } = context;
  const stackMask = (): number => (S[MODE]! & MODE_STACK32 ? -1 : 0xffff);
  const stackAddress = (bytes: number): number => (S[SEGMENT_BASE + SS]! + ((S[ESP]! + bytes) & stackMask())) | 0;
  const moveStack = (bytes: number): void => {
    const mask = stackMask();
    S[ESP] = (S[ESP]! & ~mask) | ((S[ESP]! + bytes) & mask);
  };
  const read = (bytes: number, size: number): number =>
    size === 16 ? memory.read16(stackAddress(bytes)) & 0xffff : memory.read32(stackAddress(bytes));
  const write = (bytes: number, size: number, value: number): void => {
    if (size === 16) memory.write16(stackAddress(bytes), value);
    else memory.write32(stackAddress(bytes), value);
  };
  const enter = (selector: number, descriptor: Descriptor, eip: number): VmmResult => {
    loadSegmentRegister(S, CS, (selector & ~3) | CPL, descriptor);
    S[EIP] = eip;
    return undefined;
  };
  return {
    farCall(_at, next, selector, offset, size) {
      const descriptor = codeSegment(context, selector, offset);
      write(-size / 8, size, S[SELECTOR + CS]!);
      write(-size / 4, size, next);
      moveStack(-size / 4);
      return enter(selector, descriptor, offset);
    },
    farJump: (_at, _next, selector, offset) => enter(selector, codeSegment(context, selector, offset), offset),
    farReturn(_at, _next, size, release) {
      const eip = read(0, size);
      const selector = read(size / 8, size) & 0xffff;
      const descriptor = returnSegment(context, selector, eip);
      moveStack(size / 4 + release);
      return enter(selector, descriptor, eip);
    },
    interruptReturn(_at, _next, size) {
      // A process has no task to return to.
      if (S[EFLAGS_SYSTEM]! & EFLAGS_NT) fault.raise(Vector.GP);
      const bytes = size / 8;
      const eip = read(0, size);
      const selector = read(bytes, size) & 0xffff;
      const image = read(2 * bytes, size);
      const descriptor = returnSegment(context, selector, eip);
      moveStack(3 * bytes);
      setUserFlags(S, image, size);
      return enter(selector, descriptor, eip);
    },
  };
}

/** The code segment that a far RET or IRET goes back to: its RPL is the level returned to, which must be this one. */
function returnSegment(context: UserVmmContext, selector: number, eip: number): Descriptor {
  const error = selectorError(selector);
  if (error !== 0 && (selector & 3) !== CPL) context.fault.raise(Vector.GP, error);
  return codeSegment(context, selector, eip);
}

/** The code segment of CPL 3 that `selector` names, with `eip` within its limit. */
function codeSegment({ descriptors, fault }: UserVmmContext, selector: number, eip: number): Descriptor {
  const error = selectorError(selector);
  const descriptor = error === 0 ? undefined : descriptors.describe(selector);
  if (descriptor === undefined) return fault.raise(Vector.GP, error);
  const { access, limit } = descriptor;
  const conforming = (access & ACCESS_CONFORMING) !== 0;
  if ((access & (ACCESS_S | ACCESS_CODE)) !== (ACCESS_S | ACCESS_CODE)) fault.raise(Vector.GP, error);
  if (!conforming && privilegeOf(access) !== CPL) fault.raise(Vector.GP, error);
  if ((access & ACCESS_PRESENT) === 0) fault.raise(Vector.NP, error);
  if (eip >>> 0 > limit >>> 0) fault.raise(Vector.GP);
  return descriptor;
}

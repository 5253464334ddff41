/** Segment registers in system mode: loads with their checks, and the instructions that ask about selectors. */
import { MODE_PROTECTED, MODE_SHADOW, MODE_VM86 } from '../../abi/mode.ts';
import { CPL, EFLAGS_ZF, EIP, MODE, SS } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { readEflags, writeStatusFlags } from '../../cpu/eflags.ts';
import { loadLegacySegment, loadSegmentRegister, nullDescriptor } from '../../cpu/segment.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { FetchedDescriptor, SystemType, selectorError } from './descriptor.ts';

type Calls = 'loadSegment' | 'loadPointer' | 'loadAccessRights' | 'verifySegment';

/** Is the processor in real-address or virtual-8086 mode, where selectors are paragraph numbers? */
export function isLegacy(S: Int32Array): boolean {
  return (S[MODE]! & (MODE_PROTECTED | MODE_VM86)) !== MODE_PROTECTED;
}

/** Source: SDM vol. 2A LAR, LSL; vol. 2B MOV, POP; vol. 2D VERR; vol. 3A §5.6 to §5.10. */
export function segmentCalls(processor: Processor): VmmPart<Calls> {
  const { state: S, descriptors } = processor;
  const found = new FetchedDescriptor();
  const setZero = (zero: boolean): void => {
    writeStatusFlags(S, (readEflags(S) & ~EFLAGS_ZF) | (zero ? EFLAGS_ZF : 0));
  };
  const load = (next: number, segment: number, selector: number, register: number, value: number): void => {
    if (isLegacy(S)) loadLegacySegment(S, segment, selector, (S[MODE]! & MODE_VM86) !== 0);
    else if (segment === SS) {
      fetchStackSegment(processor, selector, S[CPL]!, found, Vector.GP, 0);
      descriptors.markAccessed(found);
      loadSegmentRegister(S, SS, selector, found);
    } else loadDataSegment(processor, segment, selector, found, Vector.GP);
    if (register >= 0) S[register] = value;
    S[EIP] = next;
  };
  return {
    loadSegment(_at, next, segment, selector, register, value) {
      load(next, segment, selector, register, value);
      // Interrupts wait for the stack pointer's load.
      if (segment === SS) S[MODE]! |= MODE_SHADOW;
      return undefined;
    },
    loadPointer(_at, next, segment, selector, register, value) {
      load(next, segment, selector, register, value);
      return undefined;
    },
    loadAccessRights(_at, next, which, selector, register, size) {
      const visible = describe(processor, selector, found) && (which === 0 ? hasRights(found) : hasLimit(found));
      if (visible) {
        const value = which === 0 ? found.high & 0xf0ff00 : found.limit;
        S[register] = size === 16 ? (S[register]! & ~0xffff) | (value & 0xffff) : value;
      }
      setZero(visible);
      S[EIP] = next;
      return undefined;
    },
    verifySegment(_at, next, which, selector) {
      const visible = describe(processor, selector, found);
      setZero(visible && (which === 0 ? found.isReadable : found.isWritableData));
      S[EIP] = next;
      return undefined;
    },
  };
}

/** Types of system descriptors that LAR and LSL know (SDM vol. 2A, tables 3-53 and 3-54), a bit each. */
const RIGHTS =
  (1 << SystemType.AvailableTask16) |
  (1 << SystemType.Ldt) |
  (1 << SystemType.BusyTask16) |
  (1 << SystemType.CallGate16) |
  (1 << SystemType.TaskGate) |
  (1 << SystemType.AvailableTask32) |
  (1 << SystemType.BusyTask32) |
  (1 << SystemType.CallGate32);
const LIMITS =
  (1 << SystemType.AvailableTask16) |
  (1 << SystemType.Ldt) |
  (1 << SystemType.BusyTask16) |
  (1 << SystemType.AvailableTask32) |
  (1 << SystemType.BusyTask32);

function hasRights({ type }: FetchedDescriptor): boolean {
  return type >= 16 || (RIGHTS & (1 << type)) !== 0;
}

function hasLimit({ type }: FetchedDescriptor): boolean {
  return type >= 16 || (LIMITS & (1 << type)) !== 0;
}

/** Fetch the descriptor that LAR, LSL, VERR and VERW may see. @returns false when there is none. */
function describe({ state: S, descriptors }: Processor, selector: number, into: FetchedDescriptor): boolean {
  if (!descriptors.fetch(selector, into)) return false;
  if (into.isCode && into.isConforming) return true;
  return into.privilege >= Math.max(S[CPL]!, selector & 3);
}

/**
 * Fetch and check a stack segment for privilege level `cpl`: writable data with RPL and DPL equal to it.
 * @param vector #GP for loads, #TS for stacks that a gate or a task state names.  @param external EXT of error codes.
 */
export function fetchStackSegment(
  { descriptors, fault }: Processor,
  selector: number,
  cpl: number,
  into: FetchedDescriptor,
  vector: number,
  external: number,
): void {
  const error = selectorError(selector) | external;
  if (selectorError(selector) === 0 || !descriptors.fetch(selector, into)) fault.raise(vector, error);
  if ((selector & 3) !== cpl || !into.isWritableData || into.privilege !== cpl) fault.raise(vector, error);
  if (!into.isPresent) fault.raise(Vector.SS, error);
}

/** Load DS, ES, FS or GS: null, or readable and not of higher privilege. @param vector #GP, or #TS in a task switch. */
export function loadDataSegment(
  { state: S, descriptors, fault }: Processor,
  segment: number,
  selector: number,
  scratch: FetchedDescriptor,
  vector: number,
): void {
  const error = selectorError(selector);
  if (error === 0) {
    loadSegmentRegister(S, segment, selector, nullDescriptor);
    return;
  }
  if (!descriptors.fetch(selector, scratch) || !scratch.isReadable) fault.raise(vector, error);
  const isConforming = scratch.isCode && scratch.isConforming;
  if (!isConforming && scratch.privilege < Math.max(S[CPL]!, selector & 3)) fault.raise(vector, error);
  if (!scratch.isPresent) fault.raise(Vector.NP, error);
  descriptors.markAccessed(scratch);
  loadSegmentRegister(S, segment, selector, scratch);
}

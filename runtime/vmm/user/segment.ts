/** Segment registers of a process: loads with their checks, and the instructions that ask about selectors. */
import { EFLAGS_ZF, EIP, SS } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { readEflags, writeStatusFlags } from '../../cpu/eflags.ts';
import {
  ACCESS_CODE,
  ACCESS_CONFORMING,
  ACCESS_PRESENT,
  ACCESS_READABLE_CODE,
  ACCESS_S,
  ACCESS_WRITABLE,
  type Descriptor,
  loadSegmentRegister,
  nullDescriptor,
  privilegeOf,
} from '../../cpu/segment.ts';
import type { VmmPart } from '../table.ts';
import type { UserVmmContext } from './context.ts';

/** A process's privilege level. */
const CPL = 3;

/** A selector without its RPL, as error codes name it. */
export function selectorError(selector: number): number {
  return selector & 0xfffc;
}

type Calls = 'loadSegment' | 'loadPointer' | 'loadAccessRights' | 'verifySegment';

export function segmentCalls(context: UserVmmContext): VmmPart<Calls> {
  const { state: S } = context;
  const setZero = (zero: boolean): void => {
    writeStatusFlags(S, (readEflags(S) & ~EFLAGS_ZF) | (zero ? EFLAGS_ZF : 0));
  };
  const loadSegment: VmmPart<Calls>['loadSegment'] = (_at, next, segment, selector, register, value) => {
    const descriptor = segment === SS ? stackSegment(context, selector) : dataSegment(context, selector);
    loadSegmentRegister(S, segment, selector, descriptor);
    if (register >= 0) S[register] = value;
    S[EIP] = next;
    return undefined;
  };
  return {
    loadSegment,
    loadPointer: loadSegment,
    loadAccessRights(_at, next, which, selector, register, size) {
      const descriptor = visible(context, selector);
      if (descriptor) {
        const value = which === 0 ? (descriptor.access << 8) & 0xffff00 : descriptor.limit;
        S[register] = size === 16 ? (S[register]! & ~0xffff) | (value & 0xffff) : value;
      }
      setZero(descriptor !== undefined);
      S[EIP] = next;
      return undefined;
    },
    verifySegment(_at, next, which, selector) {
      const access = visible(context, selector)?.access ?? 0;
      setZero((access & ACCESS_S) !== 0 && (which === 0 ? isReadable(access) : isWritable(access)));
      S[EIP] = next;
      return undefined;
    },
  };
}

function isReadable(access: number): boolean {
  return (access & ACCESS_CODE) === 0 || (access & ACCESS_READABLE_CODE) !== 0;
}

function isWritable(access: number): boolean {
  return (access & (ACCESS_CODE | ACCESS_WRITABLE)) === ACCESS_WRITABLE;
}

/** SS: a writable data segment whose RPL and DPL are both the CPL. Source: SDM vol. 2B, MOV. */
function stackSegment({ descriptors, fault }: UserVmmContext, selector: number): Descriptor {
  const error = selectorError(selector);
  const descriptor = error === 0 ? undefined : descriptors.describe(selector);
  if (descriptor === undefined || (selector & 3) !== CPL) return fault.raise(Vector.GP, error);
  const { access } = descriptor;
  if ((access & ACCESS_S) === 0 || !isWritable(access) || privilegeOf(access) !== CPL) fault.raise(Vector.GP, error);
  if ((access & ACCESS_PRESENT) === 0) fault.raise(Vector.SS, error);
  return descriptor;
}

/** DS, ES, FS, GS: null, or readable and not of higher privilege. Source: SDM vol. 2B, MOV. */
function dataSegment({ descriptors, fault }: UserVmmContext, selector: number): Descriptor {
  const error = selectorError(selector);
  if (error === 0) return nullDescriptor;
  const descriptor = descriptors.describe(selector);
  if (descriptor === undefined) return fault.raise(Vector.GP, error);
  const { access } = descriptor;
  if ((access & ACCESS_S) === 0 || !isReadable(access) || !isReachable(access)) fault.raise(Vector.GP, error);
  if ((access & ACCESS_PRESENT) === 0) fault.raise(Vector.NP, error);
  return descriptor;
}

/** May CPL 3 use this segment? RPL plays no part, since it cannot lower the privilege any more. */
function isReachable(access: number): boolean {
  return (
    (access & (ACCESS_CODE | ACCESS_CONFORMING)) === (ACCESS_CODE | ACCESS_CONFORMING) || privilegeOf(access) === CPL
  );
}

/** The descriptor that LAR, LSL, VERR and VERW may see, or undefined. */
function visible({ descriptors }: UserVmmContext, selector: number): Descriptor | undefined {
  const descriptor = selectorError(selector) === 0 ? undefined : descriptors.describe(selector);
  return descriptor && isReachable(descriptor.access) ? descriptor : undefined;
}

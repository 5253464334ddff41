/** SYSENTER and SYSEXIT: flat segments from constants instead of descriptors. Source: SDM vol. 2B, under each. */
import { MODE_PROTECTED } from '../../abi/mode.ts';
import {
  CPL,
  ECX,
  EDX,
  EFLAGS_IF,
  EFLAGS_RF,
  EFLAGS_VM,
  EIP,
  ESP,
  MODE,
  SS,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { type Descriptor, loadSegmentRegister } from '../../cpu/segment.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { selectorError } from './descriptor.ts';
import { enterCode, setPrivilege, setSystemFlags } from './mode.ts';

const flat = (access: number): Descriptor => ({ base: 0, limit: -1, access });
/** Execute and read, or read and write; accessed, present, 32 bits, pages. */
const kernelCode = flat(0xc09b);
const kernelStack = flat(0xc093);
const userCode = flat(0xc0fb);
const userStack = flat(0xc0f3);

export function fastCalls({ state: S, fault }: Processor): VmmPart<'sysenter' | 'sysexit'> {
  const enter = (cs: number, code: Descriptor, stack: Descriptor, esp: number, eip: number): undefined => {
    const cpl = cs & 3;
    setPrivilege(S, cpl);
    loadSegmentRegister(S, SS, cs + 8, stack);
    enterCode(S, cs, code, cpl);
    S[ESP] = esp;
    S[EIP] = eip;
  };
  const base = (): number => {
    const selector = S[SYSENTER_CS]! & 0xffff;
    if ((S[MODE]! & MODE_PROTECTED) === 0 || selectorError(selector) === 0) fault.raise(Vector.GP);
    return selectorError(selector);
  };
  return {
    sysenter() {
      const cs = base();
      setSystemFlags(S, 0, EFLAGS_IF | EFLAGS_RF | EFLAGS_VM);
      return enter(cs, kernelCode, kernelStack, S[SYSENTER_ESP]!, S[SYSENTER_EIP]!);
    },
    sysexit() {
      if (S[CPL] !== 0) fault.raise(Vector.GP);
      return enter((base() + 16) | 3, userCode, userStack, S[ECX]!, S[EDX]!);
    },
  };
}

/**
 * Software interrupts: INT n, INT3, INTO, INT1 and the exceptions that blocks raise by themselves, with what
 * virtual-8086 mode makes of INT n.
 *
 * Source: SDM vol. 2A, INT n; vol. 3A §20.3, table 20-2 (the six ways of INT n in virtual-8086 mode).
 */
import { MODE_VM86 } from '../../abi/mode.ts';
import {
  CR4,
  CS,
  EFLAGS_IF,
  EFLAGS_TF,
  EFLAGS_VIF,
  EIP,
  ESP,
  FLAG_OF,
  MODE,
  SELECTOR,
  SYSTEM_BASE,
  SYSTEM_LIMIT,
  TR,
} from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import { readEflags } from '../../cpu/eflags.ts';
import { loadLegacySegment } from '../../cpu/segment.ts';
import type { VmmPart } from '../table.ts';
import type { Processor } from './context.ts';
import { CR4_VME } from './control.ts';
import { virtualImage } from './flags.ts';
import type { Deliver } from './interrupt.ts';
import { ioPrivilege, setSystemFlags } from './mode.ts';
import { isTask32 } from './task.ts';

type Calls = 'raise' | 'interrupt' | 'trap' | 'overflowTrap';

/** Where a 32-bit task state segment says where its I/O permission bitmap begins; redirection bits stand before it. */
const BITMAP_POINTER = 102;
const REDIRECTION_BYTES = 32;

export function softwareCalls(processor: Processor, deliver: Deliver): VmmPart<Calls> {
  const { state: S, memory, stack, fault } = processor;
  const { implicit } = memory;

  /** With virtual-8086 extensions a bit for each vector says who serves INT n: clear, the program's own vector table. */
  const isRedirected = (vector: number): boolean => {
    if ((S[CR4]! & CR4_VME) === 0 || !isTask32(S)) return false;
    const base = S[TR + SYSTEM_BASE]!;
    const limit = S[TR + SYSTEM_LIMIT]! >>> 0;
    if (limit < BITMAP_POINTER + 1) return false;
    const at = (implicit.read16((base + BITMAP_POINTER) | 0) & 0xffff) - REDIRECTION_BYTES + (vector >> 3);
    if (at > limit) fault.raise(Vector.GP);
    return ((implicit.read8((base + at) | 0) >> (vector & 7)) & 1) === 0;
  };

  /** Through the vector table at linear address 0 of the virtual-8086 program. */
  const redirect = (vector: number, next: number): void => {
    const isVirtual = ioPrivilege(S) < 3;
    const entry = memory.read32(vector * 4);
    stack.useCurrent();
    stack.push(isVirtual ? virtualImage(S) : readEflags(S), 16);
    stack.push(S[SELECTOR + CS]!, 16);
    stack.push(next, 16);
    S[ESP] = stack.pointer;
    setSystemFlags(S, 0, EFLAGS_TF | (isVirtual ? EFLAGS_VIF : EFLAGS_IF));
    loadLegacySegment(S, CS, entry >>> 16, true);
    S[EIP] = entry & 0xffff;
  };

  return {
    raise: (_at, _next, vector, errorCode) => fault.raise(vector, errorCode),
    interrupt(_at, next, vector) {
      if (S[MODE]! & MODE_VM86) {
        if (isRedirected(vector)) {
          redirect(vector, next);
          return undefined;
        }
        if (ioPrivilege(S) < 3) fault.raise(Vector.GP);
      }
      deliver(vector, 0, 'software', next);
      return undefined;
    },
    // INT1 passes the gate whatever its privilege is.
    trap(_at, next, vector) {
      deliver(vector, 0, vector === Vector.DB ? 'trap' : 'software', next);
      return undefined;
    },
    overflowTrap(_at, next) {
      if (S[FLAG_OF]! < 0) deliver(Vector.OF, 0, 'software', next);
      else S[EIP] = next;
      return undefined;
    },
  };
}

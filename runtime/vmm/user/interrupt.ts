/** Software interrupts and traps of a process: system calls, INT3, INTO, and what an instruction raises by itself. */
import { EIP, FLAG_OF } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { VmmPart, VmmResult, VmmStop } from '../table.ts';
import type { UserVmmContext } from './context.ts';

/** The gate of Linux's system calls. */
const SYSTEM_CALL = 0x80;
/** In an error code: bits 15..3 are an IDT index (SDM vol. 3A §6.13). */
const ERROR_IDT = 2;

const systemCall: VmmStop = { kind: 'interrupt', vector: SYSTEM_CALL };
const traps: ReadonlyMap<number, VmmStop> = new Map(
  [Vector.DB, Vector.BP, Vector.OF].map((vector) => [vector, { kind: 'fault', vector, errorCode: 0, address: 0 }]),
);

type Calls = 'raise' | 'interrupt' | 'trap' | 'overflowTrap';

/** INT n passes the gates that have DPL 3, those of INT3, INTO and the system calls. Source: SDM vol. 2A, INT n. */
export function interruptCalls({ state: S, fault }: UserVmmContext): VmmPart<Calls> {
  const trap = (next: number, vector: number): VmmResult => {
    S[EIP] = next;
    return traps.get(vector);
  };
  return {
    raise: (_at, _next, vector, errorCode) => fault.raise(vector, errorCode),
    interrupt(_at, next, vector) {
      if (vector === SYSTEM_CALL) {
        S[EIP] = next;
        return systemCall;
      }
      if (vector === Vector.BP || vector === Vector.OF) return trap(next, vector);
      return fault.raise(Vector.GP, vector * 8 + ERROR_IDT);
    },
    trap: (_at, next, vector) => trap(next, vector),
    overflowTrap(_at, next) {
      if (S[FLAG_OF]! < 0) return trap(next, Vector.OF);
      S[EIP] = next;
      return undefined;
    },
  };
}

/**
 * Faults while an event is delivered: served one after the other, turned into a double fault, or, when that cannot be
 * delivered either, the end (shutdown).
 *
 * Source: SDM vol. 3A §6.15, interrupt 8, table 6-5.
 */
import { CR2, EIP } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { VmmResult } from '../table.ts';
import type { Processor } from './context.ts';
import type { Deliver, EventKind } from './interrupt.ts';

/** Classes of exceptions by what a second one after them means. */
const BENIGN = 0;
const CONTRIBUTORY = 1;
const PAGE_FAULT = 2;
const DOUBLE_FAULT = 3;

function classOf(vector: number, kind: EventKind): number {
  if (kind !== 'exception') return BENIGN;
  if (vector === Vector.DF) return DOUBLE_FAULT;
  if (vector === Vector.PF) return PAGE_FAULT;
  const contributory = vector === Vector.DE || (vector >= Vector.TS && vector <= Vector.GP);
  return contributory ? CONTRIBUTORY : BENIGN;
}

/**
 * Deliver an event at the current EIP, and whatever that leads to. For a page fault CR2 is taken from the fault.
 * @returns undefined, or the shutdown that a triple fault is.
 */
export type DeliverEvent = (vector: number, errorCode: number | undefined, kind: EventKind) => VmmResult;

export function createEscalation({ state: S, memory, fault }: Processor, deliver: Deliver): DeliverEvent {
  const deliverAll: DeliverEvent = (vector, errorCode, kind) => {
    if (vector === Vector.PF && kind === 'exception') S[CR2] = fault.address;
    for (let code = errorCode ?? 0; ; ) {
      try {
        deliver(vector, code, kind, S[EIP]!);
        return undefined;
      } catch (thrown) {
        if (thrown !== fault) throw thrown;
      }
      const first = classOf(vector, kind);
      const second = classOf(fault.vector, 'exception');
      if (second === PAGE_FAULT) S[CR2] = fault.address;
      if (first === DOUBLE_FAULT && second !== BENIGN) {
        return { kind: 'shutdown', vector: fault.vector, errorCode: fault.errorCode, during: vector };
      }
      const isDouble =
        (first === CONTRIBUTORY && second === CONTRIBUTORY) || (first === PAGE_FAULT && second !== BENIGN);
      vector = isDouble ? Vector.DF : fault.vector;
      code = isDouble ? 0 : fault.errorCode;
      kind = 'exception';
    }
  };
  return (vector, errorCode, kind) => {
    // No translated code runs: stores may hit it, and devices answer at once.
    memory.single = true;
    try {
      return deliverAll(vector, errorCode, kind);
    } finally {
      memory.single = false;
    }
  };
}

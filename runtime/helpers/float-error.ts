/**
 * A pending x87 exception, as each instruction that waits for it meets it: #MF, or on a board with the wiring of the PC/AT
 * and CR0.NE clear the line FERR#, which ends up as IRQ 13.
 *
 * Source: SDM vol. 1 §8.7.2 and appendix D.2 (MS-DOS compatibility mode); vol. 3A §9.2.1.
 */
import { CR0, X87_IGNORED, X87_STATUS } from '../abi/state.ts';
import { Vector } from '../abi/vector.ts';
import type { GuestFault } from '../cpu/fault.ts';
import type { HelperContext } from './context.ts';

const CR0_NE = 1 << 5;
/** Error summary of the status word. */
const ES = 0x80;

/**
 * @returns the check, which returns 0. @throws GuestFault #MF; or a wait for the interrupt that FERR# brings, unless
 * IGNNE# holds.
 */
export function pendingFloatError(context: HelperContext): () => number {
  const { state: S, floatError } = context;
  const fault: GuestFault = context.fault;
  return () => {
    if ((S[X87_STATUS]! & ES) === 0) return 0;
    if (floatError === undefined || (S[CR0]! & CR0_NE) !== 0) return fault.raise(Vector.MF);
    if (S[X87_IGNORED] !== 0) return 0;
    floatError();
    return fault.wait();
  };
}

/**
 * The x87's helpers, put together: what begins an instruction and may fault, control and status word, and the workers of
 * fast.ts and general.ts.
 */
import { CR0, X87_CONTROL } from '../../abi/state.ts';
import { Vector } from '../../abi/vector.ts';
import type { x87Signatures } from '../../abi/x87.ts';
import { setX87Control, summarizeX87, x87Status } from '../../cpu/x87.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { pendingFloatError } from '../float-error.ts';
import { control } from './control.ts';
import { fastX87 } from './fast.ts';
import { generalX87 } from './general.ts';

/** CR0.MP, CR0.EM, CR0.TS. */
const CR0_MP = 2;
const CR0_EM = 4;
const CR0_TS = 8;

/** The `x87…` helpers of abi/x87.ts. Source: SDM vol. 1 §8.7; vol. 3A §2.5, table 9-3. */
export function x87Helpers(context: HelperContext): Pick<HelperTable, keyof typeof x87Signatures> {
  const { state: S, fault } = context;
  const pending = pendingFloatError(context);

  /** EM and TS, or for FWAIT both of MP and TS. @throws GuestFault #NM. */
  const available = (): number => {
    if ((S[CR0]! & (CR0_EM | CR0_TS)) !== 0) fault.raise(Vector.NM);
    return 0;
  };
  const begin = (): number => {
    available();
    return pending();
  };

  const general = generalX87(context, begin);
  return {
    ...(context.generalX87 ? general : fastX87(context, general)),
    x87Available: available,
    x87Begin: begin,
    x87Wait() {
      if ((S[CR0]! & (CR0_MP | CR0_TS)) === (CR0_MP | CR0_TS)) fault.raise(Vector.NM);
      return pending();
    },
    x87LoadControl(word) {
      begin();
      setX87Control(S, word);
      summarizeX87(S);
      return 0;
    },
    x87ReadControl: () => S[X87_CONTROL]!,
    x87ReadStatus: () => x87Status(S),
    x87Control(which, la, operandSize) {
      control(context, which, la, operandSize);
      return 0;
    },
  };
}

/** Control instructions that work on memory or on everything: initialisation, environment and whole state. Source: SDM vol. 2A. */
import { X87_STATUS } from '../../abi/state.ts';
import { X87Control as Control } from '../../abi/x87.ts';
import { initializeX87, summarizeX87 } from '../../cpu/x87.ts';
import type { HelperContext } from '../context.ts';
import { loadEnvironment, restore, save, storeEnvironment } from './environment.ts';

/** Exception flags, SF, ES and B: what FNCLEX clears. */
const CLEARED = 0x80ff;

/** Run control instruction `which` of abi/x87.ts. @throws GuestFault, or aborts. */
export function control(context: HelperContext, which: number, la: number, operandSize: number): void {
  const S = context.state;
  switch (which) {
    case Control.Initialize:
      initializeX87(S);
      break;
    case Control.ClearExceptions:
      // What is inexact so far must not come back.
      summarizeX87(S);
      S[X87_STATUS] = S[X87_STATUS]! & ~CLEARED;
      summarizeX87(S);
      break;
    case Control.LoadEnvironment:
      loadEnvironment(context, la, operandSize);
      break;
    case Control.StoreEnvironment:
      storeEnvironment(context, la, operandSize);
      break;
    case Control.Restore:
      restore(context, la, operandSize);
      break;
    case Control.Save:
      save(context, la, operandSize);
      break;
  }
}

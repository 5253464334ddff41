/** Control instructions: control and status word, environment and whole state, FWAIT. Source: SDM vol. 2A. */
import { EAX, X87_CONTROL, X87_STATUS } from '../../abi/state.ts';
import { X87Control as Control } from '../../abi/x87.ts';
import { initializeX87, setX87Control, summarizeX87 } from '../../cpu/x87.ts';
import { loadEnvironment, restore, save, storeEnvironment } from './environment.ts';
import type { X87Unit } from './unit.ts';

/** Exception flags, SF, ES and B: what FNCLEX clears. */
const CLEARED = 0x80ff;

/** Run control instruction `which` of abi/x87.ts. @throws GuestFault, or aborts. */
export function control(unit: X87Unit, which: number, la: number, operandSize: number): void {
  const { S, memory } = unit;
  if (which === Control.Wait) {
    unit.checkWait();
    unit.checkPending();
    return;
  }
  unit.checkAvailable();
  switch (which) {
    case Control.Initialize:
      initializeX87(S);
      break;
    case Control.ClearExceptions:
      S[X87_STATUS] = S[X87_STATUS]! & ~CLEARED;
      break;
    case Control.LoadControl:
      unit.checkPending();
      setX87Control(S, memory.read16(la));
      summarizeX87(S);
      break;
    case Control.StoreControl:
      memory.write16(la, S[X87_CONTROL]!);
      break;
    case Control.StoreStatus:
      memory.write16(la, S[X87_STATUS]!);
      break;
    case Control.StoreStatusAx:
      S[EAX] = (S[EAX]! & ~0xffff) | S[X87_STATUS]!;
      break;
    case Control.LoadEnvironment:
      unit.checkPending();
      loadEnvironment(unit, la, operandSize);
      break;
    case Control.StoreEnvironment:
      storeEnvironment(unit, la, operandSize);
      break;
    case Control.Restore:
      unit.checkPending();
      restore(unit, la, operandSize);
      break;
    case Control.Save:
      save(unit, la, operandSize);
      break;
  }
}

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
    return unit.checkPending();
  }
  unit.checkAvailable();
  switch (which) {
    case Control.Initialize:
      return initializeX87(S);
    case Control.ClearExceptions:
      S[X87_STATUS] = S[X87_STATUS]! & ~CLEARED;
      return;
    case Control.LoadControl:
      unit.checkPending();
      setX87Control(S, memory.read16(la));
      return summarizeX87(S);
    case Control.StoreControl:
      return memory.write16(la, S[X87_CONTROL]!);
    case Control.StoreStatus:
      return memory.write16(la, S[X87_STATUS]!);
    case Control.StoreStatusAx:
      S[EAX] = (S[EAX]! & ~0xffff) | S[X87_STATUS]!;
      return;
    case Control.LoadEnvironment:
      unit.checkPending();
      return loadEnvironment(unit, la, operandSize);
    case Control.StoreEnvironment:
      return storeEnvironment(unit, la, operandSize);
    case Control.Restore:
      unit.checkPending();
      return restore(unit, la, operandSize);
    case Control.Save:
      return save(unit, la, operandSize);
  }
}

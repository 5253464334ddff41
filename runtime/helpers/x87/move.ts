/** Movements among x87 registers and of the stack's top. Source: SDM vol. 2A under FLD, FST, FXCH, FFREE, FCMOVcc. */
import { X87Move as Move } from '../../abi/x87.ts';
import type { X87Unit } from './unit.ts';

/** Run movement `which` of abi/x87.ts with ST(i), on a unit that has begun. */
export function move(unit: X87Unit, which: number, i: number): void {
  switch (which) {
    case Move.Load:
      load(unit, i);
      break;
    case Move.Store:
      store(unit, i, 0);
      break;
    case Move.StorePop:
      store(unit, i, 1);
      break;
    case Move.Exchange:
      exchange(unit, i);
      break;
    case Move.Free:
      unit.free(i);
      break;
    case Move.FreePop:
      unit.free(i);
      unit.pop(1);
      break;
    case Move.IncrementTop:
      unit.setTop(unit.top + 1);
      break;
    case Move.DecrementTop:
      unit.setTop(unit.top - 1);
      break;
    case Move.Nothing:
      unit.keepC1();
      break;
    case Move.StorePopQuietly:
      if (unit.isEmpty(0)) unit.pop(1);
      else store(unit, i, 1);
      break;
    case Move.Conditional:
      conditional(unit, i, true);
      break;
    case Move.NotMoved:
      conditional(unit, i, false);
      break;
  }
}

function load(unit: X87Unit, i: number): void {
  const value = unit.isEmpty(i) ? unit.underflow() : unit.isEmpty(7) ? unit.real(i) : unit.overflow();
  if (!unit.env.blocked) unit.push(value);
}

function store(unit: X87Unit, i: number, pops: number): void {
  const value = unit.isEmpty(0) ? unit.underflow() : unit.real(0);
  if (unit.env.blocked) return;
  unit.write(i, value);
  unit.pop(pops);
}

function exchange(unit: X87Unit, i: number): void {
  const top = unit.isEmpty(0) ? unit.underflow() : unit.real(0);
  const other = unit.isEmpty(i) ? unit.underflow() : unit.real(i);
  if (unit.env.blocked) return;
  unit.write(0, other);
  unit.write(i, top);
}

function conditional(unit: X87Unit, i: number, holds: boolean): void {
  unit.keepC1();
  if (unit.isEmpty(0) || unit.isEmpty(i)) {
    const value = unit.underflow();
    if (!unit.env.blocked) unit.write(0, value);
  } else if (holds) unit.write(0, unit.real(i));
}

/**
 * The x87's helpers: each runs one instruction on state and memory, exactly as the manual has it. Significands are
 * BigInts here: this is the path that is right for every operand, not the one that is fast for the common ones.
 */
import { EFLAGS_CF, EFLAGS_PF, EFLAGS_ZF } from '../../abi/state.ts';
import { X87Arithmetic as Arithmetic, X87Compare, X87Format } from '../../abi/x87.ts';
import { writeStatusFlags } from '../../cpu/eflags.ts';
import type { HelperContext, HelperTable } from '../context.ts';
import { add, divide, multiply, propagateOne } from './arithmetic.ts';
import { compare, UNORDERED } from './compare.ts';
import { control } from './control.ts';
import { type Operand, pack, type Real } from './format.ts';
import { move } from './move.ts';
import { encode, readOperand, readReal, writeOperand } from './operand.ts';
import { operate } from './operation.ts';
import { DE, type FloatEnvironment, PE } from './round.ts';
import { C0, C2, C3, X87Unit } from './unit.ts';

type Names =
  | 'x87Load'
  | 'x87Store'
  | 'x87Arithmetic'
  | 'x87ArithmeticMemory'
  | 'x87Compare'
  | 'x87CompareMemory'
  | 'x87Operation'
  | 'x87Move'
  | 'x87Control';

/** The `x87…` helpers of abi/calls.ts. Source: SDM vol. 1 chapter 8, vol. 2A under each instruction. */
export function x87Helpers(context: HelperContext): Pick<HelperTable, Names> {
  const unit = new X87Unit(context);
  const { S, memory, env } = unit;

  return {
    x87Load(format, la, eip) {
      unit.begin();
      const value = loaded(unit, format, la);
      unit.point(eip);
      unit.pointOperand(la);
      // Seen on an AMD CPU: #D comes after the push.
      if ((env.raised & ~env.control & ~DE) === 0) unit.push(value);
      unit.finish();
      return 0;
    },

    x87Store(format, la, pops, eip) {
      unit.begin();
      const value = unit.isEmpty(0) ? unit.underflow() : unit.real(0);
      const underflows = env.raised;
      const bits = encode(env, format, value);
      // What the indefinite value does on conversion is no exception of its own.
      if (underflows !== 0) env.raised = underflows;
      const blocked = env.blockedStore;
      if (blocked) {
        env.raised &= ~PE;
        env.c1 = 0;
      }
      if (!blocked) writeOperand(memory, format, la, bits);
      unit.point(eip);
      unit.pointOperand(la);
      if (!blocked) unit.pop(pops);
      unit.finish();
      return 0;
    },

    x87Arithmetic(operation, destination, source, pops, eip) {
      unit.begin();
      unit.point(eip);
      const isShort = unit.isEmpty(destination) || unit.isEmpty(source);
      const value = isShort
        ? unit.underflow()
        : arithmetic(env, operation, unit.operand(destination), unit.operand(source));
      if (!env.blocked) {
        unit.write(destination, value);
        unit.pop(pops);
      }
      unit.finish();
      return 0;
    },

    x87ArithmeticMemory(operation, format, la, eip) {
      unit.begin();
      const source = readOperand(memory, format, la);
      unit.point(eip);
      unit.pointOperand(la);
      const value = unit.isEmpty(0) ? unit.underflow() : arithmetic(env, operation, unit.operand(0), source);
      if (!env.blocked) unit.write(0, value);
      unit.finish();
      return 0;
    },

    x87Compare(i, bits, eip) {
      unit.begin();
      unit.point(eip);
      const quietAllowed = (bits & X87Compare.Unordered) !== 0;
      let order = UNORDERED;
      if ((bits & X87Compare.Eflags) !== 0) unit.keepC1();
      if (unit.isEmpty(0) || unit.isEmpty(i)) unit.underflow();
      else order = compare(env, unit.operand(0), unit.operand(i), quietAllowed);
      if ((bits & X87Compare.Eflags) === 0) unit.setConditions(order);
      else writeStatusFlags(S, eflagsOf(order));
      if (!env.blocked) unit.pop((bits & X87Compare.Pop ? 1 : 0) + (bits & X87Compare.PopTwice ? 2 : 0));
      unit.finish();
      return 0;
    },

    x87CompareMemory(format, la, pops, eip) {
      unit.begin();
      const source = readOperand(memory, format, la);
      unit.point(eip);
      unit.pointOperand(la);
      let order = UNORDERED;
      if (unit.isEmpty(0)) unit.underflow();
      else order = compare(env, unit.operand(0), source, false);
      unit.setConditions(order);
      if (!env.blocked) unit.pop(pops);
      unit.finish();
      return 0;
    },

    x87Operation(operation, eip) {
      unit.begin();
      unit.point(eip);
      operate(unit, operation);
      unit.finish();
      return 0;
    },

    x87Move(which, i, eip) {
      unit.begin();
      unit.point(eip);
      move(unit, which, i);
      unit.finish();
      return 0;
    },

    x87Control(which, la, operandSize) {
      control(unit, which, la, operandSize);
      return 0;
    },
  };
}

/** What FLD, FILD or FBLD pushes. @throws GuestFault. */
function loaded(unit: X87Unit, format: number, la: number): Real {
  const { env, memory } = unit;
  if (format === X87Format.Real80) {
    const value = readReal(memory, la);
    return unit.isEmpty(7) ? value : unit.overflow();
  }
  const operand = readOperand(memory, format, la);
  if (!unit.isEmpty(7)) return unit.overflow();
  const nan = propagateOne(env, operand);
  if (nan !== undefined) return nan;
  if (operand.denormal) env.raised |= DE;
  return pack(operand);
}

function arithmetic(env: FloatEnvironment, operation: number, a: Operand, b: Operand): Real {
  switch (operation) {
    case Arithmetic.Add:
      return add(env, a, b, false);
    case Arithmetic.Multiply:
      return multiply(env, a, b);
    case Arithmetic.Subtract:
      return add(env, a, b, true);
    case Arithmetic.SubtractReversed:
      return add(env, b, a, true);
    case Arithmetic.Divide:
      return divide(env, a, b);
    default:
      return divide(env, b, a);
  }
}

/** C3, C2 and C0 as ZF, PF and CF; the other status flags are cleared. */
function eflagsOf(order: number): number {
  return (order & C3 ? EFLAGS_ZF : 0) | (order & C2 ? EFLAGS_PF : 0) | (order & C0 ? EFLAGS_CF : 0);
}

// The list of everything that is recorded: one fixture file a family.
import type { FormSpec } from '../form.ts';
import { arithmeticForms } from './arithmetic.ts';
import { bitForms } from './bit.ts';
import { bmiForms } from './bmi.ts';
import { branchForms } from './branch.ts';
import { faultForms } from './fault.ts';
import { moveForms } from './move.ts';
import { multiplyForms } from './multiply.ts';
import { sequenceForms } from './sequence.ts';
import { shiftForms } from './shift.ts';
import { SIMD_FAMILIES } from './simd.ts';
import { stackForms } from './stack.ts';
import { stringForms } from './string.ts';

/** The forms of each family; the names are the fixtures' file names. */
export const FAMILIES: Readonly<Record<string, () => FormSpec[]>> = {
  arithmetic: arithmeticForms,
  multiply: multiplyForms,
  shift: shiftForms,
  bit: bitForms,
  bmi: bmiForms,
  move: moveForms,
  stack: stackForms,
  branch: branchForms,
  string: stringForms,
  fault: faultForms,
  sequence: sequenceForms,
  ...SIMD_FAMILIES,
};

// The list of everything that is recorded: one fixture file a family.
import type { FormSpec } from '../form.ts';
import { arithmeticForms } from './arithmetic.ts';
import { bitForms } from './bit.ts';
import { bmiForms } from './bmi.ts';
import { multiplyForms } from './multiply.ts';
import { shiftForms } from './shift.ts';

/** The forms of each family; the names are the fixtures' file names. */
export const FAMILIES: Readonly<Record<string, () => FormSpec[]>> = {
  arithmetic: arithmeticForms,
  multiply: multiplyForms,
  shift: shiftForms,
  bit: bitForms,
  bmi: bmiForms,
};

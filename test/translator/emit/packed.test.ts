// What tier 1 inlines of packed integers is one expression each, so that it can be inlined at all, and means what the
// operators mean on lanes.
import { expect, test } from 'vitest';
import { packedShifts, packedWords } from '../../../runtime/abi/packed-words.ts';
import { inlinedShifts, inlinedWords } from '../../../translator/emit/packed.ts';
import { templateOf } from '../../../translator/emit/reflect.ts';

test.each(inlinedWords)('%s is an expression', (name) => {
  expect(templateOf(packedWords[name])?.occurrences.length).toBe(2);
});

test.each(inlinedShifts)('%s is an expression', (name) => {
  expect(templateOf(packedShifts[name])?.occurrences.length).toBe(2);
});

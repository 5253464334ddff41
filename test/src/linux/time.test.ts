// Times as the calls pass them: whole seconds and a valid number of nanoseconds, whatever the clock shows.
import { expect, test } from 'vitest';
import { timeOfMilliseconds } from '../../../src/linux/tree/file-system.ts';

test.each([
  [0, 0, 0],
  [1500, 1, 500_000_000],
  [1999.999999, 1, 999_999_999],
  [1999.9999998, 2, 0],
  [-0.000001, -1, 999_999_999],
  [-1e-9, 0, 0],
])('%d ms are %d s and %d ns', (milliseconds, seconds, nanoseconds) => {
  expect(timeOfMilliseconds(milliseconds)).toEqual({ seconds, nanoseconds });
});

// The benchmark's guests compute the same as on this CPU: ordinary work by hotness, and code that was written to defeat
// a translator also interpreted and when all of it is compiled at once. One round of each.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Tier } from '../../src/index.ts';
import { runGuest, runNative } from '../support/guest-programs.ts';
import { buildGuests, listGuests, suites } from './guests.ts';

beforeAll(buildGuests);

describe.each(suites)('%s', (suite) => {
  for (const { name, program } of listGuests(suite)) {
    test.each<Tier>(suite === 'hostile' ? ['0', '1', 'auto'] : ['auto'])(`${name} in tier %s`, async (tier) => {
      const native = runNative(program, ['1'], '/');
      expect(native.stdout).toMatch(new RegExp(`^${name} [0-9a-f]{16}\n$`));
      expect(await runGuest(program, { args: ['1'], tier })).toMatchObject(native);
    });
  }
});

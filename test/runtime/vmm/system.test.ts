// The system-mode VMM under the self-checking guests that are about it, in both tiers. What they expect is QEMU's word
// (test/machine/system/guests.test.ts) or, where a guest says so, the manual's and Bochs's.
import { describe, expect, test } from 'vitest';
import { has, nasm } from '../../support/needs.ts';
import { assembleSystemGuest, EXIT_PASSED, failures, systemGuests } from '../../support/system-guests.ts';
import { SystemMachine } from '../../support/system-machine.ts';

/** Guests that need neither paging nor devices. */
const names = ['exceptions'];

describe.skipIf(!has('guests of the system-mode VMM', [nasm]))('the system-mode VMM passes', () => {
  for (const guest of systemGuests().filter(({ name }) => names.includes(name))) {
    test.each(['0', '1'] as const)(`${guest.name}, tier %s`, (tier) => {
      const outcome = new SystemMachine(tier).runGuest(assembleSystemGuest(guest));
      expect(failures(outcome)).toEqual([]);
      expect(outcome.exit).toBe(EXIT_PASSED);
    });
  }
});

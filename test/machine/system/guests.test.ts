// The self-checking guests of fixtures/guests/system. QEMU vouches for what they expect.
import { describe, expect, test } from 'vitest';
import { has, nasm, qemuSystem } from '../../support/needs.ts';
import { assembleSystemGuest, EXIT_PASSED, failures, runUnderQemu, systemGuests } from '../../support/system-guests.ts';

describe.skipIf(!has('system guests under QEMU', [nasm, qemuSystem]))('QEMU agrees with', () => {
  for (const guest of systemGuests()) {
    test(guest.name, () => {
      const outcome = runUnderQemu(assembleSystemGuest(guest));
      expect(failures(outcome, guest.qemuDiffers)).toEqual([]);
      // It got to its end; a check that QEMU fails makes the guest say so there.
      if (guest.qemuDiffers.length === 0) expect(outcome.exit).toBe(EXIT_PASSED);
      else expect(outcome.exit).toBeDefined();
    });
  }
});

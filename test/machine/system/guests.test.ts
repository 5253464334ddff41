// The self-checking guests of fixtures/guests/system under xlat86, in each tier. QEMU vouches for what they expect.
import { describe, expect, test } from 'vitest';
import { has, nasm, qemuSystem } from '../../support/needs.ts';
import {
  assembleSystemGuest,
  EXIT_PASSED,
  failures,
  runUnderQemu,
  runUnderXlat86,
  systemGuests,
} from '../../support/system-guests.ts';

describe.skipIf(!has('system guests', [nasm]))('a system guest', () => {
  test.each(systemGuests().flatMap((guest) => (['0', '1', 'auto'] as const).map((tier) => ({ guest, tier }))))(
    '$guest.name, tier $tier',
    async ({ guest, tier }) => {
      const outcome = await runUnderXlat86(assembleSystemGuest(guest), tier);
      expect(failures(outcome)).toEqual([]);
      expect(outcome.exit).toBe(EXIT_PASSED);
    },
  );
});

describe.skipIf(!has('system guests under QEMU', [nasm, qemuSystem]))('QEMU agrees with', () => {
  test.each(systemGuests().filter(({ qemuCpu }) => qemuCpu !== undefined))('$name', async (guest) => {
    const image = assembleSystemGuest(guest);
    const outcome = runUnderQemu(image, guest.qemuCpu);
    // What QEMU fails in some runs only is left out when it does.
    const sometimes = guest.qemuMayDiffer.filter((check) =>
      failures(outcome).some((line) => line.startsWith(`FAILED ${check}`)),
    );
    const differs = [...guest.qemuDiffers, ...sometimes];
    expect(failures(outcome, differs)).toEqual([]);
    // A check that QEMU fails makes the guest say so at its end.
    expect(outcome.exit).toBe(differs.length === 0 ? EXIT_PASSED : EXIT_PASSED + 1);
    // The same checks, in the same order.
    const names = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => line.replace(/^(ok|FAILED) /, '').replace(/: got .*/, ''));
    expect(names((await runUnderXlat86(image, 'auto')).lines)).toEqual(names(outcome.lines));
  });
});

// The self-checking guests of fixtures/guests/system under xlat86, in each tier. QEMU and Bochs vouch for what they expect;
// each of them may fail just those checks that the source names.
import { describe, expect, test } from 'vitest';
import { runUnderBochs } from '../../support/bochs.ts';
import { bochs, has, nasm, qemuSystem } from '../../support/needs.ts';
import {
  assembleSystemGuest,
  checksOf,
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

/** A check that fails makes the guest say so at its end. */
const exitWith = (failed: readonly string[]): number => (failed.length === 0 ? EXIT_PASSED : EXIT_PASSED + 1);

describe.skipIf(!has('system guests under QEMU', [nasm, qemuSystem]))('QEMU agrees with', () => {
  test.each(systemGuests().filter(({ qemu }) => qemu.model !== undefined))('$name', async (guest) => {
    const { model, differs, mayDiffer } = guest.qemu;
    const image = assembleSystemGuest(guest);
    const outcome = runUnderQemu(image, model!);
    expect(failures(outcome, [...differs, ...mayDiffer])).toEqual([]);
    expect(outcome.exit).toBe(exitWith(failures(outcome)));
    for (const check of differs) expect(failures(outcome)).toContainEqual(expect.stringContaining(`FAILED ${check}`));
    expect(checksOf(await runUnderXlat86(image, 'auto'))).toEqual(checksOf(outcome));
  });
});

describe.skipIf(!has('system guests under Bochs', [nasm, bochs]))('Bochs agrees with', () => {
  test.each(systemGuests().filter(({ bochs }) => bochs.model !== undefined))('$name', async (guest) => {
    const { model, differs } = guest.bochs;
    const image = assembleSystemGuest(guest);
    const outcome = runUnderBochs(image, model!);
    expect(failures(outcome, differs)).toEqual([]);
    for (const check of differs) expect(failures(outcome)).toContainEqual(expect.stringContaining(`FAILED ${check}`));
    expect(checksOf(await runUnderXlat86(image, 'auto'))).toEqual(checksOf(outcome));
  });
});

// Programs that choose by CPUID, and signals that interrupt floating point: each must print under xlat86 what it prints
// natively, whatever processor it finds.
import { expect, test } from 'vitest';
import type { CpuName, Tier } from '../../../src/index.ts';
import { compileGuest, runGuest, runNative } from '../../support/guest-programs.ts';

test.each<CpuName>(['max', 'sse2', 'i686'])("glibc's strings and mathematics on %s", async (cpu) => {
  const program = compileGuest('library');
  const guest = await runGuest(program, { cpu });
  expect(guest.stdout).toBe(runNative(program, [], '/tmp').stdout);
});

test.each<Tier>(['0', '1', 'auto'])('x87, MMX and SSE across signals, tier %s', async (tier) => {
  const program = compileGuest('float-signals');
  const native = runNative(program, [], '/tmp');
  const guest = await runGuest(program, { tier });
  expect(native.stdout).toContain('intact');
  expect(guest.stdout).toBe(native.stdout);
});

test.each<Tier>(['0', '1', 'auto'])('floating point that goes wrong, tier %s', async (tier) => {
  const program = compileGuest('float-faults');
  const native = runNative(program, [], '/tmp');
  const guest = await runGuest(program, { tier });
  expect(native.stdout).toContain('ticks enough');
  expect(guest.stdout).toBe(native.stdout);
});

test('a program for a newer processor ends by SIGILL', async () => {
  // glibc's start-up code of Debian has CMOV.
  const guest = await runGuest(compileGuest('library'), { cpu: 'pentium' });
  expect(guest.signal).toBe('SIGILL');
});

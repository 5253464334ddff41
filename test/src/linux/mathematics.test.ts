// glibc's mathematics, strtold and printf("%La") in a static program, on every CPU model and in every tier: what this
// machine's CPU makes of the very same binary. Long double results of transcendental functions may differ in the last of
// 64 bits, because those of the CPU's own instructions are not always rounded correctly, and ours are.
import { expect, test } from 'vitest';
import type { CpuName, Tier } from '../../../src/index.ts';
import { compileGuest, runGuest, runNative } from '../../support/guest-programs.ts';

/** "~ expl 0xa.e524c1f2d4aeedcp-4": what may differ in the last place. */
const LOOSE = /^~ (\w+) (-?)0x([0-9a-f])\.?([0-9a-f]*)p([+-]\d+)$/;
const FRACTION_DIGITS = 15;

/** Distance of two such lines in units of the last of 64 bits; undefined when they cannot be compared. */
function distance(native: string, guest: string): bigint | undefined {
  const [a, b] = [LOOSE.exec(native), LOOSE.exec(guest)];
  if (a === null || b === null || a[1] !== b[1] || a[2] !== b[2] || a[5] !== b[5]) return undefined;
  const [x, y] = [a, b].map(([, , , first, rest]) => BigInt(`0x${first}${rest!.padEnd(FRACTION_DIGITS, '0')}`));
  return x! < y! ? y! - x! : x! - y!;
}

test.each<[CpuName, Tier]>([
  ['max', 'auto'],
  ['sse2', 'auto'],
  ['i686', 'auto'],
  ['max', '0'],
  ['max', '1'],
])('mathematics on %s, tier %s', async (cpu, tier) => {
  const program = compileGuest('mathematics');
  const native = runNative(program, [], '/tmp').stdout.split('\n');
  const guest = (await runGuest(program, { cpu, tier })).stdout.split('\n');
  const loose = native.filter((line) => LOOSE.test(line)).length;
  expect(loose).toBeGreaterThan(1500);
  expect(native.length - loose).toBeGreaterThan(250);
  expect(guest).toHaveLength(native.length);
  const different = native.flatMap((line, i) => (line === guest[i] ? [] : [[line, guest[i]!] as const]));
  expect(different.filter(([ours, theirs]) => (distance(ours, theirs) ?? 99n) > 2n)).toEqual([]);
  // 14 of 2205 on an AMD EPYC.
  expect(different.length).toBeLessThan(loose / 50);
});

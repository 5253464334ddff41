// Debian's kernels for i386 with a busybox initramfs: to a shell on the serial port, through fixtures/guests/initramfs/check,
// to power-off. The clock is virtual, so every run of one kernel is the same, instruction by instruction.
import { describe, expect, test } from 'vitest';
import type { PcOptions } from '../../../src/index.ts';
import { has } from '../../support/needs.ts';
import { guestFile, PcSession } from '../../support/pc-session.ts';

const initrd = guestFile('initramfs.cpio');
const kernels = [guestFile('linux-686'), guestFile('linux-686-pae')];
const FORTY_MINUTES = 2_400_000;

/** What fixtures/guests/initramfs/check prints on a sound machine. */
const sound = [
  /== files\none\ntwo\n1048576\nb6d81b360a5672d80c27430f39153e2c {2}-\n\/tmp\/a\/one\n\/tmp\/zeros\n/,
  /== pipes\n333833500\n {2}20000 xlat86\nthrough a fifo\n/,
  /== processes\nstatus 7\na child in a child: deep\n30 programs\n/,
  /== \/proc\n1\nmeminfo\nhead\n4\nkernel\.hostname: \(none\)\n/,
  /== timers\nsleep slept\nusleep slept\nTerminated\ntimeout 143\n/,
  /== signals\ncaught USR1\ncaught TERM\nKilled\nkilled: 137\nSegmentation fault\nsegmentation: 139\n/,
  /== floating point\nprocess 0: kept its state\nprocess 1: kept its state\n== the end\n/,
];

/** Runs the check to the end. @returns what the serial port said, without carriage returns, and how long it took. */
async function runCheck(kernel: string, options: PcOptions): Promise<{ text: string; instructions: number }> {
  const session = new PcSession({
    ...options,
    kernel: {
      image: guestFile(kernel).read(),
      name: kernel,
      initrd: initrd.read(),
      append: 'console=ttyS0 quiet script=check',
    },
  });
  expect(await session.end(20e9)).toEqual({ kind: 'poweroff' });
  return { text: session.serial.replaceAll('\r', ''), instructions: session.pc.retired };
}

describe.skipIf(!has("Debian's kernels", [initrd, ...kernels]))("Debian's kernel", () => {
  test('686, and the same with tier 1 off', { timeout: FORTY_MINUTES }, async () => {
    const mixed = await runCheck('linux-686', { cpu: 'max' });
    for (const part of sound) expect(mixed.text).toMatch(part);
    const interpreted = await runCheck('linux-686', { cpu: 'max', tier: '0' });
    expect(interpreted.text).toBe(mixed.text);
    expect(interpreted.instructions).toBe(mixed.instructions);
  });

  test.each(['linux-686', 'linux-686-pae'])(
    '%s, on a processor without SSE',
    { timeout: FORTY_MINUTES },
    async (kernel) => {
      const { text } = await runCheck(kernel, { cpu: 'i686' });
      for (const part of sound) expect(text).toMatch(part);
    },
  );
});

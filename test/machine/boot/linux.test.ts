// Debian's kernels for i386 with a busybox initramfs: to a shell on the serial port, through fixtures/guests/initramfs/check,
// to power-off. The clock is virtual, so every run of one kernel is the same, instruction by instruction.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CpioEntry, writeCpio } from '../../../scripts/cpio.ts';
import { arrayStore } from '../../../src/disk/array-store.ts';
import type { PcOptions } from '../../../src/index.ts';
import { has } from '../../support/needs.ts';
import { firmware, guestFile, PcSession } from '../../support/pc-session.ts';

const initrd = guestFile('initramfs.cpio');
const kernels = [guestFile('linux-686'), guestFile('linux-686-pae')];
const modules = guestFile('modules');
const disc = guestFile('memtest.iso');
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

describe.skipIf(!has('a kernel behind firmware', [initrd, kernels[0]!, ...firmware]))('SeaBIOS', () => {
  test('starts a kernel whose 16-bit setup code asks it for everything', { timeout: FORTY_MINUTES }, async () => {
    const [bios, vgaBios] = firmware;
    const session = new PcSession({
      bios: bios.read(),
      vgaBios: vgaBios.read(),
      kernel: { image: kernels[0]!.read(), name: 'linux-686', initrd: initrd.read(), append: 'console=ttyS0' },
    });
    await session.serialSays('xlat86: the shell is up');
    expect(session.screen).toContain('Booting from ROM...\nProbing EDD (edd=off to disable)... ok');
    // The map of INT 15h, E820h, which differs from that of a start without firmware; and tables that firmware alone has.
    expect(session.serial).toMatch(/BIOS-e820: \[mem 0x00000000000f0000-0x00000000000fffff\] reserved/);
    expect(session.serial).toMatch(/SMBIOS 2\.\d present/);
    expect(session.serial).toMatch(/RAMDISK: \[mem 0x/);
    session.send('poweroff -f\n');
    expect(await session.end()).toEqual({ kind: 'poweroff' });
  });
});

/** An archive behind initramfs.cpio: the drivers, and a script of fixtures/guests/initramfs. */
function withDrivers(script: string): Uint8Array {
  const entry = (name: string, from: string): CpioEntry => ({ name, mode: 0o100755, bytes: readFileSync(from) });
  const source = join(import.meta.dirname, '../../../fixtures/guests/initramfs', script);
  return Buffer.concat([
    initrd.read(),
    writeCpio([
      { name: 'modules', mode: 0o040755 },
      ...readdirSync(modules.what).map((name) => entry(`modules/${name}`, join(modules.what, name))),
      entry(`scripts/${script}`, source),
    ]),
  ]);
}

describe.skipIf(!has("Linux's drivers", [initrd, kernels[0]!, modules, disc]))("Linux's drivers", () => {
  test('find disk, CD and both serial ports, and move data by bus master', { timeout: FORTY_MINUTES }, async () => {
    const image = Uint8Array.from({ length: 8 << 20 }, (_, i) => (i >>> 9) + i);
    const cd = disc.read();
    const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
    const before = md5(image);
    const session = new PcSession({
      kernel: {
        image: kernels[0]!.read(),
        name: 'linux-686',
        initrd: withDrivers('disk'),
        append: 'console=ttyS0 quiet script=disk',
      },
      disk: arrayStore(image),
      cdrom: arrayStore(cd, 2048, true),
    });
    await session.serialSays('== second serial port');
    expect(session.serial.replaceAll('\r', '')).toMatch(
      new RegExp(
        `== modes\nXFER_MW_DMA_2\nXFER_MW_DMA_2\n== reading\n${before} {2}-\n${md5(cd)} {2}-\n` +
          '== writing\nsame\nno complaints\n',
      ),
    );
    expect(md5(image)).not.toBe(before);
    session.send('an answer\n', 2);
    expect(await session.end()).toEqual({ kind: 'poweroff' });
    expect(session.serial2).toMatch(/^to the other port\r?\n/);
    expect(session.serial).toContain('an answer\r\n== the end');
  });
});

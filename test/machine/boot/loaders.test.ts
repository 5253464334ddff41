// Firmware and boot loaders from their packages: SeaBIOS with its boot menu, GRUB, syslinux, isolinux, memtest86+.
import { describe, expect, test } from 'vitest';
import { has } from '../../support/needs.ts';
import { firmware, guestFile, guestImage, PcSession } from '../../support/pc-session.ts';

const [bios, vgaBios] = firmware;
const images = ['disk.img', 'syslinux.img', 'isolinux.iso', 'memtest.iso', 'memtest.bin'].map(guestFile);

/** Instructions between two looks at the screen of a guest that is never idle. */
const STRIDE = 2_000_000;

describe.skipIf(!has('firmware and boot loaders', [...firmware, ...images]))('from its package', () => {
  const withBios = (): { bios: Uint8Array; vgaBios: Uint8Array } => ({ bios: bios.read(), vgaBios: vgaBios.read() });

  test('SeaBIOS shows its boot menu and boots what is chosen', async () => {
    const pc = new PcSession({
      ...withBios(),
      bootMenu: 60_000,
      disk: guestImage('disk.img'),
      floppy: guestImage('syslinux.img'),
    });
    await pc.screenShows('Press ESC for boot menu');
    await pc.type('\x1b');
    await pc.screenShows('Select boot device:');
    await pc.seconds(0.1);
    expect(pc.screen).toMatch(/1\. Floppy/);
    const choice = /(\d)\. (ata0-0|AHCI|.*Hard-Disk)/.exec(pc.screen);
    expect(choice, pc.screen).not.toBeNull();
    await pc.type(choice![1]!);
    await pc.screenShows('GNU GRUB');
  });

  test('GRUB shows its menu on the screen and the serial port, and takes keys', async () => {
    const pc = new PcSession({ ...withBios(), disk: guestImage('disk.img') });
    await pc.screenShows('Linux from the first partition');
    expect(pc.screen).toContain('GNU GRUB  version 2.06');
    await pc.serialSays('A second entry');
    await pc.type('\x1b[B\r');
    await pc.screenShows('The second entry was chosen.');
  });

  test('GRUB switches the machine off', async () => {
    const pc = new PcSession({ ...withBios(), disk: guestImage('disk.img') });
    await pc.serialSays('Switch off');
    await pc.seconds(0.2);
    pc.send('\x0e\x0e\r');
    expect(await pc.end(2e9)).toEqual({ kind: 'poweroff' });
  });

  test('syslinux on a floppy prompts and loads', async () => {
    const pc = new PcSession({ ...withBios(), floppy: guestImage('syslinux.img') });
    await pc.screenShows('boot:');
    expect(pc.screen).toContain('Welcome to syslinux.');
    await pc.type('memtest\r');
    await pc.screenShows('Memtest86+');
  });

  test('isolinux on a CD prompts', async () => {
    const pc = new PcSession({ ...withBios(), cdrom: guestImage('isolinux.iso', 2048) });
    await pc.serialSays('boot:');
    expect(pc.screen).toContain('Welcome to isolinux.');
  });

  test('memtest86+ tests memory for a minute and finds no error', async () => {
    const pc = new PcSession({ ...withBios(), memory: 16, cdrom: guestImage('memtest.iso', 2048) });
    await pc.screenShows('Time:  0:00:00', 10e9, STRIDE);
    expect(pc.screen).toMatch(/Memory +: +16MB/);
    const tests: number[] = [];
    for (let second = 5; second <= 60; second += 5) {
      const time = `Time:  0:0${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`;
      await pc.screenShows(time, 10e9, STRIDE);
      expect(pc.screen).toMatch(/Errors: 0\s/);
      tests.push(Number(/Test #(\d+)/.exec(pc.screen)![1]));
    }
    // It goes from test to test, which takes longer with each of them: by now it is at its eighth.
    expect(tests).toEqual(tests.toSorted((a, b) => a - b));
    expect(tests.at(-1)).toBeGreaterThanOrEqual(6);
  });
});

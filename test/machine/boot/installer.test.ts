// Debian's installer for i386, kernel and initrd as they come in the package, to its first dialog on the VGA text screen:
// 12.6 thousand million instructions, 63 s of the guest's time. With less than about 400 MB it starts in its low-memory mode,
// whose first dialog is another; with 128 MB its files do not fit.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { savePng } from '../../../src/cli/boot/screenshot.ts';
import { has } from '../../support/needs.ts';
import { firmware, guestFile, PcSession } from '../../support/pc-session.ts';

const [, vgaBios] = firmware;
const kernel = guestFile('installer/linux');
const initrd = guestFile('installer/initrd.gz');
const screenshot = join(import.meta.dirname, '../../../.cache/installer.png');
const FORTY_MINUTES = 2_400_000;
/** Instructions between two looks at the screen. */
const STRIDE = 2_000_000;

test.skipIf(!has("Debian's installer", [vgaBios, kernel, initrd]))(
  "Debian's installer asks for a language",
  { timeout: FORTY_MINUTES },
  async () => {
    const session = new PcSession({
      memory: 512,
      vgaBios: vgaBios.read(),
      kernel: {
        image: kernel.read(),
        name: 'linux',
        initrd: initrd.read(),
        // The display stays in text mode: no frame buffer.
        append: 'vga=normal fb=false nomodeset mitigations=off quiet',
      },
    });
    await session.screenShows('Select a language', 20e9, STRIDE);
    await session.seconds(1);
    expect(session.screen).toContain('Choose the language to be used for the installation process.');
    savePng(session.pc.screenFrame(), screenshot);
    const { width, height, data } = PNG.sync.read(readFileSync(screenshot));
    expect([width, height]).toEqual([720, 400]);
    const colours = new Set(new Uint32Array(data.buffer, data.byteOffset, data.length >> 2));
    expect(colours.size).toBeGreaterThan(2);
  },
);

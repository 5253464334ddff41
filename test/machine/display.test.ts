// Pictures of a whole PC: a boot sector sets modes with the display's BIOS and draws (fixtures/guests/display), and
// xlat86 shows what qemu-system-i386 shows with the same firmware.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arrayStore } from '../../src/disk/array-store.ts';
import { type Frame, Pc } from '../../src/index.ts';
import { has, type Need, nasm, qemuSystem } from '../support/needs.ts';
import { Qtest } from '../support/qtest.ts';

const firmware = (name: string): Need => ({ what: `/usr/share/seabios/${name}`, from: 'apt-get install seabios' });
const bios = firmware('bios-256k.bin');
const vgaBios = firmware('vgabios-stdvga.bin');

const MODES = ['03', '0d', '12', '13', '101', '114', '112', '142'];
/** Colours of 5 and 6 bits are widened in more than one way. */
const TOLERANCE = 3;

type Picture = Pick<Frame, 'width' | 'height'> & { readonly rgb: Uint8Array };

/** Show each picture under xlat86. */
async function ours(image: Uint8Array): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const abort = new AbortController();
  const pc: Pc = new Pc({
    memory: 16,
    clock: 'virtual',
    bios: readFileSync(bios.what),
    vgaBios: readFileSync(vgaBios.what),
    floppy: arrayStore(image),
    onDebug(_byte, port) {
      if (port !== 0xe9) return;
      const { width, height, pixels } = pc.screenFrame();
      pictures.push({ width, height, rgb: pixels.filter((_, i) => (i & 3) !== 3) as unknown as Uint8Array });
      if (pictures.length === MODES.length) abort.abort();
      pc.key('Space', true);
      pc.key('Space', false);
    },
  });
  await pc.run({ signal: abort.signal });
  return pictures;
}

/** Show each picture under QEMU. */
async function theirs(folder: string, image: string): Promise<Picture[]> {
  const log = join(folder, 'debug');
  const qemu = new Qtest([
    '-device',
    'VGA,vgamem_mb=16',
    '-drive',
    `if=floppy,format=raw,snapshot=on,file=${image}`,
    '-debugcon',
    `file:${log}`,
  ]);
  const pictures: Picture[] = [];
  try {
    await qemu.monitor('cont');
    for (let i = 0; i < MODES.length; i++) {
      while (statSync(log).size <= i) await new Promise((resolve) => setTimeout(resolve, 50));
      pictures.push(await qemu.screendump());
      await qemu.monitor('sendkey spc');
    }
  } finally {
    qemu.close();
  }
  return pictures;
}

describe.skipIf(!has('display', [nasm, qemuSystem, bios, vgaBios]))('modes of the VGA BIOS', () => {
  test('show the same pictures as under QEMU', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'xlat86-display-'));
    const path = join(folder, 'display.img');
    execFileSync('nasm', ['-f', 'bin', '-o', path, 'fixtures/guests/display/display.asm']);
    const image = new Uint8Array(1_474_560);
    image.set(readFileSync(path));
    const expected = await theirs(folder, path);
    const pictures = await ours(image);
    rmSync(folder, { recursive: true });
    expect(pictures.map(({ width, height }) => [width, height])).toEqual(
      expected.map(({ width, height }) => [width, height]),
    );
    pictures.forEach(({ width, rgb }, i) => {
      expect(new Set(rgb).size, `mode ${MODES[i]} is empty`).toBeGreaterThan(2);
      const wrong = rgb.findIndex((value, at) => Math.abs(value - expected[i]!.rgb[at]!) > TOLERANCE);
      const place = Math.floor(wrong / 3);
      expect(wrong, `mode ${MODES[i]} differs at ${place % width},${Math.floor(place / width)}`).toBe(-1);
    });
  });
});

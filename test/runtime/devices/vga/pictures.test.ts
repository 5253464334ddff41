// The pictures of BIOS modes, pixel by pixel, beside the ones that qemu-system-i386 shows for the same registers and
// the same accesses to memory. The registers are those that `vgabios-stdvga` sets (fixtures/vga/modes.json).
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../../../runtime/devices/vga/screen.ts';
import { hasQemuSystem, Qtest } from '../../../support/qtest.ts';
import { Random } from '../../../support/random.ts';
import { type Mode, VgaBench } from './vga-bench.ts';

const modes: Readonly<Record<string, Mode>> = JSON.parse(readFileSync('fixtures/vga/modes.json', 'utf8'));

/** The same accesses on both sides. */
class Pair {
  readonly ours = new VgaBench();
  readonly qemu: Qtest = new Qtest(['-device', 'VGA,vgamem_mb=16,addr=2,romfile=']);

  async out8(port: number, value: number): Promise<void> {
    this.ours.ports.write8(port, value);
    await this.qemu.write('outb', port, value);
  }

  async out16(port: number, value: number): Promise<void> {
    this.ours.ports.write16(port, value);
    await this.qemu.write('outw', port, value);
  }

  async in8(port: number): Promise<void> {
    this.ours.ports.read8(port);
    await this.qemu.read('inb', port);
  }

  async setMode(mode: Mode): Promise<void> {
    for (const [port, value] of VgaBench.portWrites(mode)) {
      if (value === undefined) await this.in8(port);
      else await this.out8(port, value);
    }
  }

  /** Write bytes from `pa` on. */
  async fill(pa: number, bytes: Uint8Array): Promise<void> {
    bytes.forEach((byte, i) => {
      this.ours.memory.write8(pa + i, byte);
    });
    await this.qemu.ask(
      `write 0x${pa.toString(16)} 0x${bytes.length.toString(16)} 0x${Buffer.from(bytes).toString('hex')}`,
    );
  }

  async compare(tolerance = 3): Promise<void> {
    const theirs = await this.qemu.screendump();
    const frame = this.ours.vga.frame();
    expect([frame.width, frame.height]).toEqual([theirs.width, theirs.height]);
    expect(firstDifference(frame, theirs.rgb, tolerance)).toBeUndefined();
  }
}

/** Colours of 5 and 6 bits are widened in more than one way: a small difference is none. */
function firstDifference(frame: Frame, rgb: Uint8Array, tolerance: number): string | undefined {
  for (let i = 0; i < frame.width * frame.height; i++) {
    for (let c = 0; c < 3; c++) {
      if (Math.abs(frame.pixels[i * 4 + c]! - rgb[i * 3 + c]!) <= tolerance) continue;
      const place = `${i % frame.width},${Math.floor(i / frame.width)}`;
      return `at ${place}: ${[...frame.pixels.slice(i * 4, i * 4 + 3)]} where QEMU has ${[...rgb.slice(i * 3, i * 3 + 3)]}`;
    }
  }
  return undefined;
}

describe.skipIf(!hasQemuSystem)('as qemu-system-i386 shows it', () => {
  const random = new Random();
  let pair: Pair;
  beforeAll(() => {
    pair = new Pair();
  });
  afterAll(() => pair.qemu.close());

  const noise = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => random.word());

  test.each(['01', '03', '07'])('text mode %s', async (name) => {
    const mode = modes[name]!;
    // No cursor, for it blinks; and 8 dots where QEMU has no wide characters of 9.
    const sequencer = name === '01' ? mode.sequencer.with(1, 9) : mode.sequencer;
    await pair.setMode({ ...mode, sequencer, crtc: mode.crtc.with(0x0a, 0x2d) });
    // A font goes to plane 2 while addressing is sequential.
    for (const word of [0x0402, 0x0604]) await pair.out16(0x3c4, word);
    for (const word of [0x0005, 0x0406]) await pair.out16(0x3ce, word);
    await pair.fill(0xa0000, noise(0x2000));
    await pair.out16(0x3c4, 0x0302);
    await pair.out16(0x3c4, 0x0204);
    await pair.out16(0x3ce, 0x1005);
    await pair.out16(0x3ce, (mode.graphics[6]! << 8) | 6);
    // Attributes that do not blink; and not the characters B0h to BFh, whose ninth dot QEMU repeats too.
    const cells = noise(80 * 25 * 2).map((byte, i) =>
      i & 1 ? byte & 0x7f : (byte & 0xf0) === 0xb0 ? byte ^ 0x80 : byte,
    );
    await pair.fill(name === '07' ? 0xb0000 : 0xb8000, cells);
    await pair.compare();
  });

  test.each(['04', '06', '0d', '0e', '10', '12', '13'])('graphics mode %s', async (name) => {
    const mode = modes[name]!;
    await pair.setMode(mode);
    const isCga = name === '04' || name === '06';
    const base = isCga ? 0xb8000 : 0xa0000;
    const isPlanar = (mode.sequencer[4]! & 8) === 0 && !isCga;
    if (!isPlanar) await pair.fill(base, noise(isCga ? 0x4000 : 64000));
    for (let plane = 0; isPlanar && plane < 4; plane++) {
      await pair.out16(0x3c4, 2 | (0x100 << plane));
      await pair.fill(base, noise(name === '12' ? 38400 : 32000));
    }
    await pair.compare();
  });

  test('mode X: planes of 256-colour pixels, a second page, panning', async () => {
    await pair.setMode(modes['13']!);
    await pair.out16(0x3c4, 0x0604);
    await pair.out16(0x3d4, 0x0014);
    await pair.out16(0x3d4, 0xe317);
    for (let plane = 0; plane < 4; plane++) {
      await pair.out16(0x3c4, 2 | (0x100 << plane));
      await pair.fill(0xa0000, noise(0x10000));
    }
    await pair.compare();
    await pair.out16(0x3d4, 0x3f0c);
    await pair.out16(0x3d4, 0x150d);
    await pair.compare();
  });

  test('a split screen', async () => {
    await pair.setMode(modes['12']!);
    await pair.out16(0x3c4, 0x0f02);
    await pair.fill(0xa0000, noise(0xc000));
    await pair.out16(0x3d4, 0x200c);
    await pair.out16(0x3d4, 0x6418);
    await pair.out8(0x3d4, 7);
    await pair.out8(0x3d5, modes['12']!.crtc[7]! & ~0x10);
    await pair.out8(0x3d4, 0x11);
    await pair.out8(0x3d5, 0);
    await pair.out8(0x3d4, 9);
    await pair.out8(0x3d5, 0);
    await pair.compare();
  });

  test.each([8, 15, 16, 24, 32])('linear mode of %i bits, its palette, bank and start', async (depth) => {
    await pair.setMode(modes['13']!);
    const dispi = async (index: number, value: number): Promise<void> => {
      await pair.out16(0x1ce, index);
      await pair.out16(0x1cf, value);
    };
    for (const [index, value] of [
      [4, 0],
      [1, 320],
      [2, 240],
      [3, depth],
      [4, 0x41],
      [6, 400],
      [8, 16],
      [9, 5],
    ]) {
      await dispi(index!, value!);
    }
    for (let bank = 0; bank < 8; bank++) {
      await dispi(5, bank);
      await pair.fill(0xa0000, noise(0x10000));
    }
    await pair.compare(depth === 15 ? 7 : 3);
    await dispi(4, 0);
  });

  test('write modes 0 to 3, set/reset, functions, rotation, masks, latches, read modes 0 and 1', async () => {
    await pair.setMode(modes['12']!);
    for (let step = 0; step < 600; step++) {
      const register = random.pick([0, 1, 2, 3, 4, 5, 7, 8]);
      const value = register === 5 ? random.pick([0, 1, 2, 3, 8, 9, 10, 11]) : random.word() & 0xff;
      await pair.out16(0x3ce, (value << 8) | register);
      if (random.below(4) === 0) await pair.out16(0x3c4, 2 | (random.below(16) << 8));
      const pa = 0xa0000 + random.below(64);
      if (random.below(2)) await pair.fill(pa, Uint8Array.of(random.word()));
      const ours = pair.ours.memory.read8(pa);
      expect(ours, `SEED=${random.seed} step ${step}`).toBe(await pair.qemu.read('readb', pa));
    }
    await pair.compare();
  });
});

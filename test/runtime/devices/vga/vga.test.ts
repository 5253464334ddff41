// The display adapter by its documentation: IBM VGA technical reference, Bochs's VBE interface, QEMU's standard-vga.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fuzz } from '../../../support/device-bench.ts';
import { LFB, type Mode, VgaBench, VRAM_BYTES } from './vga-bench.ts';

const modes: Readonly<Record<string, Mode>> = JSON.parse(readFileSync('fixtures/vga/modes.json', 'utf8'));

function inMode(name: string): VgaBench {
  const bench = new VgaBench();
  bench.setMode(modes[name]!);
  return bench;
}

/** Colour of a pixel as 0xRRGGBB. */
function pixel(bench: VgaBench, x: number, y: number): number {
  const { width, pixels } = bench.vga.frame();
  const at = (y * width + x) * 4;
  return (pixels[at]! << 16) | (pixels[at + 1]! << 8) | pixels[at + 2]!;
}

function dispi(bench: VgaBench, ...writes: readonly (readonly [index: number, value: number])[]): void {
  for (const [index, value] of writes) {
    bench.ports.write16(0x1ce, index);
    bench.ports.write16(0x1cf, value);
  }
}

describe('text', () => {
  test('characters and attributes in rows, and the cursor', () => {
    const bench = inMode('03');
    bench.memory.write16(0xb8000, 0x0741);
    bench.memory.write16(0xb8000 + (24 * 80 + 79) * 2, 0x4f5a);
    bench.ports.write16(0x3d4, 0x000e);
    bench.ports.write16(0x3d4, 0x510f);
    const text = bench.vga.text()!;
    expect([text.columns, text.rows]).toEqual([80, 25]);
    expect([text.cells[0], text.cells[24 * 80 + 79]]).toEqual([0x0741, 0x4f5a]);
    expect(text.cursor).toEqual({ column: 1, row: 1 });
    bench.ports.write16(0x3d4, 0x200a);
    expect(bench.vga.text()!.cursor).toBeUndefined();
  });

  test('memory keeps what was written, byte by byte, and a page further is another screen', () => {
    const bench = inMode('03');
    for (let i = 0; i < 0x8000; i++) bench.memory.write8(0xb8000 + i, i * 7);
    for (let i = 0; i < 0x8000; i += 997) expect(bench.memory.read8(0xb8000 + i)).toBe((i * 7) & 0xff);
    bench.ports.write16(0x3d4, 0x080c); // start at character 2048
    expect(bench.vga.text()!.cells[0]).toBe(((0x1000 * 7) & 0xff) | (((0x1001 * 7) & 0xff) << 8));
  });

  test('there is none in a graphics mode', () => {
    expect(inMode('12').vga.text()).toBeUndefined();
  });

  test('the cursor covers its lines of the cell, then blinks', () => {
    const bench = inMode('03');
    bench.memory.write16(0xb8000, 0x0720);
    expect([pixel(bench, 0, 12), pixel(bench, 0, 13), pixel(bench, 8, 14)]).toEqual([0, 0xaaaaaa, 0xaaaaaa]);
    bench.advance(230e6);
    expect(pixel(bench, 0, 13)).toBe(0);
  });

  test('bit 7 blinks or is a bright background, as the attribute controller says', () => {
    const bench = inMode('03');
    bench.memory.write16(0xb8000 + 2, 0xcf20);
    expect(pixel(bench, 9, 0)).toBe(0xaa0000);
    bench.ports.read8(0x3da);
    bench.ports.write8(0x3c0, 0x30);
    bench.ports.write8(0x3c0, 0x04);
    expect(pixel(bench, 9, 0)).toBe(0xff5555);
  });
});

describe('frames', () => {
  test('only what changed is told of', () => {
    const bench = inMode('13');
    expect(bench.vga.frame()).toMatchObject({ width: 640, height: 400, top: 0, bottom: 400 });
    expect(bench.vga.frame()).toMatchObject({ top: 0, bottom: 0 });
    bench.memory.write8(0xa0000, 9);
    expect(bench.vga.frame()).toMatchObject({ top: 0, bottom: 400 });
  });

  test('of a linear mode, the rows that changed', () => {
    const bench = inMode('13');
    dispi(bench, [1, 640], [2, 480], [3, 32], [4, 0x41]);
    expect(bench.vga.frame()).toMatchObject({ width: 640, height: 480, top: 0, bottom: 480 });
    bench.memory.write32(LFB + 640 * 4 * 100, 0x123456);
    bench.memory.write32(LFB + 640 * 4 * 102 + 400, 0x654321);
    expect(bench.vga.frame()).toMatchObject({ top: 100, bottom: 103 });
    expect([pixel(bench, 0, 100), pixel(bench, 100, 102)]).toEqual([0x123456, 0x654321]);
  });

  test('black while the sequencer or the attribute controller says so', () => {
    const bench = inMode('13');
    bench.memory.write8(0xa0000, 15);
    expect(pixel(bench, 0, 0)).toBe(0xffffff);
    bench.ports.write16(0x3c4, 0x2101);
    expect(pixel(bench, 0, 0)).toBe(0);
    bench.ports.write16(0x3c4, 0x0101);
    expect(pixel(bench, 0, 0)).toBe(0xffffff);
    bench.ports.read8(0x3da);
    bench.ports.write8(0x3c0, 0);
    expect(pixel(bench, 0, 0)).toBe(0);
  });
});

describe('memory as RAM', () => {
  test('mode 13h is, until a register asks for more than storing', () => {
    const bench = inMode('13');
    expect(bench.memory.writable(0xa1234)).toBeGreaterThan(0);
    bench.memory.write8(0xa0005, 0x12);
    bench.ports.write16(0x3c4, 0x0102); // plane 0 alone
    expect(bench.memory.writable(0xa1234)).toBe(-1);
    bench.memory.write32(0xa0004, -1);
    bench.ports.write16(0x3c4, 0x0f02);
    expect(bench.memory.read32(0xa0004)).toBe(0x000012ff);
  });

  test('the frame buffer is, where its base address register says', () => {
    const bench = inMode('03');
    bench.memory.write32(LFB + VRAM_BYTES - 4, 0x11223344);
    expect(bench.vram.at(-1)).toBe(0x11);
    bench.vga.pci.write(0x10, 4, 0xd0000000);
    expect(bench.memory.read32(0xd0000000 + VRAM_BYTES - 4)).toBe(0x11223344);
    expect(bench.memory.read32(LFB)).toBe(-1);
  });
});

describe('registers', () => {
  // IBM: vertical retrace end, bit 7, protects CRTC registers 0 to 7 but for line compare bit 8.
  test('CRTC registers 0 to 7 can be protected', () => {
    const { ports } = inMode('03');
    const crtc = (index: number, value: number): number => {
      ports.write16(0x3d4, (value << 8) | index);
      return ports.read8(0x3d5);
    };
    expect(crtc(0x11, 0x8e)).toBe(0x8e);
    expect([crtc(0, 0x12), crtc(7, 0)]).toEqual([0x5f, 0x0f]);
    crtc(0x11, 0x0e);
    expect(crtc(0, 0x12)).toBe(0x12);
  });

  test('the DAC counts through components and colours, for reading and writing', () => {
    const { ports } = new VgaBench();
    ports.write8(0x3c8, 255);
    for (const value of [1, 2, 0x43, 4, 5, 6]) ports.write8(0x3c9, value);
    ports.write8(0x3c7, 255);
    expect(ports.read8(0x3c7)).toBe(3);
    expect([1, 2, 3, 4, 5, 6].map(() => ports.read8(0x3c9))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('the monochrome adapter has its CRTC at 3B4h', () => {
    const { ports } = inMode('07');
    ports.write8(0x3b4, 1);
    expect([ports.read8(0x3b5), ports.read8(0x3d5)]).toEqual([79, 0xff]);
  });

  // 640×480 at 60 Hz: 525 lines of 31.8 µs, 480 of them shown, retrace from line 490 for 2 lines.
  test('status shows the retrace at its time', () => {
    const bench = inMode('12');
    let retraces = 0;
    let shown = 0;
    let before = 0;
    for (let i = 0; i < 60 * 525 * 4; i++) {
      bench.advance(31778 / 4);
      const status = bench.ports.read8(0x3da);
      if (status & 8 && !(before & 8)) retraces++;
      if ((status & 1) === 0) shown++;
      before = status;
    }
    expect(retraces).toBeGreaterThanOrEqual(59);
    expect(retraces).toBeLessThanOrEqual(61);
    expect(shown / (60 * 525 * 4)).toBeCloseTo((480 / 525) * (640 / 800), 1);
  });
});

describe('Bochs display interface', () => {
  test('answers as any version from B0C0h to B0C5h', () => {
    const bench = new VgaBench();
    expect(bench.ports.read16(0x1cf)).toBe(0xb0c5);
    dispi(bench, [0, 0xb0c2]);
    expect(bench.ports.read16(0x1cf)).toBe(0xb0c2);
    dispi(bench, [0, 0xb0c6]);
    expect(bench.ports.read16(0x1cf)).toBe(0xb0c2);
  });

  test('says what it could do, and how much memory it has', () => {
    const bench = new VgaBench();
    dispi(bench, [4, 2]);
    const read = (index: number): number => {
      bench.ports.write16(0x1ce, index);
      return bench.ports.read16(0x1cf);
    };
    expect([read(1), read(2), read(3), read(10)]).toEqual([2560, 1600, 32, VRAM_BYTES >>> 16]);
  });

  test('enabling clears memory unless asked not to', () => {
    const bench = new VgaBench();
    bench.vram[5] = 1;
    dispi(bench, [1, 800], [2, 600], [3, 8], [4, 0xc1]);
    expect(bench.vram[5]).toBe(1);
    dispi(bench, [4, 0], [4, 0x41]);
    expect(bench.vram[5]).toBe(0);
  });

  test('the largest mode fits into memory; lines so wide that it would not are refused', () => {
    const bench = new VgaBench();
    dispi(bench, [1, 2560], [2, 1600], [3, 32], [4, 1]);
    expect(bench.ports.read16(0x1cf) & 1).toBe(1);
    dispi(bench, [4, 0], [6, 2560], [2, 1600], [3, 24], [4, 1], [6, 4000]);
    bench.ports.write16(0x1ce, 6);
    expect(bench.ports.read16(0x1cf)).toBe(2560);
  });

  test('its registers and the VGA’s are in memory too', () => {
    const bench = inMode('03');
    expect(bench.memory.read16(0xfebf0500)).toBe(0xb0c5);
    bench.memory.write16(0xfebf0502, 1024);
    bench.ports.write16(0x1ce, 1);
    expect(bench.ports.read16(0x1cf)).toBe(1024);
    bench.memory.write8(0xfebf0400 + 4, 2);
    expect(bench.memory.read8(0xfebf0400 + 5)).toBe(3);
  });

  test('8 bits a colour component', () => {
    const bench = inMode('13');
    dispi(bench, [1, 640], [2, 480], [3, 8], [4, 0x61]);
    bench.ports.write8(0x3c8, 0);
    for (const value of [0x12, 0x80, 0xff]) bench.ports.write8(0x3c9, value);
    bench.ports.write8(0x3c0, 0x20);
    expect(pixel(bench, 0, 0)).toBe(0x1280ff);
  });
});

test('the VGA BIOS is the expansion ROM', () => {
  const bench = new VgaBench(Uint8Array.of(0x55, 0xaa, 3));
  bench.vga.pci.write(0x30, 4, 0xfebe0001);
  expect(bench.memory.read32(0xfebe0000) >>> 0).toBe(0xff03aa55);
  bench.vga.pci.write(0x30, 4, 0xfebe0000);
  expect(bench.memory.read32(0xfebe0000)).toBe(-1);
});

test('reset: no text, a black picture, nothing in the window', () => {
  const bench = inMode('03');
  bench.vga.reset();
  expect(bench.memory.read8(0xb8000)).toBe(0xff);
  expect(pixel(bench, 0, 0)).toBe(0);
});

test('15,000 random accesses never reach the host, whatever is shown', () => {
  const bench = inMode('12');
  const targets = [
    { space: 'port', first: 0x3b4, count: 0x28 },
    { space: 'port', first: 0x1ce, count: 4 },
    { space: 'memory', first: 0xa0000, count: 0x20000 },
    { space: 'memory', first: LFB, count: VRAM_BYTES },
    { space: 'memory', first: 0xfebf0000, count: 0x1000 },
  ] as const;
  for (let round = 0; round < 150; round++) {
    fuzz(bench, targets, 100, [0, 1, 4, 8, 15, 32, 0x41, 0x0f02, 0x0604, 0x0e04, 0x4005, 0x0506]);
    const { width, height, pixels } = bench.vga.frame();
    expect(pixels.length).toBe(width * height * 4);
    bench.vga.text();
  }
});

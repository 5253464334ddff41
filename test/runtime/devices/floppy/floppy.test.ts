// The floppy controller by the 82077AA datasheet, with the 8237A behind it.
import { describe, expect, test } from 'vitest';
import type { BlockStore } from '../../../../runtime/bus/block-store.ts';
import { Dma } from '../../../../runtime/devices/dma.ts';
import { FloppyController } from '../../../../runtime/devices/floppy/controller.ts';
import { arrayStore } from '../../../../src/disk/array-store.ts';
import { DeviceBench, fuzz } from '../../../support/device-bench.ts';

const SECTORS = 2880;
const MSR = 0x3f4;
const FIFO = 0x3f5;
const TRANSFER_AT = 0x20000;

/** Word w of sector s is s·256 + w. */
function numbered(sectors = SECTORS): Uint8Array {
  const image = new Uint8Array(sectors * 512);
  for (let sector = 0; sector < sectors; sector++) {
    new Uint16Array(image.buffer, sector * 512, 256).forEach((_, i, words) => {
      words[i] = sector * 256 + i;
    });
  }
  return image;
}

class FloppyBench extends DeviceBench {
  readonly floppy: FloppyController;

  constructor(store?: BlockStore) {
    super();
    const { ports, clock, lines } = this;
    const dma = new Dma(ports, this.memory).channel(2);
    this.floppy = new FloppyController({ ports, clock, line: lines[6]!, dma });
    if (store) this.floppy.drives[0].setMedium(store);
    this.ports.write8(0x3f2, 0x1c); // drive A, its motor, interrupts, out of reset
    this.advance(1e6);
    for (let drive = 0; drive < 4; drive++) this.command([8]);
    this.command([3, 0xaf, 0x02]); // SPECIFY, DMA
    this.ports.write8(0x3f7, 0); // 500 kbit/s
  }

  get irq(): boolean {
    return this.lines[6]!.high;
  }

  /** Send a command, let time pass, and read its result. */
  command(bytes: readonly number[]): number[] {
    for (const byte of bytes) this.ports.write8(FIFO, byte);
    this.advance(10e6);
    const result: number[] = [];
    while ((this.ports.read8(MSR) & 0xf0) === 0xd0 && result.length < 20) result.push(this.ports.read8(FIFO));
    return result;
  }

  /** Prepare channel 2 of the DMA controller: mode 46h writes memory, 4Ah reads it. */
  setDma(mode: number, bytes: number): void {
    for (const [port, value] of dmaWrites(mode, bytes)) this.ports.write8(port, value);
  }
}

function dmaWrites(mode: number, bytes: number): (readonly [number, number])[] {
  const count = bytes - 1;
  return [
    [0x0a, 6],
    [0x0c, 0],
    [0x0b, mode],
    [4, 0],
    [4, 0],
    [0x81, TRANSFER_AT >>> 16],
    [5, count & 0xff],
    [5, count >>> 8],
    [0x0a, 2],
  ];
}

const READ = 0xe6;
const WRITE = 0xc5;

describe('reset and status', () => {
  test('a reset interrupts, and each drive has a status to ask for', () => {
    const bench = new FloppyBench();
    bench.ports.write8(0x3f2, 0);
    expect(bench.ports.read8(MSR)).toBe(0);
    bench.ports.write8(0x3f2, 0x0c);
    bench.advance(1e6);
    expect(bench.irq).toBe(true);
    expect([0, 1, 2, 3].map(() => bench.command([8])[0])).toEqual([0xc0, 0xc1, 0xc2, 0xc3]);
    expect(bench.irq).toBe(false);
    expect(bench.command([8])).toEqual([0x80]);
  });

  test('main status: ready, busy in a command, towards the host in a result', () => {
    const { ports } = new FloppyBench();
    expect(ports.read8(MSR)).toBe(0x80);
    ports.write8(FIFO, 4);
    expect(ports.read8(MSR)).toBe(0x90);
    ports.write8(FIFO, 0);
    expect(ports.read8(MSR)).toBe(0xd0);
    ports.read8(FIFO);
    expect(ports.read8(MSR)).toBe(0x80);
  });

  test('what the chip is: 82077AA', () => {
    const bench = new FloppyBench();
    expect(bench.command([0x10])).toEqual([0x90]);
    expect(bench.command([0x94])).toEqual([0x10]);
    expect(bench.command([0x18])).toEqual([0x80]); // PART ID is a later chip's
    expect(bench.command([0x0e])).toEqual([0, 0, 0, 0, 0xaf, 2, 0, 0x80, 0x20, 0]);
    expect(bench.command([0x14])).toEqual([0]);
  });

  test('sense drive status: two sides, track 0, ready, write protection', () => {
    expect(new FloppyBench(arrayStore(numbered())).command([4, 4])).toEqual([0x3c]);
    expect(new FloppyBench(arrayStore(numbered(), 512, true)).command([4, 0])).toEqual([0x78]);
  });

  test('the interrupt reaches the bus through the gate of the digital output register alone', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.ports.write8(0x3f2, 0x14);
    bench.command([7, 0]);
    expect(bench.irq).toBe(false);
    bench.ports.write8(0x3f2, 0x1c);
    expect(bench.irq).toBe(true);
  });
});

describe('seeks', () => {
  test('seek and recalibrate end with an interrupt; sense interrupt tells the track', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.ports.write8(FIFO, 0x0f);
    bench.ports.write8(FIFO, 0);
    bench.ports.write8(FIFO, 40);
    expect([bench.irq, bench.ports.read8(MSR)]).toEqual([false, 0x81]);
    bench.advance(10e6);
    expect(bench.irq).toBe(true);
    expect(bench.command([8])).toEqual([0x20, 40]);
    bench.command([0x8f, 0, 5]); // relative, outwards
    expect(bench.command([8])).toEqual([0x20, 35]);
    bench.command([7, 0]);
    expect(bench.command([8])).toEqual([0x20, 0]);
  });

  test('recalibrating a drive that is not there never finds track 0', () => {
    const bench = new FloppyBench();
    bench.command([7, 2]);
    expect(bench.command([8])).toEqual([0x72, 0]);
  });

  test('disk change: set by a new disk, cleared by a step with one in the drive', () => {
    const bench = new FloppyBench();
    const changed = (): number => bench.ports.read8(0x3f7);
    bench.command([0x0f, 0, 1]);
    expect(changed()).toBe(0x80);
    bench.floppy.drives[0].setMedium(arrayStore(numbered()));
    bench.command([7, 0]);
    expect(changed()).toBe(0);
    bench.floppy.drives[0].setMedium(undefined);
    expect(changed()).toBe(0x80);
  });
});

describe('data', () => {
  test('READ DATA until terminal count', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.setDma(0x46, 1024);
    expect(bench.command([READ, 0, 0, 0, 5, 2, 18, 0x1b, 0xff])).toEqual([0, 0, 0, 0, 0, 7, 2]);
    expect([bench.memory.read16(TRANSFER_AT), bench.memory.read16(TRANSFER_AT + 512)]).toEqual([0x400, 0x500]);
  });

  test('the result phase begins with an interrupt, which its first byte takes back', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.setDma(0x46, 512);
    for (const byte of [READ, 0, 0, 0, 1, 2, 18, 0x1b, 0xff]) bench.ports.write8(FIFO, byte);
    expect([bench.irq, bench.ports.read8(MSR)]).toEqual([false, 0x10]);
    bench.advance(10e6);
    expect([bench.irq, bench.ports.read8(MSR)]).toEqual([true, 0xd0]);
    bench.ports.read8(FIFO);
    expect(bench.irq).toBe(false);
  });

  test('multi-track goes on with the other side', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.setDma(0x46, 36 * 512);
    expect(bench.command([READ, 0, 0, 0, 1, 2, 18, 0x1b, 0xff])).toEqual([4, 0, 0, 1, 0, 1, 2]);
    expect(bench.memory.read16(TRANSFER_AT + 35 * 512)).toBe(35 * 256);
  });

  test('without terminal count, the last sector is the end of the cylinder', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.setDma(0x46, 0x4000);
    expect(bench.command([0x66, 0, 0, 0, 17, 2, 18, 0x1b, 0xff])).toEqual([0x40, 0x80, 0, 1, 0, 1, 2]);
  });

  test('WRITE DATA, and zeros for what terminal count left of a sector', () => {
    const image = numbered();
    const bench = new FloppyBench(arrayStore(image));
    for (let i = 0; i < 700; i++) bench.memory.write8(TRANSFER_AT + i, 0x77);
    bench.setDma(0x4a, 700);
    expect(bench.command([WRITE, 0, 0, 0, 3, 2, 18, 0x1b, 0xff])).toEqual([0, 0, 0, 0, 0, 5, 2]);
    expect([image[2 * 512], image[3 * 512 + 187], image[3 * 512 + 188], image[4 * 512 + 3]]).toEqual([
      0x77, 0x77, 0, 4,
    ]);
  });

  test('FORMAT TRACK fills the sectors that the host names', () => {
    const image = numbered();
    const bench = new FloppyBench(arrayStore(image));
    bench.command([0x0f, 0, 2]);
    bench.command([8]);
    for (let i = 0; i < 18; i++) bench.memory.write32(TRANSFER_AT + 4 * i, 2 | (1 << 8) | ((i + 1) << 16) | (2 << 24));
    bench.setDma(0x4a, 72);
    expect(bench.command([0x4d, 4, 2, 18, 0x50, 0xf6]).slice(0, 3)).toEqual([4, 0, 0]);
    const track = image.subarray((2 * 2 + 1) * 18 * 512, (2 * 2 + 2) * 18 * 512);
    expect(new Set(track)).toEqual(new Set([0xf6]));
    expect(image[(2 * 2 + 2) * 18 * 512 + 2]).toBe(1);
  });

  test('READ ID tells track and side, and sectors pass by', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const [st0, st1, , cylinder, head, sector, size] = bench.command([0x4a, 4]);
      expect([st0, st1, cylinder, head, size]).toEqual([4, 0, 0, 1, 2]);
      seen.add(sector!);
    }
    expect(seen.size).toBe(18);
  });

  test('byte by byte, without DMA', () => {
    const image = numbered();
    const bench = new FloppyBench(arrayStore(image));
    bench.command([3, 0xaf, 0x03]);
    for (const byte of [0x46, 0, 0, 0, 5, 2, 5, 0x1b, 0xff]) bench.ports.write8(FIFO, byte);
    bench.advance(10e6);
    const bytes: number[] = [];
    while (bench.ports.read8(MSR) === 0xf0 && bytes.length <= 512) {
      expect(bench.irq).toBe(true);
      bytes.push(bench.ports.read8(FIFO));
    }
    expect(Uint8Array.from(bytes)).toEqual(image.slice(4 * 512, 5 * 512));
    expect(bench.command([])).toEqual([0x40, 0x80, 0, 1, 0, 1, 2]);
    for (const byte of [0x45, 0, 0, 0, 6, 2, 6, 0x1b, 0xff]) bench.ports.write8(FIFO, byte);
    bench.advance(10e6);
    for (let i = 0; i < 512; i++) {
      expect(bench.ports.read8(MSR)).toBe(0xb0);
      bench.ports.write8(FIFO, 0x99);
    }
    expect(bench.command([])[0]).toBe(0x40);
    expect(image[5 * 512]).toBe(0x99);
  });

  test.each([
    ['no disk', undefined, [READ, 0, 0, 0, 1, 2, 18, 0x1b, 0xff], [0x40, 0x05, 0]],
    ['a wrong data rate', numbered(1440), [READ, 0, 0, 0, 1, 2, 9, 0x1b, 0xff], [0x40, 0x05, 0]],
    ['a sector that is not there', numbered(), [READ, 0, 0, 0, 19, 2, 18, 0x1b, 0xff], [0x40, 0x04, 0]],
    ['heads on another track', numbered(), [READ, 0, 7, 0, 1, 2, 18, 0x1b, 0xff], [0x40, 0x04, 0x10]],
    ['writing to a protected disk', numbered(), [WRITE, 0, 0, 0, 1, 2, 18, 0x1b, 0xff], [0x40, 0x02, 0]],
  ])('%s', (_what, image, command, status) => {
    const bench = new FloppyBench(image && arrayStore(image, 512, true));
    bench.setDma(0x46, 512);
    expect(bench.command(command).slice(0, 3)).toEqual(status);
  });

  test('a masked DMA channel is an overrun', () => {
    const bench = new FloppyBench(arrayStore(numbered()));
    bench.ports.write8(0x0a, 6);
    expect(bench.command([READ, 0, 0, 0, 1, 2, 18, 0x1b, 0xff]).slice(0, 2)).toEqual([0x40, 0x10]);
  });

  test.each([
    [720, 2, 9],
    [1440, 2, 9],
    [2400, 0, 15],
    [2880, 0, 18],
    [5760, 3, 36],
  ])('%i sectors', (sectors, rate, perTrack) => {
    const bench = new FloppyBench(arrayStore(numbered(sectors)));
    bench.ports.write8(0x3f7, rate);
    bench.command([0x0f, 0, 10]);
    bench.command([8]);
    bench.setDma(0x46, 512);
    expect(bench.command([READ, 4, 10, 1, perTrack, 2, perTrack, 0x1b, 0xff])[0]).toBe(4);
    expect(bench.memory.read16(TRANSFER_AT)).toBe((((10 * 2 + 1) * perTrack + perTrack - 1) * 256) & 0xffff);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('host');
      },
    ],
    ['rejects', () => Promise.reject(new Error('host'))],
  ])('an image that %s is a data error', async (_how, read) => {
    const bench = new FloppyBench({ ...arrayStore(numbered()), read });
    bench.setDma(0x46, 512);
    for (const byte of [READ, 0, 0, 0, 1, 2, 18, 0x1b, 0xff]) bench.ports.write8(FIFO, byte);
    bench.advance(10e6);
    await new Promise((resolve) => setTimeout(resolve));
    expect(bench.command([]).slice(0, 3)).toEqual([0x40, 0x20, 0x20]);
  });
});

test('30,000 random accesses never reach the host', () => {
  const bench = new FloppyBench(arrayStore(numbered()));
  bench.floppy.drives[1].setMedium(arrayStore(numbered(100)));
  const targets = [
    { space: 'port', first: 0x3f0, count: 6 },
    { space: 'port', first: FIFO, count: 1 },
    { space: 'port', first: FIFO, count: 1 },
    { space: 'port', first: 0x3f7, count: 1 },
    { space: 'port', first: 0, count: 16 },
    { space: 'port', first: 0x80, count: 16 },
  ] as const;
  fuzz(bench, targets, 30_000, [0x1c, 0x0c, READ, WRITE, 0x46, 0x4a, 0x4d, 0x0f, 0x07, 0x08, 0, 1, 2, 18, 0x13, 0x03]);
});

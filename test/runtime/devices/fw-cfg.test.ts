// The firmware configuration interface by QEMU's specification, and its file directory and DMA as firmware uses them.
import { beforeEach, describe, expect, it } from 'vitest';
import { FwCfg } from '../../../runtime/devices/fw-cfg.ts';
import { DeviceBench, fuzz } from '../../support/device-bench.ts';
import { hasQemuSystem, Qtest } from '../../support/qtest.ts';

const BLOCK = 0x1000;
let bench: DeviceBench;

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  new FwCfg({
    ports: bench.ports,
    memory: bench.memory,
    memoryMap: [
      { pa: 0, bytes: 0x400000, kind: 'ram' },
      { pa: 0xfffc0000, bytes: 0x40000, kind: 'reserved' },
    ],
    files: new Map([
      ['bootorder', Uint8Array.from([97, 98, 99])],
      ['etc/big', new Uint8Array(200_000).fill(7)],
    ]),
    bootMenu: 1500,
  });
});

const select = (item: number): void => bench.ports.write16(0x510, item);
const bytes = (count: number): number[] => Array.from({ length: count }, () => bench.in(0x511));
const text = (from: readonly number[]): string => String.fromCharCode(...from.filter((byte) => byte !== 0));
const swap = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
/** Run one DMA operation. @returns the control word afterwards. */
const dma = (control: number, length: number, address: number): number => {
  [control, length, 0, address].forEach((value, i) => void bench.memory.write32(BLOCK + 4 * i, swap(value)));
  bench.ports.write32(0x518, swap(BLOCK));
  return swap(bench.memory.read32(BLOCK));
};
/** Files by name: [item, size]. */
const directory = (): Map<string, [number, number]> => {
  select(0x19);
  const number = (count: number): number => bytes(count).reduce((value, byte) => value * 256 + byte, 0);
  return new Map(
    Array.from({ length: number(4) }, () => {
      const size = number(4);
      const item = number(2);
      number(2);
      return [text(bytes(56)), [item, size]];
    }),
  );
};

describe('items', () => {
  it('have a signature, and say that DMA is there', () => {
    select(0);
    expect(text(bytes(4))).toBe('QEMU');
    select(1);
    expect(bytes(4)).toEqual([3, 0, 0, 0]);
    expect(bench.ports.read32(0x514)).toBe(0x554d4551);
    expect(bench.ports.read32(0x518)).toBe(0x47464320);
  });

  it('end in zeros, as unknown ones do from the start', () => {
    select(3);
    expect(bytes(12)).toEqual([0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    select(0x7777);
    expect(bytes(3)).toEqual([0, 0, 0]);
  });

  it('include files, found by name', () => {
    const files = directory();
    expect([...files.keys()]).toEqual(['bootorder', 'etc/big', 'etc/boot-menu-wait', 'etc/e820']);
    const [item, size] = files.get('bootorder')!;
    select(item);
    expect(text(bytes(size))).toBe('abc');
    select(files.get('etc/e820')![0]);
    expect(bytes(40)).toEqual([
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[0, 0, 0x40, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0],
      ...[0, 0, 0xfc, 0xff, 0, 0, 0, 0],
      ...[0, 0, 4, 0, 0, 0, 0, 0],
      ...[2, 0, 0, 0],
    ]);
  });
});

describe('DMA', () => {
  it('selects, skips and reads', () => {
    const [item] = directory().get('bootorder')!;
    expect(dma((item << 16) | 8 | 4, 1, 0)).toBe(0);
    bench.memory.write32(0x2000, -1);
    expect(dma(2, 4, 0x2000)).toBe(0);
    expect(bench.memory.read32(0x2000)).toBe(0x00006362);
  });

  it('copies across pages', () => {
    const [item] = directory().get('etc/big')!;
    expect(dma((item << 16) | 8 | 2, 200_001, 0x100ffd)).toBe(0);
    const copied = new Uint8Array(200_003);
    bench.memory.readBytes(0x100ffc, copied);
    expect([copied[0], copied[1], copied[200_000], copied[200_001], copied[200_002]]).toEqual([0, 7, 7, 0, 0]);
  });

  it('reports an error for writes and for targets outside RAM', () => {
    expect(dma(0x10, 4, 0x2000)).toBe(1);
    expect(dma(2, 0xffffffff, 0x3ff000)).toBe(1);
    expect(dma(2, 16, 0xe0000000 | 0)).toBe(1);
  });

  it.skipIf(!hasQemuSystem)('ends as in QEMU', async () => {
    const qemu = new Qtest();
    const theirs = async (control: number, length: number, address: number): Promise<number> => {
      for (const [i, value] of [control, length, 0, address].entries())
        await qemu.write('writel', BLOCK + 4 * i, swap(value));
      await qemu.write('outl', 0x518, swap(BLOCK));
      return swap(await qemu.read('readl', BLOCK));
    };
    try {
      const requests: readonly [control: number, length: number, address: number][] = [
        [0x08, 0, 0],
        [0x0a, 4, 0x2000],
        [0x02, 4, 0x2004],
        [0x04, 2, 0],
        [0x10, 4, 0x2000],
        [0x00, 0, 0],
      ];
      for (const request of requests) {
        expect(dma(...request), String(request)).toBe(await theirs(...request));
        expect(bench.memory.read32(0x2000)).toBe(await qemu.read('readl', 0x2000));
        expect(bench.memory.read32(0x2004)).toBe(await qemu.read('readl', 0x2004));
      }
    } finally {
      qemu.close();
    }
  });
});

it('survives random operations', () => {
  const targets = [
    { space: 'port', first: 0x510, count: 12 },
    { space: 'memory', first: BLOCK, count: 16 },
  ] as const;
  fuzz(bench, targets, 20_000, [0, 1, 0x19, 0x20, 0x21, swap(BLOCK), 0x02000000, 0x0a000000]);
});

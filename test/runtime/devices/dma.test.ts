// The DMA controllers: transfers by the 8237A's datasheet, registers side by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Dma } from '../../../runtime/devices/dma.ts';
import { DeviceBench, fuzz } from '../../support/device-bench.ts';
import { converse, differenceFromQemu } from '../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../support/qtest.ts';
import { Random } from '../../support/random.ts';

const WRITE = 0x44;
const READ = 0x48;
const VERIFY = 0x40;
const AUTOINITIALIZE = 0x10;
const DECREMENT = 0x20;

let bench: DeviceBench;
let dma: Dma;
let post: number[];

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  post = [];
  dma = new Dma(bench.ports, bench.memory, (code) => post.push(code));
});

/** Set up channel 2, as a BIOS does for the floppy. */
function program(mode: number, pa: number, bytes: number): void {
  bench.out([0x0a, 0x06], [0x0c, 0], [0x0b, mode | 2]);
  bench.out([0x04, pa & 0xff], [0x04, (pa >> 8) & 0xff], [0x81, pa >> 16]);
  bench.out([0x05, (bytes - 1) & 0xff], [0x05, (bytes - 1) >> 8], [0x0a, 0x02]);
}
const memory = (pa: number, count: number): number[] => {
  const bytes = new Uint8Array(count);
  bench.memory.readBytes(pa, bytes);
  return [...bytes];
};
const count = (): number => bench.in(0x05) | (bench.in(0x05) << 8);

describe('a transfer', () => {
  it('into memory goes on where the last one ended, and ends with terminal count', () => {
    program(WRITE, 0x12345, 5);
    const channel = dma.channel(2);
    expect(channel.write(Uint8Array.of(1, 2, 3))).toBe(3);
    expect(channel.terminalCount).toBe(false);
    expect(bench.in(0x08) & 15).toBe(0);
    expect(count()).toBe(1);
    expect(channel.write(Uint8Array.of(4, 5, 6))).toBe(2);
    expect(channel.terminalCount).toBe(true);
    expect(memory(0x12344, 7)).toEqual([0, 1, 2, 3, 4, 5, 0]);
    expect([bench.in(0x08), bench.in(0x08)]).toEqual([0x04, 0x00]);
    expect(count()).toBe(0xffff);
    expect(channel.write(Uint8Array.of(7))).toBe(0);
  });

  it('out of memory', () => {
    bench.memory.writeBytes(0x2000, Uint8Array.of(9, 8, 7, 6));
    program(READ, 0x2000, 4);
    const into = new Uint8Array(6);
    expect(dma.channel(2).read(into)).toBe(4);
    expect([...into]).toEqual([9, 8, 7, 6, 0, 0]);
  });

  it('of the other direction, or on a masked or disabled channel, moves nothing', () => {
    program(READ, 0x2000, 4);
    expect(dma.channel(2).write(Uint8Array.of(1))).toBe(0);
    program(WRITE, 0x2000, 4);
    bench.out([0x08, 0x04]);
    expect(dma.channel(2).write(Uint8Array.of(1))).toBe(0);
    bench.out([0x08, 0x00], [0x0f, 0x04]);
    expect(dma.channel(2).write(Uint8Array.of(1))).toBe(0);
    expect(bench.in(0x0f)).toBe(0x04);
  });

  it('that verifies counts and touches nothing', () => {
    program(VERIFY, 0x2000, 4);
    expect(dma.channel(2).write(Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect(dma.channel(2).terminalCount).toBe(true);
    expect(memory(0x2000, 4)).toEqual([0, 0, 0, 0]);
  });

  it('wraps within its 64 KiB', () => {
    program(WRITE, 0x1fffe, 4);
    dma.channel(2).write(Uint8Array.of(1, 2, 3, 4));
    expect([...memory(0x1fffe, 2), ...memory(0x10000, 2), ...memory(0x20000, 2)]).toEqual([1, 2, 3, 4, 0, 0]);
  });

  it('can go downwards', () => {
    program(WRITE | DECREMENT, 0x2003, 4);
    dma.channel(2).write(Uint8Array.of(1, 2, 3, 4));
    expect(memory(0x2000, 4)).toEqual([4, 3, 2, 1]);
  });

  it('starts again by itself when it autoinitializes', () => {
    program(WRITE | AUTOINITIALIZE, 0x2000, 2);
    const channel = dma.channel(2);
    expect(channel.write(Uint8Array.of(1, 2))).toBe(2);
    expect(channel.write(Uint8Array.of(3))).toBe(1);
    expect(memory(0x2000, 2)).toEqual([3, 2]);
  });

  it('moves words on the second controller, at even addresses of a 128 KiB page', () => {
    bench.out([0xd4, 0x05], [0xd8, 0], [0xd6, WRITE | 1], [0xc4, 0x00], [0xc4, 0x18], [0x8b, 0x03]);
    bench.out([0xc6, 1], [0xc6, 0], [0xd4, 0x01]);
    expect(dma.channel(5).write(Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect(memory(0x23000, 4)).toEqual([1, 2, 3, 4]);
    expect(dma.channel(5).terminalCount).toBe(true);
  });
});

it('port 80h keeps what was written, and shows it to the host', () => {
  bench.out([0x80, 0x55], [0x80, 0xaa]);
  expect(bench.in(0x80)).toBe(0xaa);
  expect(post).toEqual([0x55, 0xaa]);
});

describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([1, 2, 3])('registers, seed %i', async (seed) => {
    const random = new Random(seed);
    const { exchanges, write, read } = converse(bench);
    for (let i = 0; i < 2000; i++) {
      const [base, step] = random.pick([
        [0, 1],
        [0xc0, 2],
      ] as const);
      switch (random.below(6)) {
        case 0:
        case 1: {
          // Whole registers: QEMU shows a new value only when both of its bytes are there.
          const register = base + random.below(8) * step;
          write(base + 12 * step, 0);
          for (let k = 0; k < 2; k++) write(register, random.below(256));
          break;
        }
        case 2:
          // Not the software requests: QEMU serves them at once, without a device.
          write(base + random.pick([10, 11, 13, 14, 15]) * step, random.below(256));
          break;
        case 3:
          write(0x80 + random.pick([1, 2, 3, 7, 9, 10, 11, 15]), random.below(256));
          break;
        case 4:
          // QEMU does not show the masks.
          read(base + 8 * step);
          break;
        default: {
          const register = base + random.below(8) * step;
          read(register);
          read(register);
          read(0x80 + random.pick([1, 2, 3, 7, 9, 10, 11, 15]));
          break;
        }
      }
    }
    expect(await differenceFromQemu(exchanges), `seed ${seed}`).toBeUndefined();
  });
});

it('survives random operations, wild addresses among them', () => {
  const targets = [
    { space: 'port', first: 0x00, count: 16 },
    { space: 'port', first: 0x80, count: 16 },
    { space: 'port', first: 0xc0, count: 32 },
  ] as const;
  const bytes = new Uint8Array(4096);
  const events = [
    (random: Random): void => void dma.channel(random.below(8)).read(bytes.subarray(0, random.below(4096))),
    (random: Random): void => void dma.channel(random.below(8)).write(bytes.subarray(0, random.below(4096))),
  ];
  fuzz(bench, targets, 20_000, [], new Random(), events);
});

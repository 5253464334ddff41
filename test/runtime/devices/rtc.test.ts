// The real-time clock: calendar against JavaScript's own, interrupts by the MC146818A's datasheet, setup bytes.
import { beforeEach, describe, expect, it } from 'vitest';
import { cmosSetup } from '../../../runtime/devices/cmos-setup.ts';
import { Rtc } from '../../../runtime/devices/rtc.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../support/device-bench.ts';
import { Random } from '../../support/random.ts';

const SECOND = 1e9;

let bench: DeviceBench;
let irq: RecordedLine;

function start(date: string): Rtc {
  bench = new DeviceBench(0x100000);
  irq = new RecordedLine();
  return new Rtc({ ports: bench.ports, clock: bench.clock, irq, start: Date.parse(date) / 1000 });
}

const read = (index: number): number => {
  bench.out([0x70, index]);
  return bench.in(0x71);
};
const write = (index: number, value: number): void => bench.out([0x70, index], [0x71, value]);
/** The calendar as 'YYYY-MM-DD hh:mm:ss w', the digits as they stand in the registers. */
const shown = (): string => {
  const two = (index: number): string => read(index).toString(16).padStart(2, '0');
  return `${two(0x32)}${two(9)}-${two(8)}-${two(7)} ${two(4)}:${two(2)}:${two(0)} ${read(6)}`;
};

beforeEach(() => {
  start('2026-11-24T23:59:58Z');
});

describe('the calendar', () => {
  it('shows decimal digits in 24 hours, and goes on', () => {
    expect(shown()).toBe('2026-11-24 23:59:58 3');
    bench.advance(2 * SECOND);
    expect(shown()).toBe('2026-11-25 00:00:00 4');
  });

  it('is the Gregorian one: random times over four centuries against Date', () => {
    const random = new Random();
    for (let i = 0; i < 2000; i++) {
      const time = random.below(0x7fffffff) * 6 - 2_000_000_000;
      const date = new Date(time * 1000);
      bench.ports.release(0x70, 2);
      new Rtc({ ports: bench.ports, clock: bench.clock, irq, start: time });
      const [day, clock] = date.toISOString().split('T') as [string, string];
      expect(shown(), `SEED=${random.seed}`).toBe(`${day} ${clock.slice(0, 8)} ${date.getUTCDay() + 1}`);
    }
  });

  it('shows binary values and 12 hours when register B says so', () => {
    write(0x0b, 0x06);
    expect([read(4), read(2), read(0), read(9), read(0x32)]).toEqual([23, 59, 58, 26, 20]);
    write(0x0b, 0x00);
    expect(read(4)).toBe(0x91);
    bench.advance(2 * SECOND);
    expect(read(4)).toBe(0x12);
    bench.advance(12 * 3600 * SECOND);
    expect(read(4)).toBe(0x92);
  });

  it('can be set, and stands meanwhile', () => {
    write(0x0b, 0x82);
    for (const [index, value] of [
      [0, 0x59],
      [2, 0x59],
      [4, 0x23],
      [6, 2],
      [7, 0x28],
      [8, 0x02],
      [9, 0x96],
      [0x32, 0x19],
    ] as const)
      write(index, value);
    bench.advance(5 * SECOND);
    expect(shown()).toBe('1996-02-28 23:59:59 2');
    write(0x0b, 0x02);
    bench.advance(SECOND);
    expect(shown()).toBe('1996-02-29 00:00:00 3');
    bench.advance(86400 * SECOND);
    expect(shown()).toBe('1996-03-01 00:00:00 4');
  });

  it('starts half a second after the divider is let go', () => {
    write(0x0a, 0x76);
    bench.advance(10.3 * SECOND);
    expect(read(0)).toBe(0x58);
    write(0x0a, 0x26);
    bench.advance(0.49 * SECOND);
    expect(read(0)).toBe(0x58);
    bench.advance(0.02 * SECOND);
    expect(read(0)).toBe(0x59);
  });

  it('announces an update 2.2 ms ahead', () => {
    bench.advance(0.5 * SECOND);
    expect(read(0x0a)).toBe(0x26);
    bench.advance(0.498 * SECOND);
    expect(read(0x0a)).toBe(0xa6);
    bench.advance(0.003 * SECOND);
    expect(read(0x0a)).toBe(0x26);
  });
});

describe('interrupts', () => {
  it.each([
    [3, 8192],
    [6, 1024],
    [15, 2],
    [1, 256],
    [2, 128],
  ])('of rate %i come %i times a second', (rate, hertz) => {
    write(0x0a, 0x20 | rate);
    write(0x0b, 0x42);
    read(0x0c);
    let count = 0;
    for (let i = 0; i < 2 * hertz; i++) {
      bench.advance(SECOND / hertz);
      if (irq.high) count++;
      expect(read(0x0c) & 0xc0).toBe(0xc0);
      expect(irq.high).toBe(false);
    }
    expect(count).toBe(2 * hertz);
  });

  it('come at the end of each update', () => {
    write(0x0b, 0x12);
    bench.advance(0.99 * SECOND);
    expect(irq.high).toBe(false);
    bench.advance(0.01 * SECOND);
    expect(irq.high).toBe(true);
    expect(read(0x0c)).toBe(0xf0 & ~0x20);
  });

  it('come at the alarm, with fields that match anything', () => {
    write(1, 0x30);
    write(3, 0xff);
    write(5, 0x00);
    write(0x0b, 0x22);
    bench.advance(31.9 * SECOND);
    expect(irq.high).toBe(false);
    bench.advance(0.2 * SECOND);
    expect(irq.high).toBe(true);
    expect(read(0x0c) & 0xa0).toBe(0xa0);
    bench.advance(60 * SECOND);
    expect(irq.high).toBe(true);
    read(0x0c);
    bench.advance(3600 * SECOND);
    read(0x0c);
    bench.advance(3600 * 22 * SECOND);
    expect(irq.high).toBe(false);
    expect(read(0x0c) & 0x20).toBe(0);
  });

  it('do not wake anybody while they are disabled, but their flags rise', () => {
    start('2026-11-24T12:00:00Z');
    expect(bench.clock.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    bench.advance(3 * SECOND);
    expect(read(0x0c)).toBe(0x50);
    expect(irq.rises).toBe(0);
  });

  it('stop at a reset, which leaves time and memory alone', () => {
    const rtc = start('2000-01-01T00:00:00Z');
    write(0x0b, 0x72);
    write(0x40, 0xa5);
    bench.advance(SECOND);
    rtc.reset();
    expect(irq.high).toBe(false);
    expect([read(0x0b), read(0x40), read(0)]).toEqual([0x02, 0xa5, 0x01]);
  });
});

it('setup bytes say what SeaBIOS asks: memory, floppies, boot order', () => {
  const bytes = cmosSetup({ memoryBytes: 128 << 20, floppies: [4, 0], bootOrder: ['cdrom', 'disk', 'floppy'] });
  new Rtc({ ports: (bench = new DeviceBench()).ports, clock: bench.clock, irq, start: 0, memory: bytes });
  const word = (at: number): number => read(at) | (read(at + 1) << 8);
  expect([word(0x15), word(0x17), word(0x30), word(0x34)]).toEqual([640, 65535, 65535, 112 * 16]);
  expect([read(0x10), read(0x14), read(0x3d), read(0x38)]).toEqual([0x40, 0x07, 0x23, 0x11]);
  let sum = 0;
  for (let at = 0x10; at <= 0x2d; at++) sum += read(at);
  expect((read(0x2e) << 8) | read(0x2f)).toBe(sum);
});

it('survives random operations', () => {
  fuzz(
    bench,
    [{ space: 'port', first: 0x70, count: 2 }],
    30_000,
    [0, 1, 2, 4, 5, 9, 10, 11, 12, 0x32, 0x72],
    new Random(),
  );
});

// The high precision event timer by its specification; registers side by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Hpet } from '../../../runtime/devices/hpet.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../support/device-bench.ts';
import { differenceFromQemu, type Exchange } from '../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../support/qtest.ts';
import { Random } from '../../support/random.ts';

const BASE = 0xfed00000 | 0;
const CONFIGURATION = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const LEVEL = 2;
const INTERRUPTS = 4;
const PERIODIC = 8;
const SETS_VALUE = 0x40;
const NARROW = 0x100;
const timer = (index: number): number => 0x100 + 0x20 * index;
const route = (input: number): number => input << 9;

let bench: DeviceBench;
let hpet: Hpet;
let irq0: RecordedLine;
let irq8: RecordedLine;
let inputs: RecordedLine[];

const read = (register: number): number => bench.memory.read32(BASE + register);
const write = (register: number, value: number): void => bench.memory.write32(BASE + register, value);

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  irq0 = new RecordedLine();
  irq8 = new RecordedLine();
  inputs = Array.from({ length: 24 }, () => new RecordedLine());
  hpet = new Hpet({ memory: bench.memory, clock: bench.clock, irq0, irq8, inputs });
});

describe('the counter', () => {
  it('counts every 10 ns while it is enabled', () => {
    expect([read(0) >>> 0, read(4)]).toEqual([0x8086a201, 10_000_000]);
    bench.advance(1000);
    expect(read(COUNTER)).toBe(0);
    write(CONFIGURATION, 1);
    bench.advance(12_345);
    expect(read(COUNTER)).toBe(1234);
    write(CONFIGURATION, 0);
    bench.advance(1000);
    expect(read(COUNTER)).toBe(1234);
  });

  it('can be set to any 64 bits, and carries', () => {
    write(COUNTER, -10);
    write(COUNTER + 4, 0x7fffffff);
    write(CONFIGURATION, 1);
    bench.advance(100);
    expect([read(COUNTER), read(COUNTER + 4)]).toEqual([0, 0x80000000 | 0]);
    write(CONFIGURATION, 0);
    write(COUNTER, -1);
    write(COUNTER + 4, -1);
    write(CONFIGURATION, 1);
    bench.advance(10);
    expect([read(COUNTER), read(COUNTER + 4)]).toEqual([0, 0]);
  });
});

describe('a comparator', () => {
  it('interrupts once when the counter reaches it', () => {
    write(timer(2), INTERRUPTS | route(20));
    write(timer(2) + 8, 1000);
    write(timer(2) + 12, 0);
    write(CONFIGURATION, 1);
    bench.advance(9_999);
    expect(inputs[20]!.rises).toBe(0);
    bench.advance(1);
    expect(inputs[20]!.rises).toBe(1);
    bench.advance(1e9);
    expect(inputs[20]!.rises).toBe(1);
  });

  it('of 32 bits matches again when they have gone round', () => {
    write(timer(1), INTERRUPTS | NARROW | route(21));
    write(timer(1) + 8, 1000);
    write(CONFIGURATION, 1);
    bench.advance(10_000 + 2 ** 32 * 10);
    expect(inputs[21]!.rises).toBe(2);
  });

  it('interrupts by level until its status is cleared', () => {
    write(timer(0), INTERRUPTS | LEVEL | NARROW | route(23));
    write(timer(0) + 8, 100);
    write(CONFIGURATION, 1);
    bench.advance(5_000);
    expect([inputs[23]!.high, read(STATUS)]).toEqual([true, 1]);
    write(STATUS, 2);
    expect(inputs[23]!.high).toBe(true);
    write(STATUS, 1);
    expect([inputs[23]!.high, read(STATUS)]).toEqual([false, 0]);
  });

  it('repeats, with the first match set apart from the period', () => {
    write(CONFIGURATION, 1);
    write(timer(0), INTERRUPTS | PERIODIC | SETS_VALUE | NARROW | route(20));
    write(timer(0) + 8, 5000);
    write(timer(0) + 8, 1000);
    bench.advance(49_999);
    expect(inputs[20]!.rises).toBe(0);
    bench.advance(1 + 10_000 * 100);
    expect(inputs[20]!.rises).toBe(101);
    expect(read(timer(0) + 8)).toBe(5000 + 101 * 1000);
  });

  it('merges periods that the host was too late for, and those that nobody could serve', () => {
    write(CONFIGURATION, 1);
    write(timer(0), INTERRUPTS | PERIODIC | SETS_VALUE | NARROW | route(20));
    write(timer(0) + 8, 1000);
    write(timer(0) + 8, 1000);
    bench.oversleep(123_456);
    expect(inputs[20]!.rises).toBe(1);
    bench.advance(6_543);
    expect(inputs[20]!.rises).toBe(1);
    bench.advance(1);
    expect(inputs[20]!.rises).toBe(2);
    write(timer(0) + 8, 1);
    bench.advance(1_000_000);
    expect(inputs[20]!.rises).toBeLessThan(1010);
  });

  it('has no route to interrupts that others use', () => {
    expect(read(timer(0) + 4)).toBe(0x00f00000);
    write(timer(0), INTERRUPTS | NARROW | route(4));
    write(timer(0) + 8, 100);
    write(CONFIGURATION, 1);
    bench.advance(10_000);
    expect(inputs.every((input) => input.rises === 0)).toBe(true);
  });
});

it('legacy replacement takes interrupts 0 and 8 from the 8254 and the RTC, and gives them back', () => {
  hpet.pitOutput.set(true);
  expect(irq0.high).toBe(true);
  write(timer(0), INTERRUPTS | NARROW);
  write(timer(0) + 8, 1000);
  write(CONFIGURATION, 3);
  expect(irq0.high).toBe(false);
  hpet.pitOutput.set(false);
  hpet.pitOutput.set(true);
  hpet.rtcOutput.set(true);
  expect([irq0.rises, irq8.rises]).toEqual([1, 0]);
  bench.advance(10_000);
  expect(irq0.rises).toBe(2);
  write(CONFIGURATION, 1);
  expect([irq0.high, irq8.high]).toEqual([true, true]);
});

// QEMU's clock stands still, so nothing counts; reserved bits and the route's capability differ by board.
describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([1, 2])('registers, seed %i', async (seed) => {
    const random = new Random(seed);
    const exchanges: Exchange[] = [];
    for (let i = 0; i < 1000; i++) {
      const at = random.pick([
        CONFIGURATION,
        COUNTER,
        COUNTER + 4,
        ...[0, 1, 2].flatMap((n) => [timer(n), timer(n) + 8]),
      ]);
      const value = at >= 0x100 && at % 0x20 === 0 ? random.pick([0, 4, 0x4c, 0x104, 0x100]) : random.word();
      if (random.below(2) === 0) {
        // The counter is written while it stands.
        const written = at === CONFIGURATION ? value & 2 : value;
        exchanges.push({ command: `writel ${(BASE + at) >>> 0} ${written >>> 0}`, answer: undefined });
        write(at, written);
      } else {
        const mask = at >= 0x100 && at % 0x20 === 0 ? 0x13e : -1;
        exchanges.push({ command: `readl ${(BASE + at) >>> 0}`, answer: read(at), mask });
      }
    }
    expect(await differenceFromQemu(exchanges), `seed ${seed}`).toBeUndefined();
  });
});

it('survives random operations', () => {
  const targets = [
    { space: 'memory', first: BASE, count: 0x180 },
    { space: 'memory', first: BASE + 0x100, count: 0x60 },
  ] as const;
  const events = [
    (random: Random): void => write(random.pick([CONFIGURATION, STATUS, COUNTER]), random.word() >>> random.below(32)),
    (random: Random): void =>
      write(timer(random.below(3)) + random.pick([0, 8, 12]), random.word() >>> random.below(32)),
    (random: Random): void => hpet.pitOutput.set(random.below(2) === 0),
  ];
  fuzz(bench, targets, 20_000, [1, 3, 0x4c, 0x14c, 100], new Random(), events);
});

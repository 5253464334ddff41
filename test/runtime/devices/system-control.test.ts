// System control ports 61h and 92h.
import { beforeEach, expect, it } from 'vitest';
import { Pit } from '../../../runtime/devices/pit.ts';
import { SystemControl } from '../../../runtime/devices/system-control.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../support/device-bench.ts';

let bench: DeviceBench;
let control: SystemControl;
let resets: number;

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  const { ports, clock, memory } = bench;
  resets = 0;
  const pit = new Pit({ ports, clock, irq: new RecordedLine() });
  control = new SystemControl({ ports, memory, pit, onReset: () => resets++ });
});

it('port 92h gates A20: off, 1 MiB is 0 again', () => {
  bench.memory.write8(0, 1);
  bench.memory.write8(0x100000, 2);
  bench.out([0x92, 0]);
  expect(bench.memory.read8(0x100000)).toBe(1);
  expect(bench.in(0x92)).toBe(0);
  bench.out([0x92, 2]);
  expect(bench.memory.read8(0x100000)).toBe(2);
  expect(bench.in(0x92)).toBe(2);
});

it('port 92h resets when bit 0 rises', () => {
  bench.out([0x92, 3], [0x92, 3]);
  expect(resets).toBe(1);
  bench.out([0x92, 2], [0x92, 3]);
  expect(resets).toBe(2);
});

it('port 61h gates timer 2 and shows its output', () => {
  bench.out([0x61, 0x00], [0x43, 0xb0], [0x42, 0x10], [0x42, 0x00]);
  bench.advance(1_000_000);
  expect(bench.in(0x61) & 0x2f).toBe(0);
  bench.out([0x61, 0x01]);
  bench.advance(20_000);
  expect(bench.in(0x61) & 0x2f).toBe(0x21);
});

it('port 61h toggles its refresh bit every 15 µs', () => {
  let changes = 0;
  for (let i = 0, last = 0; i < 10_000; i++, bench.advance(1000)) {
    const now = bench.in(0x61) & 0x10;
    if (now !== last) changes++;
    last = now;
  }
  expect(changes).toBeGreaterThan(655);
  expect(changes).toBeLessThan(670);
});

it('the speaker sounds while both of its bits are set', () => {
  bench.out([0x43, 0xb6], [0x42, 0xa9], [0x42, 0x04], [0x61, 0x01]);
  expect(control.tone).toBe(0);
  bench.out([0x61, 0x03]);
  expect(control.tone).toBeCloseTo(1000, 0);
});

it('survives random operations', () => {
  const targets = [
    { space: 'port', first: 0x60, count: 2 },
    { space: 'port', first: 0x91, count: 3 },
    { space: 'port', first: 0x40, count: 4 },
  ] as const;
  fuzz(bench, targets, 20_000);
});

// ACPI fixed hardware: switching off, the power button, the timer by the ACPI specification; registers side by side
// with QEMU's PIIX4.
import { beforeEach, describe, expect, it } from 'vitest';
import { PowerManagement } from '../../../../runtime/devices/acpi/power-management.ts';
import { PciBus } from '../../../../runtime/devices/pci/bus.ts';
import { PciFunction } from '../../../../runtime/devices/pci/function.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../../support/device-bench.ts';
import { differenceFromQemu, type Exchange } from '../../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../../support/qtest.ts';
import { Random } from '../../../support/random.ts';

const BASE = 0x600;
const STATUS = BASE;
const ENABLE = BASE + 2;
const CONTROL = BASE + 4;
const TIMER = BASE + 8;
const SECOND = 1e9;

let bench: DeviceBench;
let pm: PowerManagement;
let sci: RecordedLine;
let offs: number;

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  const { ports, clock, memory } = bench;
  const bus = new PciBus(ports, memory);
  bus.attach(1, 0, new PciFunction({ vendor: 0x8086, device: 0x7000, classCode: 0x060100, isMultiFunction: true }));
  sci = new RecordedLine();
  offs = 0;
  const onPowerOff = (): void => void offs++;
  pm = new PowerManagement({ bus, ports, clock, sci, onPowerOff });
});

const configure = (register: number, value: number): void => {
  bench.ports.write32(0xcf8, 0x80000000 | (1 << 11) | (3 << 8) | register);
  bench.ports.write32(0xcfc, value);
};

it('sleep type 0 switches off, others do nothing', () => {
  bench.ports.write16(CONTROL, 0x2400);
  bench.ports.write16(CONTROL, 0x0000);
  expect(offs).toBe(0);
  bench.ports.write16(CONTROL, 0x2000);
  expect(offs).toBe(1);
  expect(bench.ports.read16(CONTROL)).toBe(0);
});

it('the power button interrupts once ACPI mode is on, until its status is cleared', () => {
  bench.ports.write16(ENABLE, 0x0100);
  pm.pressPowerButton();
  expect(sci.high).toBe(false);
  bench.out([0xb2, 0xf1]);
  expect(bench.ports.read16(CONTROL) & 1).toBe(1);
  expect(sci.high).toBe(true);
  bench.ports.write16(STATUS, 0x0001);
  expect(sci.high).toBe(true);
  bench.ports.write16(STATUS, 0x0100);
  expect(sci.high).toBe(false);
  bench.out([0xb2, 0xf0]);
  expect(bench.ports.read16(CONTROL) & 1).toBe(0);
});

describe('the timer', () => {
  it('counts 3,579,545 times a second, in 24 bits', () => {
    bench.advance(SECOND);
    expect(bench.ports.read32(TIMER)).toBe(3579545);
    bench.advance(4 * SECOND);
    expect(bench.ports.read32(TIMER)).toBe(17897727 - (1 << 24));
  });

  it('interrupts when its highest bit changes', () => {
    bench.out([0xb2, 0xf1]);
    bench.ports.write16(ENABLE, 0x0001);
    bench.advance(2.343 * SECOND);
    expect(sci.high).toBe(false);
    bench.advance(0.001 * SECOND);
    expect(sci.high).toBe(true);
    bench.ports.write16(STATUS, 0x0001);
    expect(sci.high).toBe(false);
    bench.advance(2.344 * SECOND);
    expect(sci.rises).toBe(2);
  });

  it('wakes nobody while it may not interrupt, but its carry is noted', () => {
    expect(bench.clock.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    bench.advance(3 * SECOND);
    expect(bench.ports.read16(STATUS)).toBe(0x0001);
  });
});

it('its registers can be moved and switched off', () => {
  configure(0x40, 0xb001);
  bench.advance(SECOND);
  expect(bench.ports.read32(TIMER)).toBe(-1);
  expect(bench.ports.read32(0xb008)).toBe(3579545);
  // Not on top of another device.
  configure(0x40, 0x0cc1);
  expect(bench.ports.read32(0xb008)).toBe(-1);
  configure(0x40, 0x0601);
  configure(0x80, 0);
  expect(bench.ports.read32(TIMER)).toBe(-1);
  pm.reset();
  expect(bench.ports.read32(TIMER)).toBe(3579545);
});

describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it('enables and control', async () => {
    const random = new Random(1);
    const exchanges: Exchange[] = [];
    const note = (command: string, answer?: number): void => void exchanges.push({ command, answer });
    for (const [port, value] of [
      [0xcf8, 0x80000b40],
      [0xcfc, 0x601],
      [0xcf8, 0x80000b80],
      [0xcfc, 1],
    ] as const)
      note(`outl ${port} ${value}`);
    for (let i = 0; i < 500; i++) {
      const at = random.pick([2, 4]);
      // Bits that QEMU keeps although the chip reserves them, and sleeping, stay 0.
      const value = random.word() & (at === 2 ? 0x0521 : 0x1c03);
      note(`outw ${BASE + at} ${value}`);
      bench.ports.write16(BASE + at, value);
      note(`inw ${BASE + at}`, bench.ports.read16(BASE + at));
    }
    expect(await differenceFromQemu(exchanges)).toBeUndefined();
  });
});

it('survives random operations', () => {
  const targets = [
    { space: 'port', first: BASE, count: 64 },
    { space: 'port', first: 0xb2, count: 2 },
    { space: 'port', first: 0xcfc, count: 4 },
  ] as const;
  const events = [
    (): void => pm.pressPowerButton(),
    (random: Random): void => configure(random.pick([0x40, 0x80, 0x58]), random.word()),
    (): void => configure(0x40, BASE | 1),
  ];
  fuzz(bench, targets, 20_000, [0xf0, 0xf1, 1, 0x2000], new Random(), events);
});

// Local APIC and I/O APIC together: priorities, timer, commands, errors by the SDM; redirection by the 82093AA's
// datasheet, its registers side by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Clock } from '../../../runtime/bus/clock.ts';
import { IoApic } from '../../../runtime/devices/io-apic.ts';
import { LocalApic } from '../../../runtime/devices/local-apic.ts';
import { Pic } from '../../../runtime/devices/pic.ts';
import { DeviceBench, fuzz } from '../../support/device-bench.ts';
import { differenceFromQemu, type Exchange } from '../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../support/qtest.ts';
import { Random } from '../../support/random.ts';

const LOCAL = 0xfee00000 | 0;
const IO = 0xfec00000 | 0;
const ID = 0x20;
const TPR = 0x80;
const PPR = 0xa0;
const EOI = 0xb0;
const LDR = 0xd0;
const DFR = 0xe0;
const SVR = 0xf0;
const ISR = 0x100;
const TMR = 0x180;
const IRR = 0x200;
const ESR = 0x280;
const ICR = 0x300;
const ICR_HIGH = 0x310;
const LVT_TIMER = 0x320;
const LINT0 = 0x350;
const LVT_ERROR = 0x370;
const INITIAL = 0x380;
const CURRENT = 0x390;
const DIVIDE = 0x3e0;
const MASKED = 0x10000;

let bench: DeviceBench;
let pic: Pic;
let apic: LocalApic;
let io: IoApic;
let nmis: number;

const read = (register: number): number => bench.memory.read32(LOCAL + register);
const write = (register: number, value: number): void => bench.memory.write32(LOCAL + register, value);
const readIo = (register: number): number => {
  bench.memory.write32(IO, register);
  return bench.memory.read32(IO + 0x10);
};
const writeIo = (register: number, value: number): void => {
  bench.memory.write32(IO, register);
  bench.memory.write32(IO + 0x10, value);
};
/** Send vector `vector` to itself. */
const self = (vector: number): void => write(ICR, 0x40000 | vector);

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  pic = new Pic(bench.ports);
  nmis = 0;
  const onNmi = (): void => void nmis++;
  apic = new LocalApic({ memory: bench.memory, clock: bench.clock, pic, onNmi });
  pic.output = apic.lint0;
  io = new IoApic(bench.memory, apic);
  write(SVR, 0x1ff);
});

describe('requests', () => {
  it('are served by priority class, and wait behind one in service', () => {
    self(0x51);
    self(0x62);
    self(0x65);
    expect(read(IRR + 0x20)).toBe(0x20000);
    expect(read(IRR + 0x30)).toBe(0x24);
    expect(apic.acknowledge()).toBe(0x65);
    expect([read(ISR + 0x30), read(PPR)]).toEqual([0x20, 0x60]);
    expect(apic.requested).toBe(false);
    self(0x71);
    expect(apic.acknowledge()).toBe(0x71);
    write(EOI, 0);
    expect(apic.requested).toBe(false);
    write(EOI, 0);
    expect(apic.acknowledge()).toBe(0x62);
    write(EOI, 0);
    expect(apic.acknowledge()).toBe(0x51);
    write(EOI, 0);
    expect(apic.requested).toBe(false);
  });

  it('wait behind the task priority', () => {
    write(TPR, 0x60);
    self(0x6f);
    expect(apic.requested).toBe(false);
    self(0x70);
    expect(apic.acknowledge()).toBe(0x70);
    write(EOI, 0);
    write(TPR, 0x5f);
    expect(apic.acknowledge()).toBe(0x6f);
  });

  it('that are gone when they are acknowledged give the spurious vector', () => {
    write(SVR, 0x1ef);
    expect(apic.acknowledge()).toBe(0xef);
    expect(read(ISR + 0x70)).toBe(0);
  });

  it('find nobody while software has switched the APIC off', () => {
    write(SVR, 0xff);
    self(0x51);
    expect(apic.requested).toBe(false);
    write(LVT_TIMER, 0x40);
    expect(read(LVT_TIMER)).toBe(0x40 | MASKED);
  });
});

describe('LINT0', () => {
  const initializePic = (): void => {
    bench.out([0x20, 0x11], [0x21, 0x08], [0x21, 4], [0x21, 1]);
    pic.input(3).set(true);
  };

  it('passes the interrupts of the 8259A, unless it is masked', () => {
    initializePic();
    expect(apic.requested).toBe(true);
    write(LINT0, 0x700 | MASKED);
    expect(apic.requested).toBe(false);
    write(LINT0, 0x700);
    expect(apic.acknowledge()).toBe(0x0b);
    expect(apic.requested).toBe(false);
  });

  it('in mode Fixed is an interrupt of its own, an edge each', () => {
    initializePic();
    write(LINT0, 0x55);
    expect(apic.requested).toBe(false);
    for (const high of [false, true, false]) pic.input(3).set(high);
    expect([apic.requested, apic.acknowledge()]).toEqual([true, 0x55]);
    write(EOI, 0);
    expect(apic.requested).toBe(false);
    write(LINT0, 0x55 | MASKED);
    pic.input(3).set(true);
    expect(apic.requested).toBe(false);
  });

  it('in mode Fixed, level-triggered, asks again while it is high', () => {
    initializePic();
    pic.input(3).set(false);
    write(LINT0, 0x8055);
    pic.input(3).set(true);
    for (const high of [true, true, false]) {
      expect(apic.acknowledge()).toBe(0x55);
      pic.input(3).set(high);
      write(EOI, 0);
      expect(apic.requested).toBe(high);
    }
  });

  it('in mode NMI is a non-maskable interrupt', () => {
    initializePic();
    write(LINT0, 0x400);
    for (const high of [false, true]) pic.input(3).set(high);
    expect([nmis, apic.requested]).toEqual([1, false]);
  });

  it('is the plain INTR pin while the APIC is switched off altogether', () => {
    initializePic();
    write(LINT0, MASKED);
    apic.setBase(0xfee00100 | 0);
    expect(apic.requested).toBe(true);
    expect(read(ID)).toBe(-1);
    apic.setBase(0xfee00900 | 0);
    expect(read(0x30)).toBe(0x00050014);
    expect(read(SVR)).toBe(0xff);
  });
});

it('its registers can be moved', () => {
  apic.setBase(0xfed10900 | 0);
  expect(read(0x30)).toBe(-1);
  expect(bench.memory.read32((0xfed10000 | 0) + 0x30)).toBe(0x00050014);
  // Not on top of RAM.
  apic.setBase(0x00001900);
  expect(bench.memory.read32(0x1030)).toBe(0);
});

describe('the timer', () => {
  it('interrupts once', () => {
    write(DIVIDE, 0x03);
    write(LVT_TIMER, 0x40);
    write(INITIAL, 1000);
    bench.advance(8000);
    expect(read(CURRENT)).toBe(500);
    bench.advance(7999);
    expect(apic.requested).toBe(false);
    bench.advance(1);
    expect(apic.acknowledge()).toBe(0x40);
    expect(read(CURRENT)).toBe(0);
    write(EOI, 0);
    bench.advance(1e6);
    expect(apic.requested).toBe(false);
  });

  it('interrupts every period, and merges what the host was too late for', () => {
    write(DIVIDE, 0x0b);
    write(LVT_TIMER, 0x20040);
    write(INITIAL, 5000);
    for (let i = 0; i < 10; i++) {
      bench.advance(5000);
      expect(apic.acknowledge()).toBe(0x40);
      write(EOI, 0);
    }
    bench.oversleep(22_500);
    expect(apic.acknowledge()).toBe(0x40);
    write(EOI, 0);
    expect(read(CURRENT)).toBe(2500);
    bench.advance(2499);
    expect(apic.requested).toBe(false);
    bench.advance(1);
    expect(apic.requested).toBe(true);
  });

  it('counts while it is masked, and stops at an initial count of 0', () => {
    write(DIVIDE, 0x0b);
    write(LVT_TIMER, MASKED | 0x20040);
    write(INITIAL, 1000);
    bench.advance(1300);
    expect(read(CURRENT)).toBe(700);
    expect([apic.requested, bench.clock.nextDeadline]).toEqual([false, Number.POSITIVE_INFINITY]);
    write(LVT_TIMER, 0x20040);
    bench.advance(700);
    expect(apic.acknowledge()).toBe(0x40);
    write(EOI, 0);
    write(INITIAL, 0);
    expect([read(CURRENT), bench.clock.nextDeadline]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('interrupts once even when the host was so slow that its time is over while it is set', () => {
    let now = 0;
    const restless = new Clock(() => (now += 50));
    const late = new LocalApic({ memory: new DeviceBench(0x100000).memory, clock: restless, pic, onNmi: () => {} });
    const set = (register: number, value: number): void => late.write32(LOCAL + register, value);
    set(SVR, 0x1ff);
    set(DIVIDE, 0x0b);
    set(LVT_TIMER, 0x40);
    set(INITIAL, 10);
    restless.runDue();
    expect(late.acknowledge()).toBe(0x40);
    set(EOI, 0);
    // Due, but the clock has not run: setting it again does not lose the interrupt.
    set(INITIAL, 10);
    set(INITIAL, 1_000_000);
    expect(late.acknowledge()).toBe(0x40);
  });

  it('lets a sleeping host be late for a single count, and for a periodic one not', () => {
    write(DIVIDE, 0x0b);
    write(LVT_TIMER, 0x40);
    write(INITIAL, 1_000_000);
    expect([bench.clock.nextDeadline, bench.clock.latestDeadline]).toEqual([1e6, 33e6]);
    write(LVT_TIMER, 0x20040);
    expect([bench.clock.nextDeadline, bench.clock.latestDeadline]).toEqual([1e6, 1e6]);
  });

  it('that ran out while it was masked stays so in periodic mode', () => {
    write(DIVIDE, 0x0b);
    write(LVT_TIMER, MASKED | 0x40);
    write(INITIAL, 1000);
    bench.advance(1500);
    write(LVT_TIMER, 0x20040);
    bench.advance(5000);
    expect([read(CURRENT), apic.requested]).toEqual([0, false]);
  });

  it.each([
    [0x0, 2],
    [0x1, 4],
    [0x2, 8],
    [0x3, 16],
    [0x8, 32],
    [0x9, 64],
    [0xa, 128],
    [0xb, 1],
  ])('divides by the code %i: %i', (code, divisor) => {
    write(DIVIDE, code);
    write(LVT_TIMER, MASKED | 0x40);
    write(INITIAL, 1000);
    bench.advance(128 * 5);
    expect(read(CURRENT)).toBe(1000 - 640 / divisor);
  });
});

describe('commands', () => {
  it('reach it by physical and logical destination, and nobody else', () => {
    write(ICR_HIGH, 0x01000000);
    write(ICR, 0x61);
    expect(apic.requested).toBe(false);
    write(ICR_HIGH, 0);
    write(ICR, 0x61);
    expect(apic.acknowledge()).toBe(0x61);
    write(EOI, 0);
    write(LDR, 0x04000000);
    write(ICR_HIGH, 0x06000000);
    write(ICR, 0x862);
    expect(apic.acknowledge()).toBe(0x62);
    write(EOI, 0);
    write(DFR, 0x0fffffff);
    write(LDR, 0x24000000);
    write(ICR, 0x863);
    expect(apic.requested).toBe(false);
    write(ICR_HIGH, 0x24000000);
    write(ICR, 0x863);
    expect(apic.acknowledge()).toBe(0x63);
  });

  it('to all but itself reach nobody: INIT and start-up as well', () => {
    write(ICR, 0xc0061);
    write(ICR, 0xc4500);
    write(ICR, 0xc4608);
    expect(apic.requested).toBe(false);
    expect(read(ICR) & 0x1000).toBe(0);
  });

  it('may be NMIs', () => {
    write(ICR_HIGH, 0);
    write(ICR, 0x400);
    expect(nmis).toBe(1);
  });
});

it('errors are latched by writing the error register, and interrupt', () => {
  write(LVT_ERROR, 0xf1);
  self(5);
  expect(read(ESR)).toBe(0);
  expect(apic.acknowledge()).toBe(0xf1);
  write(ESR, 0);
  expect(read(ESR)).toBe(0x20);
  write(0x3f0, 1);
  write(ESR, 0);
  expect(read(ESR)).toBe(0x80);
  write(ESR, 0);
  expect(read(ESR)).toBe(0);
});

describe('the I/O APIC', () => {
  it('sends an edge once, and ignores it while it is masked', () => {
    io.input(4).set(true);
    writeIo(0x18, 0x54);
    expect(apic.requested).toBe(false);
    io.input(4).set(false);
    io.input(4).set(true);
    expect(apic.acknowledge()).toBe(0x54);
    write(EOI, 0);
    expect(apic.requested).toBe(false);
  });

  it('sends a level again after each end of interrupt, while it lasts', () => {
    writeIo(0x24, 0x805a);
    io.input(10).set(true);
    expect(apic.acknowledge()).toBe(0x5a);
    expect(read(TMR + 0x20)).toBe(1 << 26);
    expect(readIo(0x24)).toBe(0xc05a);
    write(EOI, 0);
    expect(apic.requested).toBe(true);
    expect(apic.acknowledge()).toBe(0x5a);
    io.input(10).set(false);
    write(EOI, 0);
    expect(apic.requested).toBe(false);
    expect(readIo(0x24)).toBe(0x805a);
  });

  it('keeps a level that was masked', () => {
    writeIo(0x24, 0x1805a);
    io.input(10).set(true);
    expect(apic.requested).toBe(false);
    writeIo(0x24, 0x805a);
    expect(apic.requested).toBe(true);
  });

  it('sends to the destination of the entry', () => {
    writeIo(0x18, 0x54);
    writeIo(0x19, 0x01000000);
    io.input(4).set(true);
    expect(apic.requested).toBe(false);
    write(LDR, 0x01000000);
    writeIo(0x18, 0x854);
    io.input(4).set(false);
    io.input(4).set(true);
    expect(apic.requested).toBe(true);
  });
});

// Without the version (QEMU's is a newer chip), reserved bits, which QEMU keeps, and delivery: its local APIC answers only
// to a running processor.
describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([1, 2])('registers of the I/O APIC, seed %i', async (seed) => {
    const random = new Random(seed);
    const exchanges: Exchange[] = [];
    for (let i = 0; i < 1500; i++) {
      const register = random.below(8) === 0 ? 0 : 0x10 + random.below(48);
      const value = random.word();
      exchanges.push({ command: `writel ${IO >>> 0} ${register}`, answer: undefined });
      if (random.below(2) === 0) {
        exchanges.push({ command: `writel ${(IO >>> 0) + 16} ${value >>> 0}`, answer: undefined });
        writeIo(register, value);
      } else {
        const mask = register === 0 || register & 1 ? 0xff000000 : 0x1ffff;
        exchanges.push({ command: `readl ${(IO >>> 0) + 16}`, answer: readIo(register), mask });
      }
    }
    expect(await differenceFromQemu(exchanges), `seed ${seed}`).toBeUndefined();
  });
});

it('survive random operations', () => {
  const targets = [
    { space: 'memory', first: LOCAL, count: 0x400 },
    { space: 'memory', first: LOCAL + LVT_TIMER, count: 0xd0 },
    { space: 'memory', first: IO, count: 0x20 },
  ] as const;
  const events = [
    (random: Random): void => io.input(random.below(24)).set(random.below(2) === 0),
    (): void => expect(apic.acknowledge()).toBeLessThan(256),
    (): void => write(EOI, 0),
    (random: Random): void => write(random.pick([ICR, LVT_TIMER, INITIAL, DIVIDE]), random.word() >>> random.below(32)),
    (random: Random): void => apic.setBase((random.word() & 0xfffff900) | 0),
    (): void => apic.setBase(0xfee00900 | 0),
  ];
  fuzz(bench, targets, 20_000, [0x10, 0x1ff, 0x40040, 0x20040, 0x805a], new Random(), events);
});

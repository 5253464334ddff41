// The serial port: interrupts and their priorities, FIFOs, flow control by the PC16550D's datasheet; registers,
// identification and loop-back side by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Uart } from '../../../runtime/devices/uart.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../support/device-bench.ts';
import { converse, differenceFromQemu } from '../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../support/qtest.ts';
import { Random } from '../../support/random.ts';

const DATA = 0x3f8;
const IER = 0x3f9;
const IIR = 0x3fa;
const FCR = 0x3fa;
const LCR = 0x3fb;
const MCR = 0x3fc;
const LSR = 0x3fd;
const MSR = 0x3fe;
const SCR = 0x3ff;
/** Ten bits at 115,200 baud. */
const CHARACTER = 1e10 / 115_200;

let bench: DeviceBench;
let irq: RecordedLine;
let uart: Uart;
let sent: number[];

beforeEach(() => {
  bench = new DeviceBench(0x100000);
  irq = new RecordedLine();
  sent = [];
  uart = new Uart({ ports: bench.ports, clock: bench.clock, irq, port: DATA, onTransmit: (byte) => sent.push(byte) });
  uart.reset();
  // 115,200 baud, 8N1, OUT2.
  bench.out([LCR, 0x83], [DATA, 1], [IER, 0], [LCR, 0x03], [MCR, 0x0b]);
});

describe('receiving', () => {
  it('takes a character time each, and waits until the last one is read', () => {
    uart.send([65, 66]);
    expect(bench.in(LSR)).toBe(0x60);
    bench.advance(CHARACTER);
    expect(bench.in(LSR)).toBe(0x61);
    bench.advance(10 * CHARACTER);
    expect(uart.queued).toBe(1);
    expect(bench.in(DATA)).toBe(65);
    expect(bench.in(LSR)).toBe(0x60);
    bench.advance(CHARACTER);
    expect(bench.in(DATA)).toBe(66);
    expect(uart.queued).toBe(0);
  });

  it('fills a FIFO of sixteen, in order and without an overrun', () => {
    bench.out([FCR, 0x07]);
    const message = Array.from({ length: 100 }, (_, i) => i);
    uart.send(message);
    bench.advance(200 * CHARACTER);
    expect(uart.queued).toBe(84);
    const got: number[] = [];
    for (let i = 0; i < 100; i++) {
      const status = bench.in(LSR);
      expect(status & 0x1e).toBe(0);
      if (status & 1) got.push(bench.in(DATA));
      bench.advance(CHARACTER);
    }
    expect(got).toEqual(message);
  });

  it('interrupts at the trigger level, or when four character times pass', () => {
    bench.out([FCR, 0x47], [IER, 0x01]);
    uart.send([1, 2, 3]);
    bench.advance(3 * CHARACTER);
    expect(irq.high).toBe(false);
    bench.advance(4 * CHARACTER);
    expect(irq.high).toBe(true);
    expect(bench.in(IIR)).toBe(0xcc);
    uart.send([4]);
    bench.advance(CHARACTER);
    expect(bench.in(IIR)).toBe(0xc4);
    for (let i = 1; i <= 4; i++) expect(bench.in(DATA)).toBe(i);
    expect(bench.in(IIR)).toBe(0xc1);
    expect(irq.high).toBe(false);
  });

  it('holds back what the host sends during loop-back', () => {
    bench.out([MCR, 0x1b]);
    uart.send([7]);
    bench.advance(10 * CHARACTER);
    expect(bench.in(LSR)).toBe(0x60);
    bench.out([MCR, 0x0b]);
    bench.advance(CHARACTER);
    expect(bench.in(DATA)).toBe(7);
  });
});

describe('transmitting', () => {
  it('takes no time', () => {
    for (const byte of [72, 105]) bench.out([DATA, byte]);
    expect(sent).toEqual([72, 105]);
    expect(bench.in(LSR)).toBe(0x60);
  });

  it('interrupts when it is enabled and after each character, until identified', () => {
    bench.out([IER, 0x02]);
    expect(irq).toMatchObject({ high: true, rises: 1 });
    expect(bench.in(IIR)).toBe(0x02);
    expect(irq.high).toBe(false);
    bench.out([DATA, 1]);
    bench.out([DATA, 2]);
    expect(irq).toMatchObject({ high: true, rises: 3 });
    expect(bench.in(IIR)).toBe(0x02);
    expect(bench.in(IIR)).toBe(0x01);
  });
});

describe('interrupts', () => {
  it('are identified by priority: line, received, transmitter, modem', () => {
    bench.out([IER, 0x0f], [MCR, 0x1b], [DATA, 1], [DATA, 2]);
    expect(bench.in(IIR)).toBe(0x06);
    expect(bench.in(LSR)).toBe(0x63);
    expect(bench.in(IIR)).toBe(0x04);
    expect(bench.in(DATA)).toBe(2);
    expect(bench.in(IIR)).toBe(0x02);
    expect(bench.in(IIR)).toBe(0x01);
    bench.out([MCR, 0x18]);
    expect(bench.in(IIR)).toBe(0x00);
    expect(bench.in(MSR)).toBe(0x83);
    expect(bench.in(IIR)).toBe(0x01);
  });

  it('reach the bus only while OUT2 is on', () => {
    bench.out([MCR, 0x03], [IER, 0x02]);
    expect(irq.high).toBe(false);
    bench.out([MCR, 0x0b]);
    expect(irq.high).toBe(true);
  });
});

// Time stands still there. QEMU notes no changes of the modem lines in loop-back, so these stay out of it.
describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([1, 2, 3])('registers and loop-back, seed %i', async (seed) => {
    const random = new Random(seed);
    const { exchanges, write, read } = converse(bench);
    write(LCR, 0x83);
    write(DATA, 1);
    write(IER, 0);
    write(LCR, 3);
    write(MCR, 0x1b);
    for (let i = 0; i < 1500; i++) {
      switch (random.below(8)) {
        case 0:
          write(LCR, 0x80 | random.below(32));
          write(random.pick([DATA, IER]), random.below(256));
          read(random.pick([DATA, IER]));
          write(LCR, random.below(32));
          break;
        case 1:
          write(IER, random.below(8));
          break;
        case 2:
          write(MCR, 0x10 | random.below(16));
          break;
        case 3:
          write(DATA, random.below(256));
          break;
        case 4:
          write(FCR, random.pick([0, 1, 0x41, 0x81, 0xc1, 0xc3]));
          break;
        case 5:
          write(SCR, random.below(256));
          break;
        default:
          read(random.pick([IER, IIR, LCR, MCR, LSR, SCR]));
          break;
      }
    }
    expect(await differenceFromQemu(exchanges, ['-serial', 'null']), `seed ${seed}`).toBeUndefined();
  });
});

it('survives random operations', () => {
  const send = (random: Random): void => {
    if (uart.queued < 1000) uart.send([random.below(256)]);
  };
  fuzz(bench, [{ space: 'port', first: DATA, count: 8 }], 20_000, [0, 1, 3, 0x0b, 0x1b, 0x80, 0xc7], new Random(), [
    send,
  ]);
  expect(uart.queued).toBeLessThan(1001);
});

// The interrupt controllers: by the 8259A's datasheet, and random sequences side by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Pic } from '../../../runtime/devices/pic.ts';
import { DeviceBench, fuzz } from '../../support/device-bench.ts';
import { converse, differenceFromQemu } from '../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../support/qtest.ts';
import { Random } from '../../support/random.ts';

let bench: DeviceBench;
let pic: Pic;

/** As a PC BIOS does: vectors 08h and 70h, nothing masked. */
function initialize(icw4 = 0x01): void {
  bench.out([0x20, 0x11], [0x21, 0x08], [0x21, 0x04], [0x21, icw4]);
  bench.out([0xa0, 0x11], [0xa1, 0x70], [0xa1, 0x02], [0xa1, icw4]);
}

const raise = (irq: number): void => pic.input(irq).set(true);
const lower = (irq: number): void => pic.input(irq).set(false);
const isr = (port = 0x20): number => {
  bench.out([port, 0x0b]);
  return bench.in(port);
};
const irr = (port = 0x20): number => {
  bench.out([port, 0x0a]);
  return bench.in(port);
};

beforeEach(() => {
  bench = new DeviceBench();
  pic = new Pic(bench.ports);
  initialize();
});

describe('requests', () => {
  it('are acknowledged by priority, each until its end of interrupt', () => {
    raise(4);
    raise(1);
    expect(pic.acknowledge()).toBe(0x09);
    expect(isr()).toBe(0x02);
    expect(pic.requested).toBe(false);
    bench.out([0x20, 0x20]);
    expect(pic.acknowledge()).toBe(0x0c);
    expect(isr()).toBe(0x10);
  });

  it('of higher priority interrupt the service of lower ones', () => {
    raise(4);
    pic.acknowledge();
    raise(6);
    expect(pic.requested).toBe(false);
    raise(3);
    expect(pic.requested).toBe(true);
    expect(pic.acknowledge()).toBe(0x0b);
    expect(isr()).toBe(0x18);
  });

  it('wait while they are masked', () => {
    bench.out([0x21, 0x10]);
    raise(4);
    expect(pic.requested).toBe(false);
    expect(irr()).toBe(0x10);
    bench.out([0x21, 0x00]);
    expect(pic.requested).toBe(true);
  });

  it('need a new edge after they were acknowledged', () => {
    raise(4);
    pic.acknowledge();
    bench.out([0x20, 0x20]);
    expect(pic.requested).toBe(false);
    lower(4);
    raise(4);
    expect(pic.requested).toBe(true);
  });

  it('are lost when an edge falls too early: the acknowledge finds the spurious 7', () => {
    raise(4);
    lower(4);
    expect(pic.requested).toBe(false);
    expect(pic.acknowledge()).toBe(0x0f);
    expect(isr()).toBe(0);
  });

  it('stay while a level-triggered input is high', () => {
    bench.out([0x4d0, 0xff], [0x4d1, 0xff]);
    expect([bench.in(0x4d0), bench.in(0x4d1)]).toEqual([0xf8, 0xde]);
    raise(5);
    expect(pic.acknowledge()).toBe(0x0d);
    bench.out([0x20, 0x20]);
    expect(pic.requested).toBe(true);
    lower(5);
    expect(pic.requested).toBe(false);
  });
});

describe('the slave', () => {
  it('asks through input 2 of the master', () => {
    raise(14);
    expect(pic.acknowledge()).toBe(0x76);
    expect([isr(), isr(0xa0)]).toEqual([0x04, 0x40]);
  });

  it('answers with its own spurious 15, while the master serves input 2', () => {
    raise(14);
    bench.out([0xa1, 0x40]);
    expect(pic.requested).toBe(false);
    bench.out([0x4d1, 0x40], [0xa1, 0x00]);
    expect(pic.acknowledge()).toBe(0x76);
    bench.out([0xa0, 0x20]);
    expect(isr()).toBe(0x04);
  });

  it('gets a second, higher interrupt through only in special fully nested mode', () => {
    raise(14);
    pic.acknowledge();
    raise(9);
    expect(pic.requested).toBe(false);
    initialize(0x11);
    lower(14);
    lower(9);
    raise(14);
    pic.acknowledge();
    raise(9);
    expect(pic.requested).toBe(true);
    expect(pic.acknowledge()).toBe(0x71);
  });
});

describe('commands', () => {
  it('rotate priorities on a non-specific end of interrupt', () => {
    raise(4);
    pic.acknowledge();
    bench.out([0x20, 0xa0]);
    raise(3);
    raise(5);
    expect(pic.acknowledge()).toBe(0x0d);
  });

  it('set the lowest priority', () => {
    bench.out([0x20, 0xc0 | 5]);
    raise(5);
    raise(6);
    expect(pic.acknowledge()).toBe(0x0e);
  });

  it('end a given interrupt, also out of order', () => {
    raise(4);
    pic.acknowledge();
    raise(1);
    pic.acknowledge();
    bench.out([0x20, 0x60 | 4]);
    expect(isr()).toBe(0x02);
  });

  it('let lower inputs through in special mask mode, which hides masked ones from a non-specific end', () => {
    raise(3);
    pic.acknowledge();
    bench.out([0x21, 0x08], [0x20, 0x68]);
    raise(6);
    expect(pic.acknowledge()).toBe(0x0e);
    bench.out([0x20, 0x20]);
    expect(isr()).toBe(0x08);
    bench.out([0x20, 0x20]);
    expect(isr()).toBe(0x08);
  });

  it('end interrupts by themselves in automatic mode', () => {
    initialize(0x03);
    raise(4);
    expect(pic.acknowledge()).toBe(0x0c);
    expect(isr()).toBe(0);
    bench.out([0x20, 0x80]);
    lower(4);
    raise(4);
    pic.acknowledge();
    raise(3);
    raise(5);
    expect(pic.acknowledge()).toBe(0x0d);
  });

  it('poll: the next read acknowledges', () => {
    raise(6);
    bench.out([0x20, 0x0c]);
    expect(bench.in(0x20)).toBe(0x86);
    expect(isr()).toBe(0x40);
    bench.out([0x20, 0x0c]);
    expect(bench.in(0x20)).toBe(0);
  });

  it('initialize again: masks and requests are gone, and a high input needs a new edge', () => {
    raise(4);
    bench.out([0x21, 0xff]);
    initialize();
    expect(bench.in(0x21)).toBe(0);
    expect(pic.requested).toBe(false);
  });
});

// QEMU keeps a request whose edge has fallen again, so inputs fall only when they no longer request; and each chip is
// compared without the other, because the slave's output falls whenever it likes.
describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([
    ['master', 1],
    ['master', 2],
    ['slave', 3],
    ['slave', 4],
  ] as const)('random commands to the %s, seed %i', async (name, seed) => {
    const random = new Random(seed);
    const { exchanges, write, read } = converse(bench);
    const isMaster = name === 'master';
    const port = isMaster ? 0x20 : 0xa0;
    const level = isMaster ? 0x28 : 0x0e;
    const set = (input: number, high: boolean): void => {
      const chip = isMaster ? 'device[6]' : 'device[7]';
      const command = `set_irq_in /machine/unattached/${chip} unnamed-gpio-in ${input} ${Number(high)}`;
      exchanges.push({ command, answer: undefined });
      pic.input(isMaster ? input : input + 8).set(high);
    };
    const start = (icw4: number): void => {
      for (let input = 0; input < 8; input++) if (!isMaster || input !== 2) set(input, false);
      write(port, 0x11);
      for (const word of [8, 4, icw4]) write(port + 1, word);
    };
    write(isMaster ? 0x4d0 : 0x4d1, level);
    start(1);
    for (let i = 0; i < 4000; i++) {
      switch (random.below(7)) {
        case 0: {
          const input = random.below(8);
          if (isMaster && input === 2) break;
          write(port, 0x0a);
          const requests = (read(port) >> input) & 1;
          if (random.below(2) === 0) set(input, true);
          else if ((level >> input) & 1 || !requests) set(input, false);
          break;
        }
        case 1:
          write(port, (random.below(8) << 5) | random.below(8));
          break;
        case 2:
          write(port + 1, random.below(256) & random.below(256));
          break;
        case 3:
          write(port, 0x0c);
          read(port + random.below(2));
          break;
        default:
          write(port, random.below(2) === 0 ? 0x0a : 0x0b);
          read(port);
          read(port + 1);
          break;
      }
      if (random.below(300) === 0) start(random.pick([1, 3, 0x11]));
    }
    expect(await differenceFromQemu(exchanges), `seed ${seed}`).toBeUndefined();
  });
});

it('survives random operations', () => {
  const targets = [
    { space: 'port', first: 0x20, count: 2 },
    { space: 'port', first: 0xa0, count: 2 },
    { space: 'port', first: 0x4d0, count: 2 },
  ] as const;
  const events = [
    (random: Random) => pic.input(random.below(16)).set(random.below(2) === 0),
    () => expect(pic.acknowledge()).toBeLessThan(256),
  ];
  fuzz(bench, targets, 20_000, [0x11, 0x20, 0x0c, 0x68], new Random(), events);
});

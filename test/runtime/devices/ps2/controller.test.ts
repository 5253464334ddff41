// The keyboard controller with a keyboard and a mouse at its ends: commands, interrupts, translation, A20; answers side
// by side with QEMU's.
import { beforeEach, describe, expect, it } from 'vitest';
import { Ps2Controller } from '../../../../runtime/devices/ps2/controller.ts';
import { Keyboard } from '../../../../runtime/devices/ps2/keyboard.ts';
import { Mouse } from '../../../../runtime/devices/ps2/mouse.ts';
import { DeviceBench, fuzz, RecordedLine } from '../../../support/device-bench.ts';
import { converse, differenceFromQemu } from '../../../support/qemu-difference.ts';
import { hasQemuSystem } from '../../../support/qtest.ts';
import { Random } from '../../../support/random.ts';

const MILLISECOND = 1_000_000;

let bench: DeviceBench;
let keyboard: Keyboard;
let mouse: Mouse;
let keyboardIrq: RecordedLine;
let mouseIrq: RecordedLine;
let resets: number;

beforeEach(() => {
  bench = new DeviceBench(0x400000);
  const { ports, clock, memory } = bench;
  keyboard = new Keyboard(clock);
  mouse = new Mouse(clock);
  keyboardIrq = new RecordedLine();
  mouseIrq = new RecordedLine();
  resets = 0;
  const onReset = (): void => void resets++;
  new Ps2Controller({ ports, clock, memory, keyboard, mouse, keyboardIrq, mouseIrq, onReset });
});

const command = (value: number, argument?: number): void => {
  bench.out([0x64, value]);
  if (argument !== undefined) bench.out([0x60, argument]);
};
/** Everything that comes within 20 ms. */
const received = (): number[] => {
  const bytes: number[] = [];
  for (let i = 0; i < 20; i++) {
    bench.advance(MILLISECOND);
    if (bench.in(0x64) & 1) bytes.push(bench.in(0x60));
  }
  return bytes;
};

describe('the controller', () => {
  it('tests itself and its channels', () => {
    command(0xaa);
    expect(bench.in(0x64)).toBe(0x1d);
    expect(bench.in(0x60)).toBe(0x55);
    expect(bench.in(0x64)).toBe(0x1c);
    command(0xab);
    expect(bench.in(0x60)).toBe(0);
    command(0xa9);
    expect(bench.in(0x60)).toBe(0);
  });

  it('keeps its memory, byte 0 of which commands it', () => {
    command(0x60, 0x47);
    command(0x65, 0x99);
    command(0x20);
    expect(bench.in(0x60)).toBe(0x47);
    command(0x25);
    expect(bench.in(0x60)).toBe(0x99);
  });

  it('gates A20 and resets through its output port', () => {
    command(0xd1, 0xdd);
    expect(bench.memory.a20).toBe(false);
    command(0xd0);
    expect(bench.in(0x60) & 3).toBe(1);
    command(0xdf);
    expect(bench.memory.a20).toBe(true);
    command(0xfe);
    command(0xd1, 0x02);
    expect(resets).toBe(2);
    command(0xff);
    expect(resets).toBe(2);
  });

  it('holds a channel back while it is off', () => {
    command(0x60, 0x30);
    keyboard.press('KeyA');
    mouse.move(1, 1);
    expect(received()).toEqual([]);
    command(0xae);
    expect(received()).toEqual([0x1c]);
  });

  it('loops bytes back as if a device had sent them', () => {
    command(0x60, 0x03);
    command(0xd2, 0x12);
    expect([keyboardIrq.high, mouseIrq.high]).toEqual([true, false]);
    expect(bench.in(0x60)).toBe(0x12);
    command(0xd3, 0x34);
    expect([keyboardIrq.high, mouseIrq.high]).toEqual([false, true]);
    expect(bench.in(0x64) & 0x21).toBe(0x21);
    expect(bench.in(0x60)).toBe(0x34);
  });

  it('interrupts once for each byte', () => {
    command(0x60, 0x43);
    keyboard.press('ArrowUp');
    keyboard.release('ArrowUp');
    expect(received()).toEqual([0xe0, 0x48, 0xe0, 0xc8]);
    expect(keyboardIrq.rises).toBe(4);
    command(0xd4, 0xf4);
    mouse.move(5, -3);
    expect(received()).toEqual([0xfa, 0x28, 5, 0xfd]);
    expect([keyboardIrq.rises, mouseIrq.rises]).toEqual([4, 4]);
  });
});

// QEMU answers at once, so the bench's clock runs a little after each access. It starts with another command byte, and
// never clears the status bits that tell commands from data and that the system flag is on.
describe.skipIf(!hasQemuSystem)('against qemu-system-i386', () => {
  it.each([1, 2, 3, 4])('random commands, seed %i', async (seed) => {
    const random = new Random(seed);
    const said = converse(bench);
    const write = (port: number, value: number): void => {
      said.write(port, value);
      bench.advance(MILLISECOND);
    };
    const read = (port: number): number => {
      const answer = said.read(port, port === 0x64 ? ~0x08 : 0xff);
      bench.advance(MILLISECOND);
      return answer;
    };
    const drain = (): void => {
      while (read(0x64) & 1) read(0x60);
    };
    write(0x64, 0xaa);
    drain();
    write(0x64, 0x60);
    write(0x60, 0x47);
    for (const device of [0, 0xd4]) {
      if (device) write(0x64, device);
      write(0x60, 0xff);
      drain();
    }
    for (let i = 0; i < 400; i++) {
      switch (random.below(4)) {
        case 0:
          write(0x64, random.pick([0x20, 0xa9, 0xab, 0xad, 0xae, 0xa8, 0xd0]));
          break;
        case 1:
          write(0x64, 0x60);
          write(0x60, random.pick([0x47, 0x45, 0x07, 0x04, 0x06]));
          break;
        case 2: {
          const value = random.pick([0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xff]);
          write(0x60, value);
          drain();
          if (value === 0xed || value === 0xf3) write(0x60, random.below(128));
          else if (value === 0xf0) write(0x60, random.below(4));
          break;
        }
        default: {
          const value = random.pick([0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xff]);
          write(0x64, 0xd4);
          write(0x60, value);
          drain();
          if (value === 0xe8 || value === 0xf3) {
            write(0x64, 0xd4);
            write(0x60, value === 0xe8 ? random.below(4) : random.pick([10, 80, 100, 200]));
          }
          break;
        }
      }
      drain();
    }
    expect(await differenceFromQemu(said.exchanges), `seed ${seed}`).toBeUndefined();
  });
});

it('survives random operations', () => {
  const targets = [
    { space: 'port', first: 0x60, count: 1 },
    { space: 'port', first: 0x64, count: 1 },
  ] as const;
  const events = [
    (random: Random): void => keyboard.press(random.pick(['KeyA', 'Pause', 'PrintScreen', 'AltLeft', 'nonsense'])),
    (random: Random): void => keyboard.release(random.pick(['KeyA', 'Pause', 'PrintScreen', 'AltLeft', 'nonsense'])),
    (random: Random): void => mouse.move(random.word(), random.word(), random.word()),
    (random: Random): void => mouse.setButtons(random.word()),
  ];
  const favourites = [0x60, 0xd4, 0xf0, 0xf3, 0xf4, 0xe8, 0xfb, 0xeb, 0xae, 0xa8, 2, 3, 200, 80];
  fuzz(bench, targets, 30_000, favourites, new Random(), events);
});

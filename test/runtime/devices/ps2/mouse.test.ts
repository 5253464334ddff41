// The mouse: packets, IntelliMouse, modes and scaling by IBM's reference and Microsoft's description of the wheel.
import { beforeEach, describe, expect, it } from 'vitest';
import { Mouse } from '../../../../runtime/devices/ps2/mouse.ts';
import { DeviceBench } from '../../../support/device-bench.ts';

const MILLISECOND = 1_000_000;

let bench: DeviceBench;
let mouse: Mouse;

beforeEach(() => {
  bench = new DeviceBench(0x100000);
  mouse = new Mouse(bench.clock);
});

const sent = (): number[] => {
  const bytes = [];
  while (mouse.hasByte) bytes.push(mouse.takeByte());
  return bytes;
};
const send = (...bytes: readonly number[]): number[] =>
  bytes.flatMap((byte) => {
    mouse.receive(byte);
    return sent();
  });
/** The next packet within 20 ms. */
const packet = (): number[] => {
  bench.advance(20 * MILLISECOND);
  return sent();
};

describe('packets', () => {
  it('come only when they are switched on', () => {
    mouse.move(1, 1);
    expect(packet()).toEqual([]);
    expect(send(0xf4)).toEqual([0xfa]);
    mouse.move(3, -2);
    expect(packet()).toEqual([0x28, 3, 0xfe]);
    mouse.setButtons(5);
    expect(packet()).toEqual([0x0d, 0, 0]);
    expect(packet()).toEqual([]);
  });

  it('carry far movements one after the other', () => {
    send(0xf4);
    mouse.move(-600, 300);
    expect(packet()).toEqual([0x18, 1, 255]);
    expect(packet()).toEqual([0x18, 1, 45]);
    expect(packet()).toEqual([0x18, 0xa6, 0]);
  });

  it('come at the sampling rate', () => {
    send(0xf3, 40, 0xf4);
    let packets = 0;
    for (let i = 0; i < 1000; i++) {
      mouse.move(1, 0);
      bench.advance(MILLISECOND);
      if (sent().length > 0) packets++;
    }
    expect(packets).toBeGreaterThan(35);
    expect(packets).toBeLessThan(41);
  });

  it('have a fourth byte for the wheel after the knock, and side buttons after the second', () => {
    expect(send(0xf2)).toEqual([0xfa, 0]);
    send(0xf3, 200, 0xf3, 100, 0xf3, 80);
    expect(send(0xf2)).toEqual([0xfa, 3]);
    send(0xf4);
    mouse.move(0, 0, -1);
    expect(packet()).toEqual([0x08, 0, 0, 0xff]);
    send(0xf3, 200, 0xf3, 200, 0xf3, 80);
    expect(send(0xf2)).toEqual([0xfa, 4]);
    mouse.setButtons(0x10);
    mouse.move(0, 0, 2);
    expect(packet()).toEqual([0x08, 0, 0, 0x22]);
  });

  it('double movements when scaling says so', () => {
    send(0xe7, 0xf4);
    mouse.move(5, -10);
    expect(packet()).toEqual([0x28, 9, 0xec]);
  });
});

describe('commands', () => {
  it('report the status', () => {
    send(0xe8, 3, 0xf3, 60, 0xf4);
    mouse.setButtons(1);
    packet();
    expect(send(0xe9)).toEqual([0xfa, 0x24, 3, 60]);
  });

  it('ask for a packet in remote mode', () => {
    send(0xf0);
    mouse.move(7, 0);
    expect(packet()).toEqual([]);
    expect(send(0xeb)).toEqual([0xfa, 0x08, 7, 0]);
  });

  it('echo in wrap mode until it is left', () => {
    expect(send(0xee, 0x55, 0xf4, 0xec)).toEqual([0xfa, 0x55, 0xf4, 0xfa]);
  });

  it('reset to the standard mouse', () => {
    send(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2);
    expect(send(0xff)).toEqual([0xfa, 0xaa, 0x00]);
    expect(send(0xf2)).toEqual([0xfa, 0]);
    expect(send(0xe9)).toEqual([0xfa, 0, 2, 100]);
    expect(send(0x12)).toEqual([0xfe]);
  });
});

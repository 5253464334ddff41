// The keyboard: codes of every key as recorded from QEMU's, repetition, commands and key types by IBM's reference.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Ps2Controller } from '../../../../runtime/devices/ps2/controller.ts';
import { Keyboard } from '../../../../runtime/devices/ps2/keyboard.ts';
import { Mouse } from '../../../../runtime/devices/ps2/mouse.ts';
import { DeviceBench, RecordedLine } from '../../../support/device-bench.ts';

const recorded = readFileSync(join(import.meta.dirname, '../../../../fixtures/devices/keyboard-codes.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('|').map((part) => part.trim()));

const MILLISECOND = 1_000_000;

let bench: DeviceBench;
let keyboard: Keyboard;

beforeEach(() => {
  bench = new DeviceBench(0x100000);
  keyboard = new Keyboard(bench.clock);
});

/** What the keyboard has sent, as hexadecimal text. */
const sent = (): string => {
  const bytes = [];
  while (keyboard.hasByte) bytes.push(keyboard.takeByte().toString(16).padStart(2, '0'));
  return bytes.join(' ');
};
const send = (...bytes: readonly number[]): string => {
  const answers = bytes.map((byte) => {
    keyboard.receive(byte);
    return sent();
  });
  return answers.join(' ');
};
const stroke = (code: string): string => {
  keyboard.press(code);
  const down = sent();
  keyboard.release(code);
  return `${down} , ${sent()}`.trim();
};

describe('every key', () => {
  it('is among those that were recorded', () => {
    expect(recorded.length).toBe(105);
  });

  it.each([1, 2, 3])('in set %i', (set) => {
    send(0xf0, set);
    for (const [code, ...sets] of recorded) {
      // In set 3 QEMU sends the code of the other minus; IBM's reference gives this key 84h.
      if (set === 3 && code === 'NumpadSubtract') continue;
      expect(`${code}: ${stroke(code!)}`).toBe(`${code}: ${sets[set - 1]}`);
    }
  });

  it('in set 2, translated by the controller', () => {
    const { ports, clock, memory } = bench;
    const line = new RecordedLine();
    const lines = { keyboardIrq: line, mouseIrq: line };
    new Ps2Controller({ ports, clock, memory, keyboard, mouse: new Mouse(clock), ...lines, onReset: () => {} });
    bench.out([0x64, 0x60], [0x60, 0x44]);
    const read = (): string => {
      const bytes = [];
      for (;;) {
        bench.advance(MILLISECOND);
        if ((bench.in(0x64) & 1) === 0) return bytes.join(' ');
        bytes.push(bench.in(0x60).toString(16).padStart(2, '0'));
      }
    };
    for (const [code, , , , translated] of recorded) {
      keyboard.press(code!);
      const down = read();
      keyboard.release(code!);
      expect(`${code}: ${down} , ${read()}`.trim()).toBe(`${code}: ${translated}`);
    }
  });
});

describe('special keys', () => {
  it('Print Screen sends no shift of its own with Ctrl or Shift, and is another key with Alt', () => {
    keyboard.press('ControlLeft');
    sent();
    expect(stroke('PrintScreen')).toBe('e0 7c , e0 f0 7c');
    keyboard.release('ControlLeft');
    keyboard.press('AltLeft');
    sent();
    expect(stroke('PrintScreen')).toBe('84 , f0 84');
  });

  it('Pause is Break with Ctrl', () => {
    keyboard.press('ControlRight');
    sent();
    expect(stroke('Pause')).toBe('e0 7e e0 f0 7e ,');
  });
});

describe('repetition', () => {
  const codes = (ms: number): number => {
    let count = 0;
    for (let i = 0; i < ms; i++) {
      bench.advance(MILLISECOND);
      if (sent() === '1c') count++;
    }
    return count;
  };

  it('starts after half a second, 10.9 times a second', () => {
    keyboard.press('KeyA');
    expect(sent()).toBe('1c');
    expect(codes(499)).toBe(0);
    expect(codes(1000)).toBe(11);
    keyboard.release('KeyA');
    sent();
    expect(codes(1000)).toBe(0);
  });

  it('has the rate that the guest sets: 30 a second after 250 ms', () => {
    send(0xf3, 0x00);
    keyboard.press('KeyA');
    sent();
    expect(codes(249)).toBe(0);
    expect(codes(1000)).toBe(30);
  });

  it('follows the key that went down last, whatever the host repeats', () => {
    keyboard.press('KeyB');
    keyboard.press('KeyA');
    keyboard.press('KeyA');
    expect(sent()).toBe('32 1c');
    keyboard.release('KeyB');
    sent();
    expect(codes(1000)).toBeGreaterThan(3);
  });
});

describe('commands', () => {
  it('identify, echo, reset', () => {
    expect(send(0xf2)).toBe('fa ab 83');
    expect(send(0xee)).toBe('ee');
    expect(send(0xff)).toBe('fa aa');
    expect(send(0xfe)).toBe('aa');
    expect(send(0x00)).toBe('fe');
  });

  it('set LEDs', () => {
    let leds = -1;
    keyboard.onLeds = (value) => {
      leds = value;
    };
    expect(send(0xed, 0x06)).toBe('fa fa');
    expect(leds).toBe(6);
  });

  it('tell the scan code set, and refuse one that there is not', () => {
    send(0xf0, 3);
    expect(send(0xf0, 0)).toBe('fa fa 03');
    expect(send(0xf0, 9)).toBe('fa fe');
  });

  it('silence the keyboard and wake it', () => {
    send(0xf5);
    expect(stroke('KeyA')).toBe(',');
    send(0xf4);
    expect(stroke('KeyA')).toBe('1c , f0 1c');
  });

  it('choose in set 3 which keys report their release', () => {
    send(0xf0, 3, 0xf7);
    expect(stroke('KeyA')).toBe('1c ,');
    expect(send(0xfc, 0x1c, 0x32, 0xf4)).toBe('fa fa fa fa');
    expect(stroke('KeyA')).toBe('1c , f0 1c');
    expect(stroke('KeyC')).toBe('21 ,');
  });
});

it('what nobody reads is dropped, whole keys at a time', () => {
  for (let i = 0; i < 100; i++) {
    keyboard.press('ArrowUp');
    keyboard.release('ArrowUp');
  }
  expect(sent().split(' ')).toHaveLength(32);
});

// Keys of a terminal as keys of a PC's keyboard.
import { expect, test } from 'vitest';
import { keys } from '../../../../runtime/devices/ps2/scan-codes.ts';
import { keyStrokes, typeKeys } from '../../../../src/cli/boot/terminal-keys.ts';

test('characters, with the modifiers that they need', () => {
  expect(keyStrokes('aB1!\t\r')).toEqual([
    { code: 'KeyA' },
    { code: 'KeyB', shift: true },
    { code: 'Digit1' },
    { code: 'Digit1', shift: true },
    { code: 'Tab' },
    { code: 'Enter' },
  ]);
});

test('cursor and function keys, Alt, Ctrl and the escape key itself', () => {
  expect(keyStrokes('\x1b[B\x1bOP\x1b[24~\x1b[Z')).toEqual([
    { code: 'ArrowDown' },
    { code: 'F1' },
    { code: 'F12' },
    { code: 'Tab', shift: true },
  ]);
  expect(keyStrokes('\x1bx\x03')).toEqual([
    { code: 'KeyX', alt: true },
    { code: 'KeyC', control: true },
  ]);
  expect(keyStrokes('\x1b')).toEqual([{ code: 'Escape' }]);
});

test('what no key makes is left out', () => {
  expect(keyStrokes('\x1b[99~é')).toEqual([]);
});

test('every key is one that a PC has', () => {
  const everything = Array.from({ length: 127 }, (_, code) => String.fromCharCode(code)).filter((c) => c !== '\x1b');
  const strokes = keyStrokes(everything.join(''));
  expect(strokes.length).toBeGreaterThan(100);
  for (const { code } of strokes) expect(keys.has(code), code).toBe(true);
});

test('modifiers are pressed around the key', () => {
  const events: string[] = [];
  typeKeys('\x1bA', (code, isDown) => events.push(`${isDown ? '+' : '-'}${code}`));
  expect(events.join(' ')).toBe('+ShiftLeft +AltLeft +KeyA -KeyA -AltLeft -ShiftLeft');
});

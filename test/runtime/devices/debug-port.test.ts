// The debug console and the exit port.
import { expect, it } from 'vitest';
import { Ports } from '../../../runtime/bus/ports.ts';
import { attachDebugConsole, attachDebugExit } from '../../../runtime/devices/debug-port.ts';

it('the console passes bytes on and tells that it is there', () => {
  const ports = new Ports();
  let text = '';
  attachDebugConsole(ports, (byte) => {
    text += String.fromCharCode(byte);
  });
  expect(ports.read8(0x402)).toBe(0xe9);
  for (const letter of 'SeaBIOS') ports.write8(0x402, letter.charCodeAt(0));
  expect(text).toBe('SeaBIOS');
});

it('the exit port ends once with 2n + 1, however wide the write', () => {
  const ports = new Ports();
  const statuses: number[] = [];
  attachDebugExit(ports, (status) => statuses.push(status), 0xf4);
  ports.write8(0xf4, 0x10);
  ports.write16(0xf4, 0x31);
  ports.write32(0xf4, 0);
  expect(statuses).toEqual([0x21, 0x63, 1]);
});

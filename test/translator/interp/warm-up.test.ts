// The warm-up of tier 0 comes in the middle of a run and must not be seen by the guest.
import { expect, test } from 'vitest';
import { Cpu, type CpuOptions } from '../../../src/index.ts';

/** More entries into the loop than there are before the warm-up. */
const STEPS = 6000;
const CODE = 0x1000;

test.each<CpuOptions['tier']>(['0', '1', 'auto'])('leaves registers, flags and page 0 alone (tier %s)', (tier) => {
  const cpu = new Cpu({ tier: tier! });
  cpu.map(0, 0x2000);
  const page = Uint8Array.from({ length: 4096 }, (_, at) => (at * 7 + 1) & 255);
  cpu.write(0, page);
  // inc eax; xor ecx, eax; movzx ebx, byte [edx]; mov [edx], bl; jmp to the start
  cpu.write(CODE, Uint8Array.of(0x40, 0x31, 0xc1, 0x0f, 0xb6, 0x1a, 0x88, 0x1a, 0xeb, 0xf6));
  cpu.set('eip', CODE);
  cpu.set('edx', 65);
  let ecx = 0;
  for (let step = 1; step <= STEPS; step++) {
    cpu.step(5);
    ecx ^= step;
    expect([cpu.get('eax'), cpu.get('ecx'), cpu.get('ebx'), cpu.get('eip')]).toEqual([step, ecx, page[65], CODE]);
  }
  expect(cpu.read(0, 4096)).toEqual(page);
  expect(() => cpu.read(0x2000, 1)).toThrow('not mapped');
});

test('leaves code at the addresses that it jumps to alone', () => {
  const cpu = new Cpu({ tier: '0' });
  cpu.map(0, 0x1000);
  // 0 and 5 are operands of the warm-up. At 0: jmp 10; at 5: inc ecx; lea ecx, [ecx]; ret; at 10: push 0; jmp 5.
  cpu.write(0, Uint8Array.of(0xeb, 0x08, 0x90, 0x90, 0x90, 0x41, 0x8d, 0x49, 0x00, 0xc3));
  cpu.write(10, Uint8Array.of(0x6a, 0x00, 0xeb, 0xf7));
  cpu.set('eip', 0);
  cpu.set('esp', 0x800);
  const turn = 6;
  for (let at = 1; at <= STEPS; at++) cpu.step(turn);
  expect(cpu.get('ecx')).toBe(STEPS);
  expect(cpu.get('esp')).toBe(0x800);
});

// Values that stay in a state slot are read there as long as nothing writes the slot.
import { expect, test } from 'vitest';
import { Cpu } from '../../../src/index.ts';

// Found with SeaBIOS, which turns a sector number into cylinder, head and sector by two divisions: the remainder of the
// first was read where the second had left its own.
test('the second result of a call is read before the next call', async () => {
  const cpu = new Cpu({ memory: 1 << 20, tier: '0' });
  cpu.map(0x1000, 0x1000);
  // xor edx, edx; div ebx; mov ebx, edx; xor edx, edx; div ecx; movzx ecx, bx; int3
  cpu.write(0x1000, Uint8Array.from(Buffer.from('31d2f7f389d331d2f7f10fb7cbcc', 'hex')));
  for (const [name, value] of [
    ['eip', 0x1000],
    ['eax', 305],
    ['ebx', 18],
    ['ecx', 2],
  ] as const)
    cpu.set(name, value);
  await cpu.run();
  expect([cpu.get('eax'), cpu.get('ecx'), cpu.get('edx'), cpu.get('ebx')]).toEqual([8, 17, 0, 17]);
});

// `Cpu` as embedders use it: memory, registers, why a run ends, several side by side.
import { describe, expect, test } from 'vitest';
import { Cpu, type CpuOptions, type RegisterName, type Tier } from '../../src/index.ts';

const code = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** A processor with `hex` at 1000h, a stack below 9000h, and EIP at the code. */
function loaded(hex: string, options: CpuOptions = {}): Cpu {
  const cpu = new Cpu({ memory: 1 << 20, ...options });
  cpu.map(0x1000, 0x8000);
  cpu.write(0x1000, code(hex));
  cpu.set('eip', 0x1000);
  cpu.set('esp', 0x9000);
  return cpu;
}

describe.each(['0', '1', 'auto'] as readonly Tier[])('tier %s', (tier) => {
  test('runs to an interrupt and gives registers back', async () => {
    const cpu = loaded('b8 0a000000 31db 01c3 48 75fb cd80', { tier }); // sum of 10..1, then int 80h
    expect(await cpu.run()).toEqual({ kind: 'interrupt', vector: 0x80 });
    expect(cpu.get('ebx')).toBe(55);
    expect(cpu.get('eip')).toBe(0x100e);
    expect(cpu.get('eflags') & 0x40).toBe(0x40);
    expect(cpu.statistics().retired).toBe(2 + 3 * 10 + 1);
  });

  test('exceptions say what and where', async () => {
    const cpu = loaded('a1 00000080 90', { tier }); // mov eax, [80000000h]
    expect(await cpu.run()).toEqual({ kind: 'exception', vector: 14, errorCode: 4, address: 0x80000000 });
    expect(cpu.get('eip')).toBe(0x1000);
    cpu.write(0x1000, code('0f0b'));
    expect(await cpu.run()).toMatchObject({ kind: 'exception', vector: 6 });
    cpu.write(0x1000, code('31c9 f7f1'));
    expect(await cpu.run()).toMatchObject({ kind: 'exception', vector: 0 });
    expect(cpu.get('eip')).toBe(0x1002);
  });

  test('limits are exact', async () => {
    const cpu = loaded('40 40 40 ebfb', { tier });
    expect(await cpu.run({ maxInstructions: 10_001 })).toEqual({ kind: 'limit' });
    expect(cpu.statistics().retired).toBe(10_001);
    expect(cpu.get('eax')).toBe(7501);
    expect(cpu.step(2)).toEqual({ kind: 'limit' });
    expect(cpu.get('eax')).toBe(7503);
  });

  test('writes drop what was translated', async () => {
    const cpu = loaded('b8 01000000 cc', { tier });
    for (const value of [1, 2, 3]) {
      cpu.write(0x1001, Uint8Array.of(value));
      cpu.set('eip', 0x1000);
      expect(await cpu.run()).toMatchObject({ kind: 'exception', vector: 3 });
      expect(cpu.get('eax')).toBe(value);
    }
  });

  test('rights of pages', async () => {
    const cpu = loaded('c605 00a00000 07 e9 f49f0000', { tier }); // mov byte [a000], 7; jmp b000
    cpu.map(0xa000, 0x1000, { write: false });
    cpu.map(0xb000, 0x1000, { execute: false });
    expect(await cpu.run()).toEqual({ kind: 'exception', vector: 14, errorCode: 7, address: 0xa000 });
    cpu.map(0xa000, 0x1000);
    expect(await cpu.run()).toEqual({ kind: 'exception', vector: 14, errorCode: 5, address: 0xb000 });
    expect(cpu.read(0xa000, 1)[0]).toBe(7);
  });
});

test('an aborted signal ends a run that would never end', async () => {
  const cpu = loaded('ebfe');
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  expect(await cpu.run({ signal: controller.signal })).toEqual({ kind: 'aborted' });
  expect(cpu.get('eip')).toBe(0x1000);
});

test('processors side by side share nothing', async () => {
  const one = loaded('ff05 00200000 ebf8');
  const two = loaded('ff0d 00200000 ebf8');
  for (let i = 0; i < 10; i++) {
    expect(one.step(20)).toEqual({ kind: 'limit' });
    expect(two.step(20)).toEqual({ kind: 'limit' });
  }
  expect(one.read(0x2000, 4)).toEqual(code('64000000'));
  expect(two.read(0x2000, 4)).toEqual(code('9cffffff'));
});

test('16-bit code', () => {
  const cpu = loaded('b8 3412 50 cc', { bits: 16 });
  expect(cpu.step(10)).toMatchObject({ kind: 'exception', vector: 3 });
  expect(cpu.get('eax')).toBe(0x1234);
  expect(cpu.get('esp')).toBe(0x8ffe);
  expect(cpu.get('eip')).toBe(0x1005);
});

test('segment bases, flags and negative values', async () => {
  const cpu = loaded('64a1 04000000 650305 00000000 9c cc');
  cpu.write(0x3000, code('11111111 22222222'));
  cpu.set('fs.base', 0x3000);
  cpu.set('gs.base', 0x3000);
  cpu.set('ecx', -2);
  await cpu.run();
  expect(cpu.get('eax')).toBe(0x33333333);
  expect(cpu.get('ecx')).toBe(0xfffffffe);
  cpu.set('eflags', 0x8d5);
  expect(cpu.get('eflags')).toBe(0x8d7);
});

test('memory: pages come zeroed, may be taken away, and run out', () => {
  const cpu = new Cpu({ memory: 0x4000 });
  cpu.map(0xfffff000, 0x1000);
  cpu.write(0xfffffffe, Uint8Array.of(1, 2));
  expect([...cpu.read(0xfffffffd, 3)]).toEqual([0, 1, 2]);
  cpu.map(0x10000, 0x3000);
  expect(() => cpu.map(0x20000, 0x1000)).toThrow(new RangeError('map: 4096 bytes more than guest memory has left'));
  cpu.unmap(0xfffff000, 0x1000);
  cpu.map(0x20000, 1);
  expect([...cpu.read(0x20ffe, 2)]).toEqual([0, 0]);
});

test('mistakes are named', async () => {
  const cpu = loaded('90');
  expect(() => cpu.read(0x9000, 1)).toThrow(new RangeError('read: 0x9000 is not mapped'));
  expect(() => cpu.write(0x8fff, new Uint8Array(2))).toThrow(new RangeError('write: 0x9000 is not mapped'));
  expect(() => cpu.read(-1, 1)).toThrow(new RangeError('read: 1 bytes at 0x-1 are not within 32-bit addresses'));
  expect(() => cpu.map(0x1001, 4096)).toThrow(RangeError);
  expect(() => cpu.map(0xfffff000, 8192)).toThrow(RangeError);
  expect(() => cpu.get('rax' as RegisterName)).toThrow(new RangeError('no register is called rax'));
  expect(() => cpu.step(0)).toThrow(RangeError);
  await expect(cpu.run({ maxInstructions: 0 })).rejects.toThrow(RangeError);
  expect(() => new Cpu({ memory: 1e12 })).toThrow(RangeError);
});

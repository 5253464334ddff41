// The system-call table against the kernel's header: a row's number is the one that the header gives its name.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Errno } from '../../../src/linux/errno.ts';
import { callTable } from '../../../src/linux/syscalls/table.ts';

const header = ['/usr/include/x86_64-linux-gnu/asm/unistd_32.h', '/usr/include/asm/unistd_32.h'].find(existsSync);

test.skipIf(header === undefined)('numbers and names', () => {
  const numbers = new Map<string, number>();
  for (const [, name, number] of readFileSync(header!, 'utf8').matchAll(/#define __NR_(\w+) (\d+)/g)) {
    numbers.set(name!, Number(number));
  }
  const rows = Object.entries(callTable);
  expect(rows.length).toBeGreaterThan(200);
  for (const [number, { name }] of rows) {
    expect([name, numbers.get(name)]).toEqual([name, Number(number)]);
  }
});

const errors = ['asm-generic/errno-base.h', 'asm-generic/errno.h'].map((name) => `/usr/include/${name}`);

test.skipIf(!errors.every(existsSync))('error numbers', () => {
  const text = errors.map((path) => readFileSync(path, 'utf8')).join('\n');
  const numbers = new Map(
    [...text.matchAll(/#define\s+(E\w+)\s+(\d+)/g)].map(([, name, number]) => [name!, Number(number)]),
  );
  expect(numbers.size).toBeGreaterThan(100);
  for (const [name, number] of Object.entries(Errno)) expect([name, numbers.get(name)]).toEqual([name, number]);
});

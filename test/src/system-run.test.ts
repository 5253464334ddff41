// A whole machine in the host's event loop: it sleeps while the guest is idle, wakes for input, and stops when told.
import { beforeEach, expect, test } from 'vitest';
import { CPL } from '../../runtime/abi/state.ts';
import { runSystem } from '../../src/system-run.ts';
import { ORIGIN, SystemBench } from '../support/system-bench.ts';

const VECTOR = 0x40;
const MS = 1e6;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

let now: number;
let bench: SystemBench;
let slept: number[];
let onSleep: () => void;

beforeEach(() => {
  now = 0;
  slept = [];
  onSleep = () => {};
  bench = new SystemBench('auto', { host: () => now });
  bench.setVector(VECTOR, 0x2000);
  bench.place(0x2000, '2e ff 06 00 30 cf'); // inc word cs:[3000h]; iret
});

/** A host whose sleep ends at once, with its clock moved on. */
const host = {
  monotonic: () => now / MS,
  pause: async () => {
    now += 0.1 * MS;
  },
  sleep: async (milliseconds: number) => {
    slept.push(milliseconds);
    if (milliseconds !== Number.POSITIVE_INFINITY) now += milliseconds * MS;
    onSleep();
  },
};

test('an idle guest sleeps until its next timer', async () => {
  bench.place(ORIGIN, 'fb f4 83 3e 00 30 05 75 f8 fa f4'); // sti; L: hlt; cmp word [3000h], 5; jne L; cli; hlt
  bench.timer(VECTOR, 10 * MS).arm(10 * MS);
  expect(await runSystem(bench.cpu, host)).toEqual({ kind: 'halted' });
  expect(slept).toEqual([10, 10, 10, 10, 10]);
});

test('it is woken late where a timer allows it, when no program has run for half a second', async () => {
  bench.place(ORIGIN, 'fb f4 83 3e 00 30 74 75 f8 fa f4'); // sti; L: hlt; cmp word [3000h], 116; jne L; cli; hlt
  const timer = bench.timer(VECTOR, 10 * MS);
  timer.slack = 15 * MS;
  timer.arm(10 * MS);
  onSleep = () => {
    // As if it had returned to a program and come back.
    const { state } = bench.cpu.cpu;
    if (slept.length !== 60) return;
    state[CPL] = 3;
    bench.cpu.mustLeave();
    state[CPL] = 0;
  };
  expect(await runSystem(bench.cpu, host)).toEqual({ kind: 'halted' });
  const late = slept.flatMap((milliseconds, i) => (milliseconds > 10 ? [i] : []));
  expect(slept.slice(0, 50)).toEqual(new Array(50).fill(10));
  expect(late).toEqual([...range(50, 60), ...range(110, 116)]);
});

test('with no timer it sleeps until something from outside comes', async () => {
  bench.place(ORIGIN, 'fb f4 fa f4'); // sti; hlt; cli; hlt
  onSleep = () => {
    bench.vector = VECTOR;
  };
  expect(await runSystem(bench.cpu, host)).toEqual({ kind: 'halted' });
  expect(slept).toEqual([Number.POSITIVE_INFINITY]);
});

test('a busy one stops when the signal is aborted, or after so many instructions', async () => {
  bench.place(ORIGIN, '40 eb fd'); // L: inc ax; jmp L
  const signal = { aborted: false };
  const pausing = {
    ...host,
    pause: async () => {
      signal.aborted = now > MS;
      now += 0.3 * MS;
    },
  };
  expect(await runSystem(bench.cpu, pausing, { signal })).toEqual({ kind: 'stopped' });
  const { retired } = bench.cpu.cpu;
  expect(await runSystem(bench.cpu, host, { maxInstructions: 1_000_000 })).toEqual({ kind: 'limit' });
  expect(bench.cpu.cpu.retired - retired).toBeGreaterThan(999_900);
});

// What the benchmarks conclude from their samples: problems are named, ratios point the right way.
import { describe, expect, test } from 'vitest';
import type { Figure } from './engine/measure.ts';
import { compareWith, type StoredRun } from './engine/report.ts';
import type { Guest } from './guests.ts';
import { compareRuns, speedRatio, summarise } from './peers/comparison.ts';
import type { Run } from './peers/run.ts';
import { geometricMean, median } from './statistics.ts';

const guest: Guest = { name: 'hash', suite: 'kernels', summary: '', rounds: 1, program: '' };
const run = (time: number, output = 'hash 1', failure?: string): Run => ({
  time,
  memory: 1000 * time,
  output,
  ...(failure === undefined ? {} : { failure }),
});

test('medians and geometric means', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 100])).toBe(3.5);
  expect(geometricMean([0.5, 2])).toBeCloseTo(1);
  expect(geometricMean([2, 8])).toBeCloseTo(4);
  expect(() => median([])).toThrow(RangeError);
});

describe('peers', () => {
  test('speed is the inverse of time', () => {
    const runs = new Map([
      ['qemu-i386', [run(300), run(100), run(200)]],
      ['xlat86', [run(100)]],
    ]);
    const line = compareRuns({ guest, runs });
    expect(line).toMatchObject({ checksum: 'hash 1', medians: { 'qemu-i386': 200, xlat86: 100 }, problems: [] });
    expect(line.memory['qemu-i386']).toBe(300_000);
    expect(speedRatio(line, 'xlat86', 'qemu-i386')).toBe(2);
    expect(speedRatio(line, 'xlat86', 'native')).toBeUndefined();
  });

  test('different checksums are a problem that names both sides', () => {
    const runs = new Map([
      ['native', [run(1)]],
      ['xlat86', [run(1), run(1, 'hash 2')]],
    ]);
    const { checksum, problems } = compareRuns({ guest, runs });
    expect(checksum).toBeUndefined();
    expect(problems).toEqual(['hash: checksums differ: native printed "hash 1", xlat86 printed "hash 2"']);
  });

  test('a failed run is a problem and has no median', () => {
    const runs = new Map([
      ['native', [run(1)]],
      ['xlat86', [run(1, '', 'SIGSEGV')]],
    ]);
    const line = compareRuns({ guest, runs });
    expect(line.checksum).toBeUndefined();
    expect(line.problems).toEqual(['hash: xlat86 failed: SIGSEGV']);
    expect(line.medians).toEqual({ native: 1 });
  });

  test('the summary has the mean and names the slowest', () => {
    const lines = [100, 400].map((time, index) =>
      compareRuns({
        guest: { ...guest, name: `guest${index}` },
        runs: new Map([
          ['qemu-i386', [run(200)]],
          ['xlat86', [run(time)]],
        ]),
      }),
    );
    const summary = summarise(lines, 'xlat86', 'qemu-i386')!;
    expect(summary.mean).toBeCloseTo(1);
    expect(summary).toMatchObject({ lowest: 0.5, lowestName: 'guest1' });
    expect(summarise(lines, 'xlat86', 'native')).toBeUndefined();
  });
});

describe('stored runs', () => {
  const figure = (name: string, value: number, better: Figure['better'], margin = 0): Figure => ({
    group: 'loops',
    name,
    value,
    unit: 'x',
    better,
    margin,
  });
  const stored = (...figures: Figure[]): StoredRun => ({
    date: '',
    host: { cpu: '', cores: 1, node: '' },
    figures,
  });

  test('less of a rate is slower, less of a time is faster', () => {
    const before = stored(figure('rate', 100, 'higher'), figure('time', 100, 'lower'));
    const { slower, faster } = compareWith([figure('rate', 50, 'higher'), figure('time', 50, 'lower')], before, 0.1);
    expect(slower.map(({ key, factor }) => [key, factor])).toEqual([['loops: rate [x]', 2]]);
    expect(faster.map(({ key, factor }) => [key, factor])).toEqual([['loops: time [x]', 0.5]]);
  });

  test('changes within threshold and margins of error do not count', () => {
    const before = stored(figure('a', 100, 'lower', 3), figure('b', 100, 'lower', 3));
    const { slower } = compareWith([figure('a', 114, 'lower', 2), figure('b', 116, 'lower', 2)], before, 0.1);
    expect(slower.map(({ key }) => key)).toEqual(['loops: b [x]']);
  });

  test('figures of one run only are named', () => {
    const { added, gone } = compareWith([figure('new', 1, 'lower')], stored(figure('old', 1, 'lower')), 0.1);
    expect([added, gone]).toEqual([['loops: new [x]'], ['loops: old [x]']]);
  });
});

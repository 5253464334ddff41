// The figures as text, stored runs, and what got slower since one.
import { readFileSync } from 'node:fs';
import colors from 'picocolors';
import type { Curve } from '../chart/curves.ts';
import type { Measured } from '../output.ts';
import type { Figure } from './measure.ts';

/** What --save writes. */
export interface StoredRun extends Measured {
  readonly figures: readonly Figure[];
}

const round = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

const keyOf = ({ group, name, unit }: Figure): string => `${group}: ${name} [${unit}]`;

/** Print figures under a heading for each group. */
export function printFigures(figures: readonly Figure[]): void {
  for (const group of new Set(figures.map((figure) => figure.group))) {
    console.log(colors.bold(`\n${group}`));
    for (const { name, value, unit, margin } of figures.filter((figure) => figure.group === group)) {
      const uncertainty = margin === 0 ? '' : colors.dim(` ±${margin.toFixed(1)} %`);
      console.log(`  ${name.padEnd(38)}${round(value).padStart(9)} ${unit}${uncertainty}`);
    }
  }
}

/** Print a curve as rows with bars. */
export function printCurve(title: string, { points }: Curve, xUnit: string, yUnit: string): void {
  console.log(colors.bold(`\n${title}`));
  const most = Math.max(...points.map(({ y }) => y));
  for (const { x, y } of points) {
    const bar = '█'.repeat(Math.max(0, Math.round((40 * y) / most)));
    console.log(`  ${String(x).padStart(7)} ${xUnit}  ${round(y).padStart(8)} ${yUnit}  ${colors.blue(bar)}`);
  }
}

/** @throws Error when the file is no stored run. */
export function readStoredRun(file: string): StoredRun {
  let run: StoredRun;
  try {
    run = JSON.parse(readFileSync(file, 'utf8')) as StoredRun;
  } catch (error) {
    throw new Error(`${file} cannot be read as a stored run: ${(error as Error).message}`);
  }
  if (!Array.isArray(run.figures)) throw new Error(`${file} is not a stored run (npm run bench -- --save FILE)`);
  return run;
}

/** A figure that differs from the stored one by more than the threshold. */
export interface Change {
  readonly key: string;
  readonly before: number;
  readonly now: number;
  /** Cost now against cost before: above 1 is slower. */
  readonly factor: number;
}

export interface Comparison {
  readonly slower: readonly Change[];
  readonly faster: readonly Change[];
  /** Figures that only one of the two runs has. */
  readonly added: readonly string[];
  readonly gone: readonly string[];
}

/** Compare with a stored run. @param threshold smallest relative change that counts, on top of both margins of error. */
export function compareWith(figures: readonly Figure[], stored: StoredRun, threshold: number): Comparison {
  const before = new Map(stored.figures.map((figure) => [keyOf(figure), figure]));
  const changes: Change[] = [];
  const added: string[] = [];
  for (const figure of figures) {
    const key = keyOf(figure);
    const old = before.get(key);
    before.delete(key);
    if (old === undefined) {
      added.push(key);
      continue;
    }
    const factor = figure.better === 'higher' ? old.value / figure.value : figure.value / old.value;
    const noise = (figure.margin + old.margin) / 100;
    if (Math.max(factor, 1 / factor) > 1 + threshold + noise) {
      changes.push({ key, before: old.value, now: figure.value, factor });
    }
  }
  return {
    slower: changes.filter(({ factor }) => factor > 1).sort((a, b) => b.factor - a.factor),
    faster: changes.filter(({ factor }) => factor < 1).sort((a, b) => a.factor - b.factor),
    added,
    gone: [...before.keys()],
  };
}

export function printComparison({ slower, faster, added, gone }: Comparison, stored: StoredRun): void {
  console.log(colors.bold(`\nagainst the run of ${stored.date} (${stored.host.cpu}, Node ${stored.host.node})`));
  for (const { key, before, now, factor } of slower) {
    console.log(colors.red(`  slower ${factor.toFixed(2)}x  ${key}: ${round(before)} → ${round(now)}`));
  }
  for (const { key, before, now, factor } of faster) {
    console.log(colors.green(`  faster ${(1 / factor).toFixed(2)}x  ${key}: ${round(before)} → ${round(now)}`));
  }
  for (const key of added) console.log(`  new           ${key}`);
  for (const key of gone) console.log(`  not measured  ${key}`);
  if (slower.length === 0) console.log('  nothing got slower');
}

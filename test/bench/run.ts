// `npm run bench`: what each stage of the translator costs, how fast each tier runs, and how start-up time and memory
// grow. `--save` keeps the figures, `--baseline` compares with kept ones.
import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { type CurveChart, drawCurves } from './chart/curves.ts';
import { runCommand } from './command.ts';
import { measureCompilation } from './engine/compilation.ts';
import { measureMemory, measureStartUp, slopePerThousand } from './engine/cost-curves.ts';
import { readGuest } from './engine/elf.ts';
import { measureKernels, measureLookups, measureLoops } from './engine/execution.ts';
import { LEAST_SPEED, measureHostile } from './engine/hostile.ts';
import type { Figure } from './engine/measure.ts';
import {
  compareWith,
  printComparison,
  printCurve,
  printFigures,
  readStoredRun,
  type StoredRun,
} from './engine/report.ts';
import { measureTranslation } from './engine/translation.ts';
import { buildGuests, listGuests } from './guests.ts';
import { nameList, positiveNumber } from './options.ts';
import { measuredHere, writeCharts, writeReport } from './output.ts';
import { builtCommand } from './peers/contestant.ts';
import { clearProgress, showProgress } from './progress.ts';

const groups = ['translation', 'compilation', 'loops', 'lookups', 'kernels', 'hostile', 'start-up', 'memory'] as const;
type Group = (typeof groups)[number];

interface Options {
  readonly only: readonly Group[];
  readonly time: number;
  readonly save?: string;
  readonly baseline?: string;
  readonly threshold: number;
  readonly charts: string;
}

/** Time to first output that the issue allows, in milliseconds. */
const START_UP_LIMIT = 500;
const startUpCounts = [0, 500, 1000, 2000, 4000];
const START_UP_ROUNDS = 5;
const memoryCounts = [0, 500, 1000, 2000];

const command = new Command('npm run bench --')
  .description('Measure the translator and both tiers by themselves.')
  .argument('[group]', 'only this group')
  .addOption(
    new Option('--only <a,b>', `only these groups: ${groups.join(', ')}`).argParser(groupList).default(groups, 'all'),
  )
  .option('--time <seconds>', 'how long to repeat each measurement', positiveNumber, 0.5)
  .option('--save <file>', 'store the figures')
  .option('--baseline <file>', 'compare with stored figures and say what got slower')
  .option('--threshold <percent>', 'change that counts, on top of the margins of error', positiveNumber, 10)
  .option('--charts <file>', 'where the cost curves go, .html or .svg (one file each)', 'bench-out/curves.html')
  .addHelpText(
    'after',
    `
Examples:
  npm run bench
  npm run bench -- hostile
  npm run bench -- --only translation,loops --time 2
  npm run bench -- --save bench-out/before.json
  npm run bench -- --baseline bench-out/before.json`,
  );

function groupList(text: string): readonly Group[] {
  const names = nameList(text);
  const unknown = names.filter((name) => !groups.includes(name as Group));
  if (unknown.length > 0) throw new InvalidArgumentError(`there is no group ${unknown.join(', ')}.`);
  return names as Group[];
}

function requireBuilt(): void {
  if (!existsSync(builtCommand)) throw new Error('xlat86 is not built (npm run build)');
}

const figure = (group: Group, name: string, value: number, unit: string): Figure => ({
  group,
  name,
  value,
  unit,
  better: 'lower',
  margin: 0,
});

async function run({ only, time, save, baseline, threshold, charts: chartFile }: Options): Promise<void> {
  const all = baseline === undefined ? undefined : readStoredRun(baseline);
  const isWanted = ({ group }: Figure): boolean => only.includes(group as Group);
  const stored = all && { ...all, figures: all.figures.filter(isWanted) };
  const announce = (name: string): void => showProgress(name);
  buildGuests();
  const guests = listGuests('kernels');
  const programs = guests.map(readGuest);
  const figures: Figure[] = [];
  const charts: CurveChart[] = [];
  const add = (more: readonly Figure[]): void => {
    clearProgress();
    printFigures(more);
    figures.push(...more);
  };
  if (only.includes('translation')) add(measureTranslation(programs, time, announce));
  if (only.includes('compilation')) add(measureCompilation(programs, time, announce));
  if (only.includes('loops')) add(measureLoops(time, announce));
  if (only.includes('lookups')) add(measureLookups(time, announce));
  if (only.includes('kernels')) add(measureKernels(guests, time, announce));
  if (only.includes('hostile')) {
    requireBuilt();
    const speeds = measureHostile(listGuests('hostile'), announce);
    add(speeds);
    const slow = speeds.filter(({ value }) => value < LEAST_SPEED).map(({ name }) => name);
    if (slow.length > 0) console.log(colors.red(`  below ${LEAST_SPEED} of tier 0: ${slow.join(', ')}`));
  }
  if (only.includes('start-up')) {
    requireBuilt();
    const curve = await measureStartUp(startUpCounts, START_UP_ROUNDS, announce);
    clearProgress();
    printCurve("time to first output, Node's start included", curve, 'functions before it', 'ms');
    const [first] = curve.points;
    add([
      figure('start-up', 'first output of a small program', first!.y, 'ms'),
      figure('start-up', '1,000 more functions of cold code', slopePerThousand(curve), 'ms'),
    ]);
    const title = 'Time to first output, with the code that runs before it';
    const xLabel = 'different functions run once';
    charts.push({ title, xLabel, yLabel: 'ms', curves: [curve], limit: START_UP_LIMIT });
  }
  if (only.includes('memory')) {
    const curve = measureMemory(memoryCounts, announce);
    clearProgress();
    printCurve('memory of translated regions', curve, 'regions', 'MB');
    add([figure('memory', '1,000 regions', slopePerThousand(curve), 'MB')]);
    charts.push({ title: 'Memory of translated regions', xLabel: 'regions', yLabel: 'MB', curves: [curve] });
  }
  const now: StoredRun = { ...measuredHere(), figures };
  if (stored !== undefined) printComparison(compareWith(figures, stored, threshold / 100), stored);
  console.log();
  if (save !== undefined) writeReport(save, now);
  writeCharts(chartFile, 'Cost curves of xlat86', charts.map(drawCurves));
}

await runCommand('bench', command, (group: string | undefined, options: Options) =>
  run(group === undefined ? options : { ...options, only: groupList(group) }),
);

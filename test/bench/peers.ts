// `npm run bench:peers`: the guests of fixtures/guests/bench/ natively, under qemu-i386 and under xlat86, in turns, and
// how their speeds compare. Wall time of whole processes: start-up and compiling are included for everybody.
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { type DotSeries, drawDots } from './chart/dots.ts';
import { runCommand } from './command.ts';
import { buildGuests, type Guest, listGuests, type Suite, suites } from './guests.ts';
import { nameList, positiveInteger, positiveNumber } from './options.ts';
import { measuredHere, writeCharts, writeReport } from './output.ts';
import { compareRuns, type Line, speedRatio } from './peers/comparison.ts';
import { builtCommand, type Contestant, findContestants, type Tier, tiers } from './peers/contestant.ts';
import { type Run, runOnce } from './peers/run.ts';
import { printGoals, printTable, ratiosOf } from './peers/table.ts';
import { clearProgress, showProgress } from './progress.ts';

interface Options {
  readonly rounds: number;
  readonly kernels?: string[];
  readonly suite: Suite;
  readonly tier?: string[];
  readonly size: number;
  readonly limit: number;
  readonly main: string;
  readonly json: string;
  readonly chart: string;
  readonly list?: true;
}

const command = new Command('npm run bench:peers --')
  .description('Compare the speed of xlat86 with that of qemu-i386 and of this CPU.')
  .option('--rounds <n>', 'times that everybody runs every guest, in turns', positiveInteger, 5)
  .option('--kernels <a,b>', 'only these guests', nameList)
  .addOption(new Option('--suite <name>', 'which guests').choices(suites).default('kernels'))
  .option('--tier <a,b>', 'tiers of xlat86: auto, 0, 1 (default: auto; for hostile guests auto,0)', nameList)
  .option('--size <share>', 'share of the normal amount of work, for a quick look', positiveNumber, 1)
  .option('--limit <seconds>', 'kill a run that takes longer', positiveNumber, 120)
  .option('--main <file>', 'main.js of the xlat86 to run, for another checkout', builtCommand)
  .option('--json <file>', 'where the numbers go', 'bench-out/peers.json')
  .option('--chart <file>', 'where the chart goes, .svg or .html', 'bench-out/peers.svg')
  .option('--list', 'name the guests and stop')
  .addHelpText(
    'after',
    `
Ratios are of speed: 1.5 means one and a half times as fast. A peer that is not installed is named and left out.
Exit status 1: checksums differ, or a run failed.

Examples:
  npm run bench:peers
  npm run bench:peers -- --rounds 3 --kernels hash,sort
  npm run bench:peers -- --suite hostile --tier auto,0
  npm run bench:peers -- --size 0.1 --rounds 1 --chart /tmp/quick.html
  npm run bench:peers -- --main ../before/dist/src/cli/main.js --json bench-out/before.json`,
  );

/** The guests that were asked for. */
function chooseGuests({ suite, kernels }: Options): Guest[] {
  const guests = listGuests(suite);
  const unknown = kernels?.filter((name) => guests.every((guest) => guest.name !== name)) ?? [];
  if (unknown.length > 0) command.error(`error: no such guest in ${suite}: ${unknown.join(', ')} (see --list)`);
  return kernels === undefined ? guests : guests.filter(({ name }) => kernels.includes(name));
}

function chooseTiers({ tier, suite }: Options): Tier[] {
  const chosen = tier ?? (suite === 'hostile' ? ['auto', '0'] : ['auto']);
  const unknown = chosen.filter((name) => !tiers.includes(name as Tier));
  if (unknown.length > 0) command.error(`error: no such tier: ${unknown.join(', ')}`);
  return chosen as Tier[];
}

/** Everybody runs every guest, `rounds` times, in turns: what disturbs the machine for a while disturbs all. */
async function measure(
  guests: readonly Guest[],
  contestants: readonly Contestant[],
  options: Options,
): Promise<Line[]> {
  const { rounds, size, limit } = options;
  const runs = guests.map(() => new Map<string, Run[]>(contestants.map(({ name }) => [name, []])));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, guest] of guests.entries()) {
      const work = size === 1 ? undefined : Math.max(1, Math.round(guest.rounds * size));
      for (const contestant of contestants) {
        showProgress(`round ${round} of ${rounds}  ${guest.name}  ${contestant.name}`);
        const all = runs[index]!.get(contestant.name)!;
        // What failed once is not tried again: it may take its whole time limit each time.
        if (all.at(-1)?.failure === undefined) all.push(await runOnce(contestant, guest, work, limit));
      }
    }
  }
  clearProgress();
  return guests.map((guest, index) => compareRuns({ guest, runs: runs[index]! }));
}

function drawChart(lines: readonly Line[], contestants: readonly Contestant[]): string | undefined {
  const names = contestants.map(({ name }) => name);
  const unit = ['qemu-i386', 'native'].find((name) => names.includes(name));
  if (unit === undefined) return undefined;
  const series: DotSeries[] = names
    .filter((name) => name !== unit)
    // xlat86 first: the chart gives the first series bars and numbers.
    .sort((a, b) => Number(b.startsWith('xlat86')) - Number(a.startsWith('xlat86')))
    .map((name) => ({ name, values: lines.map((line) => speedRatio(line, name, unit)) }));
  return drawDots({ title: `Speed against ${unit} (1)`, rows: lines.map(({ name }) => name), series });
}

async function run(options: Options): Promise<void> {
  if (options.list) {
    for (const { name, suite, summary } of suites.flatMap(listGuests)) {
      console.log(`${suite.padEnd(8)} ${name.padEnd(12)} ${summary}`);
    }
    return;
  }
  const guests = chooseGuests(options);
  const all = findContestants(chooseTiers(options), options.main);
  buildGuests();
  for (const { name, missing, warning } of all) {
    if (missing !== undefined) console.log(colors.yellow(`missing: ${name}: ${missing}`));
    if (warning !== undefined) console.log(colors.yellow(`warning: ${name}: ${warning}`));
  }
  const contestants = all.filter(({ missing }) => missing === undefined);
  if (contestants.length === 0) throw new Error('nobody is here to run anything');

  const lines = await measure(guests, contestants, options);
  const names = contestants.map(({ name }) => name);
  const ratios = ratiosOf(names, options.suite);
  printTable(lines, names, ratios);
  console.log();
  printGoals(lines, ratios);
  const problems = lines.flatMap((line) => line.problems);
  for (const problem of problems) console.log(colors.red(problem));

  const report = {
    ...measuredHere(),
    contestants: all.map(({ name, about, missing }) => ({
      name,
      about,
      ...(missing === undefined ? {} : { missing }),
    })),
    suite: options.suite,
    rounds: options.rounds,
    size: options.size,
    units: { samples: 'ms', medians: 'ms', memory: 'bytes' },
    guests: lines,
  };
  writeReport(options.json, report);
  const chart = drawChart(lines, contestants);
  if (chart !== undefined) writeCharts(options.chart, 'xlat86 and peers', [chart]);
  if (problems.length > 0) process.exitCode = 1;
}

await runCommand('bench:peers', command, run);

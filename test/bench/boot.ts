// `npm run bench:boot`: Debian's kernel with a busybox initramfs under qemu-system-i386, v86 and xlat86, in turns: time to
// the shell, and speed of the benchmark's kernels inside the booted guest. Wall time, start-up and compiling included.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import colors from 'picocolors';
import { type BootContestant, findBootContestants, guestFolder } from './boot/contestant.ts';
import { type BootRun, bootOnce } from './boot/run.ts';
import { drawDots } from './chart/dots.ts';
import { runCommand } from './command.ts';
import { buildGuests, listGuests, ROOT } from './guests.ts';
import { nameList, positiveInteger, positiveNumber } from './options.ts';
import { measuredHere, writeCharts, writeReport } from './output.ts';
import { builtCommand } from './peers/contestant.ts';
import { clearProgress, showProgress } from './progress.ts';
import { geometricMean, median } from './statistics.ts';

interface Options {
  readonly rounds: number;
  readonly kernels?: string[];
  readonly kernel: string;
  readonly memory: number;
  readonly limit: number;
  readonly main: string;
  readonly json: string;
  readonly chart: string;
}

const command = new Command('npm run bench:boot --')
  .description('Compare time to boot Linux, and speed inside it, with qemu-system-i386 and v86.')
  .option('--rounds <n>', 'times that everybody boots, in turns', positiveInteger, 3)
  .option('--kernels <a,b>', 'only these programs in the guest; `none` only boots', nameList)
  .option('--kernel <name>', 'linux-686 or linux-686-pae', 'linux-686')
  .option('--memory <MB>', 'memory of the guest', positiveInteger, 128)
  .option('--limit <seconds>', 'kill a run that takes longer', positiveNumber, 900)
  .option('--main <file>', 'main.js of the xlat86 to run, for another checkout', builtCommand)
  .option('--json <file>', 'where the numbers go', 'bench-out/boot.json')
  .option('--chart <file>', 'where the chart goes, .svg or .html', 'bench-out/boot.svg');

/** What a contestant's runs come to: medians in milliseconds. */
interface Result {
  readonly name: string;
  readonly shell: number | undefined;
  readonly kernels: Readonly<Record<string, number>>;
  readonly runs: readonly BootRun[];
}

function resultOf(name: string, runs: readonly BootRun[], kernels: readonly string[]): Result {
  const good = runs.filter(({ failure }) => failure === undefined);
  if (good.length === 0) return { name, shell: undefined, kernels: {}, runs };
  const medians = kernels.map((kernel) => [kernel, median(good.map((run) => run.kernels.get(kernel)!))] as const);
  return { name, shell: median(good.map(({ shell }) => shell)), kernels: Object.fromEntries(medians), runs };
}

async function measure(
  all: readonly BootContestant[],
  kernels: readonly string[],
  options: Options,
): Promise<Result[]> {
  const runs = new Map<string, BootRun[]>(all.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const contestant of all) {
      showProgress(`round ${round} of ${options.rounds}  ${contestant.name}`);
      const own = runs.get(contestant.name)!;
      // What failed once is not tried again: it may take its whole time limit each time.
      if (own.at(-1)?.failure === undefined) own.push(await bootOnce(contestant, kernels, options.limit));
    }
  }
  clearProgress();
  return all.map(({ name }) => resultOf(name, runs.get(name)!, kernels));
}

/** Speed of the last contestant against another: above 1 it is faster. */
function ratios(own: Result, other: Result, kernels: readonly string[]): { boot?: number; inside?: number } {
  const pairs = kernels.flatMap((kernel) => {
    const [a, b] = [own.kernels[kernel], other.kernels[kernel]];
    return a === undefined || b === undefined ? [] : [b / a];
  });
  return {
    ...(own.shell === undefined || other.shell === undefined ? {} : { boot: other.shell / own.shell }),
    ...(pairs.length === 0 ? {} : { inside: geometricMean(pairs) }),
  };
}

async function run(options: Options): Promise<void> {
  buildGuests();
  execFileSync('npx', ['tsx', join(ROOT, 'scripts/make-initramfs.ts')], { stdio: 'pipe' });
  const known = listGuests('kernels').map(({ name }) => name);
  const kernels = options.kernels === undefined ? known : options.kernels.filter((name) => name !== 'none');
  const unknown = kernels.filter((name) => !known.includes(name));
  if (unknown.length > 0) command.error(`error: no such program: ${unknown.join(', ')}`);
  const script = kernels.length === 0 ? '' : ` script=bench kernels="${kernels.join(' ')}"`;
  const guest = {
    kernel: join(guestFolder, options.kernel),
    initrd: join(guestFolder, 'initramfs.cpio'),
    append: `console=ttyS0 quiet${script}`,
    memory: options.memory,
  };
  const all = findBootContestants(guest, options.main);
  for (const { name, missing } of all)
    if (missing !== undefined) console.log(colors.yellow(`missing: ${name}: ${missing}`));
  const results = await measure(
    all.filter(({ missing }) => missing === undefined),
    kernels,
    options,
  );
  const seconds = (value: number | undefined): string => (value === undefined ? '–' : (value / 1000).toFixed(2));
  console.log(''.padEnd(14) + results.map(({ name }) => name.padStart(18)).join(''));
  for (const row of ['shell', ...kernels]) {
    const cells = results.map((one) => seconds(row === 'shell' ? one.shell : one.kernels[row]).padStart(18));
    console.log(row.padEnd(14) + cells.join(''));
  }
  const own = results.find(({ name }) => name === 'xlat86');
  const compared = results.filter((one) => one !== own && own !== undefined);
  for (const other of compared) {
    const { boot, inside } = ratios(own!, other, kernels);
    console.log(`speed against ${other.name}: boot ${boot?.toFixed(2) ?? '–'}, inside ${inside?.toFixed(2) ?? '–'}`);
  }
  const problems = results.flatMap(({ name, runs }) =>
    runs.flatMap(({ failure }) => (failure === undefined ? [] : [`${name}: ${failure}`])),
  );
  const sums = kernels.map(
    (kernel) => new Set(results.flatMap(({ runs }) => runs.map((one) => one.checksums.get(kernel)))),
  );
  kernels.forEach((kernel, index) => {
    if (problems.length === 0 && sums[index]!.size > 1) problems.push(`${kernel}: checksums differ`);
  });
  for (const problem of problems) console.log(colors.red(problem));
  const report = {
    ...measuredHere(),
    guest: { kernel: options.kernel, memory: options.memory, rounds: options.rounds },
    contestants: all.map(({ name, about, missing }) => ({
      name,
      about,
      ...(missing === undefined ? {} : { missing }),
    })),
    units: { shell: 'ms', kernels: 'ms' },
    results: results.map(({ name, shell, kernels: times, runs }) => ({
      name,
      shell,
      kernels: times,
      samples: runs.map((one) => ({
        shell: one.shell,
        kernels: Object.fromEntries(one.kernels),
        failure: one.failure,
      })),
    })),
  };
  writeReport(options.json, report);
  if (compared.length > 0) {
    const rows = ['boot', ...kernels];
    const series = compared.map((other) => ({
      name: `against ${other.name}`,
      values: rows.map((row) => {
        const [a, b] = row === 'boot' ? [own!.shell, other.shell] : [own!.kernels[row], other.kernels[row]];
        return a === undefined || b === undefined ? undefined : b / a;
      }),
    }));
    const chart = drawDots({ title: 'Speed of xlat86 against others (1)', rows, series });
    writeCharts(options.chart, 'xlat86 and peers', [chart]);
  }
  if (problems.length > 0) process.exitCode = 1;
}

await runCommand('bench:boot', command, run);

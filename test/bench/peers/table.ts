// The comparison as text: a line for each guest, geometric means, and how they stand against what was set as a goal.
import colors from 'picocolors';
import { type Line, speedRatio, summarise } from './comparison.ts';

/** A ratio of speeds that gets a column. */
export interface Ratio {
  readonly of: string;
  readonly against: string;
  /** Goals for the geometric mean and for each guest, when there are any. */
  readonly goalMean?: number;
  readonly goalEach?: number;
}

/** Goals for the speed against qemu-i386, by suite. */
const qemuGoals: Readonly<Record<string, Pick<Ratio, 'goalMean' | 'goalEach'>>> = {
  kernels: { goalMean: 1, goalEach: 0.5 },
  x87: { goalMean: 3 },
  sse2: { goalMean: 2 },
};

/** The ratios that the given contestants allow. */
export function ratiosOf(names: readonly string[], suite: string): Ratio[] {
  const ratios: Ratio[] = [];
  for (const of of names.filter((name) => name.startsWith('xlat86'))) {
    const isMain = of === 'xlat86';
    // Beside the default tier, a single one is only what that is measured against.
    if (!isMain && names.includes('xlat86')) continue;
    if (names.includes('qemu-i386')) {
      ratios.push({
        of,
        against: 'qemu-i386',
        ...(isMain ? qemuGoals[suite] : {}),
      });
    }
    if (names.includes('native')) {
      ratios.push({ of, against: 'native', ...(isMain && suite === 'kernels' ? { goalEach: 0.25 } : {}) });
    }
    if (isMain && names.includes('xlat86 tier 0')) {
      ratios.push({ of, against: 'xlat86 tier 0', ...(suite === 'hostile' ? { goalEach: 0.8 } : {}) });
    }
  }
  if (names.includes('qemu-i386') && names.includes('native')) ratios.push({ of: 'qemu-i386', against: 'native' });
  return ratios;
}

const short = (name: string): string => name.replace('qemu-i386', 'qemu').replace('xlat86 tier ', 'tier');
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(3)} s`;

/** Print the table of one suite. */
export function printTable(lines: readonly Line[], names: readonly string[], ratios: readonly Ratio[]): void {
  const measured = names.filter((name) => name.startsWith('xlat86'));
  const heads = [
    ...names.map(short),
    ...ratios.map(({ of, against }) => `${short(of)}/${short(against)}`),
    ...measured.map((name) => `${short(name)} MB`),
  ];
  const rows = lines.map((line) => [
    line.name + (line.checksum === undefined ? ' !' : ''),
    ...names.map((name) => (line.medians[name] === undefined ? '-' : seconds(line.medians[name]))),
    ...ratios.map(({ of, against }) => speedRatio(line, of, against)?.toFixed(2) ?? '-'),
    ...measured.map((name) => (line.memory[name] === undefined ? '-' : (line.memory[name] / 2 ** 20).toFixed(0))),
  ]);
  const means = [
    'geometric mean',
    ...names.map(() => ''),
    ...ratios.map(({ of, against }) => summarise(lines, of, against)?.mean.toFixed(2) ?? '-'),
    ...measured.map(() => ''),
  ];
  const all = [['', ...heads], ...rows, means];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  all.forEach((row, index) => {
    const text = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
    const line = text.join('  ').trimEnd();
    console.log(index === 0 || index === all.length - 1 ? colors.bold(line) : line);
  });
}

/** Print how each ratio that has a goal stands against it. @returns were all goals met? */
export function printGoals(lines: readonly Line[], ratios: readonly Ratio[]): boolean {
  let allMet = true;
  const print = (met: boolean, text: string): void => {
    allMet &&= met;
    console.log(`${met ? colors.green('met   ') : colors.red('missed')} ${text}`);
  };
  for (const { of, against, goalMean, goalEach } of ratios) {
    const summary = summarise(lines, of, against);
    if (summary === undefined) continue;
    const { mean, lowest, lowestName } = summary;
    if (goalMean !== undefined) {
      print(mean >= goalMean, `speed of ${of} against ${against}: geometric mean ${mean.toFixed(2)}, goal ${goalMean}`);
    }
    if (goalEach !== undefined) {
      print(
        lowest >= goalEach,
        `speed of ${of} against ${against}: lowest ${lowest.toFixed(2)} (${lowestName}), goal ${goalEach} for each`,
      );
    }
  }
  return allMet;
}

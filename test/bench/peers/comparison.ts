// From runs to what the issue asks for: medians, ratios of speed, geometric means, equal checksums.
import type { Guest } from '../guests.ts';
import { geometricMean, median } from '../statistics.ts';
import type { Run } from './run.ts';

/** One guest's runs, by contestant. */
export interface GuestRuns {
  readonly guest: Guest;
  readonly runs: ReadonlyMap<string, readonly Run[]>;
}

/** One guest's line of the comparison. */
export interface Line {
  readonly name: string;
  readonly suite: string;
  /** What all of them printed; undefined when they did not agree or one failed. */
  readonly checksum: string | undefined;
  /** Milliseconds of each round, by contestant. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Median milliseconds, by contestant. */
  readonly medians: Readonly<Record<string, number>>;
  /** Largest resident size in bytes, by contestant. */
  readonly memory: Readonly<Record<string, number>>;
  /** What went wrong, a sentence each. */
  readonly problems: readonly string[];
}

export function compareRuns({ guest, runs }: GuestRuns): Line {
  const samples: Record<string, number[]> = {};
  const medians: Record<string, number> = {};
  const memory: Record<string, number> = {};
  const problems: string[] = [];
  const outputs = new Map<string, string>();
  for (const [contestant, all] of runs) {
    const failed = all.find(({ failure }) => failure !== undefined);
    if (failed !== undefined) problems.push(`${guest.name}: ${contestant} failed: ${failed.failure}`);
    const good = all.filter(({ failure }) => failure === undefined);
    for (const { output } of good) if (!outputs.has(output)) outputs.set(output, contestant);
    if (good.length === 0) continue;
    samples[contestant] = good.map(({ time }) => Math.round(time * 10) / 10);
    medians[contestant] = median(samples[contestant]);
    memory[contestant] = Math.max(...good.map((run) => run.memory));
  }
  if (outputs.size > 1) {
    const said = [...outputs].map(([output, contestant]) => `${contestant} printed "${output}"`);
    problems.push(`${guest.name}: checksums differ: ${said.join(', ')}`);
  }
  const [only] = outputs.keys();
  const checksum = problems.length === 0 ? only : undefined;
  return { name: guest.name, suite: guest.suite, checksum, samples, medians, memory, problems };
}

/** Speed of one contestant in units of another's: above 1 it is the faster one. Undefined when one of them has none. */
export function speedRatio(line: Line, of: string, against: string): number | undefined {
  const mine = line.medians[of];
  const theirs = line.medians[against];
  return mine === undefined || theirs === undefined ? undefined : theirs / mine;
}

/** Geometric mean of a ratio over the lines that have it, and its lowest value. */
export function summarise(
  lines: readonly Line[],
  of: string,
  against: string,
): { readonly mean: number; readonly lowest: number; readonly lowestName: string } | undefined {
  const ratios = lines.flatMap((line) => {
    const ratio = speedRatio(line, of, against);
    return ratio === undefined ? [] : [{ name: line.name, ratio }];
  });
  if (ratios.length === 0) return undefined;
  const lowest = ratios.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  return { mean: geometricMean(ratios.map(({ ratio }) => ratio)), lowest: lowest.ratio, lowestName: lowest.name };
}

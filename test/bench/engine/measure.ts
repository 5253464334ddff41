// One measured cost: the package `benchmark` repeats a function until its mean is known well enough.
import Benchmark from 'benchmark';

/** A figure of the report. Names are unique and stay the same, since a stored run is compared by them. */
export interface Figure {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Relative margin of error of the mean, in percent. */
  readonly margin: number;
}

/** What one call of a measured function costs. */
export interface Cost {
  readonly seconds: number;
  readonly margin: number;
}

/** @param seconds how long to repeat at most, once enough samples are there.  @throws what `work` throws. */
export function measure(name: string, seconds: number, work: () => void): Cost {
  const bench = new Benchmark(name, work, { maxTime: seconds, minSamples: 5 });
  bench.run({ async: false });
  if (bench.error !== undefined) throw bench.error;
  return { seconds: bench.stats.mean, margin: bench.stats.rme };
}

/** A figure that is `amount` units a second when one call does `amount`: the higher the better. */
export function rate(group: string, name: string, unit: string, amount: number, { seconds, margin }: Cost): Figure {
  return { group, name, value: amount / seconds, unit, better: 'higher', margin };
}

/** A figure that is the time of one call divided by `amount`, in units of `scale` seconds: the lower the better. */
export function each(
  group: string,
  name: string,
  unit: string,
  amount: number,
  scale: number,
  { seconds, margin }: Cost,
): Figure {
  return { group, name, value: seconds / amount / scale, unit, better: 'lower', margin };
}

/** What `--stats` prints about the translation of a run. */
import type { CacheStatistics } from '../../runtime/cache/statistics.ts';

/** Prints the counters of a finished run, a line each. */
export function printStatistics(
  retired: number,
  statistics: Readonly<CacheStatistics>,
  print: (line: string) => void,
): void {
  const lookups = statistics.fastHits + statistics.slowHits + statistics.misses;
  const hitRate = lookups === 0 ? 0 : (100 * (lookups - statistics.misses)) / lookups;
  const row = (name: string, value: string): void => print(`${name.padEnd(28)}${value.padStart(16)}`);
  row('guest instructions', retired.toLocaleString('en'));
  row('blocks', statistics.blocks.toLocaleString('en'));
  row('regions', statistics.regions.toLocaleString('en'));
  row('generated code (bytes)', statistics.generatedSize.toLocaleString('en'));
  if (statistics.verifiedInstructions > 0)
    row('verified instructions', statistics.verifiedInstructions.toLocaleString('en'));
  row('hot, but put off', statistics.deferred.toLocaleString('en'));
  row('regions given up', statistics.unprofitable.toLocaleString('en'));
  row('lookups', lookups.toLocaleString('en'));
  row('found', `${hitRate.toFixed(2)} %`);
  row('dropped for writes', (statistics.invalidated + statistics.regionsInvalidated).toLocaleString('en'));
  row('dropped for room', (statistics.evicted + statistics.regionsEvicted).toLocaleString('en'));
  row('time to translate', `${statistics.translateTime.toFixed(1)} ms`);
  row('time to compile', `${statistics.compileTime.toFixed(1)} ms`);
}

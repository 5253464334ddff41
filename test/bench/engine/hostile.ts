// Code that defeats optimisation: whole runs of `xlat86 exec`, start-up and compiling included, by hotness against
// tier 0 alone. Compiling must not make them slower than 0.8 of tier 0's speed.
import { spawnSync } from 'node:child_process';
import type { Guest } from '../guests.ts';
import { builtCommand } from '../peers/contestant.ts';
import { median } from '../statistics.ts';
import type { Figure } from './measure.ts';

const RUNS = 3;
/** The least speed that is good enough, as a share of tier 0's. */
export const LEAST_SPEED = 0.8;
/** Rounds where the guest's own number takes tier 0 longer than some seconds. */
const fewerRounds: Readonly<Record<string, number>> = { deep: 4, giant: 15_000, irreducible: 300 };

/** Seconds that a run takes, and what it prints. @throws Error when it fails. */
function timed(guest: Guest, tier: '0' | 'auto'): { seconds: number; output: string } {
  const rounds = String(fewerRounds[guest.name] ?? guest.rounds);
  const start = performance.now();
  const run = spawnSync(process.execPath, [builtCommand, 'exec', '--tier', tier, guest.program, rounds], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`${guest.name} failed in tier ${tier}: ${run.stderr.trim()}`);
  return { seconds: (performance.now() - start) / 1000, output: run.stdout };
}

/** Speed by hotness, of tier 0's: medians of alternating runs. @throws Error when the results differ. */
export function measureHostile(guests: readonly Guest[], announce: (name: string) => void): Figure[] {
  return guests.map((guest) => {
    const interpreted: number[] = [];
    const mixed: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      announce(`${guest.name}, run ${run + 1} of ${RUNS}`);
      const alone = timed(guest, '0');
      const both = timed(guest, 'auto');
      if (alone.output !== both.output) throw new Error(`${guest.name}: the tiers' checksums differ`);
      interpreted.push(alone.seconds);
      mixed.push(both.seconds);
    }
    const value = median(interpreted) / median(mixed);
    return { group: 'hostile', name: guest.name, value, unit: 'of the speed of tier 0', better: 'higher', margin: 0 };
  });
}

/** `xlat86 demo`, which is `npm start`: translates and runs a guest program of our own, then says what that took. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { createColors } from 'picocolors';
import { openStandardOutput } from '../host/node-streams.ts';
import type { Process } from '../index.ts';
import { UsageError } from './failure.ts';

const GUEST = 'fixtures/guests/demo/demo.elf';

/** The command, for main.ts. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('run a demonstration')
    .description('Runs a small i386 program: a picture, primes and a hash; then prints what translating it took.')
    .action(demo);
}

async function demo(): Promise<void> {
  const program = readFileSync(guestPath());
  const { Process: Guest } = await import('../index.ts');
  const start = performance.now();
  const guest = new Guest({ program, name: 'demo', memory: 16 << 20, stdout: openStandardOutput(1) });
  const { exitCode } = await guest.run();
  process.stdout.write(`\n${summary(guest, performance.now() - start)}`);
  process.exitCode = exitCode;
}

/** The guest in the folder that this module's package lies in. */
function guestPath(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, GUEST);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new UsageError(`${GUEST} is not there; the demo needs the repository`);
  }
}

/** What the translation cache did, a line each. */
function summary(guest: Process, milliseconds: number): string {
  const { bold, dim } = createColors(process.stdout.isTTY === true);
  const { retired, cache } = guest.processor;
  const { statistics: s } = cache;
  const lookups = s.fastHits + s.slowHits + s.misses;
  const compiled = (100 * s.compiledInstructions) / retired;
  const count = (value: number): string => value.toLocaleString('en');
  const rows: readonly (readonly [string, string, string])[] = [
    ['instructions run', count(retired), `in ${(milliseconds / 1000).toFixed(2)} s`],
    ['  tier 0, interpreted', `${(100 - compiled).toFixed(1)} %`, count(retired - s.compiledInstructions)],
    ['  tier 1, compiled', `${compiled.toFixed(1)} %`, count(s.compiledInstructions)],
    ['blocks translated', count(s.blocks), `${s.translateTime.toFixed(0)} ms, ${count(s.instructions)} instructions`],
    ['regions compiled', count(s.regions), `${s.compileTime.toFixed(0)} ms, ${count(s.regionBlocks)} blocks`],
    ['cache lookups', count(lookups), `${((100 * (lookups - s.misses)) / lookups).toFixed(1)} % found`],
    ['links', count(s.links), ''],
  ];
  const lines = rows.map(([name, value, note]) => `${name.padEnd(24)}${value.padStart(14)}  ${dim(note)}`.trimEnd());
  return `${bold('translation cache')}\n${lines.join('\n')}\n`;
}

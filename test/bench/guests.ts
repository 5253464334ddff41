// The guests of fixtures/guests/bench/: what there is, and how they get built.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout. */
export const ROOT: string = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'fixtures/guests/bench');
const PROGRAMS = join(ROOT, '.cache/guests/bench');

/**
 * `kernels` are ordinary work on integers, about a second each under qemu-i386; `hostile` is code that defeats
 * optimisation; `x87` and `sse2` are floating-point kernels, the same sources built for one and the other.
 */
export type Suite = 'kernels' | 'hostile' | 'x87' | 'sse2';
export const suites: readonly Suite[] = ['kernels', 'hostile', 'x87', 'sse2'];

/** Where a suite's sources are, under SOURCES, and its programs, under PROGRAMS. */
const folders: Readonly<Record<Suite, { readonly sources: string; readonly programs: string }>> = {
  kernels: { sources: 'kernels', programs: '' },
  hostile: { sources: 'hostile', programs: '' },
  x87: { sources: 'float', programs: 'x87' },
  sse2: { sources: 'float', programs: 'sse2' },
};

export interface Guest {
  readonly name: string;
  readonly suite: Suite;
  /** The first sentence of its source. */
  readonly summary: string;
  /** Rounds that it makes without an argument. */
  readonly rounds: number;
  /** Where the built program is. */
  readonly program: string;
}

/** KERNEL("name", rounds); or FLOAT_KERNEL("name", rounds in x87 code, rounds in SSE2 code); */
const STATEMENT = /^(?:FLOAT_)?KERNEL\("([^"]+)", (\d+)(?:, (\d+))?\);$/m;

/** All guests of a suite, by name. @throws Error when a source does not state its file's name and its rounds. */
export function listGuests(suite: Suite): Guest[] {
  const { sources, programs } = folders[suite];
  const files = readdirSync(join(SOURCES, sources)).filter((file) => file.endsWith('.c'));
  return files.sort().map((file) => {
    const name = file.slice(0, -2);
    const source = readFileSync(join(SOURCES, sources, file), 'utf8');
    const [, comment] = /^\/\* ([\s\S]*?) \*\//.exec(source) ?? [];
    const [, stated, first, second] = STATEMENT.exec(source) ?? [];
    const rounds = suite === 'sse2' ? second : first;
    if (comment === undefined || stated !== name || rounds === undefined)
      throw new Error(`${sources}/${file}: no comment or no KERNEL("${name}", …)`);
    const summary = comment.replace(/\s*\n \* */g, ' ').replace(/\. .*$/, '.');
    return { name, suite, summary, rounds: Number(rounds), program: join(PROGRAMS, programs, name) };
  });
}

/** Build all guests that changed. @throws Error with the script's own words when that fails. */
export function buildGuests(): void {
  const { status, stderr, error } = spawnSync(join(ROOT, 'scripts/build-guests.sh'), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr?.trim() || String(error ?? 'scripts/build-guests.sh failed'));
}

// The guests of fixtures/guests/bench/: what there is, and how they get built.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout. */
export const ROOT: string = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'fixtures/guests/bench');
const PROGRAMS = join(ROOT, '.cache/guests/bench');

/** `kernels` are ordinary work, about a second each under qemu-i386; `hostile` is code that defeats optimisation. */
export type Suite = 'kernels' | 'hostile';
export const suites: readonly Suite[] = ['kernels', 'hostile'];

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

/** All guests of a suite, by name. @throws Error when a source does not say KERNEL("its file's name", rounds). */
export function listGuests(suite: Suite): Guest[] {
  const files = readdirSync(join(SOURCES, suite)).filter((file) => file.endsWith('.c'));
  return files.sort().map((file) => {
    const name = file.slice(0, -2);
    const source = readFileSync(join(SOURCES, suite, file), 'utf8');
    const [, comment] = /^\/\* ([\s\S]*?) \*\//.exec(source) ?? [];
    const [, stated, rounds] = /^KERNEL\("([^"]+)", (\d+)\);$/m.exec(source) ?? [];
    if (comment === undefined || stated !== name)
      throw new Error(`${suite}/${file}: no comment or no KERNEL("${name}", …)`);
    const summary = comment.replace(/\s*\n \* */g, ' ').replace(/\. .*$/, '.');
    return { name, suite, summary, rounds: Number(rounds), program: join(PROGRAMS, name) };
  });
}

/** Build all guests that changed. @throws Error with the script's own words when that fails. */
export function buildGuests(): void {
  const { status, stderr, error } = spawnSync(join(ROOT, 'scripts/build-guests.sh'), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr?.trim() || String(error ?? 'scripts/build-guests.sh failed'));
}

// What some tests need of the machine: programs and files of Debian packages, which the repository does not hold.
// Where one is missing, `npm test` says so and leaves those tests out; in CI it is an error.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program or file, and how to get it. */
export interface Need {
  /** A program's name, or a path with a slash. */
  readonly what: string;
  /** Shell command that brings it. */
  readonly from: string;
}

export const qemuSystem: Need = { what: 'qemu-system-i386', from: 'apt-get install qemu-system-x86' };
/** Its package wants one of several displays; this one is small. */
export const bochs: Need = { what: 'bochs', from: 'apt-get install bochs bochs-term' };
export const nasm: Need = { what: 'nasm', from: 'apt-get install nasm' };

/** Is all of it there? Says on stderr which tests are left out if not. @throws Error in CI. */
export function has(tests: string, needs: readonly Need[]): boolean {
  const missing = needs.filter(({ what }) => !isThere(what)).map(({ what, from }) => `${what} (${from})`);
  if (missing.length === 0) return true;
  const message = `tests left out: ${tests}: not there: ${missing.join(', ')}`;
  if (process.env['CI'] !== undefined) throw new Error(message);
  process.stderr.write(`${message}\n`);
  return false;
}

function isThere(what: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = what.includes('/') ? [what] : folders.map((folder) => join(folder, what));
  return candidates.some((path) => {
    try {
      accessSync(path, what.includes('/') ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

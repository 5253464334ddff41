/** How the command line fails: one line on stderr and an exit status. */
import { createColors } from 'picocolors';
import { BootError } from '../boot/boot-error.ts';
import { LoadError } from '../linux/elf.ts';

/** Exit status for wrong usage. */
const EXIT_USAGE = 2;

/** A mistake in how the command was called; `message` is one line. */
export class UsageError extends Error {}

/** Prints one line about what went wrong and ends the host process; only a bug of ours has a stack trace. */
export function failWith(error: unknown): never {
  const { red } = createColors(process.stderr.isTTY === true);
  if (error instanceof LoadError || error instanceof UsageError || error instanceof BootError) {
    process.stderr.write(`${red('xlat86:')} ${error.message}\n`);
    process.exit(error instanceof LoadError ? error.exitCode : EXIT_USAGE);
  }
  throw error;
}

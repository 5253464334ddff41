/** How the command line fails: one line on stderr and an exit status. */
import { type Command, CommanderError } from 'commander';
import { createColors } from 'picocolors';
import { BootError } from '../boot/boot-error.ts';
import { LoadError } from '../linux/elf.ts';

/** Exit status for wrong usage. */
const EXIT_USAGE = 2;

/** Exit status when standard output takes no more, and when nobody reads it: what SIGPIPE makes of other programs. */
const EXIT_OUTPUT = 1;
const EXIT_PIPE = 141;

/** A mistake in how the command was called; `message` is one line. */
export class UsageError extends Error {}

/** `xlat86:` before a message on stderr. */
function prefix(): string {
  return createColors(process.stderr.isTTY === true).red('xlat86:');
}

/** Lets commander's own complaints end as a UsageError does. */
export function failAsUsage(command: Command): void {
  command.exitOverride();
  command.configureOutput({
    // Where it has a suggestion, that is a line of its own.
    outputError: (text, write) => {
      write(
        `${prefix()} ${text
          .trimEnd()
          .replace(/^error: /, '')
          .replaceAll('\n', ' ')} (see --help)\n`,
      );
    },
  });
}

/** Ends the host process when what it printed could not be written. */
export function endWithoutOutput({ code, message }: NodeJS.ErrnoException): never {
  if (code === 'EPIPE') process.exit(EXIT_PIPE);
  process.stderr.write(`${prefix()} standard output: ${message}\n`);
  process.exit(EXIT_OUTPUT);
}

/** Prints one line about what went wrong and ends the host process; only a bug of ours has a stack trace. */
export function failWith(error: unknown): never {
  // Commander has said already what is wrong, or has printed its help.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  if (error instanceof LoadError || error instanceof UsageError || error instanceof BootError) {
    process.stderr.write(`${prefix()} ${error.message}\n`);
    process.exit(error instanceof LoadError ? error.exitCode : EXIT_USAGE);
  }
  throw error;
}

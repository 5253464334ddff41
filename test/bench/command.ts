// How the benchmark commands run: a failure is one line and status 1.
import type { Command } from 'commander';
import { clearProgress } from './progress.ts';

/** Parses the command line and runs. @param name what the line of a failure begins with. */
export async function runCommand<Arguments extends unknown[]>(
  name: string,
  command: Command,
  run: (...args: Arguments) => Promise<void>,
): Promise<void> {
  command.action(async (...args) => {
    try {
      await run(...(args as unknown as Arguments));
    } catch (error) {
      clearProgress();
      console.error(`${name}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  });
  await command.parseAsync();
}

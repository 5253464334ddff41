// One boot under one contestant: when the shell came up, and how long each kernel took in the guest.
import { spawn } from 'node:child_process';
import type { BootContestant } from './contestant.ts';

export interface BootRun {
  /** From before the program is started to the shell, in milliseconds. */
  readonly shell: number;
  /** Milliseconds for each kernel, by name. */
  readonly kernels: ReadonlyMap<string, number>;
  /** Checksums that the kernels printed, by name. */
  readonly checksums: ReadonlyMap<string, string>;
  /** Why the run does not count. */
  readonly failure?: string;
}

/** What fixtures/guests/initramfs/init says when it has mounted everything. */
const SHELL = 'xlat86: the shell is up';

/** Boot once, until the last of `kernels` has run (or the shell is up when there is none). @param limit seconds. */
export function bootOnce({ command }: BootContestant, kernels: readonly string[], limit: number): Promise<BootRun> {
  const [file, ...args] = command as [string];
  return new Promise((resolve) => {
    const times = new Map<string, number>();
    const checksums = new Map<string, string>();
    let failure: string | undefined;
    let errors = '';
    let shell = 0;
    let began = 0;
    let rest = '';
    const start = performance.now();
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    // npx and its like have children of their own.
    const finish = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const take = (line: string): void => {
      if (line.startsWith(SHELL)) shell = performance.now() - start;
      const [word, name = ''] = line.trim().split(' ');
      if (word === 'begin') began = performance.now();
      else if (word === 'end') times.set(name, performance.now() - began);
      else if (kernels.includes(word!)) checksums.set(word!, name);
      if (shell > 0 && times.size === kernels.length) finish();
    };
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      lines.forEach(take);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    const ending = setTimeout(() => {
      failure = `killed after ${limit} s`;
      finish();
    }, limit * 1000);
    child.on('error', (error) => {
      failure = error.message;
    });
    child.on('close', () => {
      clearTimeout(ending);
      if (shell === 0 || times.size < kernels.length) failure ??= errors.trim().split('\n').at(-1) || 'ended too early';
      resolve({ shell, kernels: times, checksums, ...(failure === undefined ? {} : { failure }) });
    });
  });
}

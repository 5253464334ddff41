// C programs of test/support/guests, compiled for i386 at test time, and the two ways to run them: on this machine's
// kernel and under xlat86. What the kernel does is what we must do.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { Process, type ProcessOptions, type ProcessResult } from '../../src/index.ts';
import { OutputBuffer } from '../../src/linux/files/memory-stream.ts';

const sources = join(import.meta.dirname, 'guests');
const cache = join(import.meta.dirname, '../../.cache/test-guests');

/** Path of the compiled program `name`; static, for i386, without instructions of later processors. */
export function compileGuest(name: string): string {
  const source = join(sources, `${name}.c`);
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(cache, `${name}-${hash}`);
  if (!existsSync(program)) {
    mkdirSync(cache, { recursive: true });
    // Test files run in threads of one process, and two may want it at once.
    const fresh = `${program}.${process.pid}.${threadId}`;
    execFileSync('gcc', ['-m32', '-static', '-fno-pie', '-no-pie', '-O1', '-w', '-o', fresh, source, '-lm']);
    renameSync(fresh, program);
  }
  return program;
}

/** What came of a run. */
export interface Outcome {
  readonly stdout: string;
  readonly exitCode: number;
}

/** Runs it on this machine, in a folder. @throws Error when it does not end in 300 s. */
export function runNative(program: string, args: readonly string[], folder: string): Outcome {
  const { stdout, status } = spawnSync(program, args, { cwd: folder, timeout: 300_000, maxBuffer: 1 << 28 });
  if (status === null) throw new Error(`${program} did not end natively`);
  return { stdout: stdout.toString('latin1'), exitCode: status };
}

/** Runs it under xlat86 and collects what it writes. */
export async function runGuest(
  program: string,
  options: Omit<ProcessOptions, 'program' | 'stdout'>,
): Promise<Outcome & ProcessResult> {
  const stdout = new OutputBuffer();
  const owner = { uid: process.getuid!(), gid: process.getgid!() };
  const guest = new Process({ ...owner, memory: 256 << 20, ...options, program: readFileSync(program), stdout });
  const result = await guest.run();
  return { ...result, stdout: Buffer.from(stdout.bytes).toString('latin1') };
}

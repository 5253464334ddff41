// One timed run of one guest under one contestant.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Guest } from '../guests.ts';
import type { Contestant } from './contestant.ts';

export interface Run {
  /** From before the program is started until its end, in milliseconds: start-up and compiling included. */
  readonly time: number;
  /** Largest resident size that was seen, in bytes; 0 when it ended before anybody looked. */
  readonly memory: number;
  /** What it printed. */
  readonly output: string;
  /** Why the run does not count. */
  readonly failure?: string;
}

/** How often the resident size is looked at, in milliseconds. */
const LOOK = 50;

/** Run `guest` once. @param rounds its argument, or undefined for its own. @param limit seconds until it is killed. */
export function runOnce(
  { command }: Contestant,
  { program }: Guest,
  rounds: number | undefined,
  limit: number,
): Promise<Run> {
  const [file, ...args] = [...command, program, ...(rounds === undefined ? [] : [String(rounds)])] as [string];
  return new Promise((resolve) => {
    let output = '';
    let errors = '';
    let memory = 0;
    let failure: string | undefined;
    const start = performance.now();
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    const looking = setInterval(() => {
      memory = Math.max(memory, residentPeak(child.pid));
    }, LOOK);
    const ending = setTimeout(() => {
      failure = `killed after ${limit} s`;
      child.kill('SIGKILL');
    }, limit * 1000);
    let time = 0;
    child.on('exit', () => {
      time = performance.now() - start;
    });
    child.on('error', (error) => {
      failure = error.message;
    });
    child.on('close', (status, signal) => {
      clearInterval(looking);
      clearTimeout(ending);
      if (status !== 0) failure ??= `${signal ?? `status ${status}`} ${tellingLine(errors)}`.trim();
      resolve({ time, memory, output: output.trim(), ...(failure === undefined ? {} : { failure }) });
    });
  });
}

/** The line of a program's complaints that says most: an exception's message, else the last one. */
function tellingLine(errors: string): string {
  const lines = errors.trim().split('\n');
  return (lines.find((line) => /^\w*(Error|error)( \[\w+\])?:/.test(line)) ?? lines.at(-1) ?? '').trim();
}

/** VmHWM of a running process, in bytes. */
function residentPeak(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

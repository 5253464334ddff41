// `Process` as embedders use it: streams, exit statuses, aborting, several side by side.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Process, type ProcessOptions, type ProcessResult } from '../../../src/index.ts';
import { inputOf, OutputBuffer } from '../../../src/linux/files/memory-stream.ts';
import type { InputStream, OutputStream } from '../../../src/linux/files/stream-file.ts';
import { compileGuest, runGuest } from '../../support/guest-programs.ts';

const ends = compileGuest('ends');
const program = readFileSync(ends);
const memory = 64 << 20;

test.each([
  ['7', { exitCode: 7 }],
  ['256', { exitCode: 0 }],
  ['segv', { exitCode: 139, signal: 'SIGSEGV' }],
  ['ill', { exitCode: 132, signal: 'SIGILL' }],
  ['fpe', { exitCode: 136, signal: 'SIGFPE' }],
  ['abort', { exitCode: 134, signal: 'SIGABRT' }],
])('ends by %s', async (how, expected) => {
  expect(await runGuest(ends, { args: [how] })).toEqual({ stdout: '', ...expected });
});

test('a fault is reported in one line with address, instruction and registers', async () => {
  const lines: string[] = [];
  await runGuest(ends, { args: ['segv'], report: (line) => lines.push(line) });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^SIGSEGV address 0x00001234 at eip=0x[0-9a-f]{8} \([0-9a-f ]+\) eax=0x[0-9a-f]{8} .*edi=/);
  const named: string[] = [];
  await runGuest(ends, { args: ['ill'], report: (line) => named.push(line), disassemble: () => 'ud2' });
  expect(named[0]).toMatch(/^SIGILL address (0x[0-9a-f]{8}) at eip=\1 \(ud2\)/);
});

test('strace lines', async () => {
  const lines: string[] = [];
  await runGuest(ends, { args: ['5'], strace: (line) => lines.push(line) });
  expect(lines[0]).toMatch(/^brk\(NULL\) = 0x[0-9a-f]+$/);
  expect(lines).toContainEqual(expect.stringMatching(/^readlink\("\/proc\/self\/exe", "\/program", 4096\) = 8$/));
  expect(lines).toContainEqual(expect.stringMatching(/^rseq\(.*\) = -1 ENOSYS$/));
  expect(lines.at(-1)).toBe('exit_group(5) = ?');
});

test('aborting ends a guest that computes and one that sleeps', async () => {
  for (const how of ['hang', 'sleep']) {
    const controller = new AbortController();
    const stdout: OutputStream = {
      write: (bytes) => {
        setTimeout(() => controller.abort(new Error('enough')), 10);
        return bytes.length;
      },
    };
    const guest = new Process({ program, args: [how], memory, stdout, signal: controller.signal });
    await expect(guest.run()).rejects.toThrow('enough');
  }
  const aborted = new Process({ program, memory, signal: AbortSignal.abort(new Error('before')) });
  await expect(aborted.run()).rejects.toThrow('before');
});

test('signals from outside end it or run its handler', async () => {
  const results = ['hang', 'sleep', 'catch', 'read'].map((how) => {
    const stdout = new OutputBuffer();
    const waiting: InputStream = { read: () => 'wait' };
    const guest = new Process({
      program,
      args: [how],
      memory,
      stdin: waiting,
      stdout: {
        write: (bytes) => {
          setTimeout(() => guest.kill('SIGINT'), 5);
          return stdout.write(bytes);
        },
      },
    });
    return guest.run().then(({ exitCode }) => [how, exitCode, Buffer.from(stdout.bytes).toString()]);
  });
  expect(await Promise.all(results)).toEqual([
    ['hang', 130, 'ready\n'],
    ['sleep', 130, 'ready\n'],
    ['catch', 3, 'ready\ncaught\n'],
    ['read', 130, 'ready\n'],
  ]);
});

test('input that comes late, output that is slow', async () => {
  let wake: () => void = () => {};
  let state: 'early' | 'ready' = 'early';
  const stdin: InputStream = {
    read: () => {
      if (state === 'ready') return new Uint8Array([120]);
      setTimeout(() => {
        state = 'ready';
        wake();
      }, 20);
      return 'wait';
    },
    onReady: (run) => {
      wake = run;
    },
  };
  const written: number[] = [];
  let refusals = 3;
  let drain: () => void = () => {};
  const stdout: OutputStream = {
    write: (bytes) => {
      if (refusals-- > 0) {
        setTimeout(() => drain(), 5);
        return 'wait';
      }
      written.push(bytes[0]!);
      return 1;
    },
    onReady: (run) => {
      drain = run;
    },
  };
  const guest = new Process({ program, args: ['read'], memory, stdin, stdout });
  expect(await guest.run()).toEqual({ exitCode: 1 });
  expect(Buffer.from(written).toString()).toBe('ready\n');
});

test('the same seed gives the same run', async () => {
  const trace = async (seed: number): Promise<string[]> => {
    const lines: string[] = [];
    await runGuest(ends, { seed, strace: (line) => lines.push(line) });
    return lines;
  };
  const first = await trace(1);
  expect(await trace(1)).toEqual(first);
  expect(await trace(2)).not.toEqual(first);
});

test('what cannot be started says why', async () => {
  const start = (options: Partial<ProcessOptions>): Promise<ProcessResult> =>
    new Process({ program, ...options }).run();
  await expect(start({ memory, directory: '/no/such' })).rejects.toThrow(
    '/program: cannot be started in /no/such, which is no directory of the guest',
  );
  await expect(start({ memory, directory: '/program' })).rejects.toThrow('no directory of the guest');
  await expect(start({ memory: 64 << 10 })).rejects.toThrow(
    '/program: cannot be started (the guest has too little memory)',
  );
});

test('a process runs once', async () => {
  const guest = new Process({ program, memory, stdin: inputOf(new Uint8Array(0)) });
  await guest.run();
  await expect(guest.run()).rejects.toThrow('only once');
});

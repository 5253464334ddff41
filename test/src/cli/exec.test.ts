// `xlat86 exec` as a command: streams, statuses, options, and one line for what goes wrong.
import { type SpawnSyncReturns, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCommandLine } from '../../../scripts/bundle.ts';
import { compileGuest } from '../../support/guest-programs.ts';

const root = join(import.meta.dirname, '../../..');
const built = join(root, '.cache/test-dist');
const command = [join(built, 'main.js')];
const folder = mkdtempSync(join(tmpdir(), 'xlat86-exec-'));

// Built once, as `npm run build` does it.
beforeAll(() => bundleCommandLine(root, built));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function xlat86(args: readonly string[], input: string | Uint8Array = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], {
    cwd: root,
    input,
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { status, stdout, stderr };
}

const ends = compileGuest('ends');

test('files that cannot be run: one line, 126 or 127', () => {
  writeFileSync(join(folder, 'script'), '#!/bin/sh\n');
  const cases = [
    [join(folder, 'missing'), 127, /missing: no such file$/],
    [folder, 126, /is a directory$/],
    [join(folder, 'script'), 126, /script: not an ELF file$/],
    ['/bin/true', 126, /64-bit program \(x86-64\), not i386$/],
  ] as const;
  for (const [program, status, message] of cases) {
    const outcome = xlat86(['exec', program]);
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome.stderr.trimEnd()).toMatch(message);
    expect(outcome.status).toBe(status);
    expect(outcome.stdout).toBe('');
  }
});

test('wrong options: one line, 2', () => {
  for (const options of [
    ['--dir', 'nowhere'],
    ['--dir', '/no/such:/x'],
    ['--memory', 'lots'],
    ['--env', 'x'],
    ['--verify', '--tier', '0'],
    ['--tier', '9'],
    ['--teir', '0'],
  ]) {
    const outcome = xlat86(['exec', ...options, ends]);
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome.status).toBe(2);
  }
});

test('what the host cannot read or write is an error of the guest', () => {
  const full = openSync('/dev/full', 'w');
  const directory = openSync(folder, 'r');
  const run = (name: string, stdio: StdioOptions): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [...command, 'exec', '--strace', ends, name], { cwd: root, encoding: 'utf8', stdio });
  expect(run('read', [directory, full, 'pipe']).stderr).toMatch(
    /write\(1, "ready\\n", 6\) = -1 ENOSPC\nread\(0, 0x[0-9a-f]+, 1\) = -1 EISDIR\n/,
  );
  closeSync(full);
  closeSync(directory);
});

test('status, verbose report, and arguments that look like ours', () => {
  const outcome = xlat86(['exec', '--verbose', ends, 'segv', '--help']);
  expect(outcome.status).toBe(139);
  expect(outcome.stderr).toMatch(/^SIGSEGV address 0x00001234 at eip=0x[0-9a-f]+ .*\n$/);
});

test('help has examples', () => {
  const outcome = xlat86(['exec', '--help']);
  expect(outcome.status).toBe(0);
  expect(outcome.stdout).toContain('--dir <host:guest[:ro]>');
  expect(outcome.stdout).toContain('Examples:');
});

test('--strace and --stats go to stderr', () => {
  const outcome = xlat86(['exec', '--strace', '--stats', '--tier', '1', ends, '4']);
  expect(outcome.status).toBe(4);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).toContain('exit_group(4) = ?');
  expect(outcome.stderr).toMatch(/guest instructions +[\d,]+/);
});

test('--code decides what hot code becomes, and nothing else', () => {
  const demo = 'fixtures/guests/demo/demo.elf';
  const interpreted = xlat86(['exec', '--tier', '0', demo]);
  expect(interpreted.stdout).toContain('primes below');
  // WebAssembly's functions have no source: bytes are fewer than characters.
  const sizes = ['wasm', 'javascript'].map((code) => {
    const outcome = xlat86(['exec', '--code', code, '--tier', '1', '--stats', demo]);
    expect(outcome.stdout).toBe(interpreted.stdout);
    return Number(/generated code .*?([\d,]+)$/m.exec(outcome.stderr)![1]!.replaceAll(',', ''));
  });
  expect(sizes[0]).toBeGreaterThan(10_000);
  expect(sizes[0]).toBeLessThan(sizes[1]!);
  expect(xlat86(['exec', '--code', 'c', demo]).status).toBe(2);
});

test('--verify repeats what was compiled', () => {
  const outcome = xlat86(['exec', '--verify', '--stats', '--tier', '1', ends, '4']);
  expect(outcome.status).toBe(4);
  expect(outcome.stderr).toMatch(/verified instructions +[\d,]{4,}/);
});

test('a granted folder is where the guest starts, and its files are the host’s', () => {
  const files = compileGuest('files');
  mkdirSync(join(folder, 'grant'));
  const run = spawnSync(
    process.execPath,
    [...command, 'exec', '--dir', `${join(folder, 'grant')}:/w`, '--cwd', '/w', files],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: 300_000,
    },
  );
  expect(run.stdout).toContain('rename("a", "d/moved"): 0');
  expect(readFileSync(join(folder, 'grant/d/fresh')).length).toBeGreaterThan(0);
});

test.each([
  ['hang', 130, ''],
  ['catch', 3, 'caught\n'],
])('SIGINT reaches the guest: %s', async (how, status, output) => {
  const child = spawn(process.execPath, [...command, 'exec', ends, how], { cwd: root, stdio: 'pipe' });
  let stdout = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stdout.on('data', (chunk: Buffer) => {
    if (stdout === '') child.kill('SIGINT');
    stdout += chunk.toString();
  });
  expect(await ended).toBe(status);
  expect(stdout).toBe(`ready\n${output}`);
});

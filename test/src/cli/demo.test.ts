// The demonstration: its guest is what its source builds to, prints what the CPU prints, and tells the truth.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'fixtures/guests/demo');
const guest = join(folder, 'demo.elf');
const compiler = spawnSync('gcc', ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0];
const native = spawnSync(guest, { encoding: 'utf8' });

function demo(): string {
  const command = ['--import', 'tsx', join(root, 'src/cli/main.ts'), 'demo'];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

const [output, summary] = demo().split('\n\ntranslation cache\n') as [string, string];

test.skipIf(native.status !== 0)('the guest prints what it prints on the CPU', () => {
  expect(`${output}\n`).toBe(native.stdout);
});

test('its primes and its hash are right', () => {
  // The sieve: bit n / 2 is set for every odd composite n, from 9 on.
  const limit = 4_000_000;
  const composite = new Uint8Array(limit / 16 + 1);
  let count = 1;
  let last = 2;
  for (let n = 3; n < limit; n += 2) {
    if (composite[n >> 4]! & (1 << ((n >> 1) & 7))) continue;
    count++;
    last = n;
    for (let multiple = n * n; multiple < limit; multiple += 2 * n)
      composite[multiple >> 4]! |= 1 << ((multiple >> 1) & 7);
  }
  const digest = createHash('sha256').update(composite).digest('hex');
  expect(output.split('\n').slice(-2)).toEqual([
    `primes below ${limit}: ${count}, the last of them ${last}`,
    `sha256 of the sieve: ${digest}`,
  ]);
});

test('the summary names both tiers, blocks, regions, hits and links', () => {
  const numbers = Object.fromEntries(
    summary.split('\n').flatMap((line) => {
      const match = /^ *(.+?) {2,}([\d,.]+)/.exec(line);
      return match ? [[match[1]!, Number(match[2]!.replaceAll(',', ''))]] : [];
    }),
  );
  expect(numbers['instructions run']).toBeGreaterThan(50_000_000);
  expect(numbers['tier 1, compiled']).toBeGreaterThan(90);
  expect(numbers['tier 0, interpreted']).toBeGreaterThan(0);
  expect(numbers['blocks translated']).toBeGreaterThan(50);
  expect(numbers['regions compiled']).toBeGreaterThan(3);
  expect(numbers['cache lookups']).toBeGreaterThan(50);
  expect(numbers['links']).toBeGreaterThan(50);
});

const recorded = readFileSync(join(folder, 'compiler.txt'), 'utf8').trim();

test.skipIf(compiler !== recorded)(`the guest is what its source builds to with ${recorded}`, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'xlat86-demo-'));
  try {
    const built = join(scratch, 'demo.elf');
    const { status, stderr } = spawnSync(join(folder, 'build.sh'), [built], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(readFileSync(built).equals(readFileSync(guest))).toBe(true);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

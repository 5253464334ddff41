// Code that defeats a translator costs it bounded work and memory (results: test/bench/guests.test.ts): what is compiled,
// kept and dropped is counted, and counts are the same in each run.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { CodeCache } from '../../runtime/cache/code-cache.ts';
import type { Cpu } from '../../runtime/exec/cpu.ts';
import { createSystemClock } from '../../src/host/system-clock.ts';
import type { Tier } from '../../src/index.ts';
import { OutputBuffer } from '../../src/linux/files/memory-stream.ts';
import { LinuxProcess } from '../../src/linux/process.ts';
import type { Policy } from '../../src/machine.ts';
import { createUserCpu } from '../../src/user-machine.ts';
import { buildGuests, listGuests } from '../bench/guests.ts';
import { runNative } from '../support/guest-programs.ts';

beforeAll(buildGuests);

interface Run {
  readonly cache: CodeCache;
  readonly retired: number;
}

/** Run a hostile guest; its output is what this CPU makes of it. */
async function run(
  name: string,
  rounds: number,
  tier: Tier = 'auto',
  policy: Partial<Policy> = {},
  watch: (cache: CodeCache) => void = () => {},
): Promise<Run> {
  const { program } = listGuests('hostile').find((guest) => guest.name === name)!;
  const stdout = new OutputBuffer();
  const guest = new LinuxProcess<Cpu>(
    { program: readFileSync(program), args: [String(rounds)], memory: 512 << 20, stdout, tier },
    {
      clock: createSystemClock(),
      createProcessor: (parts) => createUserCpu(parts, () => performance.now(), policy),
    },
  );
  watch(guest.processor.cache);
  expect((await guest.run()).exitCode).toBe(0);
  expect(Buffer.from(stdout.bytes).toString()).toBe(runNative(program, [String(rounds)], '/').stdout);
  return { cache: guest.processor.cache, retired: guest.processor.retired };
}

/** What the policy lets a program have: a million characters, and one for each sixty instructions. */
const ALLOWANCE = 1 << 20;
const INTERVAL = 60;

test.each([
  ['jumps', 40],
  ['storm', 3],
  ['giant', 400],
  ['irreducible', 20],
])('%s: what is compiled stays a small share of what runs', async (name, rounds) => {
  const { cache, retired } = await run(name, rounds);
  const { generatedSize, regions, regrown } = cache.statistics;
  expect(regions).toBeGreaterThan(0);
  expect(regions).toBeLessThan(1000);
  // One region, and those compiled anew, may come on top.
  const anew = (generatedSize / regions) * regrown;
  expect(generatedSize).toBeLessThan(ALLOWANCE + retired / INTERVAL + anew + 200_000);
});

test('storm, jumps: most functions that are only just hot are put off, or given up after short runs', async () => {
  const storm = await run('storm', 2);
  expect(storm.cache.statistics.deferred).toBeGreaterThan(4000);
  const jumps = await run('jumps', 40);
  expect(jumps.cache.statistics.deferred + jumps.cache.statistics.unprofitable).toBeGreaterThan(400);
});

test('rewrite: code that keeps being rewritten is given up, and its dead blocks are let go', async () => {
  const { cache } = await run('rewrite', 3);
  const { invalidated, regions, evicted } = cache.statistics;
  expect(invalidated).toBeGreaterThan(10_000);
  expect(regions).toBeLessThan(10);
  expect(evicted).toBe(0);
  expect(cache.queuedBlocks).toBeLessThan(3000);
});

test('deep: ten million nested calls need no more of the host’s stack than two hundred', async () => {
  const { retired, cache } = await run('deep', 10);
  expect(retired).toBeGreaterThan(400_000_000);
  expect(cache.statistics.compiledInstructions).toBeGreaterThan(0.9 * retired);
});

test('storm: compiled at once with room for little, regions are evicted one by one', async () => {
  const maxCode = 100_000;
  const kept: number[] = [];
  const watch = (cache: CodeCache): void => {
    const compile = cache.regions.compile.bind(cache.regions);
    cache.regions.compile = (head) => {
      const region = compile(head);
      kept.push(cache.regions.keptCode);
      return region;
    };
  };
  const { cache } = await run('storm', 1, '1', { maxCode, arenaWords: 1 << 18 }, watch);
  expect(cache.statistics.regionsEvicted).toBeGreaterThan(1000);
  expect(Math.max(...kept)).toBeLessThanOrEqual(maxCode);
  // Never everything at once: once full, it stays nearly full.
  const full = kept.slice(kept.findIndex((size) => size > 0.9 * maxCode));
  expect(full.length).toBeGreaterThan(1000);
  expect(Math.min(...full)).toBeGreaterThan(0.8 * maxCode);
});

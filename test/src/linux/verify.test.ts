// --verify on real programs: processes, pipes, signals and files do not disturb it, and a wrong pass is found in the very
// block where it first matters.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Cpu } from '../../../runtime/exec/cpu.ts';
import { Divergence } from '../../../runtime/exec/divergence.ts';
import { printDivergence } from '../../../src/debug/divergence.ts';
import { createSystemClock } from '../../../src/host/system-clock.ts';
import { LinuxProcess } from '../../../src/linux/process.ts';
import { createUserCpu } from '../../../src/user-machine.ts';
import type { IrBlock } from '../../../translator/ir/block.ts';
import { runGuest, runNative } from '../../support/guest-programs.ts';

const root = join(import.meta.dirname, '../../..');
const busybox = join(root, '.cache/guests/busybox');
const demo = join(root, 'fixtures/guests/demo/demo.elf');

const script = `
i=0; while [ $i -lt 120 ]; do i=$((i + 1)); echo "$i $((i * i % 97))"; done | sort -k2n | head -40 | sha256sum
(sleep 0.05; echo later) & wait
trap 'echo caught' TERM; kill -TERM $$; echo hello | sed s/l/L/g; seq 1 300 | awk '{ s += $1 * $1 } END { print s / 7 }'`;

test.skipIf(!existsSync(busybox))('ash, applets and their processes repeat without a difference', async () => {
  const native = runNative(busybox, ['ash', '-c', script], '/');
  const guest = await runGuest(busybox, {
    name: busybox,
    path: busybox,
    args: ['ash', '-c', script],
    verify: true,
  });
  expect(guest).toMatchObject(native);
});

/** The first block of the program that has this pure operator computes it wrong in tier 1. */
function mistakenly(from: string, to: string): { at: () => number; optimised: (block: IrBlock) => void } {
  let at = -1;
  return {
    at: () => at,
    optimised: (block) => {
      if (at >= 0 && block.eip !== at) return;
      const node = block.nodes.find((other) => other.op === 'pure' && other.name === from);
      if (node === undefined) return;
      at = block.eip;
      Object.assign(node, { name: to });
    },
  };
}

test.each([
  ['add', 'sub'],
  ['and', 'or'],
  ['mul', 'add'],
  ['shl', 'shr'],
])('a program whose compiled code has %s wrong stops there', async (from, to) => {
  const { at, optimised } = mistakenly(from, to);
  const observe = { lifted: () => {}, optimised };
  const guest = new LinuxProcess<Cpu>(
    { program: readFileSync(demo), verify: true, memory: 64 << 20 },
    {
      clock: createSystemClock(),
      createProcessor: (parts) => createUserCpu(parts, () => performance.now(), {}, observe),
    },
  );
  const error = await guest.run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Divergence);
  const { facts } = error as Divergence;
  expect(facts.path.map(({ eip }) => eip)).toContain(at());
  const text = printDivergence(facts);
  expect(text).toContain(`block ${(at() >>> 0).toString(16).padStart(8, '0')}\n== asm`);
  expect(text).toContain('<<<');
});

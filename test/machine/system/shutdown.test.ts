// Triple faults of fixtures/guests/shutdown: the machine ends, and says which instruction it began with.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Vector } from '../../../runtime/abi/vector.ts';
import { Pc, type Tier } from '../../../src/index.ts';
import { has, nasm, qemuSystem } from '../../support/needs.ts';

const guests = join(import.meta.dirname, '../../../fixtures/guests');
const hasNasm = has('triple faults', [nasm]);
const hasQemu = hasNasm && has('triple faults under QEMU', [qemuSystem]);

/** What could not be delivered in the end. */
const cases = [
  { number: 1, name: 'an IDT with room for nothing', vector: Vector.GP },
  { number: 2, name: 'absent gates', vector: Vector.NP },
  { number: 3, name: 'a stack that is not mapped', vector: Vector.PF },
  { number: 4, name: 'an inner stack that is null', vector: Vector.TS },
];

describe.skipIf(!hasNasm)('a triple fault', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'xlat86-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const assemble = (number: number): string => {
    const image = join(folder, `${number}.bin`);
    const source = join(guests, 'shutdown/shutdown.asm');
    execFileSync('nasm', ['-f', 'bin', '-I', join(guests, 'system/'), `-DCASE=${number}`, '-o', image, source]);
    return image;
  };

  describe.each(cases)('with $name', ({ number, vector }) => {
    test.each<Tier>(['0', 'auto'])('tier %s', async (tier) => {
      let text = '';
      const pc = new Pc({
        memory: 16,
        clock: 'virtual',
        tier,
        kernel: { image: readFileSync(assemble(number)), name: 'shutdown' },
        onDebug: (byte) => {
          text += String.fromCharCode(byte);
        },
      });
      const stop = await pc.run({ maxInstructions: 10_000_000 });
      expect(stop).toMatchObject({ kind: 'shutdown', vector });
      if (stop.kind === 'shutdown') expect(stop.eip >>> 0).toBe(Number.parseInt(text, 16));
    });

    test.skipIf(!hasQemu)('QEMU says so too', () => {
      // biome-ignore format: an option a line
      const options = [
        '-machine', 'pc,accel=tcg', '-m', '32', '-display', 'none', '-nodefaults', '-no-reboot', '-d', 'cpu_reset',
        '-device', 'isa-debug-exit,iobase=0xf4,iosize=4', '-kernel', assemble(number),
      ];
      const { status, stderr } = spawnSync('qemu-system-i386', options, { timeout: 30_000, encoding: 'latin1' });
      // Even: not through the exit port.
      expect(status).toBe(0);
      expect(stderr).toContain('Triple fault');
    });
  });
});

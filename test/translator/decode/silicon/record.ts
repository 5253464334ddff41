/**
 * Asks this machine's CPU for the length and legality of all encodings, and writes verdicts.txt.
 *
 * Run it by `npx tsx test/translator/decode/silicon/record.ts` on an x86 Linux machine with gcc -m32.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyOf, lines, sequenceOf } from './encodings.ts';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'xlat86-silicon-'));
try {
  const probe = join(folder, 'probe');
  const flags = ['-m32', '-O1', '-static', '-fno-stack-protector', '-fno-pie', '-no-pie'];
  execFileSync('gcc', [...flags, '-o', probe, join(here, 'probe.c')]);
  const input = Buffer.concat(lines.flatMap((line) => line.modrms.map((modrm) => sequenceOf(line, modrm))));
  const output = execFileSync(probe, { input, maxBuffer: 1 << 28 });
  if (output.length * 8 !== input.length)
    throw new Error(`the probe ended early, after ${output.length / 2} sequences`);
  const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
  const written: string[] = [`# ${cpu}, 32-bit user mode of a 64-bit Linux. See encodings.ts and record.ts.`];
  let at = 0;
  for (const line of lines) {
    const verdicts = line.modrms.map(() => {
      const [length, undefinedOpcode] = [output[at++]!, output[at++]!];
      return undefinedOpcode === 1 ? '.' : length.toString(16);
    });
    if (verdicts.some((verdict) => verdict !== '.')) written.push(`${keyOf(line)}: ${verdicts.join('')}`);
  }
  writeFileSync(join(here, 'verdicts.txt'), written.join('\n') + '\n');
} finally {
  rmSync(folder, { recursive: true });
}

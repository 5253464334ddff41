// README.md says what is so: its examples print what stands below them, its table is the rows', its transcripts are real.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { withTable } from '../scripts/readme-table.ts';
import { explain, modes, printRegion } from '../src/debug/explain.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
mkdirSync(join(root, '.cache'), { recursive: true });
const scratch = mkdtempSync(join(root, '.cache/readme-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Example {
  readonly name: string;
  readonly code: string;
  readonly output: string;
}

const pattern = /<!-- example: (\w+) -->\n```ts\n([\s\S]*?)```\n```text\n([\s\S]*?)```\n/g;
const examples: Example[] = [...readme.matchAll(pattern)].map(([, name, code, output]) => ({
  name: name!,
  code: code!,
  output: output!,
}));

test('there are examples', () => {
  expect(examples.map(({ name }) => name)).toEqual(['process', 'cpu', 'statistics']);
});

test.each(examples)('the example $name prints what the README says', ({ name, code, output }) => {
  const file = join(scratch, `${name}.ts`);
  writeFileSync(file, code.replaceAll("'xlat86'", `'${join(root, 'src/index.ts')}'`));
  const run = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toBe(output);
});

test('the table of instructions is the rows`', () => {
  expect(readme, 'run npx tsx scripts/readme-table.ts').toBe(withTable(readme));
});

test('the transcript of explain is what it prints, but for the parts left out', () => {
  const [, hex, transcript] = /^\$ npx xlat86 explain --hex "(.*)"\n([\s\S]*?)```/m.exec(readme)!;
  const stretch = { eip: 0x1000, bytes: Buffer.from(hex!.replaceAll(' ', ''), 'hex') };
  const text = printRegion(explain(stretch, 0x1000, modes['32']!, false), stretch);
  let at = 0;
  for (const part of transcript!.split('…\n').filter((piece) => piece !== '')) {
    const found = text.indexOf(part, at);
    expect(found, part).toBeGreaterThanOrEqual(at);
    at = found + part.length;
  }
});

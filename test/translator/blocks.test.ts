// Golden blocks: the text of every stage of a few dozen typical translations, fixtures/blocks/FAMILY/NAME.block, so that
// a change to a lift, a pass or a back end shows in its diff. `UPDATE=1 npx vitest run test/translator/blocks.test.ts`
// writes them anew; read the diff before committing it.
//
// A fixture begins with comment lines, then `mode:`, `bytes:` and, where wanted, `region: yes` (take in the blocks that
// the first one leads to); then the sections of `xlat86 explain`. Sections that are left out are not checked.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { explain, modes, printRegion, type Stretch } from '../../src/debug/explain.ts';

const folder = join(import.meta.dirname, '../../fixtures/blocks');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.block'));
const update = process.env['UPDATE'] !== undefined;
const EIP = 0x1000;

/** The lines before the first section, and the sections, each from its `==` line (or the block's title) on. */
function split(text: string): { head: string; sections: string[] } {
  const start = /^(== |block )/m.exec(text)?.index ?? text.length;
  const sections = text.slice(start).split(/^(?=block |(?<!^block .*\n)== )/m);
  return { head: text.slice(0, start), sections: sections.filter((section) => section !== '') };
}

function explainFixture(head: string): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}: *(.*)$`, 'm').exec(head)?.[1]?.trim();
  const mode = modes[field('mode') ?? ''];
  if (mode === undefined) throw new Error(`mode: expected one of ${Object.keys(modes).join(', ')}`);
  const stretch: Stretch = { eip: EIP, bytes: Buffer.from(field('bytes')!.replaceAll(' ', ''), 'hex') };
  return printRegion(explain(stretch, EIP, mode, field('region') === 'yes'), stretch);
}

/** Name of a section with the block that it belongs to. */
function names(sections: readonly string[]): string[] {
  let block = '';
  return sections.map((section) => {
    const [first, second] = section.split('\n') as [string, string];
    if (!first.startsWith('block ')) return `${block}${first}`;
    block = `${first} `;
    return `${block}${second}`;
  });
}

test('there are fixtures', () => {
  expect(files.length).toBeGreaterThanOrEqual(25);
});

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const { head, sections } = split(text);
  const now = split(explainFixture(head)).sections;
  const kept = names(sections);
  const wanted = kept.length === 0 ? now : now.filter((_, i) => kept.includes(names(now)[i]!));
  const expected = head + wanted.join('');
  if (update && text !== expected) writeFileSync(path, expected);
  else expect(text, `${relative('.', path)} is out of date; UPDATE=1 writes it anew`).toBe(expected);
});

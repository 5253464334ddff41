// Writes the table of instruction families into README.md, between its markers, from the opcode rows themselves. A test
// (test/readme.test.ts) fails when the README does not hold what `instructionTable` gives. Use: npx tsx scripts/readme-table.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../translator/isa/index.ts';
import type { Row } from '../translator/isa/row.ts';

/** Families of instructions with 16 conditions are shown as one mnemonic. */
const conditions = /^(J|SET|CMOV)N?(O|B|AE|E|Z|BE|A|S|P|L|GE|LE|G)$/;

function mnemonicsOf(rows: readonly Row[]): string {
  const names = rows.flatMap(({ mnemonic }) => mnemonic.split(/[/:]/));
  return [...new Set(names.map((name) => name.replace(conditions, '$1cc')))].join(' ');
}

/** One line of Markdown for each family, with a heading. */
export function instructionTable(): string {
  const lines = ['| family | instructions | encodings | executes |', '| --- | --- | ---: | --- |'];
  for (const [family, rows] of Object.entries(families)) {
    const lifted = rows.filter((row) => row.lift !== undefined).length;
    const executes = lifted === rows.length ? 'yes' : lifted === 0 ? 'decodes only' : `${lifted} of ${rows.length}`;
    lines.push(`| ${family} | ${mnemonicsOf(rows)} | ${rows.length} | ${executes} |`);
  }
  const rows = Object.values(families).flat();
  const lifted = rows.filter((row) => row.lift !== undefined).length;
  lines.push(`| **all** | | ${rows.length} | ${lifted} of ${rows.length} |`);
  return `${lines.join('\n')}\n`;
}

const BEGIN = '<!-- instruction table: scripts/readme-table.ts -->\n';
const END = '<!-- end of instruction table -->\n';

/** `readme` with the table in its place. @throws Error when the markers are not there. */
export function withTable(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('README.md has lost the markers of the instruction table');
  return readme.slice(0, begin + BEGIN.length) + instructionTable() + readme.slice(end);
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, '../README.md');
  writeFileSync(path, withTable(readFileSync(path, 'utf8')));
}

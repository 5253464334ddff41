// The vector fixtures themselves: present, within their size budget, at least 100 cases a form, no form twice, and the
// reader gives back what the recorder wrote.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formName, printCase } from './recorder/case-format.ts';
import { readVectors, VECTORS, vectorFamilies } from './vectors.ts';

const BUDGET_BYTES = 8 << 20;

describe('recorded vectors', () => {
  it('stay within their size budget', () => {
    const bytes = readdirSync(VECTORS).reduce((sum, name) => sum + statSync(new URL(name, VECTORS)).size, 0);
    expect(bytes).toBeLessThan(BUDGET_BYTES);
  });

  it.each(vectorFamilies())('%s: read back as written, at least 100 cases for each form', (family) => {
    const text = gunzipSync(readFileSync(new URL(`${family}.vec.gz`, VECTORS))).toString('latin1');
    const lines = text.split('\n').slice(1, -1);
    const counts = new Map<string, number>();
    let at = 0;
    for (const vector of readVectors(family)) {
      const name = formName(vector.form);
      if (vector.index === 0) {
        expect(counts.has(name), name).toBe(false);
        expect(lines[at++]).toBe(`# ${name}`);
      }
      const printed = printCase(vector);
      if (printed !== lines[at]) expect.fail(`${printed}\nis not\n${lines[at]}`);
      at++;
      counts.set(name, vector.index + 1);
    }
    expect(at).toBe(lines.length);
    expect([...counts].filter(([, count]) => count < 100)).toEqual([]);
  });
});

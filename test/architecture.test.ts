// The layering rules of .dependency-cruiser.cjs bite: one synthetic tree holds a module for each import that must be
// refused and for each that must pass, and dependency-cruiser judges all of them in one run. That the real tree obeys
// is checked by `npm run check`; this says that the check can fail.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** importer, imported, and the rule that refuses it (undefined: allowed). `type:` imports a type only. */
type Case = readonly [from: string, to: string, rule: string | undefined];

const cases: readonly Case[] = [
  ['translator/decode', 'translator/ir', 'translator-decode'],
  ['translator/decode', 'translator/isa', 'translator-decode'],
  ['translator/ir', 'type:translator/decode', undefined],
  ['translator/ir', 'translator/decode', 'translator-ir-decodes'],
  ['translator/ir', 'translator/isa', 'translator-ir'],
  ['translator/isa', 'translator/decode', undefined],
  ['translator/isa', 'translator/ir', undefined],
  ['translator/isa', 'translator/lift', 'translator-isa'],
  ['translator/isa', 'translator/passes', 'translator-isa'],
  ['translator/lift', 'translator/isa', undefined],
  ['translator/lift', 'translator/emit', 'translator-lift'],
  ['translator/passes', 'translator/ir', undefined],
  ['translator/passes', 'translator/isa', 'translator-passes'],
  ['translator/passes', 'translator/interp', 'translator-passes'],
  ['translator/interp', 'translator/ir', undefined],
  ['translator/interp', 'translator/emit', 'translator-interp'],
  ['translator/region', 'translator/ir', undefined],
  ['translator/region', 'type:translator/decode', undefined],
  ['translator/region', 'translator/decode', 'translator-region-decodes'],
  ['translator/region', 'translator/emit', 'translator-region'],
  ['translator/emit', 'translator/region', undefined],
  ['translator/emit', 'translator/decode', 'translator-emit'],
  ['translator/emit', 'translator/passes', 'translator-emit'],
  ['translator/emit', 'translator/translate.ts', 'translator-emit'],
  ['translator/translate.ts', 'translator/emit', undefined],
  ['translator/decode', 'runtime/abi', undefined],
  ['translator/decode', 'runtime/cpu', 'translator-sees-abi-alone'],
  ['translator/translate.ts', 'runtime/exec', 'translator-sees-abi-alone'],
  ['translator/emit', 'acorn', undefined],
  ['translator/emit', 'astring', undefined],
  ['translator/passes', 'acorn', 'estree-only-in-emit'],
  ['src/cli', 'astring', 'estree-only-in-emit'],
  ['translator/emit', 'vitest', 'product-uses-no-dev-package'],
  ['runtime/bus', 'runtime/abi', undefined],
  ['runtime/abi', 'runtime/bus', 'runtime-abi'],
  ['runtime/bus', 'runtime/cpu', 'runtime-bus'],
  ['runtime/cpu', 'runtime/memory', 'runtime-cpu'],
  ['runtime/memory', 'runtime/helpers', 'runtime-memory'],
  ['runtime/helpers', 'runtime/vmm', 'runtime-helpers'],
  ['runtime/vmm', 'runtime/cache', 'runtime-vmm'],
  ['runtime/cache', 'runtime/exec', 'runtime-cache'],
  ['runtime/cache', 'type:runtime/exec', 'runtime-cache'],
  ['runtime/exec', 'runtime/abi', undefined],
  ['runtime/exec', 'runtime/cache', undefined],
  ['runtime/exec', 'runtime/devices', 'runtime-exec'],
  ['runtime/devices', 'runtime/bus', undefined],
  ['runtime/devices', 'runtime/memory', 'runtime-devices'],
  ['runtime/exec', 'translator/translate.ts', 'runtime-never-imports-translator'],
  ['runtime/exec', 'type:translator/ir', 'runtime-never-imports-translator'],
  ['runtime/exec', 'src/linux', 'nothing-imports-src'],
  ['translator/translate.ts', 'src/linux', 'nothing-imports-src'],
  ['src/linux', 'runtime/exec', undefined],
  ['src/linux', 'src/host', 'host-is-injected'],
  ['src/index.ts', 'src/host', undefined],
  ['src/cli', 'src/host', undefined],
  ['src/cli', 'src/index.ts', undefined],
  ['src/host', 'node:fs', undefined],
  ['src/cli', 'node:fs', undefined],
  ['src/linux', 'node:fs', 'node-only-in-host'],
  ['src/index.ts', 'node:fs', 'node-only-in-host'],
  ['translator/emit', 'node:vm', 'node-only-in-host'],
  ['runtime/bus', 'type:node:fs', 'node-only-in-host'],
  ['src/cli', 'commander', undefined],
  ['src/linux', 'commander', 'packages-only-where-named'],
  ['src/linux', 'test/support', 'product-imports-no-test'],
  ['test/support', 'src/linux', undefined],
  ['test/support', 'node:fs', undefined],
  ['test/support', 'acorn', undefined],
  ['src/linux', 'src/missing', 'resolvable'],
];

const packages = ['acorn', 'astring', 'commander'];
const devPackages = ['vitest'];
const tree = mkdtempSync(join(tmpdir(), 'xlat86-layers-'));

const append = (path: string, text: string): void => {
  const file = join(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, text);
};

const isFile = (place: string): boolean => place.endsWith('.ts');

/** A folder's importers are one module a case, so that what refuses one case cannot hide another. */
const importerOf = (from: string, index: number): string => (isFile(from) ? from : `${from}/case-${index}.ts`);

const moduleOf = (to: string): string => (isFile(to) ? to : `${to}/target.ts`);

const isOurs = (to: string): boolean => /^(translator|runtime|src|test)\//.test(to);

/** rules broken, by `importer → imported` */
const broken = new Map<string, string[]>();
let ruleNames: readonly string[] = [];

beforeAll(async () => {
  const versions = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  append('package.json', JSON.stringify({ dependencies: versions(packages), devDependencies: versions(devPackages) }));
  append('tsconfig.json', '{}');
  for (const name of [...packages, ...devPackages]) {
    append(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    append(`node_modules/${name}/index.js`, '');
  }
  const targets = new Set(cases.map(([, to]) => to.replace('type:', '')).filter(isOurs));
  targets.delete('src/missing');
  for (const to of targets) append(moduleOf(to), 'export const thing = 1;\n');
  cases.forEach(([from, to], index) => {
    const importer = importerOf(from, index);
    const imported = to.replace('type:', '');
    const path = relative(dirname(importer), moduleOf(imported));
    const specifier = isOurs(imported) ? (path.startsWith('.') ? path : `./${path}`) : imported;
    append(importer, `import ${to.startsWith('type:') ? 'type ' : ''}* as thing${index} from '${specifier}';\n`);
    append(importer, `export const use${index}: typeof thing${index} | undefined = undefined;\n`);
  });
  append('translator/ir/circle-a.ts', "import { b } from './circle-b.ts';\nexport const a = () => b;\n");
  append('translator/ir/circle-b.ts', "import { a } from './circle-a.ts';\nexport const b = () => a;\n");

  const options = await extractDepcruiseOptions(join(import.meta.dirname, '../.dependency-cruiser.cjs'));
  const { output } = await cruise(['translator', 'runtime', 'src', 'test'], { ...options, baseDir: tree });
  ruleNames = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name ?? 'unnamed');
  if (typeof output === 'string') throw new Error(output);
  for (const { from, to, rule } of output.summary.violations) {
    const edge = `${from} → ${to}`;
    broken.set(edge, [...(broken.get(edge) ?? []), rule.name]);
  }
});

afterAll(() => rmSync(tree, { recursive: true }));

test.each(cases.map((row, index) => [...row, index] as const))('%s → %s: %s', (from, to, rule, index) => {
  const imported = to.split(/[:/]/).at(-1)!;
  const rules = [...broken].flatMap(([edge, names]) => {
    const [left, right] = edge.split(' → ');
    return left === importerOf(from, index) && right!.includes(imported) ? names : [];
  });
  if (rule === undefined) expect(rules).toEqual([]);
  else expect(rules).toContain(rule);
});

test('a cycle is refused', () => {
  expect([...broken.values()].flat()).toContain('no-cycle');
});

test('every rule has a case that it refuses', () => {
  const refused = new Set([...broken.values()].flat());
  expect(ruleNames.filter((name) => !refused.has(name))).toEqual([]);
});

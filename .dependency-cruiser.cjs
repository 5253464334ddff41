// The layering of the repository as rules that CI checks (`npm run check`).
// Each table says what a folder MAY import from its own tree; every other import there is a violation.
// test/architecture.test.ts proves with synthetic modules that each rule bites.

/** Folder of translator/ → folders of translator/ it may import. Files directly in translator/ see all of them. */
const translator = {
  decode: [],
  ir: [],
  isa: ['decode', 'ir'],
  lift: ['decode', 'ir', 'isa'],
  passes: ['ir'],
  interp: ['ir'],
  region: ['ir'],
  emit: ['ir', 'region'],
};

/** runtime/ is one line: each folder may import what stands left of it. */
const runtimeLine = ['abi', 'bus', 'cpu', 'memory', 'helpers', 'vmm', 'cache', 'exec'];

/** A layer is a folder, or one file of that name while it is small: `translator/lift/…`, `translator/lift.ts`, `lift-block.ts`. */
const layer = (top, names) => `^${top}/(${names.join('|')})(/|\\.ts$|-[a-z-]+\\.ts$)`;

const translatorRules = Object.entries(translator).map(([name, allowed]) => ({
  name: `translator-${name}`,
  comment: `translator/${name} may import only ${[name, ...allowed].join(', ')} of translator/`,
  severity: 'error',
  from: { path: layer('translator', [name]) },
  to: { path: '^translator/', pathNot: layer('translator', [name, ...allowed]) },
}));
// A region is made of decoded blocks, so region/ may name decode's types, but not call it.
const regionRule = translatorRules.find((rule) => rule.name === 'translator-region');
regionRule.to.pathNot = layer('translator', ['region', 'ir', 'decode']);
translatorRules.push({
  name: 'translator-region-decodes',
  comment: 'translator/region may import only types from translator/decode',
  severity: 'error',
  from: { path: layer('translator', ['region']) },
  to: { path: layer('translator', ['decode']), dependencyTypesNot: ['type-only'] },
});

// The builder takes decoded instructions apart, and needs no code of decode/ for that.
const irRule = translatorRules.find((rule) => rule.name === 'translator-ir');
irRule.to.pathNot = layer('translator', ['ir', 'decode']);
translatorRules.push({
  name: 'translator-ir-decodes',
  comment: 'translator/ir may import only types from translator/decode',
  severity: 'error',
  from: { path: layer('translator', ['ir']) },
  to: { path: layer('translator', ['decode']), dependencyTypesNot: ['type-only'] },
});

const runtimeRules = runtimeLine.map((name, index) => ({
  name: `runtime-${name}`,
  comment: `runtime/${name} may import only ${runtimeLine.slice(0, index + 1).join(', ')} of runtime/`,
  severity: 'error',
  from: { path: layer('runtime', [name]) },
  to: { path: '^runtime/', pathNot: layer('runtime', runtimeLine.slice(0, index + 1)) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...translatorRules,
    ...runtimeRules,
    {
      name: 'runtime-devices',
      comment: 'a device sees the bus (and the abi) alone',
      severity: 'error',
      from: { path: '^runtime/devices/' },
      to: { path: '^runtime/', pathNot: '^runtime/(devices|bus|abi)/' },
    },
    {
      name: 'translator-sees-abi-alone',
      comment: 'of runtime/, translator/ knows the contract in runtime/abi and nothing else',
      severity: 'error',
      from: { path: '^translator/' },
      to: { path: '^runtime/', pathNot: '^runtime/abi/' },
    },
    {
      name: 'runtime-never-imports-translator',
      comment: 'the runtime gets a Translator by injection',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '^translator/' },
    },
    {
      name: 'nothing-imports-src',
      comment: 'src/ is the product; only src/, test/ and scripts/ see it',
      severity: 'error',
      from: { pathNot: '^(src|test|scripts)/' },
      to: { path: '^src/' },
    },
    {
      name: 'host-is-injected',
      comment: 'the core of src/ gets its host from src/index.ts or the command line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(index\\.ts$|host/|cli/|web/)' },
      to: { path: '^src/(index\\.ts$|host/|cli/|web/)' },
    },
    {
      name: 'product-imports-no-test',
      comment: 'tests and scripts are not part of the product',
      severity: 'error',
      from: { path: '^(translator|runtime|src)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'node-only-in-host',
      comment: 'node: modules belong to src/host, src/cli, test, scripts and config files',
      severity: 'error',
      from: { path: '^(translator|runtime|src)/', pathNot: '^src/(host|cli)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'estree-only-in-emit',
      comment: 'acorn and astring are how tier 1 makes text; nobody else needs them',
      severity: 'error',
      from: { path: '^(translator|runtime|src)/', pathNot: '^translator/emit/' },
      to: { path: '(^|/)(acorn|astring)(/|$)' },
    },
    {
      name: 'packages-only-where-named',
      comment:
        'translator/emit uses acorn and astring, src/cli its argument parser and colours; the rest uses no package',
      severity: 'error',
      from: { path: '^(translator|runtime|src)/', pathNot: '^(translator/emit|src/cli)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'product-uses-no-dev-package',
      comment: 'what is installed for development is not there for users',
      severity: 'error',
      from: { path: '^(translator|runtime|src)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycle',
      comment: 'modules form no cycle, not even through types',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'every import finds its module',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|fixtures)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};

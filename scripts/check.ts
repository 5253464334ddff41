// `npm run check`: types, lint and format, layering, dead code. All of them run even if an early one fails, two at a
// time; what they print is kept together per tool, and a summary says which failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

const root = join(import.meta.dirname, '..');
const folders = ['translator', 'runtime', 'src', 'test', 'scripts'].filter((folder) => existsSync(join(root, folder)));

const checks: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['-p', 'tsconfig.json', '--pretty', 'false'] },
  { name: 'types of the host-free core', command: 'tsc', args: ['-p', 'tsconfig.core.json', '--pretty', 'false'] },
  { name: 'lint and format', command: 'biome', args: ['ci', '--error-on-warnings', '--colors=off'] },
  { name: 'layering', command: 'depcruise', args: folders },
  { name: 'dead code', command: 'knip', args: [] },
];

const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);

const run = ({ name, command, args }: Check): Promise<Outcome> =>
  new Promise((resolve) => {
    const started = performance.now();
    const chunks: string[] = [];
    const settle = (passed: boolean): void => {
      resolve({ name, passed, seconds: (performance.now() - started) / 1000, output: chunks.join('').trim() });
    };
    const child = spawn(command, args, { cwd: root, env: { ...process.env, PATH: path } });
    child.stdout.on('data', (chunk) => chunks.push(String(chunk)));
    child.stderr.on('data', (chunk) => chunks.push(String(chunk)));
    child.on('error', (error) => {
      chunks.push(error.message);
      settle(false);
    });
    child.on('close', (code) => settle(code === 0));
  });

const outcomes: Outcome[] = [];
const waiting = [...checks];
const worker = async (): Promise<void> => {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const outcome = await run(check);
    outcomes.push(outcome);
    if (!outcome.passed) console.log(`== ${outcome.name}\n${outcome.output}\n`);
  }
};
await Promise.all([worker(), worker()]);

for (const { name } of checks) {
  const outcome = outcomes.find((candidate) => candidate.name === name)!;
  console.log(`${outcome.passed ? 'ok    ' : 'FAILED'} ${name} (${outcome.seconds.toFixed(1)} s)`);
}
process.exitCode = outcomes.every((outcome) => outcome.passed) ? 0 : 1;

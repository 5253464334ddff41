// What tier 1's compiling costs: the regions that the kernels' own runs make hot, timed one by one, and V8's part of
// the work, which it otherwise does when the function first runs.
import { Script } from 'node:vm';
import type { Region } from '../../../runtime/cache/translation.ts';
import type { CodeKind } from '../../../translator/index.ts';
import { BenchMachine } from './machine.ts';
import { each, type Figure, measure, rate } from './measure.ts';

const MEGABYTE = 1e6;
const MICROSECOND = 1e-6;
/** The first passes run our compiler cold. */
const PASSES = 3;

interface Total {
  milliseconds: number;
  readonly regions: Region[];
}

/** Run a program and time what it compiles. */
function runTimed(program: Uint8Array, code: CodeKind, total: Total): void {
  const machine = new BenchMachine('auto', {}, code);
  machine.load(program);
  const { cache } = machine.cpu;
  const compile = cache.regions.compile.bind(cache.regions);
  // One region may have others compiled: only the outermost is timed.
  let depth = 0;
  cache.regions.compile = (head, inner) => {
    const start = performance.now();
    depth++;
    const region = compile(head, inner);
    depth--;
    if (depth === 0) total.milliseconds += performance.now() - start;
    if (region !== undefined) total.regions.push(region);
    return region;
  };
  machine.runProgram(1);
}

export function measureCompilation(
  programs: readonly Uint8Array[],
  seconds: number,
  announce: (name: string) => void,
): Figure[] {
  const passes: Total[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    announce(`compile regions, pass ${pass + 1} of ${PASSES}`);
    const total: Total = { milliseconds: 0, regions: [] };
    for (const program of programs) runTimed(program, 'wasm', total);
    passes.push(total);
  }
  announce('compile regions to JavaScript');
  const scripts: Total = { milliseconds: 0, regions: [] };
  for (const program of programs) runTimed(program, 'javascript', scripts);
  const { milliseconds, regions } = passes.at(-1)!;
  const blocks = regions.reduce((sum, { code }) => sum + code.blocks.length, 0);
  const generated = regions.reduce((sum, { code }) => sum + code.size, 0);
  const characters = scripts.regions.reduce((sum, { code }) => sum + code.size, 0);
  const bytes = regions.reduce((sum, { stretches }) => stretches.reduce((all, { length }) => all + length, sum), 0);
  const cost = { seconds: milliseconds / 1000, margin: 0 };

  announce("V8's own compiling");
  let copy = 0;
  const eager = measure('eager', seconds, () => {
    // A function in parentheses is compiled at once; the number keeps V8's cache of scripts out of it.
    copy++;
    for (const { code } of scripts.regions) new Script(`/*${copy}*/(${withoutReturn(code.source)})`);
  });
  return [
    rate('compilation', 'regions, guest code', 'MB/s of guest code', bytes / MEGABYTE, cost),
    rate('compilation', 'regions, generated code', 'MB/s of WebAssembly', generated / MEGABYTE, cost),
    each('compilation', 'JavaScript, a region', 'µs', scripts.regions.length, MICROSECOND, {
      seconds: scripts.milliseconds / 1000,
      margin: 0,
    }),
    each('compilation', 'regions, a guest block', 'µs', blocks, MICROSECOND, cost),
    each('compilation', 'regions, a region', 'µs', regions.length, MICROSECOND, cost),
    rate('compilation', "V8's parsing and bytecode", 'MB/s of JavaScript', characters / MEGABYTE, eager),
  ];
}

/** The function alone: what stands between `return` and its last brace. */
function withoutReturn(source: string): string {
  return source.slice(source.indexOf('function'), source.lastIndexOf('}') + 1);
}

// How two costs grow: time until a program's first output with the amount of code that it runs before, and memory with
// the number of translated regions.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Curve } from '../chart/curves.ts';
import { ROOT } from '../guests.ts';
import { median } from '../statistics.ts';
import { functionRow } from './code.ts';
import { makeProgram } from './elf.ts';
import { BASE, BenchMachine } from './machine.ts';

const CODE = BASE + 0x100000;
const MEGABYTE = 2 ** 20;

/** MOV EAX,SYS_WRITE; EBX,1; ECX,message; EDX,3; INT 80h; MOV EAX,SYS_EXIT; XOR EBX,EBX; INT 80h; and "ok\n". */
function printAndExit(at: number): number[] {
  const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
  const message = at + 31;
  const write = [0xb8, ...word(4), 0xbb, ...word(1), 0xb9, ...word(message), 0xba, ...word(3), 0xcd, 0x80];
  return [...write, 0xb8, ...word(1), 0x31, 0xdb, 0xcd, 0x80, ...Buffer.from('ok\n')];
}

/** Where the instructions behind functionRow's loop stand. */
const AFTER_LOOP = 23;

/** Milliseconds from starting Node to the first byte of output. */
function timeToOutput(program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), 'exec', program]);
    let time: number | undefined;
    child.stdout.once('data', () => {
      time = performance.now() - start;
    });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += String(text);
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0 && time !== undefined) resolve(time);
      else reject(new Error(`xlat86 exec failed: ${errors.trim() || `status ${status}`}`));
    });
  });
}

/** Median time to first output, in milliseconds, of programs that run so many different functions before it. */
export async function measureStartUp(
  counts: readonly number[],
  rounds: number,
  announce: (name: string) => void,
): Promise<Curve> {
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-bench-'));
  try {
    const points = [];
    for (const count of counts) {
      announce(`time to first output after ${count} functions`);
      const program = join(folder, `row-${count}`);
      const code = functionRow(CODE, count, 1, printAndExit(CODE + AFTER_LOOP));
      writeFileSync(program, makeProgram(CODE, code), { mode: 0o755 });
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) times.push(await timeToOutput(program));
      points.push({ x: count, y: median(times) });
    }
    return { name: 'median of whole runs', points };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Megabytes of V8's heap that stay in use when so many regions were compiled and run. */
export function measureMemory(counts: readonly number[], announce: (name: string) => void): Curve {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const grown = (count: number): { x: number; y: number } => {
    announce(`memory of ${count} regions`);
    // What is compiled is what is asked for here, whether it pays or not.
    const machine = new BenchMachine('auto', { compileAllowance: Number.POSITIVE_INFINITY, shortestRun: 0 });
    collect();
    const before = process.memoryUsage().heapUsed;
    machine.write(CODE, functionRow(CODE, count, TURNS, [0xcc]));
    machine.runCode(CODE, 0);
    collect();
    const { regions } = machine.cpu.cache.statistics;
    return { x: regions, y: Math.max(0, process.memoryUsage().heapUsed - before) / MEGABYTE };
  };
  // The first one also pays for what is made once: templates, the compiler's own code.
  grown(1);
  return { name: 'heap in use', points: counts.map(grown) };
}

/** Enough for each function's loop to become hot. */
const TURNS = 3000;

/** Cost of 1,000 more on the x axis: the slope of the straight line that fits best. */
export function slopePerThousand({ points }: Curve): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const numerator = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const denominator = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return denominator === 0 ? 0 : (1000 * numerator) / denominator;
}

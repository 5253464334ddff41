// The initramfs of the Linux guests: busybox (scripts/fetch-guests.sh), the scripts and the program of
// fixtures/guests/initramfs, and the kernels of the benchmark when they have been built. Same input, same bytes.
// Prints the path. Use: npx tsx scripts/make-initramfs.ts
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CpioEntry, writeCpio } from './cpio.ts';

const root = join(import.meta.dirname, '..');
const guests = join(root, '.cache/guests');
const sources = join(root, 'fixtures/guests/initramfs');
const target = join(guests, 'initramfs.cpio');

const directory = (name: string): CpioEntry => ({ name, mode: 0o040755 });
const program = (name: string, bytes: Uint8Array): CpioEntry => ({ name, mode: 0o100755, bytes });
const device = (name: string, major: number, minor: number): CpioEntry => ({ name, mode: 0o020600, major, minor });

/** A static i386 program of one C file. */
function compile(source: string): Uint8Array {
  const work = mkdtempSync(join(tmpdir(), 'initramfs-'));
  try {
    const output = join(work, 'program');
    execFileSync('gcc', ['-m32', '-march=i686', '-static', '-O1', '-fno-pie', '-no-pie', '-s', '-o', output, source]);
    return readFileSync(output);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function benchmarkKernels(): readonly CpioEntry[] {
  const folder = join(guests, 'bench');
  let names: readonly string[] = [];
  try {
    const files = readdirSync(folder, { withFileTypes: true });
    names = files.filter((file) => file.isFile()).map(({ name }) => name);
  } catch {
    // Not built: a guest without them.
  }
  return names.toSorted().map((name) => program(`bench/${name}`, readFileSync(join(folder, name))));
}

const entries: readonly CpioEntry[] = [
  ...['bench', 'bin', 'dev', 'proc', 'scripts', 'sys', 'tmp'].map(directory),
  device('dev/console', 5, 1),
  program('init', readFileSync(join(sources, 'init'))),
  program('bin/busybox', readFileSync(join(guests, 'busybox'))),
  program('bin/floating', compile(join(sources, 'floating.c'))),
  program('scripts/check', readFileSync(join(sources, 'check'))),
  program('scripts/bench', readFileSync(join(sources, 'bench'))),
  ...benchmarkKernels(),
];
const archive = writeCpio(entries);
// What is the same keeps its time, so that what is made of it is not made again.
if (!existsSync(target) || Buffer.compare(readFileSync(target), archive) !== 0) {
  mkdirSync(guests, { recursive: true });
  // The rename makes it appear whole or not at all, should two runs overlap.
  writeFileSync(`${target}.${process.pid}`, archive);
  renameSync(`${target}.${process.pid}`, target);
}
console.log(target);

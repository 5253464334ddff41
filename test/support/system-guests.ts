// The self-checking guests of fixtures/guests/system: assembled at test time, and the same binary run under
// qemu-system-i386, whose word on each check is what ours must say.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { Pc, type Tier } from '../../src/index.ts';

const sources = join(import.meta.dirname, '../../fixtures/guests/system');
const cache = join(import.meta.dirname, '../../.cache/test-guests');

/** What a guest writes to the exit port when every check held. */
export const EXIT_PASSED = 0x10;

/** What a guest's source says of another machine that runs it, with the reasons. */
interface Witness {
  /** Model of its processor; undefined when the guest cannot run there at all. */
  readonly model: string | undefined;
  /** How the names of the checks begin in which it is known to differ from the processor. */
  readonly differs: readonly string[];
  /** Those in which it differs in some runs. */
  readonly mayDiffer: readonly string[];
}

/** A source file of fixtures/guests/system. */
export interface SystemGuest {
  readonly name: string;
  readonly qemu: Witness;
  readonly bochs: Witness;
}

/** What came of a run: a line a check, and the byte that was written to the exit port. */
export interface GuestOutcome {
  readonly lines: readonly string[];
  readonly exit: number | undefined;
}

/** All guests, by name. */
export function systemGuests(): readonly SystemGuest[] {
  const files = readdirSync(sources).filter((file) => file.endsWith('.asm'));
  return files.toSorted().map((file) => {
    const source = readFileSync(join(sources, file), 'latin1');
    const name = file.slice(0, -'.asm'.length);
    return { name, qemu: witness(source, 'qemu', 'qemu32'), bochs: witness(source, 'bochs', 'core2_penryn_t9600') };
  });
}

/** Reads lines such as `; qemu differs: CHECK (why)` and `; qemu runs: MODEL (why)` of a source. */
function witness(source: string, who: string, defaultModel: string): Witness {
  const checks = (verb: string): readonly string[] =>
    [...source.matchAll(new RegExp(`^; ${who} ${verb}: (.+?) \\(`, 'gm'))].map(([, check]) => check!);
  const model = new RegExp(`^; ${who} runs: (\\w+)`, 'm').exec(source)?.[1] ?? defaultModel;
  return { model: model === 'no' ? undefined : model, differs: checks('differs'), mayDiffer: checks('may differ') };
}

/** Path of the assembled guest. @throws Error with nasm's messages. */
export function assembleSystemGuest({ name }: SystemGuest): string {
  const source = join(sources, `${name}.asm`);
  const hash = createHash('sha256').update(readFileSync(source));
  for (const file of readdirSync(sources).toSorted()) {
    if (file.endsWith('.inc')) hash.update(readFileSync(join(sources, file)));
  }
  const image = join(cache, `${name}-${hash.digest('hex').slice(0, 12)}.bin`);
  if (!existsSync(image)) {
    mkdirSync(cache, { recursive: true });
    // Test files run in threads of one process, and two may want it at once.
    const fresh = `${image}.${process.pid}.${threadId}`;
    execFileSync('nasm', ['-f', 'bin', '-w+error', '-I', `${sources}/`, '-o', fresh, source], { stdio: 'pipe' });
    renameSync(fresh, image);
  }
  return image;
}

/** Runs an assembled guest under QEMU, on a processor of that model. @throws Error when it does not end in 300 s. */
export function runUnderQemu(image: string, model: string): GuestOutcome {
  // biome-ignore format: an option a line
  const options = [
    '-machine', 'pc,accel=tcg', '-cpu', model, '-m', '32', '-display', 'none', '-nodefaults', '-no-reboot',
    '-debugcon', 'stdio',
    '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
    '-kernel', image,
  ];
  const { status, stdout, stderr } = spawnSync('qemu-system-i386', options, { timeout: 300_000, encoding: 'latin1' });
  if (status === null) throw new Error(`${image} did not end under QEMU; it printed\n${stdout}${stderr}`);
  // QEMU makes of the byte an odd exit status; an even one is its own.
  return { lines: linesOf(stdout), exit: status & 1 ? status >> 1 : undefined };
}

/** The lines that a guest printed. */
export function linesOf(text: string): readonly string[] {
  return text.trimEnd().split('\n');
}

/** The failed checks of a run, less those in which QEMU may fail. */
export function failures({ lines }: GuestOutcome, mayFail: readonly string[] = []): readonly string[] {
  return lines.filter(
    (line) => line.startsWith('FAILED') && !mayFail.some((check) => line.startsWith(`FAILED ${check}`)),
  );
}

/** The checks that a guest made, in its order, whatever came of them. */
export function checksOf({ lines }: GuestOutcome): readonly string[] {
  return lines.map((line) => line.replace(/^(ok|FAILED) /, '').replace(/: got .*/, ''));
}

/** Runs an assembled guest under xlat86, with a virtual clock. @throws Error when it does not end by itself. */
export async function runUnderXlat86(image: string, tier: Tier): Promise<GuestOutcome> {
  let text = '';
  const pc = new Pc({
    memory: 32,
    clock: 'virtual',
    tier,
    kernel: { image: readFileSync(image), name: image },
    onDebug: (byte) => {
      text += String.fromCharCode(byte);
    },
  });
  const stop = await pc.run({ maxInstructions: 200_000_000 });
  if (stop.kind !== 'exit') throw new Error(`${image} ended with ${JSON.stringify(stop)}; it printed\n${text}`);
  return { lines: linesOf(text), exit: stop.status >> 1 };
}

/** `xlat86 exec`: runs a static i386 Linux program in user mode. */
import { readFileSync, realpathSync } from 'node:fs';
import { Command, Option } from 'commander';
import { cpuNames } from '../../runtime/cpu/model.ts';
import { NodeFileSystem } from '../host/node-file-system.ts';
import { openStandardInput, openStandardOutput } from '../host/node-streams.ts';
import type { CodeKind, CpuName, Grant, KillSignal, Tier } from '../index.ts';
import { EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, LoadError } from '../linux/elf.ts';
import { heedBranchHints } from './branch-hints.ts';
import { codeOption } from './code-option.ts';
import { UsageError } from './failure.ts';
import { avoidOnStackReplacement } from './on-stack-replacement.ts';
import { printStatistics } from './statistics.ts';

interface ExecOptions {
  readonly tier: Tier;
  readonly code: CodeKind;
  readonly cpu: CpuName;
  readonly dir: readonly string[];
  readonly env: readonly string[];
  readonly cwd?: string;
  readonly memory: string;
  readonly strace?: true;
  readonly verbose?: true;
  readonly stats?: true;
  readonly verify?: true;
}

/** Exit status when --verify has found a difference. */
const EXIT_DIVERGED = 125;

/** A `--dir` argument taken apart, with the host folder's real path. */
interface FolderGrant extends Grant {
  readonly folder: string;
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** Megabytes of guest memory: the default, and what fits beside the tables below 2 GiB. */
const DEFAULT_MEMORY = 1024;
const MEMORY_LIMIT = 1920;

const examples = `
Nothing of the host is visible to the program but the program itself and the folders granted with --dir. It starts in
the folder that is granted for the current one, else in /. /tmp is in memory. The environment is empty but for PATH,
TERM and what --env gives. Arguments after PROGRAM are the program's own.

--verify runs all compiled code a second time in tier 0, from the same state, and compares registers, memory and how it
ended. At the first difference it prints the wrong block with its IR and both states.

Exit status: the program's; 128 + n when signal n ended it; 2 when an option is wrong, 125 when --verify has found a
difference, 126 when PROGRAM cannot be executed, 127 when it is not there.

Examples:
  xlat86 exec ./busybox sha256sum < big.iso
  xlat86 exec --dir .:/work ./busybox tar cf /work/out.tar /work/src
  xlat86 exec --dir data:/data:ro --tier 1 --stats ./busybox sort /data/words
  xlat86 exec --strace ./busybox echo hello
  xlat86 exec --verify --tier 1 ./busybox sh -c 'ls | sort'`;

/** The command, for main.ts. */
export function execCommand(): Command {
  return new Command('exec')
    .summary('run a static i386 Linux program')
    .description('Runs a static i386 Linux program in user mode.')
    .usage('[options] PROGRAM [ARGS...]')
    .argument('<program>', 'a static i386 ELF file')
    .argument('[args...]', "the program's arguments")
    .passThroughOptions()
    .addOption(
      new Option('--tier <tier>', 'interpret only, compile at once, or go by hotness')
        .choices(['0', '1', 'auto'])
        .default('auto'),
    )
    .addOption(codeOption())
    .addOption(new Option('--cpu <model>', 'processor that the program finds').choices(cpuNames).default('max'))
    .option('--dir <host:guest[:ro]>', 'grant a folder, optionally read-only (repeatable)', collect, [])
    .option('--env <name=value>', 'set an environment variable (repeatable)', collect, [])
    .option('--cwd <folder>', 'guest folder to start in')
    .option('--memory <MB>', 'guest memory', String(DEFAULT_MEMORY))
    .option('--strace', 'print system calls on stderr')
    .option('--verbose', 'say what went wrong when a fault ends the program')
    .option('--verify', 'let tier 0 repeat all that compiled code does; stop where they differ')
    .option('--stats', 'print statistics of the translation at the end')
    .addHelpText('after', examples)
    .action(exec);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

async function exec(program: string, args: readonly string[], options: ExecOptions): Promise<void> {
  if (options.verify && options.tier === '0') throw new UsageError('--verify: with --tier 0 nothing is compiled');
  if (options.tier !== '0' && options.code === 'javascript') avoidOnStackReplacement();
  if (options.code === 'wasm') heedBranchHints();
  const grants = options.dir.map(parseGrant);
  const bytes = readProgram(program);
  const stdin = openStandardInput();
  const directory = options.cwd ?? guestDirectory(grants);
  const print = (line: string): void => {
    process.stderr.write(line + '\n');
  };
  // The translator is only loaded when there is something to run.
  const { Divergence, Process } = await import('../index.ts');
  const guest = new Process({
    program: bytes,
    path: realpathSync(program),
    name: program,
    args,
    env: environment(options.env),
    directory,
    stdin,
    stdout: openStandardOutput(1),
    stderr: openStandardOutput(2),
    grants,
    memory: parseMemory(options.memory),
    tier: options.tier,
    code: options.code,
    cpu: options.cpu,
    verify: options.verify === true,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    // The guest's own mask decides about the permissions of the files that it makes.
    umask: process.umask(0),
    ...(options.strace === undefined ? {} : { strace: print }),
    ...(options.verbose === undefined ? {} : { report: print }),
  });
  const forwarded: readonly KillSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'];
  for (const signal of forwarded) process.on(signal, () => guest.kill(signal));
  try {
    const { exitCode } = await guest.run();
    if (options.stats !== undefined) printStatistics(guest.processor.retired, guest.processor.cache.statistics, print);
    process.exitCode = exitCode;
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const { printDivergence } = await import('../debug/divergence.ts');
    print(printDivergence(error.facts));
    process.exitCode = EXIT_DIVERGED;
  } finally {
    stdin.close();
  }
  // Input that nobody reads any more must not keep the host waiting.
  process.exit();
}

/** The bytes of a program file. @throws LoadError. */
export function readProgram(program: string): Uint8Array {
  try {
    return readFileSync(program);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new LoadError(`${program}: no such file`, EXIT_NOT_FOUND);
    const reason = code === 'EISDIR' ? 'is a directory' : code === 'EACCES' ? 'permission denied' : `cannot be read`;
    throw new LoadError(`${program}: ${reason}`, EXIT_NOT_EXECUTABLE);
  }
}

function parseGrant(text: string): FolderGrant {
  const match = /^(.+?):(\/[^:]*)(:ro)?$/.exec(text);
  if (match === null) throw new UsageError(`--dir ${text}: expected HOST:GUEST or HOST:GUEST:ro, GUEST absolute`);
  const [, folder, guest, readOnly] = match as unknown as [string, string, string, string | undefined];
  const path = guest.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
  if (path.split('/').some((part) => part === '.' || part === '..')) {
    throw new UsageError(`--dir ${text}: GUEST must not contain . or ..`);
  }
  try {
    return {
      folder: realpathSync(folder),
      fileSystem: new NodeFileSystem(folder),
      path,
      readOnly: readOnly !== undefined,
    };
  } catch {
    throw new UsageError(`--dir ${text}: ${folder} is not a folder that can be read`);
  }
}

/** The guest's name of the host's current directory, when it is granted. */
function guestDirectory(grants: readonly FolderGrant[]): string {
  const current = process.cwd();
  const inside = ({ folder }: FolderGrant): boolean =>
    folder === '/' || current === folder || current.startsWith(folder + '/');
  const [nearest] = grants.filter(inside).toSorted((a, b) => b.folder.length - a.folder.length);
  if (nearest === undefined) return '/';
  const rest = current.slice(nearest.folder === '/' ? 1 : nearest.folder.length + 1);
  return rest === '' ? nearest.path : `${nearest.path === '/' ? '' : nearest.path}/${rest}`;
}

function environment(settings: readonly string[]): Record<string, string> {
  const term = process.env['TERM'];
  const env: Record<string, string> = { PATH: DEFAULT_PATH, ...(term === undefined ? {} : { TERM: term }) };
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    if (equals <= 0) throw new UsageError(`--env ${setting}: expected NAME=VALUE`);
    env[setting.slice(0, equals)] = setting.slice(equals + 1);
  }
  return env;
}

function parseMemory(text: string): number {
  const megabytes = Number(text);
  if (!Number.isInteger(megabytes) || megabytes < 1 || megabytes > MEMORY_LIMIT) {
    throw new UsageError(`--memory ${text}: expected 1 to ${MEMORY_LIMIT} megabytes`);
  }
  return megabytes << 20;
}

// Who runs the guests: the CPU itself, QEMU's user mode, and xlat86 in one tier or by hotness.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../guests.ts';

export const tiers = ['auto', '0', '1'] as const;
export type Tier = (typeof tiers)[number];

export interface Contestant {
  /** What the table and the JSON call it. */
  readonly name: string;
  /** Version or the like, one line. */
  readonly about: string;
  /** Words before the program's path. */
  readonly command: readonly string[];
  /** Why it cannot run here, and what would help. */
  readonly missing?: string;
  /** What makes its numbers doubtful. */
  readonly warning?: string;
}

/** The command line that `npm run build` makes. */
export const builtCommand: string = join(ROOT, 'dist/src/cli/main.js');

/**
 * All contestants, installed or not: native, qemu-i386, then xlat86 in the given tiers.
 * @param main the command line of xlat86 to run.
 */
export function findContestants(wanted: readonly Tier[], main: string): Contestant[] {
  return [native(), qemu(), ...wanted.map((tier) => xlat86(tier, main))];
}

function native(): Contestant {
  const runs = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'ia32');
  return {
    name: 'native',
    about: `${process.platform} ${process.arch}`,
    command: [],
    ...(runs ? {} : { missing: 'this host does not run i386 Linux programs' }),
  };
}

function qemu(): Contestant {
  const { status, stdout } = spawnSync('qemu-i386', ['--version'], { encoding: 'utf8' });
  return {
    name: 'qemu-i386',
    about: stdout?.split('\n')[0] ?? '',
    command: ['qemu-i386'],
    ...(status === 0 ? {} : { missing: 'not installed (apt-get install qemu-user)' }),
  };
}

function xlat86(tier: Tier, main: string): Contestant {
  const contestant = {
    name: tier === 'auto' ? 'xlat86' : `xlat86 tier ${tier}`,
    about: `--tier ${tier}, Node ${process.version}`,
    command: [process.execPath, main, 'exec', '--tier', tier],
  };
  if (!existsSync(main)) return { ...contestant, missing: `there is no ${main} (npm run build)` };
  return main === builtCommand && isStale()
    ? { ...contestant, warning: 'dist/ is older than the sources (npm run build)' }
    : contestant;
}

/** Was a source changed after dist/ was written? */
function isStale(): boolean {
  const built = statSync(builtCommand).mtimeMs;
  return ['translator', 'runtime', 'src'].some((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).some(
      (file) => file.endsWith('.ts') && statSync(join(ROOT, folder, file)).mtimeMs > built,
    ),
  );
}

// Who boots the guest: QEMU's system emulation, v86 and xlat86, each as a command whose stdout is the first serial port.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../guests.ts';

/** What all of them boot. */
export interface Guest {
  readonly kernel: string;
  readonly initrd: string;
  readonly append: string;
  /** Megabytes. */
  readonly memory: number;
}

export interface BootContestant {
  /** What the table and the JSON call it. */
  readonly name: string;
  /** Version, one line. */
  readonly about: string;
  readonly command: readonly string[];
  /** Why it cannot run here, and what would help. */
  readonly missing?: string;
}

/** All contestants, installed or not. @param main the command line of xlat86 to run. */
export function findBootContestants(guest: Guest, main: string): readonly BootContestant[] {
  return [qemu(guest), v86(guest), xlat86(guest, main)];
}

function qemu({ kernel, initrd, append, memory }: Guest): BootContestant {
  const { status, stdout } = spawnSync('qemu-system-i386', ['--version'], { encoding: 'utf8' });
  // biome-ignore format: an option a line
  const command = [
    'qemu-system-i386', '-accel', 'tcg', '-m', String(memory), '-display', 'none', '-no-reboot',
    '-serial', 'stdio', '-monitor', 'none', '-net', 'none',
    '-kernel', kernel, '-initrd', initrd, '-append', append,
  ];
  const missing = status === 0 ? {} : { missing: 'not installed (apt-get install qemu-system-x86)' };
  return { name: 'qemu-system-i386', about: stdout?.split('\n')[0] ?? '', command, ...missing };
}

function v86({ kernel, initrd, append, memory }: Guest): BootContestant {
  const script = join(import.meta.dirname, 'v86.ts');
  const command = ['npx', 'tsx', script, kernel, initrd, append, String(memory)];
  try {
    const { version } = createRequire(import.meta.url)('v86/package.json') as { readonly version: string };
    return { name: 'v86', about: `v86 ${version}, Node ${process.version}`, command };
  } catch {
    return { name: 'v86', about: '', command, missing: 'not installed (npm install)' };
  }
}

function xlat86({ kernel, initrd, append, memory }: Guest, main: string): BootContestant {
  // biome-ignore format: an option a line
  const command = [
    process.execPath, main, 'boot', '--memory', String(memory),
    '--kernel', kernel, '--initrd', initrd, '--append', append,
  ];
  const missing = existsSync(main) ? {} : { missing: `there is no ${main} (npm run build)` };
  return { name: 'xlat86', about: `Node ${process.version}`, command, ...missing };
}

/** Guests of scripts/fetch-guests.sh and scripts/make-initramfs.ts. */
export const guestFolder: string = join(ROOT, '.cache/guests');

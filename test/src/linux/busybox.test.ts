// Debian's busybox under xlat86 and on this machine: the same script in two fresh folders, the same output and the same
// files. scripts/fetch-guests.sh fetches it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NodeFileSystem } from '../../../src/host/node-file-system.ts';
import { runGuest } from '../../support/guest-programs.ts';

const busybox = join(import.meta.dirname, '../../../.cache/guests/busybox');
const script = readFileSync(join(import.meta.dirname, '../../support/guests/applets.sh'), 'utf8');
const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'xlat86-busybox-')));
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** What a folder holds, as a listing with checksums that the host makes. */
function listing(folder: string): string {
  const command =
    'find . -printf "%p %y %m %l %s\\n" | grep -v "^[.] " | sed "s/ d \\([0-9]*\\)  .*/ d \\1/" | sort; find . -type f ! -name "*.t*" -exec md5sum {} + | sort';
  return spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }).stdout;
}

test.skipIf(!existsSync(busybox))('applets and ash', async () => {
  const [there, here] = folders as [string, string];
  const env = { PATH: '/none', TZ: 'UTC' };
  const native = spawnSync(busybox, ['ash', '-c', script], { cwd: there, env, encoding: 'latin1' });
  const errors: string[] = [];
  const guest = await runGuest(busybox, {
    name: busybox,
    path: busybox,
    args: ['ash', '-c', script],
    env,
    umask: process.umask(),
    directory: there,
    grants: [{ fileSystem: new NodeFileSystem(here), path: there }],
    stderr: {
      write: (bytes) => {
        errors.push(Buffer.from(bytes).toString());
        return bytes.length;
      },
    },
  });
  expect(errors.join('')).toBe(native.stderr);
  expect(guest.stdout).toBe(native.stdout);
  expect(guest.stdout).toContain('done\nbye\n');
  expect(listing(here)).toBe(listing(there));
});

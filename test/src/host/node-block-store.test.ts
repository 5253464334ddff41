// Disk images in files.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFileStore } from '../../../src/host/node-block-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlat86-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

function image(name: string, bytes: number): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    Uint8Array.from({ length: bytes }, (_, i) => i >>> 9),
  );
  return path;
}

test('reads sectors of a file; what does not fill one is left out', () => {
  const store = openFileStore(image('odd.img', 5 * 512 + 100), 512);
  expect([store.sectors, store.isReadOnly]).toEqual([5, true]);
  const sector = new Uint8Array(1024);
  store.read(3, sector);
  expect([sector[0], sector[1023]]).toEqual([3, 4]);
  store.close();
});

test('writes to the file when it was opened for that', () => {
  const path = image('written.img', 4096);
  const store = openFileStore(path, 512, true);
  store.write(2, new Uint8Array(512).fill(99));
  store.flush?.();
  store.close();
  expect([readFileSync(path)[1023], readFileSync(path)[1024], readFileSync(path)[1536]]).toEqual([1, 99, 3]);
});

test('a file that became shorter is a read error', () => {
  const path = image('shrinking.img', 4096);
  const store = openFileStore(path, 512);
  truncateSync(path, 1024);
  expect(() => store.read(2, new Uint8Array(512))).toThrow(RangeError);
  store.close();
});

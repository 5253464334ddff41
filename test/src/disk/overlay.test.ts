// Copy on write: what is read is the image with the writes over it, and the image stays as it is.
import { describe, expect, test } from 'vitest';
import type { BlockStore } from '../../../runtime/bus/block-store.ts';
import { arrayStore } from '../../../src/disk/array-store.ts';
import { overlay } from '../../../src/disk/overlay.ts';
import { Random } from '../../support/random.ts';

const SECTORS = 1000;

/** The same store, answering later. */
function later(store: BlockStore): BlockStore {
  const soon = (work: () => undefined | Promise<void>) =>
    new Promise<void>((resolve) => setTimeout(() => resolve(work())));
  return { ...store, read: (sector, into) => soon(() => store.read(sector, into)) };
}

describe.each([
  ['an image at hand', (store: BlockStore) => store],
  ['an image that answers later', later],
])('over %s', (_name, wrap) => {
  test('200 random reads and writes', async () => {
    const random = new Random();
    const image = Uint8Array.from({ length: SECTORS * 512 }, (_, i) => i * 31);
    const original = image.slice();
    const expected = image.slice();
    const store = overlay(wrap(arrayStore(image, 512, true)));
    expect([store.sectors, store.isReadOnly]).toEqual([SECTORS, false]);
    for (let step = 0; step < 200; step++) {
      const count = 1 + random.below(300);
      const first = random.below(SECTORS - count + 1);
      const bytes = new Uint8Array(count * 512);
      if (random.below(3) === 0) {
        bytes.fill(random.word());
        expected.set(bytes, first * 512);
        const pending = store.write(first, bytes);
        bytes.fill(0xee); // the drive's buffer is its own again
        await pending;
      } else {
        await store.read(first, bytes);
        const same = Buffer.compare(bytes, expected.subarray(first * 512, (first + count) * 512)) === 0;
        expect(same, `SEED=${random.seed} step ${step}: ${count} sectors from ${first}`).toBe(true);
      }
    }
    expect(Buffer.compare(image, original)).toBe(0);
  });
});

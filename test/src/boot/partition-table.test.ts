// A disk that was cut off is found by its partition table.
import { expect, test } from 'vitest';
import { checkPartitions } from '../../../src/boot/partition-table.ts';

/** A first sector with one partition of `count` sectors from 2048 on. */
function sector(count: number, type = 0x83): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  view.setUint8(446 + 4, type);
  view.setUint32(446 + 8, 2048, true);
  view.setUint32(446 + 12, count, true);
  view.setUint16(510, 0xaa55, true);
  return bytes;
}

test('a whole disk passes', () => {
  checkPartitions(sector(1000), 3048, 'disk');
});
test('a disk that is cut off does not', () => {
  expect(() => checkPartitions(sector(1000), 3047, 'disk.img')).toThrow(
    'disk.img: the disk is shorter than its partition table says: partition 1 ends at sector 3048, and there are 3047',
  );
});
test('a protective entry of a GUID table may say anything', () => {
  checkPartitions(sector(0xffffffff, 0xee), 3000, 'disk');
});
test('what has no signature has no table', () => {
  checkPartitions(sector(1000).fill(0, 510), 1, 'disk');
});
test('nothing is no disk', () => {
  expect(() => checkPartitions(new Uint8Array(100), 0, 'disk')).toThrow(/at least one sector/);
});

// Whatever a guest does to the IDE controller stays inside the machine: wild addresses, tables and lengths, commands in
// the middle of others.
import { expect, test } from 'vitest';
import { arrayStore } from '../../../../src/disk/array-store.ts';
import { fuzz } from '../../../support/device-bench.ts';
import { Random } from '../../../support/random.ts';
import { BUS_MASTER, IdeBench } from './ide-bench.ts';

const targets = [
  { space: 'port', first: 0x1f0, count: 8 },
  { space: 'port', first: 0x1f6, count: 2 },
  { space: 'port', first: 0x170, count: 8 },
  { space: 'port', first: 0x3f6, count: 1 },
  { space: 'port', first: BUS_MASTER, count: 16 },
  { space: 'memory', first: 0x10000, count: 64 },
] as const;

// biome-ignore format: commands, packets, bus master bits, addresses
const values = [
  0xa0, 0xb0, 0xe0, 0x40, 1, 9, 8, 0, 0xff, 0x10000, 0x20000, 0xfffffff0, 0x80000200, 0x3ffffe,
  0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40, 0x90, 0x91, 0xa0, 0xa1, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xec, 0xef,
  0x0028, 0x00a8, 0x00be, 0x0043, 0x005a, 0x0046, 0x0012, 0x0003,
];

test('30,000 random accesses', () => {
  const random = new Random();
  const image = new Uint8Array(1000 * 512).fill(7);
  const ide = new IdeBench(arrayStore(image), arrayStore(new Uint8Array(50 * 2048), 2048, true));
  ide.setDescriptors([[0x20000, 0x200]]);
  fuzz(ide, targets, 30_000, values, random);
  expect(image.length).toBe(512_000);
});

test('random commands whose data is then moved', () => {
  const random = new Random();
  const ide = new IdeBench(arrayStore(new Uint8Array(1000 * 512)), arrayStore(new Uint8Array(50 * 2048), 2048, true));
  for (let round = 0; round < 2000; round++) {
    const command = random.below(256);
    ide.setDescriptors(
      Array.from({ length: 1 + random.below(3) }, () => [random.word(), random.word() & 0xffff] as const),
    );
    if (random.below(2))
      ide.start({
        device: random.pick([0xe0, 0xb0, 0xa0]),
        features: random.below(2),
        count: random.below(256),
        low: random.below(256),
        mid: random.below(5),
        high: 0,
        command,
      });
    else
      ide.packet(
        Array.from({ length: 12 }, (_, i) =>
          i ? random.below(random.pick([2, 30, 256])) : random.pick([0x28, 0xa8, 0xbe, 0x43, command]),
        ),
        { dma: random.below(2) === 1, limit: random.below(65536) },
      );
    ide.control(BUS_MASTER, random.pick([1, 9]));
    for (let word = 0; word < 600; word++) {
      if (random.below(2)) ide.ports.read16(0x1f0);
      else ide.ports.write16(0x1f0, random.word() & 0xffff);
      if (random.below(200) === 0) ide.settle();
    }
    ide.ports.write8(BUS_MASTER, 0);
    if (random.below(8) === 0) ide.ports.write8(0x3f6, random.pick([0, 4, 2, 0x80]));
  }
  expect(ide.status).toBeLessThan(256);
});

// A CD-ROM drive by SFF-8020i, MMC-3 and the packet protocol of ATA/ATAPI-6.
import { describe, expect, test } from 'vitest';
import { arrayStore } from '../../../../src/disk/array-store.ts';
import { BUS_MASTER, ERROR, IdeBench, STATUS } from './ide-bench.ts';

const SECTORS = 300;

/** Each byte of sector s is s. */
function disc(sectors = SECTORS): ReturnType<typeof arrayStore> {
  return arrayStore(
    Uint8Array.from({ length: sectors * 2048 }, (_, i) => i >>> 11),
    2048,
    true,
  );
}

function drive(medium: ReturnType<typeof arrayStore> | undefined = disc()): IdeBench {
  return new IdeBench(arrayStore(new Uint8Array(512)), medium);
}

/** Run a packet that gives bytes. */
function bytes(ide: IdeBench, packet: readonly number[]): number[] {
  ide.packet(packet);
  return ide.readBlocks().flat();
}

/** Sense key, additional code and qualifier. */
function sense(ide: IdeBench): number[] {
  const reply = bytes(ide, [0x03, 0, 0, 0, 18]);
  return [reply[2]!, reply[12]!, reply[13]!];
}

describe('the packet protocol', () => {
  test('command, data and status phases show in the interrupt reason', () => {
    const ide = drive();
    ide.start({ device: 0xb0, features: 0, mid: 0, high: 8, command: 0xa0 });
    expect([ide.status, ide.ports.read8(0x1f2), ide.irq]).toEqual([0x58, 1, false]);
    ide.writeWords(new Uint16Array(new Uint8Array([0x28, 0, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0]).buffer));
    expect([ide.irq, ide.ports.read8(STATUS), ide.ports.read8(0x1f2)]).toEqual([true, 0x58, 2]);
    expect([...new Set(ide.readWords(1024))]).toEqual([0x0505]);
    expect([ide.irq, ide.ports.read8(STATUS), ide.ports.read8(0x1f2)]).toEqual([true, 0x50, 3]);
  });

  test('data comes in blocks of at most what the host allows', () => {
    const ide = drive();
    ide.packet([0x28, 0, 0, 0, 0, 1, 0, 0, 2], { limit: 3000 });
    const blocks = ide.readBlocks();
    expect(blocks.map((block) => block.length)).toEqual([3000, 1096]);
    expect(blocks.flat()).toEqual([...new Array(2048).fill(1), ...new Array(2048).fill(2)]);
  });

  test('bus master: many sectors, longer than the buffer', () => {
    const ide = drive();
    ide.setDescriptors([
      [0x20000, 0],
      [0x30000, 0],
      [0x40000, 0],
    ]);
    ide.packet([0xa8, 0, 0, 0, 0, 10, 0, 0, 0, 96], { dma: true });
    expect(ide.irq).toBe(false);
    ide.control(BUS_MASTER, 9);
    expect([ide.irq, ide.ports.read8(BUS_MASTER + 2), ide.ports.read8(STATUS)]).toEqual([true, 4, 0x50]);
    expect([ide.memory.read8(0x20000), ide.memory.read8(0x4ffff)]).toEqual([10, 105]);
  });

  test('a whole disc in one command', () => {
    const sectors = 100_000;
    const store = { ...disc(1), sectors, read: () => undefined };
    const ide = drive(store);
    ide.setDescriptors(Array.from({ length: 3125 }, () => [0x100000, 0] as const));
    ide.packet([0xa8, 0, 0, 0, 0, 0, 0, 1, 0x86, 0xa0], { dma: true });
    ide.control(BUS_MASTER, 9);
    expect([ide.irq, ide.ports.read8(STATUS)]).toEqual([true, 0x50]);
  });

  test('IDENTIFY PACKET DEVICE works, IDENTIFY DEVICE tells what the drive is', () => {
    const ide = drive();
    ide.start({ device: 0xb0, command: 0xa1 });
    expect(ide.readWords(256)[0]).toBe(0x85c0);
    ide.start({ device: 0xb0, command: 0xec });
    expect([ide.status, ide.ports.read8(ERROR), ide.ports.read8(0x1f4), ide.ports.read8(0x1f5)]).toEqual([
      0x51, 4, 0x14, 0xeb,
    ]);
  });

  test('DEVICE RESET in the middle of a transfer', () => {
    const ide = drive();
    ide.packet([0x28, 0, 0, 0, 0, 5, 0, 0, 9]);
    ide.control(STATUS, 0x08);
    expect([ide.status, ide.irq, ide.ports.read8(0x1f4)]).toEqual([0, false, 0x14]);
  });
});

describe('packets', () => {
  test('INQUIRY: a removable CD-ROM', () => {
    const reply = bytes(drive(), [0x12, 0, 0, 0, 36]);
    expect([reply.length, reply[0], reply[1], reply[4]]).toEqual([36, 5, 0x80, 31]);
    expect(String.fromCharCode(...reply.slice(8, 16))).toBe('XLAT86  ');
    expect(bytes(drive(), [0x12, 0, 0, 0, 5]).length).toBe(5);
  });

  test('READ CAPACITY: the last sector and the size of one', () => {
    expect(bytes(drive(), [0x25])).toEqual([0, 0, 1, 43, 0, 0, 8, 0]);
  });

  // MMC-3 6.25: MSF addresses count from 2 seconds before the first sector.
  test('READ TOC: one data track and the lead-out', () => {
    expect(bytes(drive(), [0x43, 0, 0, 0, 0, 0, 0, 0, 100])).toEqual([
      0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x16, 0xaa, 0, 0, 0, 1, 44,
    ]);
    expect(bytes(drive(), [0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100])).toEqual([0, 10, 1, 1, 0, 0x16, 0xaa, 0, 0, 0, 6, 0]);
    expect(bytes(drive(), [0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40])).toEqual([0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]);
  });

  test('MODE SENSE: capabilities', () => {
    const reply = bytes(drive(), [0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128]);
    expect([reply.length, reply[1], reply[2], reply[8], reply[9]]).toEqual([28, 26, 1, 0x2a, 18]);
  });

  test('READ CD: data alone, or whole sectors with their address in BCD', () => {
    const ide = drive();
    expect(new Set(bytes(ide, [0xbe, 0, 0, 0, 0, 7, 0, 0, 1, 0x10]))).toEqual(new Set([7]));
    const raw = bytes(ide, [0xbe, 0, 0, 0, 0, 77, 0, 0, 1, 0xf8]);
    expect([raw.length, ...raw.slice(12, 17)]).toEqual([2352, 0, 3, 2, 1, 77]);
  });

  test('past the end, and unknown commands', () => {
    const ide = drive();
    ide.packet([0x28, 0, 0, 0, 1, 0x2b, 0, 0, 2]);
    expect([ide.ports.read8(STATUS), ide.ports.read8(ERROR)]).toEqual([0x41, 0x54]);
    expect(sense(ide)).toEqual([5, 0x21, 0]);
    ide.packet([0xff]);
    expect(sense(ide)).toEqual([5, 0x20, 0]);
    expect(sense(ide)).toEqual([0, 0, 0]);
  });

  test('an empty drive, a disc that comes, a tray that opens', () => {
    const ide = drive();
    ide.cd.setMedium(undefined);
    ide.packet([0x00]);
    expect(sense(ide)).toEqual([2, 0x3a, 0]);
    ide.cd.setMedium(disc());
    ide.packet([0x00]);
    expect(sense(ide)).toEqual([6, 0x28, 0]);
    ide.packet([0x00]);
    expect(ide.ports.read8(STATUS)).toBe(0x50);
    expect(bytes(ide, [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])).toEqual([0, 6, 4, 0x10, 2, 2, 0, 0]);
    ide.packet([0x1e, 0, 0, 0, 1]);
    ide.packet([0x1b, 0, 0, 0, 2]);
    expect(sense(ide)).toEqual([5, 0x53, 2]);
    ide.packet([0x1e, 0, 0, 0, 0]);
    ide.packet([0x1b, 0, 0, 0, 2]);
    ide.packet([0x25]);
    expect(sense(ide)).toEqual([2, 0x3a, 0]);
    expect(bytes(ide, [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])).toEqual([0, 6, 4, 0x10, 3, 1, 0, 0]);
  });
});

// A hard disk by ATA/ATAPI-6 (T13 1410D), its bus master by the Bus Master IDE interface 1.0; and beside QEMU's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlockStore } from '../../../../runtime/bus/block-store.ts';
import { arrayStore } from '../../../../src/disk/array-store.ts';
import { hasQemuSystem, Qtest } from '../../../support/qtest.ts';
import { Random } from '../../../support/random.ts';
import { BUS_MASTER, CONTROL, DATA, ERROR, IdeBench, STATUS, type TaskFile, taskFileWrites } from './ide-bench.ts';

const SECTORS = 4096;

/** Word w of sector s is s·256 + w, so that a wrong sector shows. */
const pattern = new Uint8Array(Uint16Array.from({ length: SECTORS * 256 }, (_, i) => i).buffer);
const numbered = (): Uint8Array => pattern.slice();

function bench(image = numbered()): IdeBench & { image: Uint8Array } {
  return Object.assign(new IdeBench(arrayStore(image)), { image });
}

describe('after reset', () => {
  test('the signatures of disk and CD drive', () => {
    const ide = bench();
    expect([...ide.registers.slice(0, 5), ide.status]).toEqual([1, 1, 1, 0, 0, 0x50]);
    ide.ports.write8(0x1f6, 0xb0);
    expect([...ide.registers.slice(0, 5), ide.status]).toEqual([1, 1, 1, 0x14, 0xeb, 0]);
  });

  test('software reset: busy while the bit is set, then the signature', () => {
    const ide = bench();
    ide.start({ count: 5, low: 9, command: 0x20 });
    ide.control(CONTROL, 4);
    expect(ide.status).toBe(0x80);
    ide.control(CONTROL, 0);
    expect([...ide.registers.slice(0, 5), ide.status]).toEqual([1, 1, 1, 0, 0, 0x50]);
    expect(ide.irq).toBe(false);
  });

  test('a software reset is followed by a while of being busy, and ends what was under way', () => {
    const ide = bench();
    for (const [port, value] of taskFileWrites({ count: 1, low: 9, command: 0x20 })) ide.ports.write8(port, value);
    ide.ports.write8(CONTROL, 4);
    ide.ports.write8(CONTROL, 0);
    expect(ide.status).toBe(0x80);
    ide.settle();
    expect([ide.status, ide.irq, ide.lines[14]!.rises]).toEqual([0x50, false, 0]);
  });

  test('an empty channel reads as nothing there', () => {
    const { ports } = bench();
    ports.write8(0x172, 0x55);
    expect([ports.read8(0x172), ports.read8(0x177), ports.read8(0x376)]).toEqual([0, 0, 0]);
    expect(ports.read16(0x170)).toBe(0xffff);
  });
});

// ATA/ATAPI-6 clause 9: a drive is busy from the command on; DRQ or an interrupt ends that.
describe('a busy drive', () => {
  const command = (ide: IdeBench, file: TaskFile): void => {
    for (const [port, value] of taskFileWrites(file)) ide.ports.write8(port, value);
  };

  test('does nothing within the access that asks, and interrupts later', () => {
    const ide = bench();
    command(ide, { count: 2, low: 7, command: 0x20 });
    expect([ide.status, ide.irq, ide.ports.read16(DATA)]).toEqual([0x80, false, 0xffff]);
    ide.advance(1000);
    expect([ide.status, ide.irq]).toEqual([0x80, false]);
    ide.advance(100_000);
    expect([ide.ports.read8(STATUS), ide.lines[14]!.rises]).toEqual([0x58, 1]);
    for (let word = 0; word < 256; word++) ide.ports.read16(DATA);
    expect([ide.status, ide.irq]).toEqual([0x80, false]);
    ide.advance(100_000);
    expect([ide.status, ide.lines[14]!.rises]).toEqual([0x58, 2]);
  });

  test('takes written sectors one after the other', () => {
    const ide = bench();
    command(ide, { count: 2, low: 3, command: 0x30 });
    expect(ide.status).toBe(0x80);
    ide.advance(100_000);
    for (let word = 0; word < 256; word++) ide.ports.write16(DATA, 0x1111);
    expect([ide.status, ide.irq, ide.image[3 * 512]]).toEqual([0x80, false, 0]);
    ide.advance(100_000);
    expect([ide.status, ide.irq, ide.image[3 * 512]]).toEqual([0x58, true, 0x11]);
  });

  test('keeps the registers of its command, and loses another command', () => {
    const ide = bench();
    command(ide, { count: 1, low: 7, command: 0x20 });
    command(ide, { count: 9, low: 50, command: 0xec });
    ide.settle();
    expect(ide.readWords(1)[0]).toBe(0x700);
  });

  test('moves nothing within the write that starts the bus master', () => {
    const ide = bench();
    ide.setDescriptors([[0x20000, 0x200]]);
    command(ide, { count: 1, low: 9, command: 0xc8 });
    ide.settle();
    ide.ports.write8(BUS_MASTER, 9);
    expect([ide.status, ide.irq, ide.ports.read8(BUS_MASTER + 2), ide.memory.read16(0x20000)]).toEqual([
      0x80,
      false,
      1,
      0,
    ]);
    ide.settle();
    expect([ide.status, ide.irq, ide.ports.read8(BUS_MASTER + 2), ide.memory.read16(0x20000)]).toEqual([
      0x50,
      true,
      4,
      0x900,
    ]);
  });

  test('whose bus master is stopped in time moves nothing', () => {
    const ide = bench();
    ide.setDescriptors([[0x20000, 0x200]]);
    ide.start({ count: 1, low: 9, command: 0xc8 });
    ide.ports.write8(BUS_MASTER, 9);
    ide.ports.write8(BUS_MASTER, 0);
    ide.settle();
    expect([ide.status, ide.irq, ide.memory.read16(0x20000)]).toEqual([0x80, false, 0]);
  });

  test('reads 128 KiB in less than a millisecond', () => {
    const ide = bench();
    ide.setDescriptors(Array.from({ length: 2 }, () => [0x100000, 0] as const));
    command(ide, { count: 0, low: 0, command: 0xc8 });
    ide.ports.write8(BUS_MASTER, 9);
    ide.advance(1_000_000);
    expect([ide.status, ide.irq]).toEqual([0x50, true]);
  });
});

describe('programmed input and output', () => {
  test('READ SECTORS interrupts for each sector, and not at the end', () => {
    const ide = bench();
    ide.start({ count: 2, low: 7, command: 0x20 });
    for (const sector of [7, 8]) {
      expect([ide.irq, ide.ports.read8(STATUS), ide.irq]).toEqual([true, 0x58, false]);
      expect([...ide.readWords(256)]).toEqual(Array.from({ length: 256 }, (_, i) => sector * 256 + i));
    }
    expect([ide.irq, ide.status, ide.ports.read8(0x1f2)]).toEqual([false, 0x50, 0]);
  });

  test('reading 32 bits at a time', () => {
    const ide = bench();
    ide.start({ count: 1, low: 1, command: 0x20 });
    expect(ide.ports.read32(DATA)).toBe(0x01010100);
  });

  test('WRITE SECTORS asks for the first without an interrupt, and interrupts after each', () => {
    const ide = bench();
    ide.start({ count: 2, low: 3, command: 0x30 });
    expect([ide.irq, ide.status]).toEqual([false, 0x58]);
    ide.writeWords(new Uint16Array(256).fill(0x1111));
    expect([ide.irq, ide.ports.read8(STATUS)]).toEqual([true, 0x58]);
    ide.writeWords(new Uint16Array(256).fill(0x2222));
    expect([ide.irq, ide.ports.read8(STATUS), ide.irq]).toEqual([true, 0x50, false]);
    expect([ide.image[3 * 512], ide.image[4 * 512], ide.image[5 * 512]]).toEqual([0x11, 0x22, 0]);
  });

  test('MULTIPLE: blocks of as many sectors as were set, none before', () => {
    const ide = bench();
    ide.start({ count: 4, command: 0xc4 });
    expect([ide.status & 1, ide.ports.read8(ERROR)]).toEqual([1, 4]);
    ide.start({ count: 3, command: 0xc6 });
    expect(ide.status & 1).toBe(1);
    ide.start({ count: 4, command: 0xc6 });
    ide.start({ count: 6, low: 0, command: 0xc4 });
    let interrupts = 0;
    for (const sectors of [4, 2]) {
      interrupts += Number(ide.irq);
      ide.ports.read8(STATUS);
      ide.readWords(sectors * 256);
    }
    expect([interrupts, ide.status]).toEqual([2, 0x50]);
  });

  test('the three kinds of address name the same sector', () => {
    const ide = bench();
    const first = (file: TaskFile): number => {
      ide.start(file);
      return ide.readWords(1)[0]!;
    };
    const sector = 2 * 16 * 63 + 5 * 63 + 9; // cylinder 2, head 5, sector 10
    const expected = (sector * 256) & 0xffff;
    expect(first({ device: 0xa5, count: 1, low: 10, mid: 2, high: 0, command: 0x20 })).toBe(expected);
    expect(first({ device: 0xe0, count: 1, low: sector & 0xff, mid: sector >>> 8, high: 0, command: 0x20 })).toBe(
      expected,
    );
    for (const part of [0, 1]) {
      for (const [port, value] of [
        [0x1f2, [0, 1]],
        [0x1f3, [0, sector & 0xff]],
        [0x1f4, [0, sector >>> 8]],
        [0x1f5, [0, 0]],
      ] as const) {
        ide.ports.write8(port, value[part]!);
      }
    }
    ide.control(STATUS, 0x24);
    expect(ide.readWords(1)[0]).toBe(expected);
  });

  test('the end of the disk: what is there is read, then the address is not found', () => {
    const ide = bench();
    ide.start({ count: 3, low: (SECTORS - 2) & 0xff, mid: (SECTORS - 2) >>> 8, high: 0, command: 0x20 });
    ide.readWords(512);
    expect([ide.status, ide.ports.read8(ERROR)]).toEqual([0x51, 0x10]);
    expect(ide.ports.read8(0x1f3) | (ide.ports.read8(0x1f4) << 8)).toBe(SECTORS);
    ide.start({ count: 1, low: 0, mid: 0, high: 0xff, command: 0x40 });
    expect([ide.status, ide.ports.read8(ERROR)]).toEqual([0x51, 0x10]);
  });

  test('nIEN keeps the interrupt off the line', () => {
    const ide = bench();
    ide.control(CONTROL, 2);
    ide.start({ command: 0xec });
    expect(ide.irq).toBe(false);
    ide.control(CONTROL, 0);
    expect(ide.irq).toBe(true);
  });
});

describe('IDENTIFY', () => {
  const identity = (sectors: number): Uint16Array => {
    const store: BlockStore = { ...arrayStore(new Uint8Array(0)), sectors };
    const ide = new IdeBench(store);
    ide.start({ command: 0xec });
    return ide.readWords(256);
  };
  const wide = (words: Uint16Array, at: number): number => words[at]! + words[at + 1]! * 65536;

  test('size in cylinders, 28 and 48 bits', () => {
    const small = identity(20160);
    expect([small[1], small[3], small[6], wide(small, 60), wide(small, 100)]).toEqual([20, 16, 63, 20160, 20160]);
    const large = identity(2 ** 33 + 5);
    expect([large[1], wide(large, 60), wide(large, 100), large[102]]).toEqual([16383, 0x0fffffff, 5, 2]);
  });

  test('the selected transfer mode shows', () => {
    const ide = bench();
    ide.start({ features: 3, count: 0x22, command: 0xef });
    ide.start({ command: 0xec });
    expect(ide.readWords(256)[63]).toBe(0x0407);
  });
});

describe('bus master', () => {
  const run = (ide: IdeBench, toMemory: boolean): void => ide.control(BUS_MASTER, toMemory ? 9 : 1);

  test('READ DMA scatters, WRITE DMA gathers', () => {
    const ide = bench();
    ide.setDescriptors([
      [0x20000, 0x300],
      [0x30000, 0x500],
    ]);
    ide.start({ count: 4, low: 5, command: 0xc8 });
    expect([ide.status & 0x80, ide.irq]).toEqual([0x80, false]);
    run(ide, true);
    expect([ide.irq, ide.ports.read8(BUS_MASTER + 2), ide.ports.read8(STATUS)]).toEqual([true, 4, 0x50]);
    expect([ide.memory.read16(0x20000), ide.memory.read16(0x30000)]).toEqual([0x500, 0x680]);
    ide.ports.write8(BUS_MASTER, 0);
    ide.ports.write8(BUS_MASTER + 2, 4);
    ide.start({ count: 4, low: 100, command: 0xca });
    run(ide, false);
    expect(ide.image.subarray(100 * 512, 104 * 512)).toEqual(ide.image.subarray(5 * 512, 9 * 512));
  });

  test('started first, it waits for the drive', () => {
    const ide = bench();
    ide.setDescriptors([[0x20000, 0x200]]);
    run(ide, true);
    expect(ide.ports.read8(BUS_MASTER + 2)).toBe(1);
    ide.start({ count: 1, low: 9, command: 0xc8 });
    expect([ide.memory.read16(0x20000), ide.irq]).toEqual([0x900, true]);
  });

  // Interface 1.0, status bits: a table longer than the transfer leaves active set beside the interrupt.
  test('a table longer than the transfer, and one shorter', () => {
    const ide = bench();
    ide.setDescriptors([[0x20000, 0x1000]]);
    ide.start({ count: 1, low: 0, command: 0xc8 });
    run(ide, true);
    expect(ide.ports.read8(BUS_MASTER + 2)).toBe(5);
    ide.ports.write8(BUS_MASTER, 0);
    ide.ports.write8(BUS_MASTER + 2, 4);
    ide.setDescriptors([[0x20000, 0x100]]);
    ide.start({ count: 1, low: 0, command: 0xc8 });
    run(ide, true);
    expect([ide.ports.read8(BUS_MASTER + 2), ide.irq, ide.status & 0x80]).toEqual([0, false, 0x80]);
    ide.control(CONTROL, 4);
    ide.control(CONTROL, 0);
    expect(ide.status).toBe(0x50);
  });

  test('a function that may not master moves nothing', () => {
    const ide = bench();
    ide.controller.pci.write(4, 2, 1);
    ide.setDescriptors([[0x20000, 0x200]]);
    ide.start({ count: 1, low: 1, command: 0xc8 });
    run(ide, true);
    expect([ide.memory.read16(0x20000), ide.irq]).toEqual([0, false]);
  });

  test('translated code learns of what is written', () => {
    const ide = bench();
    const told: number[] = [];
    ide.setDescriptors([[0x20ff0, 0x200]]);
    ide.memory.onWrite = (place, length) => told.push(place, length);
    ide.start({ count: 1, low: 1, command: 0xc8 });
    run(ide, true);
    expect(told).toEqual([0x20ff0, 0x10, 0x21000, 0x1f0]);
  });

  test('48 bits of address and 64K sectors in one command', () => {
    const ide = new IdeBench({
      ...arrayStore(new Uint8Array(0)),
      sectors: 2 ** 40,
      read: (sector, into) => void into.fill(sector / 65536),
    });
    ide.setDescriptors(Array.from({ length: 512 }, () => [0x20000, 0] as const));
    for (const [port, value] of [
      [0x1f2, 0],
      [0x1f3, 0x12],
      [0x1f4, 0],
      [0x1f5, 0],
      [0x1f2, 0],
      [0x1f3, 0],
      [0x1f4, 0],
      [0x1f5, 7],
    ] as const) {
      ide.ports.write8(port, value);
    }
    ide.ports.write8(0x1f6, 0x40);
    ide.control(STATUS, 0x25);
    run(ide, true);
    expect([ide.ports.read8(BUS_MASTER + 2), ide.status, ide.memory.read8(0x20000)]).toEqual([4, 0x50, 7]);
  });
});

describe('stores', () => {
  test('one that answers later keeps the drive busy; a reset meanwhile drops the answer', async () => {
    const image = numbered();
    const store = {
      ...arrayStore(image),
      read: async (sector: number, into: Uint8Array) =>
        void into.set(image.subarray(sector * 512, sector * 512 + into.length)),
    };
    const ide = new IdeBench(store);
    ide.start({ count: 2, low: 7, command: 0x20 });
    expect([ide.status, ide.irq]).toEqual([0x80, false]);
    await new Promise((resolve) => setTimeout(resolve));
    expect([ide.status, ide.irq]).toEqual([0x58, true]);
    expect(ide.readWords(256)[0]).toBe(0x700);
    ide.control(CONTROL, 4);
    ide.control(CONTROL, 0);
    await new Promise((resolve) => setTimeout(resolve));
    expect([ide.status, ide.irq]).toEqual([0x50, false]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('host');
      },
    ],
    ['rejects', () => Promise.reject(new Error('host'))],
  ])('one that %s is an uncorrectable error', async (_how, read) => {
    const ide = new IdeBench({ ...arrayStore(numbered()), read });
    ide.start({ count: 2, low: 7, command: 0x20 });
    await new Promise((resolve) => setTimeout(resolve));
    expect([ide.status, ide.ports.read8(ERROR), ide.ports.read8(0x1f3)]).toEqual([0x51, 0x40, 7]);
  });

  test('a read-only one refuses writes', () => {
    const ide = new IdeBench(arrayStore(numbered(), 512, true));
    ide.start({ count: 1, low: 7, command: 0x30 });
    expect([ide.status, ide.ports.read8(ERROR)]).toEqual([0x51, 4]);
  });
});

describe.skipIf(!hasQemuSystem)('beside QEMU’s', () => {
  const random = new Random();
  const folder = mkdtempSync(join(tmpdir(), 'xlat86-ide-'));
  let qemu: Qtest;
  const ours = bench();
  beforeAll(() => {
    writeFileSync(join(folder, 'disk.img'), ours.image);
    qemu = new Qtest(['-drive', `if=ide,format=raw,snapshot=on,file=${join(folder, 'disk.img')}`]);
  });
  afterAll(() => {
    qemu.close();
    rmSync(folder, { recursive: true });
  });

  const settled = async (): Promise<number> => {
    for (;;) {
      const status = await qemu.read('inb', CONTROL);
      if ((status & 0x80) === 0) return status;
    }
  };

  // Statuses, errors, registers and data of random commands: all that transfer by programmed input and output, and
  // those without data. Addresses lie around the disk's ends.
  test('120 random commands', async () => {
    const commands = [
      0x20, 0x21, 0x24, 0x29, 0x30, 0x34, 0x39, 0x40, 0x42, 0xc4, 0xc5, 0xc6, 0xe0, 0xe5, 0xe7, 0x27, 0xf8, 0xff, 0xa0,
    ];
    for (let step = 0; step < 120; step++) {
      // QEMU starts with MULTIPLE on; ATA lets a drive start with it off.
      const command = step === 0 ? 0xc6 : random.pick(commands);
      // QEMU refuses a block whole that reaches beyond the end, verifies anything, and takes data before it refuses.
      const isSingle = [0x20, 0x21, 0x24].includes(command);
      const sector =
        random.pick([0, 1, 100, SECTORS - 20, ...(isSingle ? [SECTORS - 2, SECTORS] : [])]) + random.below(3);
      const file = {
        count: command === 0xc6 ? (step === 0 ? 16 : random.pick([1, 2, 3, 4, 8, 16, 32])) : 1 + random.below(5),
        low: sector & 0xff,
        mid: sector >>> 8,
        high: 0,
        command,
      };
      const trail = `SEED=${random.seed} step ${step} ${JSON.stringify(file)}`;
      const writes = taskFileWrites(file);
      for (const [port, value] of [[0x1f2, 0], [0x1f3, 0], [0x1f4, 0], [0x1f5, 0], ...writes] as const) {
        ours.ports.write8(port, value);
        await qemu.write('outb', port, value);
      }
      ours.settle();
      for (let blocks = 0; ; blocks++) {
        const status = await settled();
        // Bit 4, seek complete, is a matter of taste since ATA-4.
        expect(ours.status & ~0x10, trail).toBe(status & ~0x10);
        if ((status & 8) === 0) break;
        for (let word = 0; word < 256; word++) {
          if ([0x30, 0x34, 0x39, 0xc5].includes(command)) {
            const value = random.word() & 0xffff;
            ours.writeWords([value]);
            await qemu.write('outw', DATA, value);
          } else expect(ours.readWords(1)[0], trail).toBe(await qemu.read('inw', DATA));
        }
        if (blocks > 20) throw new Error(`no end: ${trail}`);
      }
      // A sector that is not there is `not found` by ATA, and `aborted` by QEMU.
      const error = ours.ports.read8(ERROR);
      expect(error === 0x10 ? 4 : error, trail).toBe(await qemu.read('inb', ERROR));
      expect(ours.ports.read8(STATUS) & ~0x10, trail).toBe((await qemu.read('inb', STATUS)) & ~0x10);
    }
  });

  // Where the bus master puts and takes data, its status, and what is left of a table that does not fit the transfer.
  test('60 random bus master transfers', async () => {
    const put = async (pa: number, value: number): Promise<void> => {
      ours.memory.write32(pa, value);
      await qemu.write('writel', pa, value);
    };
    const out = async (kind: 'outb' | 'outl', port: number, value: number): Promise<void> => {
      if (kind === 'outb') ours.control(port, value);
      else ours.ports.write32(port, value);
      await qemu.write(kind, port, value);
    };
    for (const [offset, value] of [
      [0x20, BUS_MASTER],
      [0x04, 5],
    ] as const) {
      await qemu.write('outl', 0xcf8, 0x80000900 | offset);
      await qemu.write('outl', 0xcfc, value);
    }
    for (let step = 0; step < 60; step++) {
      const count = 1 + random.below(8);
      const trail = `SEED=${random.seed} step ${step}`;
      const isWrite = random.below(2) === 1;
      // Even addresses and lengths that sum up to the transfer, now and then to more; for reads, to less too: what is
      // then on a written disk is open.
      let left = count * 512 + random.pick([0, 0, 0, 0x40, isWrite ? 0 : -0x40]);
      let entries = 0;
      for (let pa = 0x20000; left > 0; entries++) {
        const bytes = Math.min(left, 2 + 2 * random.below(400));
        left -= bytes;
        await put(0x10000 + 8 * entries, pa);
        await put(0x10004 + 8 * entries, bytes | (left > 0 ? 0 : 0x80000000));
        pa += bytes + 2 * random.below(8);
      }
      for (let at = 0; at < 0x1200 && isWrite; at += 64) await put(0x20000 + at, random.word());
      await out('outb', BUS_MASTER, 0);
      await out('outb', BUS_MASTER + 2, 6);
      await out('outl', BUS_MASTER + 4, 0x10000);
      const file = { count, low: random.below(256), mid: 0, high: 0, device: 0xe0, command: isWrite ? 0xca : 0xc8 };
      for (const [port, value] of taskFileWrites(file)) await out('outb', port, value);
      await out('outb', BUS_MASTER, isWrite ? 1 : 9);
      let status: number;
      do status = await qemu.read('inb', BUS_MASTER + 2);
      while (status === 1);
      expect(ours.ports.read8(BUS_MASTER + 2), trail).toBe(status);
      // With a table that is too short, QEMU moves nothing and has its drive ready again; a real drive goes on waiting.
      const isShort = (ours.status & 0x80) !== 0;
      for (let at = 0; at < 0x1200; at += 4) {
        if (isShort) await put(0x20000 + at, 0);
        const theirs = await qemu.read('readl', 0x20000 + at);
        expect(ours.memory.read32(0x20000 + at), `${trail} at ${at}`).toBe(theirs);
      }
      for (const value of isShort ? [4, 0] : [0]) await out('outb', CONTROL, value);
    }
  });
});

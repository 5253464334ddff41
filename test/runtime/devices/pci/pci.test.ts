// Host bridge, ISA bridge and the bus between: 82441FX (i440FX), 82371SB (PIIX3), PCI Local Bus Specification 2.1.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PciBus } from '../../../../runtime/devices/pci/bus.ts';
import { PciFunction } from '../../../../runtime/devices/pci/function.ts';
import { HostBridge } from '../../../../runtime/devices/pci/host-bridge.ts';
import { IsaBridge } from '../../../../runtime/devices/pci/isa-bridge.ts';
import { DeviceBench, fuzz } from '../../../support/device-bench.ts';
import { hasQemuSystem, Qtest } from '../../../support/qtest.ts';

const ROM_BYTES = 0x40000;
const RAM_BYTES = 0x400000;

function board() {
  const bench = new DeviceBench(RAM_BYTES, ROM_BYTES + 0x10000);
  const { ports, memory, lines } = bench;
  memory.ram.u8.fill(0x5a, RAM_BYTES, RAM_BYTES + ROM_BYTES);
  const bus = new PciBus(ports, memory);
  const resets: boolean[] = [];
  const host = new HostBridge(bus, memory, { place: RAM_BYTES, bytes: ROM_BYTES });
  const isa = new IsaBridge(bus, ports, lines, (hard) => resets.push(hard));
  const select = (device: number, number: number, offset: number): void =>
    ports.write32(0xcf8, 0x80000000 | (device << 11) | (number << 8) | (offset & 0xfc));
  return {
    bench,
    bus,
    host,
    isa,
    resets,
    ports,
    memory,
    lines,
    read(device: number, number: number, offset: number): number {
      select(device, number, offset);
      return ports.read32(0xcfc);
    },
    write8(device: number, number: number, offset: number, value: number): void {
      select(device, number, offset);
      ports.write8(0xcfc + (offset & 3), value);
    },
    write32(device: number, number: number, offset: number, value: number): void {
      select(device, number, offset);
      ports.write32(0xcfc, value);
    },
  };
}

describe('configuration mechanism 1', () => {
  test('the address register keeps bus, device, function and register, and only whole words reach it', () => {
    const { ports } = board();
    ports.write32(0xcf8, 0xffffffff | 0);
    expect(ports.read32(0xcf8) >>> 0).toBe(0x80fffffc);
    ports.write16(0xcf8, 0);
    ports.write8(0xcf8, 0);
    expect(ports.read32(0xcf8) >>> 0).toBe(0x80fffffc);
  });

  test('who is not there reads as all ones', () => {
    const { read, ports } = board();
    expect(read(0, 0, 0)).toBe(0x12378086);
    expect(read(1, 0, 0)).toBe(0x70008086);
    expect(read(2, 0, 0)).toBe(-1);
    expect(read(1, 5, 0)).toBe(-1);
    ports.write32(0xcf8, 0x80010000 | 0); // bus 1
    expect(ports.read32(0xcfc)).toBe(-1);
    ports.write32(0xcf8, 0x00000000); // not enabled
    expect(ports.read32(0xcfc)).toBe(-1);
  });

  test('bytes and words of the data register', () => {
    const { ports } = board();
    ports.write32(0xcf8, 0x80000800 | 0);
    expect(ports.read8(0xcfd)).toBe(0x80);
    expect(ports.read16(0xcfe)).toBe(0x7000);
    expect(ports.read16(0xcff) & 0xff).toBe(0x70);
  });
});

describe('programmable attribute map', () => {
  test('after reset the ROM shows below 1 MiB, its last 128 KiB', () => {
    const { memory } = board();
    expect(memory.read8(0xe0000)).toBe(0x5a);
    expect(memory.read8(0xfffff)).toBe(0x5a);
    expect(memory.read8(0xdffff)).toBe(0xff);
    memory.write8(0xf0000, 1);
    expect(memory.read8(0xf0000)).toBe(0x5a);
  });

  // Source: 82441FX 3.2.18: bit 0 (4) sends reads to DRAM, bit 1 (5) writes.
  test('shadowing: read the ROM while writing RAM, then read what was written, then protect it', () => {
    const { memory, write8 } = board();
    write8(0, 0, 0x59, 0x20);
    memory.write32(0xf1000, 0x12345678);
    expect(memory.read8(0xf1000)).toBe(0x5a);
    write8(0, 0, 0x59, 0x30);
    expect(memory.read32(0xf1000)).toBe(0x12345678);
    write8(0, 0, 0x59, 0x10);
    memory.write32(0xf1000, 0);
    expect(memory.read32(0xf1000)).toBe(0x12345678);
    write8(0, 0, 0x59, 0x00);
    expect(memory.read8(0xf1000)).toBe(0x5a);
  });

  test.each([
    [0x5a, 0x03, 0xc0000],
    [0x5a, 0x30, 0xc4000],
    [0x5b, 0x03, 0xc8000],
    [0x5c, 0x30, 0xd4000],
    [0x5e, 0x03, 0xe0000],
    [0x5f, 0x30, 0xec000],
  ])('register %x value %i opens %i and nothing else', (register, value, pa) => {
    const { memory, write8 } = board();
    write8(0, 0, register, value);
    for (let at = 0xc0000; at < 0x100000; at += 0x4000) {
      expect(memory.writable(at) >= 0, at.toString(16)).toBe(at === pa);
      expect(memory.writable(at + 0x3fff) >= 0).toBe(at === pa);
    }
  });

  test('translated code is told of writes that only go to RAM', () => {
    const { memory, write8 } = board();
    const told: number[] = [];
    write8(0, 0, 0x59, 0x20);
    memory.onWrite = (place) => told.push(place);
    memory.write8(0xf0010, 1);
    expect(told).toEqual([0xf0010]);
  });

  test('reset takes the RAM away', () => {
    const { memory, write8, host } = board();
    write8(0, 0, 0x5a, 0x33);
    host.reset();
    expect(memory.writable(0xc0000)).toBe(-1);
  });
});

describe('interrupt routing', () => {
  // INTA# of device 1 is PIRQA, of device 2 PIRQB, and so on; INTB# is the next wire.
  test('the pin of a device reaches the interrupt that its wire is routed to', () => {
    const { bus, lines, write8 } = board();
    const pci = new PciFunction({ vendor: 1, device: 1, classCode: 0, interruptPin: 1 });
    bus.attach(3, 0, pci);
    pci.interrupt.set(true);
    expect(lines.some((line) => line.high)).toBe(false);
    write8(1, 0, 0x62, 11); // PIRQC
    expect(lines[11]!.high).toBe(true);
    write8(1, 0, 0x62, 10);
    expect(lines[11]!.high).toBe(false);
    expect(lines[10]!.high).toBe(true);
    pci.interrupt.set(false);
    expect(lines[10]!.high).toBe(false);
  });

  test('a wire is high while one of its devices holds it', () => {
    const { bus, lines, write8 } = board();
    const [first, second] = [3, 7].map((device) => {
      const pci = new PciFunction({ vendor: 1, device: 1, classCode: 0, interruptPin: 1 });
      bus.attach(device, 0, pci);
      return pci;
    });
    write8(1, 0, 0x62, 5);
    first!.interrupt.set(true);
    second!.interrupt.set(true);
    first!.interrupt.set(false);
    expect(lines[5]!.high).toBe(true);
    second!.interrupt.set(false);
    expect(lines[5]!.high).toBe(false);
  });

  test('the command register can disable it; the status register tells', () => {
    const { bus, lines, read, write8, write32 } = board();
    const pci = new PciFunction({ vendor: 1, device: 1, classCode: 0, interruptPin: 1 });
    bus.attach(3, 0, pci);
    write8(1, 0, 0x62, 5);
    pci.interrupt.set(true);
    write32(3, 0, 4, 0x400);
    expect(lines[5]!.high).toBe(false);
    expect((read(3, 0, 4) >>> 16) & 8).toBe(8);
    write32(3, 0, 4, 0);
    expect(lines[5]!.high).toBe(true);
  });
});

describe('reset control', () => {
  test('a rising bit 2 resets, bit 1 of that write says what', () => {
    const { ports, resets } = board();
    ports.write8(0xcf9, 0x02);
    expect(resets).toEqual([]);
    ports.write8(0xcf9, 0x06);
    ports.write8(0xcf9, 0x06);
    expect(resets).toEqual([true]);
    ports.write8(0xcf9, 0);
    ports.write8(0xcf9, 4);
    expect(resets).toEqual([true, false]);
  });
});

describe('base address registers', () => {
  function withDevice() {
    const parts = board();
    const pci = new PciFunction({ vendor: 0x1234, device: 1, classCode: 0xff0000 });
    pci.addBar(0, { kind: 'ram', bytes: 0x10000, place: RAM_BYTES + ROM_BYTES });
    pci.addBar(1, { kind: 'ports', bytes: 16, functions: { read8: (port) => port & 15 } });
    pci.addBar(2, { kind: 'memory', bytes: 0x1000, functions: { read8: (pa) => pa & 0xff, write8: () => {} } });
    parts.bus.attach(4, 0, pci);
    return { ...parts, pci };
  }

  test('all ones tells the size', () => {
    const { read, write32 } = withDevice();
    for (const offset of [0x10, 0x14, 0x18, 0x1c]) write32(4, 0, offset, -1);
    expect([0x10, 0x14, 0x18, 0x1c].map((offset) => read(4, 0, offset) >>> 0)).toEqual([
      0xffff0008, 0xfffffff1, 0xfffff000, 0,
    ]);
  });

  test('they decode while the command register says so, and move', () => {
    const { memory, ports, write32 } = withDevice();
    write32(4, 0, 0x10, 0xe0000000);
    write32(4, 0, 0x14, 0xc000);
    write32(4, 0, 0x18, 0xe0010000);
    expect(ports.read8(0xc005)).toBe(0xff);
    write32(4, 0, 4, 3);
    expect(ports.read8(0xc005)).toBe(5);
    expect(memory.writable(0xe0000004)).toBe(RAM_BYTES + ROM_BYTES + 4);
    expect(memory.read8(0xe0010023)).toBe(0x23);
    write32(4, 0, 0x14, 0xd000);
    expect([ports.read8(0xc005), ports.read8(0xd005)]).toEqual([0xff, 5]);
    write32(4, 0, 4, 0);
    expect([ports.read8(0xd005), memory.readable(0xe0000000)]).toEqual([0xff, -1]);
  });

  test('RAM, ROM and whoever was first win over them, and are whole when they move away', () => {
    const { memory, ports, write32 } = withDevice();
    write32(4, 0, 4, 3);
    memory.write32(0x200000, 77);
    write32(4, 0, 0x10, 0x200000);
    expect(memory.read32(0x200000)).toBe(77);
    write32(4, 0, 0x10, 0xe0000000);
    expect(memory.read32(0x200000)).toBe(77);
    write32(4, 0, 0x14, 0xcf0);
    write32(4, 0, 0x14, 0xc000);
    expect(ports.read8(0xc005)).toBe(5);
    write32(4, 0, 0x18, 0xe0000000); // over the frame buffer
    expect(memory.writable(0xe0000000)).toBe(RAM_BYTES + ROM_BYTES);
    write32(4, 0, 0x10, 0xe1000000); // which gives way
    expect(memory.read8(0xe0000023)).toBe(0x23);
  });

  test('10,000 random accesses never reach the host', () => {
    const { bench } = withDevice();
    const addresses = [0, 0x800, 0x2000].flatMap((at) => [0, 4, 0x10, 0x14, 0x18, 0x58, 0x5c, 0x60].map((o) => at + o));
    const values = addresses.map((at) => 0x80000000 | at);
    fuzz(bench, [{ space: 'port', first: 0xcf8, count: 8 }], 10_000, values);
    fuzz(bench, [{ space: 'memory', first: 0xc0000, count: 0x40000 }], 1000);
  });
});

describe.skipIf(!hasQemuSystem)('as qemu-system-i386 has it', () => {
  let qemu: Qtest;
  beforeAll(() => {
    qemu = new Qtest();
  });
  afterAll(() => qemu.close());

  test.each([
    ['host bridge', 0],
    ['ISA bridge', 1],
  ])('%s after reset', async (_name, device) => {
    const ours = board();
    // Not its command and status, where QEMU starts with less than the datasheets say; and not its DRAM registers:
    // those say how much memory there is, and its firmware asks fw_cfg instead. Its attribute map has no read-only RAM.
    for (const offset of [0x00, 0x08, 0x0c, 0x10, 0x2c, 0x30, 0x34, 0x3c, 0x58, 0x5c, 0x60, 0x68, 0x70, 0x74, 0x78]) {
      await qemu.write('outl', 0xcf8, 0x80000000 | (device << 11) | offset);
      const theirs = await qemu.read('inl', 0xcfc);
      expect.soft(hex(ours.read(device, 0, offset)), hex(offset)).toBe(hex(theirs));
    }
  });
});

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

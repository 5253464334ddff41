// Memory over a physical address space: what reaches RAM, ROM, devices and nobody, what aborts, what DMA invalidates.
import { beforeEach, describe, expect, test } from 'vitest';
import { MODE, STATE_SLOTS } from '../../../runtime/abi/state.ts';
import { AddressSpace } from '../../../runtime/bus/address-space.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { ABORT, GuestFault } from '../../../runtime/cpu/fault.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { WALK_OUTSIDE, WALK_WRITABLE } from '../../../runtime/memory/walker.ts';

/** 1 MiB + 64 KiB of RAM from 0 on, then a page of ROM that answers at F0000000h, then one behind it at the top. */
const RAM_BYTES = 0x110000;
const ROM = 0xf0000000 | 0;
const DEVICE = 0xe0000000 | 0;
const VIDEO = 0xd0000000 | 0;
const NOBODY = 0xc0000000 | 0;

let ram: Ram;
let bus: AddressSpace;
let memory: Memory;
let fault: GuestFault;
let log: string[];
let outside: boolean;

beforeEach(() => {
  ram = new Ram(RAM_BYTES + 4096);
  bus = new AddressSpace(ram);
  bus.mapRam(0, RAM_BYTES, 0);
  bus.mapRam(ROM, 4096, RAM_BYTES, { readable: true, writable: false });
  log = [];
  outside = false;
  const note = (name: string) => ({
    read8: (pa: number) => {
      log.push(`${name} r8 ${(pa >>> 0).toString(16)}`);
      return pa & 0xff;
    },
    write8: (pa: number, value: number) => {
      log.push(`${name} w8 ${(pa >>> 0).toString(16)}=${value.toString(16)}`);
    },
  });
  bus.mapDevice(DEVICE, 8192, {
    ...note('device'),
    read32: (pa) => {
      log.push(`device r32 ${(pa >>> 0).toString(16)}`);
      return 0x87654321 | 0;
    },
    write32: (pa, value) => {
      log.push(`device w32 ${(pa >>> 0).toString(16)}=${(value >>> 0).toString(16)}`);
    },
  });
  bus.mapDevice(VIDEO, 4096, { ...note('video'), isPassive: true });
  fault = new GuestFault();
  const walker = { walk: (la: number) => (la & ~4095) | WALK_WRITABLE | (outside ? WALK_OUTSIDE : 0) };
  const state = new Int32Array(STATE_SLOTS);
  state[MODE] = 0;
  memory = new Memory(ram, state, fault, walker, false, bus);
});

function expectAbort(access: () => void): void {
  expect(access).toThrow();
  expect(fault.vector).toBe(ABORT);
  expect(log).toEqual([]);
}

describe('devices', () => {
  test('an access that may ask the time aborts in translated code, before it is done', () => {
    expectAbort(() => memory.read8(DEVICE));
    expectAbort(() => memory.write32(DEVICE, 1));
    expectAbort(() => memory.modify32(DEVICE));
    expectAbort(() => memory.stretch(DEVICE, 64, true));
    // Half of it in RAM: still nothing is done.
    bus.mapRam((DEVICE - 4096) | 0, 4096, 0);
    expectAbort(() => memory.write32((DEVICE - 2) | 0, -1));
    expect(ram.i32[1023]).toBe(0);
  });

  test('on its own it goes through, sign-extended', () => {
    memory.single = true;
    expect(memory.read8((DEVICE + 0x81) | 0)).toBe(-0x7f);
    expect(memory.read32(DEVICE)).toBe(0x87654321 | 0);
    memory.write32((DEVICE + 4) | 0, -2);
    expect(log).toEqual(['device r8 e0000081', 'device r32 e0000000', 'device w32 e0000004=fffffffe']);
  });

  test('wide accesses that a device has not, or that are not aligned, become smaller ones', () => {
    memory.single = true;
    expect(memory.read16((DEVICE + 2) | 0)).toBe(0x0302);
    expect(memory.read32((DEVICE + 1) | 0)).toBe(0x04030201);
    memory.write16(DEVICE, 0x1234);
    memory.write32((DEVICE + 0xffe) | 0, 0x11223344);
    expect(log.filter((line) => line.includes('w'))).toEqual([
      'device w8 e0000000=34',
      'device w8 e0000001=12',
      'device w8 e0000ffe=44',
      'device w8 e0000fff=33',
      'device w8 e0001000=22',
      'device w8 e0001001=11',
    ]);
  });

  test('passive ones are accessed right away, also across the page end into RAM', () => {
    bus.mapRam((VIDEO + 4096) | 0, 4096, 0x5000);
    memory.write32((VIDEO + 0xffd) | 0, 0x44332211);
    expect(log).toEqual(['video w8 d0000ffd=11', 'video w8 d0000ffe=22', 'video w8 d0000fff=33']);
    expect(ram.u8[0x5000]).toBe(0x44);
    ram.u8[0x5000] = 0x99;
    expect(memory.read32((VIDEO + 0xffd) | 0)).toBe(0x99fffefd | 0);
    expect(memory.read16((VIDEO + 0xfff) | 0)).toBe(0x99ff | ~0xffff);
  });

  test('nobody answers with ones, also beyond 4 GiB', () => {
    expect(memory.read32(NOBODY)).toBe(-1);
    memory.write32(NOBODY, 0);
    outside = true;
    memory.write32(0x2000, 5);
    expect(memory.read16(0x2000)).toBe(-1);
    expect(ram.i32[0x800]).toBe(0);
  });

  test('a device that comes and goes is seen at once', () => {
    expect(memory.read8(NOBODY)).toBe(-1);
    bus.mapDevice(NOBODY, 4096, { read8: () => 7, write8: () => {}, isPassive: true });
    expect(memory.read8(NOBODY)).toBe(7);
    bus.mapRam(NOBODY, 4096, 0x3000);
    memory.write8(NOBODY, 9);
    expect(ram.u8[0x3000]).toBe(9);
    bus.mapDevice(NOBODY, 4096);
    expect(memory.read8(NOBODY)).toBe(-1);
  });
});

describe('ROM and shadow RAM', () => {
  test('ROM reads and ignores writes, also in a read-modify-write', () => {
    ram.u8[RAM_BYTES + 0x10] = 0x55;
    expect(memory.read8(ROM + 0x10)).toBe(0x55);
    memory.write8(ROM + 0x10, 0);
    expect(memory.modify8(ROM + 0x10)).toBe(0x55);
    expect(memory.read8(ROM + 0x10)).toBe(0x55);
  });

  test('reads and writes of a page may go to different places', () => {
    // Write-only shadow RAM over ROM, as a chipset sets it up while the BIOS copies itself.
    bus.mapRam(
      0xf0000,
      4096,
      0xf0000,
      { readable: false, writable: true },
      { read8: () => 0xea, write8: () => {}, isPassive: true },
    );
    memory.write8(0xf0000, 0x12);
    expect(memory.read8(0xf0000)).toBe(0xea - 0x100);
    expect(memory.modify8(0xf0000)).toBe(0xea - 0x100);
    expect(ram.u8[0xf0000]).toBe(0x12);
  });
});

describe('A20', () => {
  test('while it is off, odd mebibytes are the even ones', () => {
    memory.write8(0x100010, 0x11);
    bus.setA20(false);
    memory.write8(0x100010, 0x22);
    expect(memory.read8(0x10)).toBe(0x22);
    bus.setA20(true);
    expect(memory.read8(0x100010)).toBe(0x11);
  });
});

describe('translated code', () => {
  beforeEach(() => {
    let present = true;
    memory.code = {
      hasCode: (page) => present && page === 4,
      covers: (place, length) => present && place < 0x4110 && place + length > 0x4100,
      invalidate: (place, length) => {
        log.push(`invalidate ${place.toString(16)} ${length}`);
        present = false;
      },
    };
  });

  test('DMA drops what it overwrites, and so does the host', () => {
    bus.writeBytes(0x3ff0, new Uint8Array(64));
    expect(log).toEqual(['invalidate 4000 48']);
  });

  test('a store beside it is done, a store over it aborts, and is done on its own', () => {
    memory.write32(0x4080, 1);
    expectAbort(() => memory.write32(0x40fe, 0x01020304));
    expectAbort(() => memory.modify8(0x410f));
    expect(ram.u8[0x40fe]).toBe(0);
    memory.single = true;
    memory.write32(0x40fe, 0x01020304);
    expect(log).toEqual(['invalidate 40fe 4']);
    expect(ram.u8[0x4101]).toBe(1);
  });

  test('once a page holds no code, its writes are direct again', () => {
    memory.write32(0x4080, 1);
    memory.single = true;
    memory.write8(0x4100, 1);
    memory.write8(0x4101, 1);
    expect(memory.tlb.supervisor.write[4]! ^ 0x4000).toBe(0x4000);
  });

  test('a page that becomes code is protected under all its linear addresses', () => {
    const tlb = memory.tlb.supervisor;
    for (let la = 0x5000; la < 0x9000; la += 0x1000) memory.tlb.fill(la, 0x6000, false, true);
    memory.tlb.fill(0x9000, 0x9000, true, true);
    memory.tlb.protect(0x6000);
    for (let page = 5; page < 9; page++) {
      expect(tlb.write[page]! ^ (page << 12)).toBeLessThan(0);
      expect(tlb.read[page]! ^ (page << 12)).toBe(0x6000);
    }
    expect(memory.tlb.user.write[9]! ^ 0x9000).toBe(0x9000);
  });
});

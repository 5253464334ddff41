// Code at page edges and under mappings that change: fetches fault when they are reached and at the instruction's
// start, a remapped page runs its new bytes, and one segment's code is not another's.
import { beforeEach, describe, expect, test } from 'vitest';
import { MODE_FLAT_USER32, MODE_IDENTITY } from '../../runtime/abi/mode.ts';
import { EAX, EBX, ECX, EDX, EIP, ESP, SELECTOR } from '../../runtime/abi/state.ts';
import { PF_PRESENT, PF_USER, PF_WRITE, Vector } from '../../runtime/abi/vector.ts';
import { type Descriptor, loadSegmentRegister } from '../../runtime/cpu/segment.ts';
import type { Cpu } from '../../runtime/exec/cpu.ts';
import { Access, WALK_WRITABLE } from '../../runtime/memory/walker.ts';
import { createUserVmm } from '../../runtime/vmm/user/index.ts';
import { createCpu, type Tier } from '../../src/machine.ts';

interface Mapping {
  readonly pa: number;
  readonly writable: boolean;
  readonly executable: boolean;
}

const segments: ReadonlyMap<number, Descriptor> = new Map([
  [0x23, { base: 0, limit: -1, access: 0xc0fb }],
  [0x2b, { base: 0, limit: -1, access: 0xc0f3 }],
  // Two code segments that are not flat: one at 0 with a lower limit, one elsewhere.
  [0x33, { base: 0, limit: 0xfffff, access: 0x40fb }],
  [0x3b, { base: 0x4000, limit: 0xfffff, access: 0x40fb }],
]);

/** `own`: pages lie at their own addresses, and regions test the line table. */
const kinds: readonly {
  readonly name: string;
  readonly tier: Tier;
  readonly hotThreshold: number;
  readonly own?: boolean;
}[] = [
  { name: 'tier 0', tier: '0', hotThreshold: 0 },
  { name: 'tier 1', tier: '1', hotThreshold: 0 },
  { name: 'the mix', tier: 'auto', hotThreshold: 3 },
  { name: 'tier 1, line table', tier: '1', hotThreshold: 0, own: true },
  { name: 'the mix, line table', tier: 'auto', hotThreshold: 3, own: true },
];

describe.each(kinds)('$name', ({ tier, hotThreshold, own = false }) => {
  let cpu: Cpu;
  let mappings: Map<number, Mapping>;
  let S: Int32Array;

  beforeEach(() => {
    mappings = new Map();
    cpu = createCpu({
      memoryBytes: 16 << 12,
      ownPlaces: own,
      walker: (fault) => ({
        walk(la, access) {
          const mapping = mappings.get(la >>> 12);
          const allowed =
            mapping !== undefined &&
            (access === Access.Write ? mapping.writable : access !== Access.Execute || mapping.executable);
          if (!allowed) {
            const code = (mapping ? PF_PRESENT : 0) | (access === Access.Write ? PF_WRITE : 0) | PF_USER;
            return fault.raise(Vector.PF, code, la | 0);
          }
          return mapping.pa | (mapping.writable ? WALK_WRITABLE : 0);
        },
      }),
      vmm: (parts) => createUserVmm({ ...parts, descriptors: { describe: (selector) => segments.get(selector) } }),
      mode: own ? MODE_FLAT_USER32 | MODE_IDENTITY : MODE_FLAT_USER32,
      tier,
      userOnly: true,
      policy: { arenaWords: 1 << 14, ...(hotThreshold > 0 && { hotThreshold }) },
    });
    S = cpu.state;
    cpu.memory.ram.u8.fill(0xcc, 0, 16 << 12);
    for (let la = 0x1000; la < 0x8000; la += 0x1000) map(la, la);
    [0x2b, 0x23, 0x2b, 0x2b, 0x2b, 0x2b].forEach((selector, segment) => {
      loadSegmentRegister(S, segment, selector, segments.get(selector)!);
    });
    S[ESP] = 0x7f00;
  });

  const map = (la: number, pa: number, { writable = true, executable = true } = {}): void => {
    mappings.set(la >>> 12, { pa, writable, executable });
    cpu.memory.flushPages(la >>> 12, 1);
  };
  const unmap = (la: number): void => {
    mappings.delete(la >>> 12);
    cpu.memory.flushPages(la >>> 12, 1);
  };
  /** The host puts bytes at a physical address. */
  const place = (pa: number, hex: string): void => {
    const bytes = Buffer.from(hex.replaceAll(/;[^\n]*|\s/g, ''), 'hex');
    cpu.memory.invalidateCode(pa, bytes.length);
    cpu.memory.ram.u8.set(bytes, pa);
  };
  const expectStop = (eip: number, vector: number, address = 0): void => {
    expect(cpu.run(100_000)).toMatchObject({ kind: 'fault', vector, address });
    expect(S[EIP]).toBe(eip);
  };
  /** Run from `eip` to the INT3 before `end`. */
  const run = (eip: number, end: number): void => {
    S[EIP] = eip;
    expectStop(end, Vector.BP);
  };

  test('an instruction that crosses into a missing page faults when it is reached, at its start', () => {
    place(0x1ff8, '40 40 40 40 40 40 b8 02'); // inc eax six times; mov eax, imm32 with most of it on the second page
    unmap(0x2000);
    S[EIP] = 0x1ff8;
    expectStop(0x1ffe, Vector.PF, 0x2000);
    expect(S[EAX]).toBe(6);
    expect(cpu.retired).toBe(6);
    map(0x2000, 0x3000);
    place(0x3000, '030000 cc');
    expectStop(0x2004, Vector.BP);
    expect(S[EAX]).toBe(0x302);
  });

  test('a jump over the page end does not touch the missing page', () => {
    place(0x1ffd, 'eb 81 b8'); // jmp 1f80
    place(0x1f80, '40 cc');
    unmap(0x2000);
    run(0x1ffd, 0x1f82);
    expect(S[EAX]).toBe(1);
  });

  test('the second page of a crossing instruction is mapped elsewhere', () => {
    place(0x1ffe, 'b8 11');
    place(0x2000, '222222 cc');
    place(0x3000, '333333 cc');
    for (let i = 0; i < 8; i++) run(0x1ffe, 0x2004);
    expect(S[EAX]).toBe(0x22222211);
    map(0x2000, 0x3000);
    run(0x1ffe, 0x2004);
    expect(S[EAX]).toBe(0x33333311);
    unmap(0x2000);
    S[EIP] = 0x1ffe;
    expectStop(0x1ffe, Vector.PF, 0x2000);
    expect(S[EAX]).toBe(0x33333311);
  });

  test('a hot loop over two pages whose second page is mapped elsewhere', () => {
    // 1ff9: inc eax; jmp 2000 · 2000: dec ecx; jnz 1ff9; int3, or with add eax, 2 in front
    place(0x1ff9, '40 e9 01000000');
    place(0x2000, '49 75 f6 cc');
    place(0x3000, '83c0 02 49 75 f3 cc');
    S[ECX] = 100;
    run(0x1ff9, 0x2004);
    expect(S[EAX]).toBe(100);
    map(0x2000, 0x3000);
    S[ECX] = 100;
    run(0x1ff9, 0x2007);
    expect(S[EAX]).toBe(400);
    map(0x2000, 0x2000);
    S[ECX] = 10;
    run(0x1ff9, 0x2004);
    expect(S[EAX]).toBe(410);
  });

  test('a loop gets hot after a page that it only once crossed into is gone', () => {
    // 1ff0: cmp ecx, 30; je 1ffe; dec ecx; jnz 1ff0; int3 · 1ffe: mov edx, imm32 (crosses); jmp 1ff5
    place(0x1ff0, '83f9 1e 74 09 49 75 f8 cc');
    place(0x1ffe, 'ba 01');
    place(0x2000, '000000 e9 edffffff');
    S[ECX] = 30;
    S[EIP] = 0x1ff0;
    cpu.run(6, true);
    unmap(0x2000);
    expect(cpu.run(100_000)).toMatchObject({ vector: Vector.BP });
    expect(S[EIP]).toBe(0x1ff9);
    expect(S[ECX]).toBe(0);
  });

  test('a page that was written while it could not run, then can', () => {
    map(0x2000, 0x2000, { executable: false });
    place(0x1000, 'c605 00200000 40  c605 01200000 cc  e9 ed0f0000'); // jmp 2000
    S[EIP] = 0x1000;
    expectStop(0x2000, Vector.PF, 0x2000);
    map(0x2000, 0x2000);
    expectStop(0x2002, Vector.BP);
    expect(S[EAX]).toBe(1);
  });

  test('a page stops being writable, and a fast store there does not go on', () => {
    place(0x1000, 'a3 00300000 49 75 f8 cc'); // mov [3000], eax; dec ecx; jnz 1000
    S[ECX] = 50;
    S[EAX] = 7;
    run(0x1000, 0x1009);
    map(0x3000, 0x3000, { writable: false });
    S[ECX] = 50;
    S[EAX] = 8;
    S[EIP] = 0x1000;
    expectStop(0x1000, Vector.PF, 0x3000);
    expect(cpu.memory.ram.u8[0x3000]).toBe(7);
    expect(S[ECX]).toBe(50);
  });

  test('a store over a page end whose second page is read-only writes nothing', () => {
    place(0x1000, 'c705 fe3f0000 44332211 cc'); // mov dword [3ffe], 11223344h
    map(0x4000, 0x4000, { writable: false });
    S[EIP] = 0x1000;
    expectStop(0x1000, Vector.PF, 0x4000);
    expect([...cpu.memory.ram.u8.subarray(0x3ffe, 0x4002)]).toEqual([0xcc, 0xcc, 0xcc, 0xcc]);
  });

  test('execution falls from page to page at any length of the last instruction', () => {
    for (let length = 1; length <= 15; length++) {
      for (let before = 0; before <= length; before++) {
        // Prefixes 3E in front of NOP, `before` bytes of it on the first page.
        const start = 0x2000 - before;
        place(start, `${'3e'.repeat(length - 1)}90 40 cc`);
        S[EAX] = 0;
        run(start, start + length + 2);
        expect(S[EAX]).toBe(1);
      }
    }
  });

  test('one address in two code segments is two places, for jumps, calls and returns', () => {
    // At offset 1000 of each segment: call through EBX to 1010, where EAX is loaded; INT3 comes back at 1002.
    for (const [pa, value] of [
      [0x1000, '11'],
      [0x5000, '55'],
    ] as const) {
      place(pa, 'ffd3 cc');
      place(pa + 0x10, `b8 ${value}000000 c3`);
    }
    S[EBX] = 0x1010;
    for (let round = 0; round < 10; round++) {
      for (const [selector, value] of [
        [0x33, 0x11],
        [0x3b, 0x55],
        [0x23, 0x11],
      ] as const) {
        loadSegmentRegister(S, 1, selector, segments.get(selector)!);
        expect(S[SELECTOR + 1]).toBe(selector);
        run(0x1000, 0x1003);
        expect(S[EAX]).toBe(value);
      }
    }
  });

  /**
   * Loads [ebx] and [ebx+4], stores their sum at [ebx+8], loads it again; the store is at 1007. Regions test once for all of
   * them where they lie on one page.
   */
  const neighbours = '8b 03  8b 4b 04  01 c8  89 43 08  8b 53 08  cc';
  const END = 0x100e;

  test('accesses near each other lie on one page or on two, aligned or not', () => {
    place(0x1000, neighbours);
    map(0x5000, 0x7000);
    const bytes = cpu.memory.ram.u8;
    const at = (la: number): number => mappings.get(la >>> 12)!.pa | (la & 4095);
    const word = (la: number): number =>
      bytes[at(la)]! | (bytes[at(la + 1)]! << 8) | (bytes[at(la + 2)]! << 16) | (bytes[at(la + 3)]! << 24);
    for (let round = 0; round < 4; round++) {
      for (let la = 0x4fe8; la <= 0x5004; la++) {
        for (let i = 0; i < 12; i++) bytes[at(la + i)] = 17 * i + 31 * round + la;
        const sum = (word(la) + word(la + 4)) | 0;
        S[EBX] = la;
        run(0x1000, END);
        expect([S[EAX], S[EDX], word(la + 8)]).toEqual([sum, sum, sum]);
      }
    }
  });

  test('a store beside loads that go through faults at its own instruction', () => {
    place(0x1000, neighbours);
    const bytes = cpu.memory.ram.i32;
    bytes.set([3, 4], 0x4100 >> 2);
    bytes.set([30, 40], 0x4ff8 >> 2);
    for (let round = 0; round < 5; round++) {
      unmap(0x5000);
      S[EBX] = 0x4ff8;
      S[EIP] = 0x1000;
      expectStop(0x1007, Vector.PF, 0x5000);
      expect(S[EAX]).toBe(70);
      map(0x4000, 0x4000, { writable: false });
      S[EBX] = 0x4100;
      S[EIP] = 0x1000;
      expectStop(0x1007, Vector.PF, 0x4108);
      expect(S[EAX]).toBe(7);
      map(0x4000, 0x4000);
      map(0x5000, 0x5000);
      run(0x1000, END);
      expect(S[EDX]).toBe(7);
    }
  });

  test('where tests for several accesses keep failing, each access comes to have its own', () => {
    place(0x1000, neighbours);
    S[EBX] = 0x4ffa;
    for (let round = 0; round < 1500; round++) run(0x1000, END);
    const { slowExits, compiledInstructions } = cpu.cache.statistics;
    if (tier !== '0') expect(compiledInstructions).toBeGreaterThan(0);
    if (!own) expect(slowExits).toBeLessThanOrEqual(1000);
    if (!own && tier === '1') expect(slowExits).toBe(1000);
  });
});

// Page tables of each form: where a linear address goes, what is refused with which error code, which bits are set, and
// what the TLB may keep. Expectations are from SDM vol. 3A chapter 4; fixtures/guests/system/paging.asm has the same
// cases for a real machine.
import { beforeEach, describe, expect, test } from 'vitest';
import { MODE_USER } from '../../../runtime/abi/mode.ts';
import { CR0, CR3, CR4, EFER, MODE, STATE_SLOTS } from '../../../runtime/abi/state.ts';
import { Vector } from '../../../runtime/abi/vector.ts';
import { AddressSpace } from '../../../runtime/bus/address-space.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { GuestFault } from '../../../runtime/cpu/fault.ts';
import { Memory } from '../../../runtime/memory/memory.ts';
import { PageTables } from '../../../runtime/memory/paging.ts';

const WP = 1 << 16;
const PG_PE = (1 << 31) | 1;
const PSE = 1 << 4;
const PAE = 1 << 5;
const PGE = 1 << 7;
const NXE = 1 << 11;

/** Entry bits. */
const P = 1;
const W = 2;
const U = 4;
const A = 0x20;
const D = 0x40;
const PS = 0x80;
const G = 0x100;

/** Error code bits. */
const E_P = 1;
const E_W = 2;
const E_U = 4;
const E_RSVD = 8;
const E_ID = 16;

const DIRECTORY = 0x1000;
const TABLE = 0x2000;
/** What the tables map: linear 00403000h to this frame. */
const LA = 0x403000;
const FRAME = 0x8000;
const PDE = DIRECTORY + 4;
const PTE = TABLE + 3 * 4;

let ram: Ram;
let memory: Memory;
let fault: GuestFault;
let S: Int32Array;
let tables: PageTables;

beforeEach(() => {
  ram = new Ram(16 << 20);
  const bus = new AddressSpace(ram);
  bus.mapRam(0, ram.size, 0);
  fault = new GuestFault();
  S = new Int32Array(STATE_SLOTS);
  tables = new PageTables(S, bus, fault, (la) => memory.invalidatePage(la));
  memory = new Memory(ram, S, fault, tables, false, bus);
  ram.i32[FRAME >> 2] = 0x11223344;
});

const word = (pa: number): number => ram.i32[pa >> 2]!;
const set = (pa: number, value: number): void => {
  ram.i32[pa >> 2] = value;
};
const asUser = (user: boolean): void => {
  S[MODE] = user ? MODE_USER : 0;
};

/** Error code of the page fault that an access raises, or 'done'. */
function outcome(access: () => void): number | 'done' {
  try {
    access();
    return 'done';
  } catch (thrown) {
    if (thrown !== fault) throw thrown;
    expect(fault.vector).toBe(Vector.PF);
    return fault.errorCode;
  }
}

const read = (): number | 'done' => outcome(() => memory.read32(LA));
const write = (): number | 'done' => outcome(() => memory.write32(LA, 5));
const fetch = (): number | 'done' => outcome(() => memory.fetchAddress(LA));

test('without paging linear addresses are physical ones', () => {
  expect(memory.read32(FRAME)).toBe(0x11223344);
  asUser(true);
  expect(memory.fetchAddress(FRAME)).toBe(FRAME);
});

describe('32-bit paging', () => {
  beforeEach(() => {
    S[CR0] = PG_PE;
    S[CR3] = DIRECTORY;
    set(PDE, TABLE | P | W | U);
    set(PTE, FRAME | P | W | U);
  });

  test('two levels map a page', () => {
    expect(memory.read32(LA)).toBe(0x11223344);
    expect(memory.read32(LA + 4)).toBe(0);
  });

  test.each([
    ['directory', PDE],
    ['table', PTE],
  ])('an entry of the %s that is not present: P is clear, W and U say who tried', (_, at) => {
    set(at, word(at) & ~P);
    expect(read()).toBe(0);
    expect(write()).toBe(E_W);
    expect(fetch()).toBe(0);
    asUser(true);
    expect([read(), write()]).toEqual([E_U, E_U | E_W]);
    expect(fault.address).toBe(LA);
  });

  test.each([
    ['directory', PDE],
    ['table', PTE],
  ])('user accesses need U in both levels: %s', (_, at) => {
    set(at, word(at) & ~U);
    expect([read(), write()]).toEqual(['done', 'done']);
    asUser(true);
    expect([read(), write(), fetch()]).toEqual([E_P | E_U, E_P | E_U | E_W, E_P | E_U]);
  });

  test.each([
    ['directory', PDE],
    ['table', PTE],
  ])('writes need W in both levels, of supervisors only with CR0.WP: %s', (_, at) => {
    set(at, word(at) & ~W);
    expect(write()).toBe('done');
    S[CR0]! |= WP;
    memory.flush(false);
    expect([read(), write()]).toEqual(['done', E_P | E_W]);
    asUser(true);
    expect([read(), write()]).toEqual(['done', E_P | E_W | E_U]);
  });

  test('implicit accesses of the processor have supervisor privilege at CPL 3', () => {
    set(PTE, word(PTE) & ~U);
    asUser(true);
    expect(outcome(() => memory.implicit.write32(LA, 7))).toBe('done');
    expect(outcome(() => memory.implicit.read8(LA))).toBe('done');
    expect(read()).toBe(E_P | E_U);
  });

  test('a read sets A in both levels and D in none; a write sets D in the last', () => {
    memory.read8(LA);
    expect([word(PDE) & (A | D), word(PTE) & (A | D)]).toEqual([A, A]);
    memory.write8(LA, 1);
    expect([word(PDE) & (A | D), word(PTE) & (A | D)]).toEqual([A, A | D]);
  });

  test('a refused access sets no D', () => {
    set(PTE, FRAME | P | U);
    asUser(true);
    expect(write()).toBe(E_P | E_W | E_U);
    expect(word(PTE) & D).toBe(0);
  });

  test('when D is cleared and the TLB told, the next write sets it again', () => {
    memory.write8(LA, 1);
    set(PTE, word(PTE) & ~D);
    memory.invalidatePage(LA);
    memory.read8(LA);
    expect(word(PTE) & D).toBe(0);
    memory.write8(LA, 1);
    expect(word(PTE) & D).toBe(D);
  });

  test('the TLB keeps a translation until INVLPG or a load of CR3', () => {
    memory.read8(LA);
    set(PTE, 0x9000 | P | W | U);
    set(0x9000, 0x55);
    expect(memory.read8(LA)).toBe(0x44);
    memory.invalidatePage(LA);
    expect(memory.read8(LA)).toBe(0x55);
    set(PTE, FRAME | P | W | U);
    memory.flush(true);
    expect(memory.read8(LA)).toBe(0x44);
  });

  test('global pages outlive a load of CR3 while CR4.PGE is set, and not INVLPG', () => {
    S[CR4] = PGE;
    set(PTE, word(PTE) | G);
    memory.read8(LA);
    memory.fetchAddress(LA);
    set(PTE, 0);
    memory.flush(true);
    expect([read(), fetch()]).toEqual(['done', 'done']);
    memory.invalidatePage(LA);
    expect(read()).toBe(0);
    S[CR4] = 0;
    set(PTE, FRAME | P | G);
    memory.read8(LA);
    set(PTE, 0);
    memory.flush(true);
    expect(read()).toBe(0);
  });

  test('a fault drops the entry that the tables contradict', () => {
    S[CR0]! |= WP;
    set(PTE, FRAME | P);
    memory.read8(LA);
    // The page goes; a write finds that out, and then reads do as well.
    set(PTE, 0);
    expect(read()).toBe('done');
    expect(write()).toBe(E_W);
    expect(read()).toBe(0);
  });

  test('a page that becomes writable may be written at once', () => {
    S[CR0]! |= WP;
    set(PTE, FRAME | P);
    expect(write()).toBe(E_P | E_W);
    set(PTE, FRAME | P | W);
    expect(write()).toBe('done');
  });

  test('4 MiB pages, with CR4.PSE; INVLPG anywhere in one forgets all of it', () => {
    set(PDE, 0x800000 | PS | P | W | U);
    set(0x803000, 0x77);
    set(0x900000, 0x78);
    expect(read()).not.toBe(0x77);
    S[CR4] = PSE;
    memory.flush(false);
    expect(memory.read8(LA)).toBe(0x77);
    expect(memory.read8(0x500000)).toBe(0x78);
    expect(word(PDE) & (A | D)).toBe(A);
    memory.write8(0x500000, 1);
    expect(word(PDE) & (A | D)).toBe(A | D);
    set(PDE, PS | P | W | U);
    memory.invalidatePage(0x7ff000);
    set(0x3000, 0x33);
    expect(memory.read8(LA)).toBe(0x33);
  });

  test('4 MiB pages beyond 4 GiB are nobody’s; reserved bits fault', () => {
    S[CR4] = PSE;
    set(PDE, 0x800000 | (1 << 13) | PS | P | W | U);
    expect(memory.read32(LA)).toBe(-1);
    memory.flush(false);
    set(PDE, 0x800000 | (1 << 17) | PS | P | W | U);
    expect([read(), write()]).toEqual([E_P | E_RSVD, E_P | E_RSVD | E_W]);
  });

  test('two linear pages of one frame see each other’s writes', () => {
    set(TABLE + 4 * 4, FRAME | P | W | U);
    memory.write32(LA, 0x5a5a5a5a);
    expect(memory.read32(LA + 0x1000)).toBe(0x5a5a5a5a);
    memory.write16(LA + 0xfff, 0x1234);
    expect(memory.read8(LA)).toBe(0x12);
  });

  test('an access over the page end faults with the second page’s address, and then nothing is written', () => {
    expect(outcome(() => memory.write32(LA + 0xffe, -1))).toBe(E_W);
    expect(fault.address).toBe(LA + 0x1000);
    expect(word(FRAME + 0xffc)).toBe(0);
    expect(outcome(() => memory.modify16(LA + 0xfff))).toBe(E_W);
  });

  test('the error code has no I/D bit', () => {
    S[EFER] = NXE;
    set(PTE, 0);
    expect(fetch()).toBe(0);
  });
});

describe('PAE paging', () => {
  const POINTERS = 0x3020;
  const PAE_PDE = DIRECTORY + 2 * 8;
  const PAE_PTE = TABLE + 3 * 8;

  beforeEach(() => {
    S[CR0] = PG_PE | WP;
    S[CR4] = PAE;
    S[CR3] = POINTERS;
    set(POINTERS, DIRECTORY | P);
    set(PAE_PDE, TABLE | P | W | U);
    set(PAE_PTE, FRAME | P | W | U);
  });

  test('three levels map a page and set A and D', () => {
    expect(memory.read32(LA)).toBe(0x11223344);
    expect([word(PAE_PDE) & (A | D), word(PAE_PTE) & (A | D)]).toEqual([A, A]);
    memory.write8(LA, 1);
    expect([word(PAE_PDE) & (A | D), word(PAE_PTE) & (A | D)]).toEqual([A, A | D]);
    expect(word(POINTERS)).toBe(DIRECTORY | P);
  });

  test.each([
    ['pointers', POINTERS],
    ['directory', PAE_PDE],
    ['table', PAE_PTE],
  ])('an entry of the %s that is not present', (_, at) => {
    set(at, 0);
    memory.flush(false);
    expect([read(), write(), fetch()]).toEqual([0, E_W, 0]);
    S[EFER] = NXE;
    asUser(true);
    expect([read(), write(), fetch()]).toEqual([E_U, E_U | E_W, E_U | E_ID]);
  });

  test.each([
    ['directory', PAE_PDE],
    ['table', PAE_PTE],
  ])('execute-disable in the %s: fetches fault, with EFER.NXE', (_, at) => {
    S[EFER] = NXE;
    set(at + 4, 1 << 31);
    expect([read(), write(), fetch()]).toEqual(['done', 'done', E_P | E_ID]);
    S[EFER] = 0;
    memory.flush(false);
    expect([read(), fetch()]).toEqual([E_P | E_RSVD, E_P | E_RSVD]);
  });

  test.each([
    ['directory', PAE_PDE],
    ['table', PAE_PTE],
  ])('address bits beyond the processor’s width are reserved: %s', (_, at) => {
    for (const bit of [4, 19, 30]) {
      set(at + 4, 1 << bit);
      expect([read(), write()]).toEqual([E_P | E_RSVD, E_P | E_RSVD | E_W]);
    }
  });

  test('rights come before execute-disable only in so far as both give P', () => {
    S[EFER] = NXE;
    set(PAE_PTE, FRAME | P);
    set(PAE_PTE + 4, 1 << 31);
    asUser(true);
    expect(fetch()).toBe(E_P | E_U | E_ID);
  });

  test('a page beyond 4 GiB is nobody’s', () => {
    set(PAE_PTE + 4, 1);
    expect(memory.read32(LA)).toBe(-1);
    memory.write32(LA, 0);
    expect(word(FRAME)).toBe(0x11223344);
  });

  test('2 MiB pages, whose low address bits are reserved', () => {
    set(PAE_PDE, 0x600000 | PS | P | W | U);
    set(0x603000, 0x66);
    expect(memory.read8(LA)).toBe(0x66);
    set(PAE_PDE, 0x600000 | (1 << 13) | PS | P | W | U);
    memory.invalidatePage(LA);
    expect(read()).toBe(E_P | E_RSVD);
  });

  test('the four pointers are read when CR3 is loaded, and checked then', () => {
    memory.read8(LA);
    set(POINTERS, 0);
    memory.invalidatePage(LA);
    expect(read()).toBe('done');
    memory.flush(true);
    expect(read()).toBe(0);
    expect(tables.arePointersValid(POINTERS)).toBe(true);
    set(POINTERS + 8, 0x5000 | P | W);
    expect(tables.arePointersValid(POINTERS)).toBe(false);
    set(POINTERS + 8, 0x5000 | P);
    set(POINTERS + 12, 0x10);
    expect(tables.arePointersValid(POINTERS)).toBe(false);
  });
});

// Whatever a guest does to the devices of a PC stays inside the machine: random accesses to every range of ports and of
// memory that the board gives to a device, to ports and addresses of nobody, with all the others connected.
import { describe, expect, test, vi } from 'vitest';
import { AddressSpace, type MemoryFunctions } from '../../../runtime/bus/address-space.ts';
import { Clock } from '../../../runtime/bus/clock.ts';
import { type PortFunctions, Ports } from '../../../runtime/bus/ports.ts';
import { Ram } from '../../../runtime/bus/ram.ts';
import { bufferBytes, PcBoard } from '../../../src/boards/pc.ts';
import { arrayStore } from '../../../src/disk/array-store.ts';
import { fuzz } from '../../support/device-bench.ts';
import { Random } from '../../support/random.ts';

const OPERATIONS = 10_000;
const RAM_BYTES = 4 << 20;
const PCI_ADDRESS = 0xcf8;
const PCI_DATA = 0xcfc;
const FRAME_BUFFER = 0xe0000000 | 0;

/** A range that some device answers in, and how often it was asked. */
interface Claim {
  readonly space: 'port' | 'memory';
  readonly first: number;
  readonly count: number;
  asked: number;
}

class BoardBench {
  readonly claims: Claim[] = [];
  readonly board: PcBoard;
  readonly ports: Ports;
  readonly memory: AddressSpace;
  private readonly clock: Clock = new Clock(() => this.now);
  private now = 0;

  constructor() {
    const { claim } = Ports.prototype;
    const { mapDevice } = AddressSpace.prototype;
    const ports = vi
      .spyOn(Ports.prototype, 'claim')
      .mockImplementation(this.watch<Ports, PortFunctions>('port', claim));
    const memory = vi
      .spyOn(AddressSpace.prototype, 'mapDevice')
      .mockImplementation(this.watch<AddressSpace, MemoryFunctions>('memory', mapDevice));
    const bios = new Uint8Array(0x10000);
    this.board = new PcBoard(new Ram(bufferBytes(RAM_BYTES, bios)), this.clock, {
      ramBytes: RAM_BYTES,
      bios,
      drives: {
        floppy: arrayStore(new Uint8Array(1_474_560)),
        disk: arrayStore(new Uint8Array(1000 * 512)),
        cdrom: arrayStore(new Uint8Array(50 * 2048), 2048, true),
      },
      startTime: 0,
      onSerial: () => {},
      onDebug: () => {},
      onExit: () => {},
      onReset: () => {},
      onNmi: () => {},
      onIgnoreFloatError: () => {},
      onPowerOff: () => {},
    });
    this.ports = this.board.ports;
    this.memory = this.board.memory;
    // What firmware does: the display's frame buffer and registers, IDE's bus master, power management.
    this.configure(0x1010, FRAME_BUFFER);
    this.configure(0x1018, 0xe1000000 | 0);
    this.configure(0x1004, 3);
    this.configure(0x0920, 0xc000);
    this.configure(0x0904, 5);
    this.configure(0x0b40, 0x600);
    this.configure(0x0b80, 1);
    ports.mockRestore();
    memory.mockRestore();
  }

  private configure(register: number, value: number): void {
    this.ports.write32(PCI_ADDRESS, 0x80000000 | register);
    this.ports.write32(PCI_DATA, value);
  }

  /** claim() and mapDevice() as they are, but they note the range, and the device's functions count. */
  private watch<Bus, Functions extends object>(
    space: Claim['space'],
    original: (this: Bus, first: number, count: number, functions: Functions) => void,
  ): (this: Bus, first: number, count: number, functions?: Functions) => void {
    const { claims } = this;
    return function (this: Bus, first, count, functions) {
      // Nobody answers there any more.
      if (functions === undefined) return Reflect.apply(original, this, [first, count]);
      const entry: Claim = { space, first, count, asked: 0 };
      claims.push(entry);
      const counting = new Proxy(functions, {
        get(target, name) {
          // A width that the device does not have is an access as well.
          entry.asked++;
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
      original.call(this, first, count, counting);
    };
  }

  advance(ns: number): void {
    this.now += ns;
    this.clock.runDue();
  }
}

const keys = ['KeyA', 'Enter', 'ControlLeft', 'Pause', 'PrintScreen'];

/** Input from the host, interrupts that are taken, IGNNE#, and the resets that go by themselves. */
function eventsOf({ board }: BoardBench): readonly ((random: Random) => void)[] {
  return [
    (random) => board.serial[random.below(2) as 0 | 1].send([random.below(256)]),
    (random) => board.keyboard.press(random.pick(keys)),
    (random) => board.keyboard.release(random.pick(keys)),
    (random) => board.mouse.move(random.below(100) - 50, random.below(100) - 50),
    () => board.interrupts.requested && board.interrupts.acknowledge(),
    () => board.floatError.assert(),
    () => board.memory.setA20(true),
  ];
}

const values = [0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff, 0x1000, 0x100000, 0xfffffff0, 0x80000000, 0x80000904];
const hex = (value: number): string => `${(value >>> 0).toString(16).toUpperCase()}h`;
const ranges = new BoardBench().claims;

describe(`${OPERATIONS} random accesses to`, () => {
  test.each(
    ranges.map(({ space, first, count }, index) => ({ name: `${count} bytes of ${space} ${hex(first)}`, index })),
  )('$name', ({ index }) => {
    const bench = new BoardBench();
    const claim = bench.claims[index]!;
    fuzz(bench, [claim], OPERATIONS, values, new Random(), eventsOf(bench));
    expect(claim.asked).toBeGreaterThanOrEqual(OPERATIONS);
  });

  test('ports of nobody, and addresses of nobody', () => {
    const bench = new BoardBench();
    const taken = new Set(
      ranges
        .filter(({ space }) => space === 'port')
        .flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i)),
    );
    const free = Array.from({ length: 0x10000 }, (_, port) => port).filter((port) => !taken.has(port));
    const targets = free.map((first) => ({ space: 'port', first, count: 1 }) as const);
    fuzz(bench, targets, OPERATIONS, values, new Random());
    const holes = [
      { space: 'memory', first: RAM_BYTES, count: 0x40000000 },
      { space: 'memory', first: 0xf0000000 | 0, count: 0x0ec00000 },
    ] as const;
    fuzz(bench, holes, OPERATIONS, values, new Random());
    for (const port of [0, 0x81, 0xffff]) if (!taken.has(port)) expect(bench.ports.read8(port)).toBe(0xff);
  });

  test('anything, all at once', () => {
    const bench = new BoardBench();
    const memory = [
      { space: 'memory', first: 0, count: RAM_BYTES },
      { space: 'memory', first: FRAME_BUFFER, count: 16 << 20 },
    ] as const;
    fuzz(bench, [...ranges, ...memory], 5 * OPERATIONS, values, new Random(), eventsOf(bench));
  });
});

test('the ranges are those of all devices', () => {
  const isThere = (space: Claim['space'], at: number): boolean =>
    ranges.some((range) => range.space === space && at >= range.first >>> 0 && at < (range.first >>> 0) + range.count);
  // biome-ignore format: a bus a line
  const ports = [
    0x00, 0x20, 0x40, 0x60, 0x61, 0x64, 0x70, 0x80, 0x92, 0xa0, 0xc0, 0xe9, 0xf0, 0xf4,
    0x170, 0x1ce, 0x1f0, 0x2f8, 0x376, 0x3b4, 0x3c0, 0x3d4, 0x3f0, 0x3f6, 0x3f7, 0x3f8, 0x402, 0x4d0, 0x510, 0x514,
    0xb2, 0x600, 0xc000, 0xcf8, 0xcf9, 0xcfc,
  ];
  const addresses = [0xa0000, 0xe1000000, 0xfec00000, 0xfed00000, 0xfee00000];
  expect(ports.filter((port) => !isThere('port', port)).map(hex)).toEqual([]);
  expect(addresses.filter((at) => !isThere('memory', at)).map(hex)).toEqual([]);
});

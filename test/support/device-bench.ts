// A bench for one device: ports, memory, time that the test advances, and interrupt lines that remember.
import { AddressSpace } from '../../runtime/bus/address-space.ts';
import { Clock } from '../../runtime/bus/clock.ts';
import type { Line } from '../../runtime/bus/line.ts';
import { Ports } from '../../runtime/bus/ports.ts';
import { Ram } from '../../runtime/bus/ram.ts';
import { Random } from './random.ts';

/** An interrupt input that counts how often it rose. */
export class RecordedLine implements Line {
  high = false;
  rises = 0;

  set(high: boolean): void {
    if (high && !this.high) this.rises++;
    this.high = high;
  }
}

export class DeviceBench {
  readonly ports: Ports = new Ports();
  readonly memory: AddressSpace;
  readonly lines: readonly RecordedLine[] = Array.from({ length: 16 }, () => new RecordedLine());
  readonly clock: Clock = new Clock(() => this.now);
  private now = 0;

  /** RAM is at physical address 0, except between A0000h and 1 MiB; `reserved` bytes of the buffer follow it. */
  constructor(ramBytes = 0x400000, reserved = 0) {
    this.memory = new AddressSpace(new Ram(ramBytes + reserved));
    this.memory.mapRam(0, 0xa0000, 0);
    this.memory.mapRam(0x100000, ramBytes - 0x100000, 0x100000);
  }

  /** Let `ns` nanoseconds pass; timers fire at their deadlines. */
  advance(ns: number): void {
    const end = this.now + ns;
    while (this.clock.nextDeadline <= end) {
      this.now = Math.max(this.now, this.clock.nextDeadline);
      this.clock.runDue();
    }
    this.now = end;
  }

  /** Let `ns` nanoseconds pass during which the host does not look at its timers. */
  oversleep(ns: number): void {
    this.now += ns;
    this.clock.runDue();
  }

  /** Write bytes to ports. */
  out(...writes: readonly (readonly [port: number, value: number])[]): void {
    for (const [port, value] of writes) this.ports.write8(port, value);
  }

  /** Read a byte from a port. */
  in(port: number): number {
    return this.ports.read8(port);
  }
}

interface Target {
  readonly space: 'port' | 'memory';
  readonly first: number;
  readonly count: number;
}

/**
 * Do `operations` random accesses, of random width, at the targets' addresses; now and then time passes. Nothing may
 * throw, and what is read fits its width. @param values favourites among the written values.
 * @param events what else may happen between accesses: input from the host, acknowledge cycles.
 */
export function fuzz(
  bench: Pick<DeviceBench, 'ports' | 'memory' | 'advance'>,
  targets: readonly Target[],
  operations: number,
  values: readonly number[] = [],
  random: Random = new Random(),
  events: readonly ((random: Random) => void)[] = [],
): void {
  const trail: string[] = [];
  try {
    for (let i = 0; i < operations; i++) {
      const { space, first, count } = random.pick(targets);
      const at = first + random.below(count);
      const width = random.pick([8, 8, 8, 16, 32] as const);
      const value = values.length > 0 && random.below(2) ? random.pick(values) : random.word() >>> random.below(32);
      const bus = space === 'port' ? bench.ports : bench.memory;
      const isWrite = random.below(3) > 0;
      trail.push(`${space} ${at.toString(16)}h ${isWrite ? `:= ${(value >>> 0).toString(16)}h` : 'read'} (${width})`);
      if (trail.length > 40) trail.shift();
      if (isWrite) {
        if (width === 8) bus.write8(at, value & 0xff);
        else if (width === 16) bus.write16(at, value & 0xffff);
        else bus.write32(at, value | 0);
      } else {
        const got = width === 8 ? bus.read8(at) : width === 16 ? bus.read16(at) : bus.read32(at);
        const fits = width === 32 ? got === (got | 0) : got >= 0 && got < 2 ** width && Number.isInteger(got);
        if (!fits) throw new RangeError(`read gave ${got}`);
      }
      if (events.length > 0 && random.below(8) === 0) random.pick(events)(random);
      if (random.below(16) === 0) bench.advance(random.below(1_000_000));
    }
  } catch (error) {
    throw new Error(`SEED=${random.seed}\n${trail.join('\n')}`, { cause: error });
  }
}

/**
 * A bare machine in real-address mode for tests of the processor's loop: memory, an interrupt line that the test or a
 * port drives, a timer, a device page, all in a few lines and without a board.
 */
import { CS, EIP, ESP } from '../../runtime/abi/state.ts';
import { AddressSpace } from '../../runtime/bus/address-space.ts';
import type { Timer } from '../../runtime/bus/clock.ts';
import { Ports } from '../../runtime/bus/ports.ts';
import { Ram } from '../../runtime/bus/ram.ts';
import { cpuModels } from '../../runtime/cpu/model.ts';
import { loadSegmentRegister } from '../../runtime/cpu/segment.ts';
import type { SystemCpu } from '../../runtime/exec/system-cpu.ts';
import type { Policy, Tier } from '../../src/machine.ts';
import { createMachineClock, createSystemCpu, type MachineClock, type TimeChoice } from '../../src/system-machine.ts';

/** Where programs and the stack are. */
export const ORIGIN = 0x1000;
export const STACK = 0x8000;
/** A page whose accesses are the device's, not passive. */
export const DEVICE = 0xa0000;

const RAM_BYTES = 0x200000;

export class SystemBench {
  readonly bus: AddressSpace = new AddressSpace(new Ram(RAM_BYTES));
  readonly ports: Ports = new Ports();
  readonly cpu: SystemCpu;
  readonly clock: MachineClock['clock'];
  readonly S: Int32Array;
  /** The line is high: vector, or -1. */
  vector = -1;
  /** Times at which a vector was taken, in ns. */
  readonly taken: number[] = [];
  /** Reads of the device page return this. */
  deviceValue: (pa: number) => number = () => 0;
  onDeviceWrite: (pa: number, value: number) => void = () => {};

  constructor(tier: Tier, time: TimeChoice = { perInstruction: 1 }, policy: Partial<Policy> = {}) {
    const { bus, ports } = this;
    bus.mapRam(0, RAM_BYTES, 0);
    bus.mapDevice(DEVICE, 4096, {
      read8: (pa) => this.deviceValue(pa),
      write8: (pa, value) => this.onDeviceWrite(pa, value),
    });
    const machineClock = createMachineClock(time);
    this.clock = machineClock.clock;
    const bench = this;
    const { cpu } = createSystemCpu({
      ...machineClock,
      bus,
      ports,
      interrupts: {
        get requested() {
          return bench.vector >= 0;
        },
        acknowledge() {
          const { vector } = bench;
          bench.vector = -1;
          bench.taken.push(bench.clock.now);
          return vector;
        },
      },
      model: cpuModels.max,
      tier,
      policy,
    });
    this.cpu = cpu;
    this.S = cpu.cpu.state;
    loadSegmentRegister(this.S, CS, 0, { base: 0, limit: 0xffff, access: 0x93 });
    this.S[EIP] = ORIGIN;
    this.S[ESP] = STACK;
  }

  /** Put bytes, as hex with comments behind semicolons, somewhere. */
  place(pa: number, hex: string): void {
    const bytes = Buffer.from(hex.replaceAll(/;[^\n]*|\s/g, ''), 'hex');
    this.bus.writeBytes(pa, bytes);
  }

  /** Let vector n of the real-mode table go to `offset`. */
  setVector(n: number, offset: number): void {
    this.bus.write32(n * 4, offset);
  }

  /** A timer that drives the line. */
  timer(vector: number, period = 0): Timer {
    const timer = this.clock.timer(() => {
      this.vector = vector;
      if (period > 0) timer.arm(this.clock.now + period);
    });
    return timer;
  }

  word(pa: number): number {
    return this.bus.read16(pa);
  }
}

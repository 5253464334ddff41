// A display adapter on a bench, and BIOS modes to set by its registers.
import { PciBus } from '../../../../runtime/devices/pci/bus.ts';
import { Vga } from '../../../../runtime/devices/vga/vga.ts';
import { DeviceBench } from '../../../support/device-bench.ts';

/** Registers of one mode, as read back after the BIOS has set it. */
export interface Mode {
  readonly misc: number;
  readonly sequencer: readonly number[];
  readonly graphics: readonly number[];
  readonly crtc: readonly number[];
  readonly attribute: readonly number[];
  /** 256 times red, green, blue, in hexadecimal digits. */
  readonly dac: string;
}

const RAM_BYTES = 0x200000;
export const VRAM_BYTES: number = 0x1000000;
export const LFB: number = 0xe0000000;

export class VgaBench extends DeviceBench {
  readonly vga: Vga;
  readonly vram: Uint8Array;

  constructor(rom?: Uint8Array) {
    super(RAM_BYTES, VRAM_BYTES);
    const { ports, memory, clock } = this;
    this.vram = memory.ram.u8.subarray(RAM_BYTES);
    const bus = new PciBus(ports, memory);
    const parts = { ports, memory, clock, bus, device: 2, place: RAM_BYTES, bytes: VRAM_BYTES };
    this.vga = new Vga(rom ? { ...parts, rom } : parts);
    this.vga.pci.write(0x10, 4, LFB);
    this.vga.pci.write(0x18, 4, 0xfebf0000);
    this.vga.pci.write(0x04, 2, 3);
  }

  setMode(mode: Mode): void {
    for (const [port, value] of VgaBench.portWrites(mode)) {
      if (value === undefined) this.ports.read8(port);
      else this.ports.write8(port, value);
    }
  }

  /** Port accesses that set a mode; those without a value are reads. */
  static *portWrites(mode: Mode): Generator<readonly [port: number, value?: number]> {
    const crtc = mode.misc & 1 ? 0x3d4 : 0x3b4;
    yield [0x3c2, mode.misc];
    const indexed = function* (port: number, values: readonly number[]): Generator<readonly [number, number]> {
      for (const [index, value] of values.entries()) {
        yield [port, index];
        yield [port + 1, value];
      }
    };
    yield* indexed(0x3c4, mode.sequencer);
    yield* indexed(0x3ce, mode.graphics);
    // The vertical retrace end register protects the first eight.
    yield [crtc, 0x11];
    yield [crtc + 1, 0];
    yield* indexed(crtc, mode.crtc);
    yield [crtc + 6];
    for (const [index, value] of mode.attribute.entries()) {
      yield [0x3c0, index];
      yield [0x3c0, value];
    }
    yield [0x3c0, 0x20];
    yield [0x3c6, 0xff];
    yield [0x3c8, 0];
    for (let i = 0; i < mode.dac.length; i += 2) yield [0x3c9, Number.parseInt(mode.dac.slice(i, i + 2), 16)];
  }
}

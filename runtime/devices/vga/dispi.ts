/**
 * The display interface that Bochs defined and QEMU's stdvga has: resolution, colour depth, bank and start of a linear
 * mode in sixteen-bit registers behind an index, at ports 1CEh and 1CFh. VGA BIOSes set VBE modes through it.
 *
 * Source: Bochs, "VBE Display hardware interface" (vbe_display_api.txt), interface version B0C5h.
 */
import type { Ports } from '../../bus/ports.ts';

const INDEX_PORT = 0x1ce;
/** The data register also answers at the next even port, for processors that have no odd word accesses. */
const DATA_PORT = 0x1cf;

const ID = 0;
const WIDTH = 1;
const HEIGHT = 2;
const DEPTH = 3;
const ENABLE = 4;
const BANK = 5;
const VIRTUAL_WIDTH = 6;
const VIRTUAL_HEIGHT = 7;
const X_OFFSET = 8;
const Y_OFFSET = 9;
const MEMORY_64K = 10;
const REGISTERS = 11;

const ENABLED = 1;
const GET_CAPABILITIES = 2;
const DAC_8_BITS = 0x20;
const NO_CLEAR = 0x80;

/** Interface versions that we answer as. */
const OLDEST_ID = 0xb0c0;
const NEWEST_ID = 0xb0c5;

const MAX_WIDTH = 2560;
const MAX_HEIGHT = 1600;
const DEPTHS = [4, 8, 15, 16, 24, 32];

/** A mode that is set: what the picture and the banked window need. */
export interface LinearMode {
  readonly width: number;
  readonly height: number;
  /** Bits of a pixel: 4 (planes), 8 (palette), 15, 16, 24 or 32. */
  readonly depth: number;
  /** Bytes from a line to the next; with 4 bits, bytes of one plane. */
  readonly pitch: number;
  /** First shown byte of video memory; with 4 bits, of each plane. */
  readonly start: number;
}

export class Dispi {
  /** The mode, while one is enabled. */
  mode: LinearMode | undefined;
  /** Called after something changed; `clear` asks for empty video memory. */
  onChange: (clear: boolean) => void = () => {};
  private readonly registers = new Uint16Array(REGISTERS);
  private readonly memoryBytes: number;
  private index = 0;

  /** @param memoryBytes size of video memory. */
  constructor(ports: Ports, memoryBytes: number) {
    this.memoryBytes = memoryBytes;
    ports.claim(INDEX_PORT, 1, {
      read16: () => this.index,
      write16: (_port, value) => {
        this.index = value;
      },
    });
    ports.claim(DATA_PORT, 2, {
      read16: () => this.read(this.index),
      write16: (_port, value) => this.write(this.index, value),
    });
    this.clear();
  }

  reset(): void {
    this.clear();
    this.onChange(false);
  }

  get bank(): number {
    return this.registers[BANK]!;
  }

  get dacBits(): 6 | 8 {
    return this.registers[ENABLE]! & DAC_8_BITS ? 8 : 6;
  }

  /** @returns u16; 0 for a register that is not there. */
  read(index: number): number {
    if (index === MEMORY_64K) return this.memoryBytes >>> 16;
    if (this.registers[ENABLE]! & GET_CAPABILITIES) {
      if (index === WIDTH) return MAX_WIDTH;
      if (index === HEIGHT) return MAX_HEIGHT;
      if (index === DEPTH) return DEPTHS.at(-1)!;
    }
    return index < REGISTERS ? this.registers[index]! : 0;
  }

  write(index: number, value: number): void {
    const { registers } = this;
    const isEnabled = this.mode !== undefined;
    switch (index) {
      case ID:
        if (value >= OLDEST_ID && value <= NEWEST_ID) registers[ID] = value;
        break;
      case WIDTH:
        if (!isEnabled && value <= MAX_WIDTH) registers[WIDTH] = value & ~7;
        break;
      case HEIGHT:
        if (!isEnabled && value <= MAX_HEIGHT) registers[HEIGHT] = value;
        break;
      case DEPTH:
        if (!isEnabled && (value === 0 || DEPTHS.includes(value))) registers[DEPTH] = value || 8;
        break;
      case ENABLE:
        this.enable(value);
        break;
      case BANK:
        registers[BANK] = value % (this.memoryBytes >>> 16);
        this.onChange(false);
        break;
      case VIRTUAL_WIDTH:
        if (value >= registers[WIDTH]! && this.lines(value) >= registers[HEIGHT]!)
          registers[VIRTUAL_WIDTH] = value & ~7;
        this.settle();
        break;
      case X_OFFSET:
      case Y_OFFSET:
        registers[index] = value;
        this.settle();
        break;
    }
  }

  private clear(): void {
    this.registers.fill(0);
    this.registers[ID] = NEWEST_ID;
    this.registers[DEPTH] = 8;
    this.mode = undefined;
    this.index = 0;
  }

  private enable(value: number): void {
    const { registers } = this;
    const isNew = (value & ENABLED) !== 0 && this.mode === undefined;
    registers[ENABLE] = value & (ENABLED | GET_CAPABILITIES | DAC_8_BITS | 0x40 | NO_CLEAR);
    if ((value & ENABLED) === 0) {
      registers[BANK] = 0;
      this.mode = undefined;
      this.onChange(false);
      return;
    }
    const { width, height } = { width: registers[WIDTH]!, height: registers[HEIGHT]! };
    if (isNew) {
      if (width === 0 || height === 0 || this.lines(width) < height) {
        registers[ENABLE]! &= ~ENABLED;
        return;
      }
      registers[VIRTUAL_WIDTH] = width;
      registers[X_OFFSET] = registers[Y_OFFSET] = registers[BANK] = 0;
    }
    this.settle(isNew && (value & NO_CLEAR) === 0, true);
  }

  /** Derive the mode; the shown part stays inside video memory. */
  private settle(clear = false, enable = this.mode !== undefined): void {
    const { registers } = this;
    const width = registers[WIDTH]!;
    const height = registers[HEIGHT]!;
    const depth = registers[DEPTH]!;
    const virtualWidth = registers[VIRTUAL_WIDTH]!;
    if (!enable) return;
    registers[VIRTUAL_HEIGHT] = Math.min(this.lines(virtualWidth), 0xffff);
    registers[X_OFFSET] = Math.min(registers[X_OFFSET]!, virtualWidth - width);
    registers[Y_OFFSET] = Math.min(registers[Y_OFFSET]!, registers[VIRTUAL_HEIGHT]! - height);
    const pitch = this.pitch(virtualWidth);
    const start = registers[Y_OFFSET]! * pitch + this.pitch(registers[X_OFFSET]!);
    this.mode = { width, height, depth, pitch, start };
    this.onChange(clear);
  }

  /** Bytes of `pixels` pixels; with 4 bits, of one plane. */
  private pitch(pixels: number): number {
    const depth = this.registers[DEPTH]!;
    return depth === 4 ? pixels >>> 3 : pixels * ((depth + 7) >>> 3);
  }

  /** How many lines of `width` pixels video memory has. */
  private lines(width: number): number {
    const bytes = this.registers[DEPTH] === 4 ? this.memoryBytes >>> 2 : this.memoryBytes;
    return Math.floor(bytes / Math.max(1, this.pitch(width)));
  }
}

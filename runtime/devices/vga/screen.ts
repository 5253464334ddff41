/**
 * The picture for the host: the characters of a text mode, and the pixels of any mode. Nothing is drawn until the host
 * asks; then memory is compared with what was drawn last, because translated code writes it without a word to anybody.
 */
import type { Clock } from '../../bus/clock.ts';
import type { Ram } from '../../bus/ram.ts';
import type { Dispi, LinearMode } from './dispi.ts';
import type { VgaRegisters } from './registers.ts';
import { planarPixels, Scan } from './scan.ts';

export interface TextScreen {
  readonly columns: number;
  readonly rows: number;
  /** Row by row: character in bits 7:0 (code page 437 with the BIOS's font), attribute in bits 15:8. */
  readonly cells: Uint16Array;
  /** Where the cursor is, unless it is off or outside. */
  readonly cursor: { readonly column: number; readonly row: number } | undefined;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Bytes red, green, blue, 255 of each pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Rows that changed since the frame before: from `top` to before `bottom`. */
  readonly top: number;
  readonly bottom: number;
}

/** Half a period of the blinking cursor: 16 frames; blinking characters take twice that. */
const CURSOR_PHASE_NS = 228e6;
const BLACK = 0xff000000;
/** Beyond these the registers mean no monitor's picture. */
const MAX_WIDTH = 2560;
const MAX_HEIGHT = 2048;
/** Words of the four planes that VGA modes show from. */
const PLANE_WORDS = 0x10000;
/** Dots of 256 characters and one half hidden, of nine dots each; and of a linear mode's line with planes. */
const LONGEST_LINE = Math.max(257 * 9 + 16, MAX_WIDTH);

export class Screen {
  private readonly registers: VgaRegisters;
  private readonly dispi: Dispi;
  private readonly clock: Clock;
  private readonly words: Int32Array;
  private readonly u8: Uint8Array;
  private readonly u16: Uint16Array;
  private readonly scan = new Scan();
  private readonly line = new Uint8Array(LONGEST_LINE);
  private readonly palette = new Uint32Array(256);
  private width = 0;
  private height = 0;
  private pixels = new Uint32Array(0);
  private bytes = new Uint8ClampedArray(0);
  /** What memory was when it was drawn, as drawing reads it. */
  private drawn = new Int32Array(0);
  private revision = -1;
  private phase = -1;

  constructor(registers: VgaRegisters, dispi: Dispi, clock: Clock, ram: Ram, place: number, bytes: number) {
    this.registers = registers;
    this.dispi = dispi;
    this.clock = clock;
    this.words = ram.i32.subarray(place >> 2, (place + bytes) >> 2);
    this.u8 = ram.u8.subarray(place, place + bytes);
    this.u16 = ram.u16.subarray(place >> 1, (place + bytes) >> 1);
    this.resize(720, 400);
  }

  text(): TextScreen | undefined {
    const { scan, registers } = this;
    if (this.dispi.mode) return undefined;
    scan.set(registers);
    if (!scan.isText) return undefined;
    const { columns } = scan;
    const rows = Math.floor(scan.lines / (scan.rowLines * scan.lineRepeat));
    const cells = new Uint16Array(columns * rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        cells[row * columns + column] = this.words[scan.address(scan.start + row * scan.pitch + column, 0)]!;
      }
    }
    return { columns, rows, cells, cursor: this.cursor(columns, rows) };
  }

  frame(): Frame {
    const { mode } = this.dispi;
    const phase = Math.floor(this.clock.now / CURSOR_PHASE_NS) & 3;
    const isChanged = this.revision !== this.registers.revision;
    this.revision = this.registers.revision;
    let rows: readonly [top: number, bottom: number];
    if (this.isBlank(mode)) rows = isChanged ? this.blank() : [0, 0];
    else if (mode) rows = this.drawLinear(mode, isChanged);
    else rows = this.drawVga(isChanged, phase);
    const [top, bottom] = rows;
    return { width: this.width, height: this.height, pixels: this.bytes, top, bottom };
  }

  private cursor(columns: number, rows: number): TextScreen['cursor'] {
    const { scan } = this;
    if (scan.cursorLast < scan.cursorFirst || scan.pitch === 0) return undefined;
    const offset = scan.cursorAddress - scan.start;
    const row = Math.floor(offset / scan.pitch);
    const column = offset - row * scan.pitch;
    return row >= 0 && row < rows && column < columns ? { column, row } : undefined;
  }

  private isBlank(mode: LinearMode | undefined): boolean {
    const { registers } = this;
    if (!registers.isShown) return true;
    if (mode) return false;
    return (registers.sequencer[1]! & 0x20) !== 0 || (registers.crtc[0x17]! & 0x80) === 0;
  }

  private blank(): [number, number] {
    this.pixels.fill(BLACK);
    this.drawn.fill(0);
    this.phase = -1;
    return [0, this.height];
  }

  private resize(width: number, height: number): boolean {
    if (width === this.width && height === this.height) return false;
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height).fill(BLACK);
    this.bytes = new Uint8ClampedArray(this.pixels.buffer);
    return true;
  }

  /** Keep what a picture of `words` words is drawn from. @returns whether there was nothing to compare with. */
  private keep(words: number): boolean {
    if (this.drawn.length === words) return false;
    this.drawn = new Int32Array(words);
    return true;
  }

  /** A 24-bit colour (8 bits each) as a pixel. */
  private pixel(red: number, green: number, blue: number): number {
    return BLACK | (blue << 16) | (green << 8) | red;
  }

  /** Fill the palette: the DAC's colours, for fewer than 256 through the attribute controller. */
  private setPalette(is256: boolean): void {
    const { attribute, dac, dacBits, dacMask } = this.registers;
    const mode = attribute[0x10]!;
    const select = attribute[0x14]!;
    for (let i = 0; i < 256; i++) {
      let index = i;
      if (!is256) {
        index = attribute[i & attribute[0x12]! & 15]!;
        if (mode & 0x80) index = (index & 15) | ((select & 3) << 4);
        index |= (select & 12) << 4;
      }
      const at = (index & dacMask) * 3;
      const [red, green, blue] = [dac[at]!, dac[at + 1]!, dac[at + 2]!];
      this.palette[i] =
        dacBits === 8 ? this.pixel(red, green, blue) : this.pixel(wide6(red), wide6(green), wide6(blue));
    }
  }

  private drawVga(isChanged: boolean, phase: number): [number, number] {
    const { scan, words } = this;
    scan.set(this.registers);
    const width = Math.min(scan.columns * scan.dots * scan.repeat, MAX_WIDTH);
    const height = Math.min(scan.lines, MAX_HEIGHT);
    let redraw = this.resize(width, height) || isChanged;
    redraw = this.keep(PLANE_WORDS) || redraw;
    redraw = (scan.isText && phase !== this.phase) || redraw;
    this.phase = phase;
    for (let i = 0; i < PLANE_WORDS && !redraw; i++) redraw = this.drawn[i] !== words[i];
    if (!redraw) return [0, 0];
    this.drawn.set(words.subarray(0, PLANE_WORDS));
    this.setPalette(scan.is256);
    const phases = { cursor: (phase & 1) === 0, blink: (phase & 2) === 0 };
    let counter = scan.start;
    let row = scan.presetRow;
    let repeated = 0;
    let copies = false;
    for (let y = 0; y < height; y++) {
      if (y === scan.split) {
        counter = row = repeated = 0;
        copies = false;
      }
      if (copies) this.pixels.copyWithin(y * width, (y - 1) * width, y * width);
      else {
        if (scan.isText) scan.textLine(words, counter, row, this.line, phases);
        else scan.graphicsLine(words, counter, row, this.line);
        this.putLine(y, y < scan.split ? scan.panning : scan.splitPanning, scan.repeat);
      }
      copies = true;
      if (++repeated < scan.lineRepeat) continue;
      repeated = 0;
      copies = !scan.isText && !scan.usesRowInAddress;
      row = (row + 1) & 31;
      if (row === scan.rowLines) {
        row = 0;
        counter += scan.pitch;
        copies = false;
      }
    }
    return [0, height];
  }

  /** The line buffer through the palette to row `y`. */
  private putLine(y: number, panning: number, repeat: number): void {
    const { line, palette, pixels, width } = this;
    let at = y * width;
    const end = at + width;
    for (let x = panning; at < end; x++) {
      const pixel = palette[line[x]!]!;
      for (let i = 0; i < repeat && at < end; i++) pixels[at++] = pixel;
    }
  }

  /** Draw the rows of a linear mode that differ from what was drawn. */
  private drawLinear(mode: LinearMode, isChanged: boolean): [number, number] {
    const { width, height, depth, pitch, start } = mode;
    const rowWords = depth === 4 ? width >>> 3 : (width * ((depth + 7) >>> 3) + 3) >>> 2;
    const redraw = [this.resize(width, height), this.keep(rowWords * height), isChanged].includes(true);
    if (redraw) this.setPalette(depth === 8);
    let top = height;
    let bottom = 0;
    for (let y = 0; y < height; y++) {
      const from = start + y * pitch;
      if (!this.keepRow(depth === 4 ? from : from >>> 2, y * rowWords, rowWords) && !redraw) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      this.drawLinearRow(y, from, depth);
    }
    return bottom === 0 ? [0, 0] : [top, bottom];
  }

  /** Keep a row's words. @returns whether they differ from those kept before. */
  private keepRow(from: number, to: number, count: number): boolean {
    const { words, drawn } = this;
    let i = 0;
    while (i < count && words[from + i] === drawn[to + i]) i++;
    if (i === count) return false;
    drawn.set(words.subarray(from, from + count), to);
    return true;
  }

  private drawLinearRow(y: number, from: number, depth: number): void {
    const { pixels, palette, width, u8, u16, words } = this;
    const at = y * width;
    switch (depth) {
      case 4:
        for (let x = 0; x < width; ) x = planarPixels(words[from + (x >>> 3)]!, this.line, x);
        this.putLine(y, 0, 1);
        break;
      case 8:
        for (let x = 0; x < width; x++) pixels[at + x] = palette[u8[from + x]!]!;
        break;
      case 15:
        for (let x = 0; x < width; x++) {
          const value = u16[(from >>> 1) + x]!;
          pixels[at + x] = this.pixel(wide5(value >>> 10), wide5(value >>> 5), wide5(value));
        }
        break;
      case 16:
        for (let x = 0; x < width; x++) {
          const value = u16[(from >>> 1) + x]!;
          pixels[at + x] = this.pixel(wide5(value >>> 11), wide6((value >>> 5) & 63), wide5(value));
        }
        break;
      case 24:
        for (let x = 0, i = from; x < width; x++, i += 3) pixels[at + x] = this.pixel(u8[i + 2]!, u8[i + 1]!, u8[i]!);
        break;
      default:
        for (let x = 0; x < width; x++) {
          const value = words[(from >>> 2) + x]!;
          pixels[at + x] = this.pixel((value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
        }
    }
  }
}

/** The low 5 bits of a colour as 8, so that all ones stay all ones. */
function wide5(value: number): number {
  return ((value & 31) << 3) | ((value & 31) >>> 2);
}

function wide6(value: number): number {
  return (value << 2) | (value >>> 4);
}

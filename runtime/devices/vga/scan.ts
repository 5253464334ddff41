/**
 * How a VGA mode lays out its picture: what the CRT controller counts through, and how the bytes of the planes become
 * pixels or characters. screen.ts calls this line by line.
 *
 * Source: IBM VGA technical reference, CRT and attribute controllers.
 */
import { CHAIN_4 } from './planes.ts';
import type { VgaRegisters } from './registers.ts';

/** Fonts in plane 2 by the sequencer's character map select. */
const FONT_OFFSETS = [0x0000, 0x4000, 0x8000, 0xc000, 0x2000, 0x6000, 0xa000, 0xe000];
const PLANE_BYTES_MASK = 0xffff;

/** What the registers say about a picture. Addresses are those of the memory address counter. */
export class Scan {
  isText = false;
  /** Colours of a pixel are a whole byte. */
  is256 = false;
  isInterleaved = false;
  columns = 80;
  /** Dots of a character clock that the line buffer gets, and how wide a dot is on the screen. */
  dots = 9;
  repeat = 1;
  lines = 400;
  /** Scan lines of a character row, and how often each is repeated. */
  rowLines = 16;
  lineRepeat = 1;
  start = 0;
  pitch = 80;
  presetRow = 0;
  panning = 0;
  /** Panning of the lines after the split. */
  splitPanning = 0;
  /** The first line that shows memory from address 0 again. */
  split = 1024;
  cursorAddress = 0;
  cursorFirst = 0;
  cursorLast = -1;
  private registers: VgaRegisters | undefined;

  set(registers: VgaRegisters): void {
    const { crtc, sequencer, graphics, attribute } = registers;
    this.registers = registers;
    const overflow = crtc[7]!;
    const halved = (sequencer[1]! & 8) !== 0;
    this.isText = (graphics[6]! & 1) === 0;
    this.is256 = !this.isText && (graphics[5]! & 0x40) !== 0;
    this.isInterleaved = !this.isText && (graphics[5]! & 0x20) !== 0;
    this.columns = crtc[1]! + 1;
    this.dots = this.is256 ? 4 : this.isText && (sequencer[1]! & 1) === 0 ? 9 : 8;
    this.repeat = (this.is256 ? 2 : 1) * (halved ? 2 : 1);
    this.lines = (crtc[0x12]! | ((overflow & 2) << 7) | ((overflow & 0x40) << 3)) + 1;
    this.rowLines = (crtc[9]! & 31) + 1;
    this.lineRepeat = crtc[9]! & 0x80 ? 2 : 1;
    this.start = ((crtc[0x0c]! << 8) | crtc[0x0d]!) + ((crtc[8]! >>> 5) & 3);
    this.pitch = crtc[0x13]! * 2;
    this.presetRow = crtc[8]! & 31;
    this.split = (crtc[0x18]! | ((overflow & 0x10) << 4) | ((crtc[9]! & 0x40) << 3)) + 1;
    const pixel = attribute[0x13]! & 15;
    this.panning = this.is256 ? pixel >>> 1 : this.dots === 9 ? (pixel + 1) % 9 : pixel & 7;
    this.splitPanning = attribute[0x10]! & 0x20 ? 0 : this.panning;
    this.cursorAddress = (crtc[0x0e]! << 8) | crtc[0x0f]!;
    this.cursorFirst = crtc[0x0a]! & 31;
    this.cursorLast = crtc[0x0a]! & 0x20 ? -1 : crtc[0x0b]! & 31;
  }

  /** Offset in the planes of a value of the memory address counter, in line `row` of a character row. */
  address(counter: number, row: number): number {
    const { crtc, sequencer } = this.registers!;
    const mode = crtc[0x17]!;
    let at = counter;
    if (crtc[0x14]! & 0x40) {
      // Doubleword addressing skips the addresses that chain-4 skips; here, neither does (planes.ts).
      if ((sequencer[4]! & CHAIN_4) === 0) at = (counter << 2) | ((counter >>> 14) & 3);
    } else if ((mode & 0x40) === 0) at = (counter << 1) | ((counter >>> (mode & 0x20 ? 15 : 13)) & 1);
    if ((mode & 1) === 0) at = (at & ~0x2000) | ((row & 1) << 13);
    if ((mode & 2) === 0) at = (at & ~0x4000) | ((row & 2) << 13);
    return at & PLANE_BYTES_MASK;
  }

  /** Is line `row` of a character row drawn from other addresses than its first? */
  get usesRowInAddress(): boolean {
    return (this.registers!.crtc[0x17]! & 3) !== 3;
  }

  /** One line of a graphics mode: colour numbers of `columns` + 1 character clocks into `line`. */
  graphicsLine(words: Int32Array, counter: number, row: number, line: Uint8Array): void {
    let x = 0;
    for (let column = 0; column <= this.columns; column++) {
      const word = words[this.address(counter + column, row)]!;
      if (this.is256) {
        for (let plane = 0; plane < 4; plane++) line[x++] = word >>> (8 * plane);
      } else if (this.isInterleaved) {
        for (let plane = 0; plane < 2; plane++) {
          for (let shift = 6; shift >= 0; shift -= 2) {
            const low = (word >>> (8 * plane + shift)) & 3;
            line[x++] = low | (((word >>> (8 * plane + 16 + shift)) & 3) << 2);
          }
        }
      } else x = planarPixels(word, line, x);
    }
  }

  /**
   * One line of a text mode. @param cursor is the cursor in the phase that shows it  @param blink are blinking
   * characters in theirs.
   */
  textLine(
    words: Int32Array,
    counter: number,
    row: number,
    line: Uint8Array,
    { cursor, blink }: { readonly cursor: boolean; readonly blink: boolean },
  ): void {
    const { attribute, crtc, sequencer } = this.registers!;
    const select = sequencer[3]!;
    const fontA = FONT_OFFSETS[((select >>> 2) & 3) | ((select >>> 3) & 4)]!;
    const fontB = FONT_OFFSETS[(select & 3) | ((select >>> 2) & 4)]!;
    const blinks = (attribute[0x10]! & 8) !== 0;
    const joins = (attribute[0x10]! & 4) !== 0;
    const isCursorRow = cursor && row >= this.cursorFirst && row <= this.cursorLast;
    const isUnderline = row === (crtc[0x14]! & 31);
    let x = 0;
    for (let column = 0; column <= this.columns; column++) {
      const cell = words[this.address(counter + column, row)]!;
      const character = cell & 0xff;
      const colours = (cell >>> 8) & 0xff;
      const glyph = (words[(colours & 8 ? fontA : fontB) + character * 32 + row]! >>> 16) & 0xff;
      const background = blinks ? (colours >>> 4) & 7 : colours >>> 4;
      const isCursor = isCursorRow && ((counter + column) & PLANE_BYTES_MASK) === this.cursorAddress;
      const isSolid = isCursor || (isUnderline && (colours & 7) === 1);
      const isHidden = !isCursor && blinks && !blink && (colours & 0x80) !== 0;
      const foreground = isHidden ? background : colours & 15;
      const dots = isSolid ? 0xff : glyph;
      for (let bit = 7; bit >= 0; bit--) line[x++] = (dots >>> bit) & 1 ? foreground : background;
      // Line-drawing characters reach into the gap between characters, and so do cursor and underline.
      const reaches = isSolid || (joins && (character & 0xe0) === 0xc0);
      if (this.dots === 9) line[x++] = reaches && dots & 1 ? foreground : background;
    }
  }
}

/** Eight pixels of one word of the planes. @returns the place after them. */
export function planarPixels(word: number, line: Uint8Array, x: number): number {
  for (let bit = 7; bit >= 0; bit--) {
    const pair = word >>> bit;
    line[x++] = (pair & 1) | ((pair >>> 7) & 2) | ((pair >>> 14) & 4) | ((pair >>> 21) & 8);
  }
  return x;
}
